/* conformance.c — what every rule promises, checked over every member of the family and
 * every word of its choices. */

#include "tally/rule.h"

#include "num/isa.h"
#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPECS_MOST = 128, STEPS = 5 };

typedef struct specs {
    size_t count;
    char at[SPECS_MOST][96];
} specs;

/* printf into the next spec. */
static void add(specs *all, const char *name, const char *option, int length,
                const char *value)
{
    cr_assert(lt(sz, all->count, SPECS_MOST));
    snprintf(all->at[all->count++], sizeof all->at[0], option ? "%s:%s=%.*s" : "%s",
             name, option, length, value);
}

/* Each rule as it is, with each word of each choice and each flag set, with each form
 * of decay, and with a warm-up that ends within STEPS. */
static const specs *every_spec(void)
{
    static specs all;
    const tally_about *about;

    all.count = 0;
    for (size_t i = 0; (about = tally_family_at(&tally_rule_family, i)); i++) {
        add(&all, about->name, NULL, 0, NULL);
        for (const tally_option *o = about->options; o && o->name; o++) {
            size_t length;
            const char *word;

            if (strcmp(o->name, "l2") == 0 || strcmp(o->name, "decay") == 0)
                add(&all, about->name, o->name, 3, "0.5");
            if (strcmp(o->name, "warmup") == 0) add(&all, about->name, o->name, 1, "2");
            if (o->kind == TALLY_FLAG) add(&all, about->name, o->name, 4, "true");
            if (o->kind != TALLY_CHOICE) continue;
            for (int k = 0; (word = tally_option_word(o->range, k, &length)); k++)
                add(&all, about->name, o->name, (int)length, word);
        }
    }
    return &all;
}

/* Two layers whose tensors start inside words of bits. */
static tally_layout two_layers(void)
{
    tally_layout layout = {0};

    expect_ok(
        tally_layout_add(&layout, "a.weight", TALLY_WEIGHT, 2, (size_t[]){13, 17}));
    expect_ok(tally_layout_add(&layout, "a.bias", TALLY_BIAS, 1, (size_t[]){13}));
    expect_ok(tally_layout_add(&layout, "a.gain", TALLY_GAIN, 1, (size_t[]){5}));
    expect_ok(
        tally_layout_add(&layout, "b.weight", TALLY_WEIGHT, 2, (size_t[]){7, 20}));
    expect_ok(tally_layout_add(&layout, "b.bias", TALLY_BIAS, 1, (size_t[]){7}));
    return layout;
}

/* A rule with weights to move and room for what a trainer holds beside them. */
typedef struct bench {
    tally_layout layout;
    tally_rule rule;
    size_t d;
    tally_real *w, *g, *room;
} bench;

static double draw(uint64_t step, size_t i)
{
    return 2 * tally_random_uniform(11, TALLY_FOR_TESTS, step, i) - 1;
}

static void bench_open_on(bench *b, const char *spec, tally_layout layout)
{
    *b = (bench){.layout = layout};
    expect_ok(tally_rule_open(&b->rule, spec, &b->layout));
    b->d = b->layout.length;
    b->w = tally_allocate(b->d, sizeof *b->w);
    b->g = tally_allocate(b->d, sizeof *b->g);
    b->room = tally_allocate(b->d, sizeof *b->room);
    for (size_t i = 0; i < b->d; i++)
        b->w[i] = (tally_real)draw(0, i);
}

static void bench_open(bench *b, const char *spec)
{
    bench_open_on(b, spec, two_layers());
}

static void bench_close(bench *b)
{
    tally_rule_close(&b->rule);
    tally_layout_close(&b->layout);
    free(b->w);
    free(b->g);
    free(b->room);
}

/* Whether a weight is no longer what it was at the start. */
static bool moved(const bench *b, size_t i)
{
    return (double)b->w[i] != (double)(tally_real)draw(0, i);
}

static const tally_span one_span[] = {
    {0, 386}
};
static const tally_span many_spans[] = {
    {256, 130},
    {64,  128},
    {0,   64 },
    {192, 64 }
};

/* One step as a trainer takes it.  The gradient depends on where the rule looks. */
static void move(bench *b, uint64_t number, double rate, bool split)
{
    tally_step t = {.number = number, .rate = rate, .share = 1};
    const tally_span *spans = split ? many_spans : one_span;
    const tally_real *at;

    expect_ok(tally_rule_place(&b->rule, &t, b->w, b->room, &at));
    for (size_t i = 0; i < b->d; i++)
        b->g[i] = (tally_real)(draw(number, i) + 0.3 * (double)at[i]);
    for (size_t k = 0; k < (split ? 4 : 1); k++) {
        tally_view v = {0};

        expect_ok(tally_rule_propose(&b->rule, &t, spans[k], b->g, &v));
        expect_ok(tally_rule_apply(&b->rule, &t, spans[k], b->w, v, b->room));
    }
}

