#include "support/arrays.h"
#include "support/expect.h"
#include "support/network.h"

#include <math.h>
#include <stdlib.h>

Test(net, tensors_are_in_forward_order)
{
    static const char *const names[] = {"dense1.weight", "dense1.bias",
                                        "dense2.weight", "dense2.bias",
                                        "dense3.weight", "dense3.bias"};
    network n;

    network_open(&n, "mlp:hidden=7x5", "cross_entropy", 3, 3);
    cr_assert(eq(sz, n.f.layout.count, 6));
    for (size_t i = 0; i < 6; i++)
        cr_assert(eq(str, n.f.layout.tensors[i].name, (char *)names[i]));
    cr_assert(eq(sz, n.f.layout.length, 7 * 7 + 8 * 5 + 6 * 4));
    cr_assert(n.f.classifies && n.f.source == &n.source);
    network_close(&n);
}

static tally_split asked;

static tally_status note_split(const tally_source *s, tally_split split,
                               const uint64_t *rows, size_t n, tally_real *x,
                               int32_t *label)
{
    asked = split;
    memset(x, 0, n * s->features * sizeof *x);
    memset(label, 0, n * sizeof *label);
    return rows ? TALLY_OK : TALLY_FAIL(OPTION, "no rows");
}

Test(net, validation_reads_rows_of_the_training_set)
{
    static const tally_source_ops ops = {.fetch = note_split};
    static const tally_split reads[] = {[TALLY_TRAIN] = TALLY_TRAIN,
                                        [TALLY_VALIDATE] = TALLY_TRAIN,
                                        [TALLY_TEST] = TALLY_TEST};
    network n;
    tally_score score = {0};

    network_open(&n, "softmax", "cross_entropy", 5, 2);
    n.source.ops = &ops;
    for (tally_split split = TALLY_TRAIN; split <= TALLY_TEST; split++) {
        tally_samples s = network_samples(&n, 5);

        s.split = split;
        expect_ok(n.f.ops->value(&n.f, n.w, s, &score));
        cr_assert(eq(int, (int)asked, (int)reads[split]));
    }
    cr_assert(eq(u64, score.count, 15));
    network_close(&n);
}

static uint64_t fetched; /* rows */

static tally_status count_fetches(const tally_source *s, tally_split split,
                                  const uint64_t *rows, size_t n, tally_real *x,
                                  int32_t *label)
{
    (void)split;
    fetched += n;
    for (size_t i = 0; i < n; i++) {
        label[i] = (int32_t)(rows[i] % 4);
        for (size_t k = 0; k < s->features; k++)
            x[i * s->features + k] = (tally_real)(rows[i] * 7 % 5 + k) / 8;
    }
    return TALLY_OK;
}

/* What was read ahead is used once, and only for the very rows. */
Test(net, reading_ahead_changes_nothing)
{
    static const tally_source_ops ops = {.fetch = count_fetches};
    network n;
    tally_score plain = {0}, ahead = {0};

    network_open(&n, "mlp:hidden=5", "cross_entropy", 8, 4);
    n.source.ops = &ops;
    tally_samples all = network_samples(&n, 8), first = network_samples(&n, 4);
    tally_samples others = {.split = TALLY_TRAIN, .rows = n.rows + 4, .count = 4};
    tally_real *g = tally_allocate(n.f.layout.length, sizeof *g);

    expect_ok(n.f.ops->gradient(&n.f, n.w, all, g, (tally_listener){0}, &plain));
    for (int other = 0; other < 3; other++) {
        tally_score aside = {0};

        ahead = (tally_score){0};
        expect_ok(n.f.ops->fetch(&n.f, other == 1 ? others : first));
        if (other == 2) expect_ok(n.f.ops->value(&n.f, n.w, others, &aside));
        fetched = 0;
        expect_ok(n.f.ops->gradient(&n.f, n.w, all, n.g, (tally_listener){0}, &ahead));
        cr_assert(eq(u64, fetched, other == 0 ? 4 : 8));
        cr_assert(memcmp(n.g, g, n.f.layout.length * sizeof *g) == 0);
        cr_assert(eq(dbl, ahead.loss_sum, plain.loss_sum));
    }
    free(g);
    network_close(&n);
}

Test(net, scores_add_up)
{
    network n;
    tally_score once = {0}, twice = {0};

    network_open(&n, "softmax", "squared", 4, 4);
    expect_ok(network_gradient(&n, 4, &once));
    expect_ok(network_gradient(&n, 4, &twice));
    expect_ok(network_gradient(&n, 4, &twice));
    cr_assert(eq(dbl, twice.loss_sum, 2 * once.loss_sum));
    cr_assert(eq(u64, twice.count, 8));
    cr_assert(eq(u64, twice.correct, 2 * once.correct));
    network_close(&n);
}

