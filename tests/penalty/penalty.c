#include "tally/penalty.h"

#include "support/expect.h"

#include <math.h>

enum { D = 30 };

/* 20 weights that decay, 3 that do not, 7 that do. */
static tally_layout mixed(void)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "a", TALLY_WEIGHT, 1, (size_t[]){20}));
    expect_ok(tally_layout_add(&layout, "b", TALLY_BIAS, 1, (size_t[]){3}));
    expect_ok(tally_layout_add(&layout, "c", TALLY_WEIGHT, 1, (size_t[]){7}));
    return layout;
}

static bool decays(size_t i)
{
    return i < 20 || i >= 23;
}

/* Multiples of 1/8: all sums and products below are exact.  w[5] is zero. */
static void fill(tally_real *w)
{
    for (size_t i = 0; i < D; i++)
        w[i] = (tally_real)i / 8 * (i % 2 ? -1 : 1) + (i == 5 ? (tally_real)0.625 : 0);
}

static double value_of(size_t kind, double w)
{
    return kind == 0 ? 0.5 / 2 * w * w : 0.5 * fabs(w);
}

static double slope_of(size_t kind, double w)
{
    return kind == 0 ? 0.5 * w : 0.5 * ((w > 0) - (w < 0));
}

static const char *const specs[] = {"l2:strength=0.5", "l1:strength=0.5"};

Test(penalty, spans_have_the_value_and_slope_of_the_weights_that_decay)
{
    tally_layout layout = mixed();
    tally_real w[D];

    fill(w);
    for (size_t k = 0; k < 2; k++) {
        tally_penalty p;

        expect_ok(tally_penalty_open(&p, specs[k]));
        for (size_t first = 0; first <= D; first++) {
            for (size_t end = first; end <= D; end++) {
                tally_real g[D] = {0};
                double sum = 0, is = tally_penalty_add(&p, &layout,
                                                       (tally_span){first, end - first},
                                                       0.25, w, g);

                for (size_t i = 0; i < D; i++) {
                    bool in = i >= first && i < end && decays(i);

                    sum += in ? value_of(k, (double)w[i]) : 0;
                    cr_assert(eq(dbl, (double)g[i],
                                 in ? 0.25 * slope_of(k, (double)w[i]) : 0));
                }
                cr_assert(eq(dbl, is, sum));
            }
        }
        tally_penalty_close(&p);
    }
    tally_layout_close(&layout);
}

Test(penalty, what_makes_no_sense_is_refused)
{
    static const tally_penalty_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };
    tally_penalty p = {0};

    tally_penalty_close(&p);
    expect_ok(tally_penalty_open(&p, "none"));
    cr_assert(p.ops == NULL);
    expect_fail(tally_penalty_open(&p, "l3"), OPTION, "did you mean l");
    tally_penalty_close(&p);
    expect_fail(tally_penalty_open(&p, "l1:strength=-1"), OPTION,
                "strength=-1 is not in [0, inf)");
    tally_penalty_close(&p);
    expect_fail(tally_register_penalty(&empty), OPTION, "penalty empty has no add");
}

/* ---- an objective with a penalty ---- */

/* loss_i(w) = the sum of w: slope 1 everywhere.  It tells of its gradient in two
 * pieces, in one, or not at all, as `pieces` says. */
typedef struct slide {
    size_t pieces;
} slide;

static tally_status slide_gradient(tally_objective *f, const tally_real *w,
                                   tally_samples s, tally_real *g, tally_listener l,
                                   tally_score *score)
{
    size_t pieces = ((const slide *)f->inner)->pieces;

    for (size_t i = 0; i < D; i++) {
        g[i] = (tally_real)(s.weight * (double)s.count);
        score->loss_sum += (double)s.count * (double)w[i];
    }
    score->count += s.count;
    if (pieces == 2) TALLY_TRY(l.ready(l.context, (tally_span){21, D - 21}));
    if (pieces >= 1)
        TALLY_TRY(l.ready(l.context, (tally_span){0, pieces == 2 ? 21 : D}));
    return TALLY_OK;
}

