#include "trainer/report.h"

#include "support/expect.h"

#include <float.h>
#include <math.h>

#ifdef TALLY_DOUBLE
#    define TALLY_LARGEST DBL_MAX
#    define TALLY_LEAST   DBL_TRUE_MIN
#else
#    define TALLY_LARGEST FLT_MAX
#    define TALLY_LEAST   FLT_TRUE_MIN
#endif

static tally_layout two_tensors(void)
{
    tally_layout layout = {0};

    expect_ok(
        tally_layout_add(&layout, "dense1.weight", TALLY_WEIGHT, 1, (size_t[]){3}));
    expect_ok(tally_layout_add(&layout, "dense1.bias", TALLY_BIAS, 1, (size_t[]){2}));
    return layout;
}

/* 1 + 2^-53 is 1, so the order of the sum shows: only ((1 + e) + e) + ... stays 1. */
Test(report, adds_scores_in_the_order_of_the_ranks)
{
    step_report all[5] = {{.score = {1, 3, 4}}};
    tally_layout layout = two_tensors();
    step_verdict verdict;

    for (int r = 1; r < 5; r++)
        all[r].score = (tally_score){0x1p-53, 1, 2};
    expect_ok(step_report_read(all, 5, 1, &layout, &verdict));
    cr_assert(eq(dbl, verdict.score.loss_sum, 1));
    cr_assert(eq(u64, verdict.score.correct, 7));
    cr_assert(eq(u64, verdict.score.count, 12));
    cr_assert(verdict.stop == false);
    tally_layout_close(&layout);
}

Test(report, one_rank_that_was_told_to_stop_stops_all)
{
    step_report all[3] = {{.stop = 0}, {.stop = 1}, {.stop = 0}};
    tally_layout layout = two_tensors();
    step_verdict verdict;

    expect_ok(step_report_read(all, 3, 1, &layout, &verdict));
    cr_assert(verdict.stop);
    tally_layout_close(&layout);
}

Test(report, is_clean_while_the_loss_is_finite)
{
    tally_real w[5] = {0}, g[5] = {0};
    tally_layout layout = two_tensors();
    tally_score score = {7, 1, 2};
    step_report mine = {.stop = 1, .bad_tensor = 9, .bad_weights = 9, .bad_loss = 9};

    step_report_fill(&mine, &layout, w, g, &score);
    cr_assert(eq(dbl, mine.score.loss_sum, 7));
    cr_assert(eq(u32, mine.stop, 1));
    cr_assert(eq(u32, mine.bad_loss, 0));
    cr_assert(eq(u32, mine.bad_tensor, 0));
    cr_assert(eq(u32, mine.bad_weights, 0));
    tally_layout_close(&layout);
}

/* Reports of three ranks of which the middle one lost its loss. */
static void expect_sentence(const tally_real *w, const tally_real *g, const char *words)
{
    tally_layout layout = two_tensors();
    tally_score good = {1, 0, 1}, bad = {(double)INFINITY, 0, 1};
    tally_real zero[5] = {0};
    step_report all[3] = {0};
    step_verdict verdict;

    step_report_fill(&all[0], &layout, zero, zero, &good);
    step_report_fill(&all[1], &layout, w, g, &bad);
    step_report_fill(&all[2], &layout, zero, zero, &bad);
    expect_fail(step_report_read(all, 3, 17, &layout, &verdict), DIVERGED, words);
    cr_assert(strstr(tally_error_sentence(), "rank 1: the loss of step 17 is inf") !=
              NULL);
    cr_assert(tally_error_agreed());
    tally_layout_close(&layout);
}

Test(report, names_the_lowest_rank_its_step_and_its_first_bad_tensor)
{
    const tally_real bad = (tally_real)NAN, zero[5] = {0};

    expect_sentence(zero, (tally_real[]){0, 0, 0, bad, bad},
                    "dense1.bias of the gradient");
    expect_sentence(zero, (tally_real[]){0, 0, bad, bad, 0},
                    "dense1.weight of the gradient");
    expect_sentence((tally_real[]){0, 0, 0, 0, bad}, (tally_real[]){bad, 0, 0, 0, 0},
                    "dense1.bias of the weights");
    expect_sentence(zero, zero, "every tensor is finite still");
}

/* Which sign a machine gives it is not told. */
Test(report, a_loss_that_is_no_number_has_no_sign)
{
    const tally_real zero[5] = {0};
    tally_layout layout = two_tensors();
    tally_score bad = {copysign((double)NAN, -1), 0, 1};
    step_report mine = {0};
    step_verdict verdict;

    step_report_fill(&mine, &layout, zero, zero, &bad);
    expect_fail(step_report_read(&mine, 1, 3, &layout, &verdict), DIVERGED,
                "the loss of step 3 is nan (");
    tally_layout_close(&layout);
}

/* The edges of what is finite, at each place of a vector of odd length. */
Test(report, tells_finite_values_from_others)
{
    const tally_real good[] = {TALLY_LARGEST, -TALLY_LARGEST, TALLY_LEAST,
                               (tally_real)-0.0, 1};
    const tally_real bad[] = {(tally_real)INFINITY, -(tally_real)INFINITY,
                              (tally_real)NAN, -(tally_real)NAN};
    tally_real v[37] = {0};

    cr_assert(tally_all_finite(v, 0));
    for (size_t i = 0; i < 37; i++)
        v[i] = good[i % 5];
    for (size_t i = 0; i < 37; i++)
        for (size_t k = 0; k < 4; k++) {
            tally_real before = v[i];

            cr_assert(tally_all_finite(v, 37));
            v[i] = bad[k];
            cr_expect(not(tally_all_finite(v, 37)), "%g at %zu", (double)bad[k], i);
            v[i] = before;
        }
}

Test(report, finds_the_first_tensor_that_is_not_finite)
{
    tally_layout layout = two_tensors();
    tally_real v[5] = {0};

    cr_assert(eq(u32, first_bad_tensor(&layout, v), 0));
    v[4] = -(tally_real)INFINITY;
    cr_assert(eq(u32, first_bad_tensor(&layout, v), 2));
    v[0] = (tally_real)NAN;
    cr_assert(eq(u32, first_bad_tensor(&layout, v), 1));
    tally_layout_close(&layout);
}