/* Products: 2 rows in out; forward and dW for all, dx for all but the first. */
Test(net, cost_counts_the_products)
{
    network n;

    network_open(&n, "mlp:hidden=7", "cross_entropy", 4, 4);
    tally_cost cost = n.f.ops->cost(&n.f, network_samples(&n, 4));

    cr_assert(eq(dbl, cost.flops, 2.0 * 4 * (2 * 6 * 7 + 3 * 7 * 4)));
    cr_assert(lt(dbl, 3 * (double)n.f.layout.length * (double)sizeof(tally_real),
                 cost.bytes));
    network_close(&n);
}

static tally_status refuse(void *context, tally_span s)
{
    int *calls = context;

    (void)s;
    return ++*calls == 2 ? TALLY_FAIL(NETWORK, "rank 3 is gone") : TALLY_OK;
}

Test(net, a_listener_that_fails_ends_the_gradient)
{
    network n;
    tally_score score = {0};
    int calls = 0;

    network_open(&n, "mlp:hidden=7x5", "cross_entropy", 4, 4);
    expect_fail(n.f.ops->gradient(&n.f, n.w, network_samples(&n, 4), n.g,
                                  (tally_listener){refuse, &calls}, &score),
                NETWORK, "rank 3 is gone");
    cr_assert(eq(int, calls, 2));
    network_close(&n);
}

Test(net, nobody_needs_to_listen)
{
    network n;
    tally_score score = {0};

    network_open(&n, "softmax", "cross_entropy", 4, 4);
    expect_ok(n.f.ops->gradient(&n.f, n.w, network_samples(&n, 4), n.g,
                                (tally_listener){0}, &score));
    expect_ok(n.f.ops->gradient(&n.f, n.w, network_samples(&n, 0), n.g,
                                (tally_listener){0}, &score));
    cr_assert(eq(u64, score.count, 4));
    network_close(&n);
}

Test(net, a_source_that_fails_ends_the_call)
{
    network n;
    tally_score score = {0};

    network_open(&n, "softmax", "cross_entropy", 4, 4);
    n.rows[3] = 4;
    expect_fail(network_gradient(&n, 4, &score), OPTION, "has no row 4");
    expect_fail(n.f.ops->value(&n.f, n.w, network_samples(&n, 4), &score), OPTION,
                "has no row 4");
    network_close(&n);
}

Test(net, weights_that_are_not_finite_give_a_loss_that_is_not)
{
    network n;
    tally_score score = {0};

    network_open(&n, "mlp:hidden=7x5", "cross_entropy", 4, 4);
    n.w[0] = (tally_real)NAN;
    expect_ok(network_gradient(&n, 4, &score));
    cr_assert(isfinite(score.loss_sum) == 0);
    network_close(&n);
}

static tally_status build_narrow(const void *options, tally_net *net, size_t features,
                                 size_t classes)
{
    (void)options, (void)features, (void)classes;
    TALLY_TRY(tally_net_add(net, "dense:out=3"));
    return TALLY_OK;
}

static const tally_model_ops narrow = {
    .about = {.name = "narrow", .brief = "has three outputs", .paper = ""},
    .build = build_narrow,
};

static tally_status open_plain(const char *model, const char *loss, size_t batch)
{
    memory_samples samples = {.count = 0, .features = 6, .classes = 4};
    tally_source source = memory_source(&samples);
    tally_objective f;
    tally_status status = tally_net_open(&f, model, loss, &source, batch);

    cr_assert(status == TALLY_OK || f.ops == NULL, "a failed open leaves it closed");
    tally_objective_close(&f);
    return status;
}

Test(net, what_cannot_be_opened_is_named)
{
    expect_ok(tally_register_model(&narrow));
    expect_ok(open_plain("softmax", "squared", 1));
    expect_fail(open_plain("narrow", "squared", 1), MISMATCH,
                "model narrow ends with 3 outputs, expected 4");
    expect_fail(open_plain("mpl", "squared", 1), OPTION, "did you mean mlp?");
    expect_fail(open_plain("mlp", "square", 1), OPTION, "did you mean squared?");
    expect_fail(open_plain("mlp:hidden=0", "squared", 1), OPTION, "hidden=0");
    expect_fail(open_plain("mlp", "squared", 0), OPTION,
                "batches of 0 rows are not in [1, ");
    expect_fail(open_plain("mlp", "squared", SIZE_MAX), OPTION, "are not in [1, ");
    expect_fail(open_plain("mlp:hidden=2147483647x2147483647", "squared", 1), MEMORY,
                "");
}