static tally_status slide_value(tally_objective *f, const tally_real *w,
                                tally_samples s, tally_score *score)
{
    (void)f, (void)w;
    score->loss_sum += (double)s.count;
    return TALLY_OK;
}

static const tally_objective_ops slide_ops = {
    .name = "slide", .gradient = slide_gradient, .value = slide_value};

/* What a listener was told: g must be final there. */
typedef struct heard {
    const tally_real *g, *w;
    double share;
    size_t low;
} heard;

static tally_status hear(void *context, tally_span s)
{
    heard *h = context;

    cr_assert(eq(sz, s.first + s.count, h->low));
    h->low = s.first;
    for (size_t i = s.first; i < s.first + s.count; i++) {
        double slope = 1 + (decays(i) ? slope_of(0, (double)h->w[i]) : 0);

        cr_assert(eq(dbl, (double)h->g[i], h->share * slope));
    }
    return TALLY_OK;
}

/* Ranks with 3, 1 and 0 of 4 samples: shares 3/4, 1/4 and 0. */
Test(penalty, shares_of_all_ranks_make_one_whole)
{
    for (size_t pieces = 0; pieces <= 2; pieces++) {
        slide inner = {pieces};
        tally_objective of = {.ops = &slide_ops, .layout = mixed(), .inner = &inner};
        tally_objective f;
        tally_penalty p;
        tally_real w[D];
        double sum[D] = {0}, penalty = 0, plain = 0;
        tally_score score = {0};

        fill(w);
        expect_ok(tally_penalty_open(&p, specs[0]));
        expect_ok(tally_penalise(&f, &of, &p));
        for (size_t n = 0; n < 3; n++) {
            tally_real g[D];
            tally_samples s = {
                .count = (size_t[]){3, 1, 0}
                  [n], .weight = 0.25
            };
            heard h = {g, w, (double)s.count / 4, D};

            expect_ok(f.ops->gradient(&f, w, s, g, (tally_listener){hear, &h}, &score));
            cr_assert(eq(sz, h.low, pieces ? 0 : D));
            for (size_t i = 0; i < D; i++)
                sum[i] += (double)g[i];
        }
        for (size_t i = 0; i < D; i++) {
            double slope = decays(i) ? slope_of(0, (double)w[i]) : 0;

            penalty += decays(i) ? value_of(0, (double)w[i]) : 0;
            plain += (double)w[i];
            cr_assert(eq(dbl, sum[i], 1 + slope));
        }
        cr_assert(eq(dbl, score.loss_sum, 4 * (plain + penalty)));
        cr_assert(eq(u64, score.count, 4));
        tally_objective_close(&f);
        tally_penalty_close(&p);
        tally_objective_close(&of);
    }
}

Test(penalty, evaluation_measures_the_loss_alone)
{
    slide inner = {0};
    tally_objective of = {.ops = &slide_ops, .layout = mixed(), .inner = &inner};
    tally_objective f;
    tally_penalty p;
    tally_real w[D], g[D];
    tally_samples s = {.count = 7};
    tally_score score = {0};

    fill(w);
    expect_ok(tally_penalty_open(&p, specs[1]));
    expect_ok(tally_penalise(&f, &of, &p));
    expect_ok(f.ops->value(&f, w, s, &score));
    cr_assert(eq(dbl, score.loss_sum, 7));
    cr_assert(eq(dbl, f.ops->cost(&f, s).flops, 0));
    expect_ok(f.ops->init(&f, 1, w));
    expect_ok(f.ops->gradient(&f, w, s, g, (tally_listener){0}, &score));
    tally_objective_close(&f);
    cr_assert(eq(sz, of.layout.length, D)); /* its own still */
    tally_penalty_close(&p);
    tally_objective_close(&of);
}
