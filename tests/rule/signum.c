#include "tally/rule.h"

#include "num/bits.h"
#include "num/random.h"
#include "support/expect.h"

#include <math.h>

enum { D = 5000, WORDS = 79 };

/* Opens two equal rules and draws a gradient for step t; some of it is zero. */
static void draw_gradient(uint64_t t, tally_real *g)
{
    for (size_t i = 0; i < D; i++)
        g[i] = i % 7 == 0 ? 0
                          : (tally_real)tally_random_uniform(5, TALLY_FOR_TESTS, t, i) -
                                (tally_real)0.5;
}

static bool bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

Test(signum, ballots_are_the_signs_of_the_momentum)
{
    static tally_real g[D], same[D];
    static uint64_t bits[WORDS], mask[WORDS];
    const tally_span spans[] = {
        {4096, 904 },
        {0,    4096}
    };
    tally_layout layout = {0};
    tally_rule voter, speaker;

    expect_ok(tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, (size_t[]){D}));
    expect_ok(tally_rule_open(&voter, "signum:beta=0.7", &layout));
    expect_ok(tally_rule_open(&speaker, "signum:beta=0.7", &layout));
    for (uint64_t n = 1; n <= 6; n++) {
        tally_step t = {.number = n, .rate = 1};
        tally_view v = {0};

        draw_gradient(n, same);
        expect_ok(tally_rule_propose(&speaker, &t, (tally_span){0, D}, same, &v));
        cr_assert(v.values == same);
        draw_gradient(n, g);
        memset(bits, 0xff, sizeof bits);
        for (size_t k = 0; k < 2; k++) {
            tally_view ballot = {.bits = bits, .mask = n % 2 ? mask : NULL};

            expect_ok(tally_rule_propose(&voter, &t, spans[k], g, &ballot));
            cr_assert(ballot.values == NULL);
            cr_assert(ballot.bits == bits);
        }
        for (size_t i = 0; i < D; i++) {
            cr_assert(bit(bits, i) == (same[i] < 0));
            if (n % 2) cr_assert(bit(mask, i) == (same[i] < 0 || same[i] > 0));
        }
        for (size_t i = D; i < 64 * WORDS; i++)
            cr_assert(bit(bits, i) == 0, "padding is set");
    }
    tally_rule_close(&voter);
    tally_rule_close(&speaker);
    tally_layout_close(&layout);
}

/* By the closed form m_t = (1 - beta) sum beta^(t - k) g_k of a constant gradient,
 * m_t = (1 - beta^t) g. */
Test(signum, momentum_is_a_moving_average)
{
    tally_layout layout = {0};
    tally_rule r;

    expect_ok(tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, (size_t[]){1}));
    expect_ok(tally_rule_open(&r, "signum:beta=0.5", &layout));
    for (uint64_t n = 1; n <= 10; n++) {
        tally_step t = {.number = n, .rate = 1};
        tally_real g[1] = {-3};
        tally_view v = {0};

        expect_ok(tally_rule_propose(&r, &t, (tally_span){0, 1}, g, &v));
        cr_assert(eq(dbl, (double)g[0], -3 * (1 - pow(0.5, (double)n))));
    }
    cr_assert(eq(int, (int)r.state.slots[0].sharing, (int)TALLY_PRIVATE));
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

/* An agreed number that is not finite has no sign: it must not move the weight to NaN.
 */
Test(signum, what_has_no_sign_moves_nothing)
{
    tally_layout layout = {0};
    tally_step t = {.number = 1, .rate = 1};
    tally_real w[4] = {1, 1, 1, 1};
    tally_real a[4] = {0, (tally_real)-0.0, (tally_real)NAN, -4};
    tally_rule r;

    expect_ok(tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, (size_t[]){4}));
    expect_ok(tally_rule_open(&r, "signum", &layout));
    expect_ok(tally_rule_apply(&r, &t, (tally_span){0, 4}, w, (tally_view){.values = a},
                               NULL));
    for (size_t i = 0; i < 3; i++)
        cr_assert(eq(dbl, (double)w[i], 1));
    cr_assert(eq(dbl, (double)w[3], 2));
    tally_rule_close(&r);
    tally_layout_close(&layout);
}