static void expect_same(const char *spec, const char *what, const bench *a,
                        const bench *b)
{
    for (size_t i = 0; i < a->d; i++)
        if (memcmp(&a->w[i], &b->w[i], sizeof a->w[i]) != 0)
            cr_fatal("rule %s: %s changes w[%zu] from %.9g to %.9g", spec, what, i,
                     (double)a->w[i], (double)b->w[i]);
}

Test(rule_conformance, defaults_lie_in_their_ranges_and_print_back)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_rule_family, i)); i++) {
        char text[512], again[512];
        void *options, *copy;

        cr_assert(about->brief[0] && about->paper);
        expect_ok(tally_options_open(about->name, about, NULL, &options));
        for (const tally_option *o = about->options; o && o->name; o++) {
            cr_assert(o->help && o->initial, "%s.%s", about->name, o->name);
            expect_ok(
                tally_options_set(about->name, about, options, o->name, o->initial));
            if (o->kind == TALLY_REAL)
                expect_fail(
                    tally_options_set(about->name, about, options, o->name, "-1e300"),
                    OPTION, o->range);
        }
        expect_ok(tally_options_print(about, options, text, sizeof text));
        expect_ok(tally_options_open(about->name, about, text, &copy));
        expect_ok(tally_options_print(about, copy, again, sizeof again));
        cr_assert(eq(str, text, again));
        tally_options_close(about, options);
        tally_options_close(about, copy);
    }
}

Test(rule_conformance, spans_in_any_order_equal_one_span)
{
    const specs *all = every_spec();

    for (size_t i = 0; i < all->count; i++) {
        bench whole, split;

        bench_open(&whole, all->at[i]);
        bench_open(&split, all->at[i]);
        for (uint64_t t = 1; t <= STEPS && !whole.rule.ops->whole; t++) {
            move(&whole, t, 0.1 / (double)t, false);
            move(&split, t, 0.1 / (double)t, true);
        }
        expect_same(all->at[i], "applying span by span", &whole, &split);
        bench_close(&whole);
        bench_close(&split);
    }
}

Test(rule_conformance, weights_and_state_are_all_there_is_to_keep)
{
    const specs *all = every_spec();

    for (size_t i = 0; i < all->count; i++) {
        bench through, resumed;

        bench_open(&through, all->at[i]);
        bench_open(&resumed, all->at[i]);
        for (uint64_t t = 1; t <= STEPS; t++)
            move(&through, t, 0.1, false);
        memcpy(resumed.w, through.w, resumed.d * sizeof *resumed.w);
        for (size_t k = 0; k < through.rule.state.count; k++)
            memcpy(resumed.rule.state.at[k], through.rule.state.at[k],
                   through.rule.state.bytes[k]);
        for (uint64_t t = STEPS + 1; t <= 2 * STEPS; t++) {
            move(&through, t, 0.05, false);
            move(&resumed, t, 0.05, false);
        }
        expect_same(all->at[i], "resuming", &through, &resumed);
        bench_close(&through);
        bench_close(&resumed);
    }
}

/* Two steps, since a rule may let a weight rest for one (rprop, where a sign turns). */
Test(rule_conformance, a_rate_of_zero_moves_nothing_and_another_moves_all)
{
    const specs *all = every_spec();

    for (size_t i = 0; i < all->count; i++) {
        bench b;
        bool once[386] = {false};

        bench_open(&b, all->at[i]);
        for (uint64_t t = 1; t <= STEPS; t++)
            move(&b, t, 0, false);
        for (size_t k = 0; k < b.d; k++)
            cr_assert(moved(&b, k) == false, "rule %s", all->at[i]);
        for (uint64_t t = STEPS + 1; t <= STEPS + 2; t++) {
            move(&b, t, 0.1, false);
            for (size_t k = 0; k < b.d; k++)
                once[k] |= moved(&b, k);
        }
        for (size_t k = 0; k < b.d; k++)
            cr_assert(once[k], "rule %s", all->at[i]);
        bench_close(&b);
    }
}

/* Without a gradient only decay moves weights. */
Test(rule_conformance, only_tensors_that_decay_do)
{
    const specs *all = every_spec();

    for (size_t i = 0; i < all->count; i++) {
        bench b;

        if (!strstr(all->at[i], "l2=") && !strstr(all->at[i], "decay=")) continue;
        bench_open(&b, all->at[i]);
        for (uint64_t n = 1; n <= STEPS; n++) {
            tally_step t = {.number = n, .rate = 0.01};
            tally_view zero = {.values = b.g};

            expect_ok(tally_rule_apply(&b.rule, &t, one_span[0], b.w, zero, b.room));
        }
        for (size_t k = 0; k < b.d; k++) {
            const tally_tensor *tensor = tally_layout_tensor(&b.layout, k);

            cr_assert(moved(&b, k) == tensor->decays, "rule %s moves %s: %d",
                      all->at[i], tensor->name, moved(&b, k));
        }
        bench_close(&b);
    }
}

