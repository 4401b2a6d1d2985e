/* What a share of a batch costs a core. */

#include "cli/bench/step.h"

#include "support/expect.h"

#include <string.h>

/* 8 GFLOP at 100 GFLOP/s, 1 GB of samples and 3 GB of weights at 20 GB/s. */
static const bench_load load = {.flops = 8e9, .sample_bytes = 1e9, .weight_bytes = 3e9};
static const bench_core core = {.products = 100e9, .memory = 20e9};

Test(bench_step, the_weights_are_moved_for_any_share_of_a_batch)
{
    cr_assert(epsilon_eq(dbl, bench_load_seconds(&load, &core, 1), .08 + .2, 1e-12));
    cr_assert(epsilon_eq(dbl, bench_load_seconds(&load, &core, .25), .02 + .0125 + .15,
                         1e-12));
}

/* Of ring on free links: what is left of a step is its computing. */
static double computing(bool strong, bench_load of, int ranks)
{
    bench_plan plan = {.values = 1000,
                       .p = 10,
                       .q = 10,
                       .batch = 64,
                       .compute = .56,
                       .load = of,
                       .core = core,
                       .strong = strong};
    bench_cluster free_links = {.ranks = ranks, .node = 1};
    bench_step steps[BENCH_STEPS_MOST];
    int count = bench_steps(&plan, &free_links, ranks, steps);

    for (int k = 0; k < count; k++)
        if (strstr(steps[k].name, "ring")) return steps[k].step;
    cr_fatal("no ring among %d exchanges", count);
    return 0;
}

/* Twice what the rates say on one rank, so on four. */
Test(bench_step, ranks_that_share_a_batch_compute_their_share_and_move_all_weights)
{
    const bench_load unknown = {.flops = 0};

    cr_assert(epsilon_eq(dbl, computing(false, load, 4), .56, 1e-12));
    cr_assert(epsilon_eq(dbl, computing(true, load, 4), 2 * .1825, 1e-12));
    cr_assert(epsilon_eq(dbl, computing(true, load, 1), .56, 1e-12));
    cr_assert(epsilon_eq(dbl, computing(true, unknown, 4), .14, 1e-12));
}

/* The slowest has 10 of 64 samples; of 100 ranks one each, or none. */
Test(bench_step, ranks_that_share_a_batch_have_whole_samples)
{
    const bench_load unknown = {.flops = 0};

    cr_assert(epsilon_eq(dbl, computing(true, unknown, 7), .56 * 10 / 64, 1e-12));
    cr_assert(epsilon_eq(dbl, computing(true, unknown, 100), .56 / 64, 1e-12));
}
