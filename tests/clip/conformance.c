/* conformance.c — what every bound on a gradient promises, checked over every member of
 * the family and every word of its choices. */

#include "tally/schedule.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LENGTH = 1003 };

/* Each as it is, and with each word of each choice. */
static void each_clip(void (*check)(const char *spec))
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_clip_family, i)); i++) {
        check(about->name);
        for (const tally_option *o = about->options; o && o->name; o++) {
            size_t length;
            const char *word;

            if (o->kind != TALLY_CHOICE) continue;
            for (int k = 0; (word = tally_option_word(o->range, k, &length)); k++) {
                char spec[96];

                snprintf(spec, sizeof spec, "%s:%s=%.*s", about->name, o->name,
                         (int)length, word);
                check(spec);
            }
        }
    }
}

static tally_clip clip_of(const char *spec)
{
    tally_clip c;

    expect_ok(tally_clip_open(&c, spec));
    return c;
}

/* No entry grows, turns its sign or leaves zero; and it is pulled back at all. */
static void check_shortens(const char *spec)
{
    tally_clip c = clip_of(spec);
    tally_real *v = random_reals(41, LENGTH), *before = random_reals(41, LENGTH);
    size_t changed = 0;
    double norm;

    for (size_t i = 0; i < LENGTH; i++)
        v[i] = before[i] = i % 10 ? 1000 * before[i] : 0;
    expect_ok(c.ops->bound(&c, v, LENGTH, &norm));
    cr_assert(norm > 0, "%s measures %g", spec, norm);
    for (size_t i = 0; i < LENGTH; i++) {
        cr_assert(fabs((double)v[i]) <= fabs((double)before[i]), "%s at %zu", spec, i);
        cr_assert(0 <= (double)v[i] * (double)before[i], "%s at %zu", spec, i);
        changed += fabs((double)v[i]) < fabs((double)before[i]);
    }
    cr_assert(lt(sz, 0, changed), "%s", spec);
    free(v);
    free(before);
    tally_clip_close(&c);
}

Test(clip_conformance, entries_shrink_and_keep_their_sign)
{
    each_clip(check_shortens);
}

/* What was bounded has a norm of the bound, 1, up to roundings and up to what guards a
 * division by zero, 1e-6 at most: a second time it shrinks by no more than that. */
static void check_twice(const char *spec)
{
    tally_clip c = clip_of(spec);
    tally_real *v = random_reals(42, LENGTH), *once = random_reals(42, LENGTH);
    double first, second;

    expect_ok(c.ops->bound(&c, v, LENGTH, &first));
    memcpy(once, v, LENGTH * sizeof *v);
    expect_ok(c.ops->bound(&c, v, LENGTH, &second));
    cr_assert(second <= first, "%s: %g after %g", spec, second, first);
    for (size_t i = 0; i < LENGTH; i++)
        cr_assert(fabs((double)v[i] - (double)once[i]) <=
                      (1.1e-6 + 4 * REAL_EPSILON) * fabs((double)once[i]),
                  "%s at %zu", spec, i);
    free(v);
    free(once);
    tally_clip_close(&c);
}

Test(clip_conformance, bounding_twice_is_bounding_once)
{
    each_clip(check_twice);
}

static void check_same_bits(const char *spec)
{
    tally_clip c = clip_of(spec);
    tally_real *a = random_reals(43, LENGTH), *b = random_reals(43, LENGTH + 8);
    double norm_a, norm_b;

    memmove(b + 3, b, LENGTH * sizeof *b); /* elsewhere in memory: other alignment */
    expect_ok(c.ops->bound(&c, a, LENGTH, &norm_a));
    expect_ok(c.ops->bound(&c, b + 3, LENGTH, &norm_b));
    cr_assert(eq(dbl, norm_a, norm_b), "%s", spec);
    cr_assert(memcmp(a, b + 3, LENGTH * sizeof *a) == 0, "%s", spec);
    free(a);
    free(b);
    tally_clip_close(&c);
}

Test(clip_conformance, the_same_vector_gets_the_same_bits)
{
    each_clip(check_same_bits);
}

static void check_zero(const char *spec)
{
    tally_clip c = clip_of(spec);
    tally_real zero[5] = {0};
    double norm = -1;

    expect_ok(c.ops->bound(&c, zero, 5, &norm));
    cr_assert(eq(dbl, norm, 0), "%s", spec);
    for (size_t i = 0; i < 5; i++)
        cr_assert(eq(dbl, (double)zero[i], 0), "%s", spec);
    expect_ok(c.ops->bound(&c, zero, 0, &norm));
    cr_assert(eq(dbl, norm, 0), "%s", spec);
    tally_clip_close(&c);
}

Test(clip_conformance, zero_and_nothing_stay)
{
    each_clip(check_zero);
}

static void check_scope(const char *spec)
{
    const char *member_end = spec + strcspn(spec, ":");
    char local[128];
    tally_clip c = clip_of(spec);

    cr_assert(tally_clip_scope_of(&c) == TALLY_CLIP_LOCAL || !strstr(spec, "local"));
    tally_clip_close(&c);
    snprintf(local, sizeof local, "%.*s:scope=local", (int)(member_end - spec), spec);
    c = clip_of(local);
    cr_assert(eq(int, (int)tally_clip_scope_of(&c), (int)TALLY_CLIP_LOCAL));
    tally_clip_close(&c);
}

Test(clip_conformance, each_has_a_scope)
{
    each_clip(check_scope);
}