/* What n bits, a mask and a scale say, as numbers. */
static void spell_out(const tally_view *v, size_t d, tally_real *values)
{
    for (size_t i = 0; i < d; i++) {
        values[i] = v->bits[i / 64] >> i % 64 & 1 ? -v->scale : v->scale;
        if (v->mask && !(v->mask[i / 64] >> i % 64 & 1)) values[i] = 0;
    }
}

Test(rule_conformance, bits_move_weights_as_the_same_numbers_do)
{
    const specs *all = every_spec();
    const tally_real scales[] = {1, (tally_real)0.25, 0};

    for (size_t i = 0; i < all->count; i++) {
        bench numbers, bits;

        bench_open(&numbers, all->at[i]);
        bench_open(&bits, all->at[i]);
        for (uint64_t n = 1; n <= 6 && !bits.rule.ops->whole; n++) {
            uint64_t said[7], mask[7];
            tally_step t = {.number = n, .rate = 0.1};
            tally_view v = {
                .bits = said, .mask = n % 2 ? mask : NULL, .scale = scales[n / 2 % 3]};

            for (size_t k = 0; k < 7; k++) {
                said[k] = tally_random(1, TALLY_FOR_TESTS, n, k);
                mask[k] = tally_random(2, TALLY_FOR_TESTS, n, k);
            }
            spell_out(&v, numbers.d, numbers.g);
            for (size_t k = 0; k < 4; k++) {
                tally_view same = {.values = numbers.g};

                expect_ok(tally_rule_apply(&numbers.rule, &t, many_spans[k], numbers.w,
                                           same, NULL));
                expect_ok(tally_rule_apply(&bits.rule, &t, many_spans[k], bits.w, v,
                                           bits.room));
            }
        }
        expect_same(all->at[i], "saying it in bits", &numbers, &bits);
        bench_close(&numbers);
        bench_close(&bits);
    }
}

/* Tensors of random lengths: pieces of a span start wherever they may. */
static tally_layout random_layout(uint64_t round)
{
    tally_layout layout = {0};

    for (size_t i = 0; i < 4; i++) {
        size_t length = 1 + tally_random(5, TALLY_FOR_TESTS, round, i) % 150;
        char name[8] = {'t', (char)('0' + i)};

        expect_ok(tally_layout_add(&layout, name, i % 2 ? TALLY_BIAS : TALLY_WEIGHT, 1,
                                   &length));
    }
    return layout;
}

/* One step whose gradient holds what arithmetic fears; every third says it in bits. */
static void move_wildly(bench *b, uint64_t number)
{
    tally_step t = {.number = number, .rate = 0.1, .share = 1};
    tally_real *g = wild_reals(number, b->d);
    size_t most = b->rule.ops->whole ? b->d : 256;
    uint64_t said[10], mask[10];
    const tally_real *at;

    expect_ok(tally_rule_place(&b->rule, &t, b->w, b->room, &at));
    for (size_t first = 0; first < b->d; first += most) {
        tally_span s = {first, b->d - first < most ? b->d - first : most};
        tally_view v = {0};

        if (number % 3 == 0)
            v = (tally_view){.bits = said, .mask = number % 2 ? mask : NULL};
        expect_ok(tally_rule_propose(&b->rule, &t, s, g, &v));
        v.scale = 1;
        expect_ok(tally_rule_apply(&b->rule, &t, s, b->w, v, b->room));
    }
    free(g);
}

Test(rule_conformance, every_instruction_set_gives_the_same_bits)
{
    const specs *all = every_spec();

    for (size_t i = 0; i < all->count * tally_isa_best(); i++) {
        tally_isa isa = (tally_isa)(i / all->count + TALLY_PORTABLE + 1);
        const char *spec = all->at[i % all->count];
        bench portable, other;

        tally_isa_use(TALLY_PORTABLE);
        bench_open_on(&portable, spec, random_layout(i));
        tally_isa_use(isa);
        bench_open_on(&other, spec, random_layout(i));
        cr_assert(portable.rule.ops != other.rule.ops);
        for (uint64_t t = 1; t <= STEPS; t++) {
            tally_isa_use(TALLY_PORTABLE);
            move_wildly(&portable, t);
            tally_isa_use(isa);
            move_wildly(&other, t);
            expect_same_bits(spec, other.w, portable.w, portable.d);
        }
        bench_close(&portable);
        bench_close(&other);
    }
}
