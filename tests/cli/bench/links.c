/* Links whose alpha and beta are known, and times that only one line fits. */

#include "cli/bench/links.h"

#include "comm/comm.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the line ---- */

Test(bench_links, the_line_of_exact_times_is_exact_in_any_order)
{
    const cli_sizes sizes = {
        4, {1 << 20, 8, 1 << 16, 1 << 18}
    };
    double seconds[4];

    for (size_t i = 0; i < sizes.count; i++)
        seconds[i] = 3e-6 + 2e-9 * (double)sizes.at[i];
    bench_line line = bench_fit(&sizes, seconds);
    cr_assert(epsilon_eq(dbl, line.alpha, 3e-6, 1e-15));
    cr_assert(epsilon_eq(dbl, line.beta, 2e-9, 1e-18));
}

/* A burst that passes unlimited, a pause in one size: least squares would bend. */
Test(bench_links, one_bad_size_does_not_bend_the_line)
{
    const cli_sizes sizes = {
        6, {8, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24}
    };
    double seconds[6];

    for (size_t i = 0; i < sizes.count; i++)
        seconds[i] = 1e-5 + 1e-9 * (double)sizes.at[i];
    seconds[1] /= 10;
    seconds[3] *= 4;
    bench_line line = bench_fit(&sizes, seconds);
    cr_assert(epsilon_eq(dbl, line.beta, 1e-9, 1e-10));
    cr_assert(epsilon_eq(dbl, line.alpha, 1e-5, 1e-8));
}

Test(bench_links, times_that_fall_give_no_negative_rate)
{
    const cli_sizes sizes = {
        2, {8, 64}
    };
    const double seconds[] = {2e-6, 1e-6};
    bench_line line = bench_fit(&sizes, seconds);

    cr_assert(epsilon_eq(dbl, line.beta, 0, 0));
    cr_assert(epsilon_eq(dbl, line.alpha, 2e-6, 1e-20));
}

/* ---- known links ---- */

static const cli_sizes some = {
    4, {8, 1 << 16, 1 << 18, 1 << 20}
};

typedef struct asked {
    bench_link links[BENCH_LINKS]; /* what each rank saw: all the same */
    char sim[256];
} asked;

static tally_status measure(tally_comm *c, void *context)
{
    asked *a = context;
    bench_link links[BENCH_LINKS];

    TALLY_TRY(bench_links_measure(c, &some, 2, links));
    cr_assert(bench_links_sim(c, links, a->sim, sizeof a->sim));
    if (c->rank == 0) memcpy(a->links, links, sizeof links);
    TALLY_TRY(tally_barrier(c));
    cr_assert(memcmp(a->links, links, sizeof links) == 0, "rank %d", c->rank);
    return TALLY_OK;
}

/* The virtual clock counts seconds in double: 1e-9 of a microsecond is its last digit.
 */
static void expect_line(const bench_link *l, double alpha, double beta)
{
    cr_assert(epsilon_eq(dbl, l->alpha.median, alpha, 1e-6 * alpha));
    cr_assert(epsilon_eq(dbl, l->beta.median, beta, 1e-6 * beta));
    cr_assert(epsilon_eq(dbl, l->alpha.most, l->alpha.least, 1e-6 * alpha));
    cr_assert(epsilon_eq(dbl, l->misfit, 0, 1e-6));
}

Test(bench_links, simulated_links_are_found_as_they_were_given)
{
    static const char *const specs[] = {
        "sim:ranks=6,node=3,alpha=2e-05,beta=3.3e-09,alpha_node=7e-07,beta_node=1.25e-"
        "10",
        "sim:ranks=5,node=2,alpha=0.001,beta=1e-07,alpha_node=1e-05,beta_node=1e-08,"
        "rendezvous=true"};
    static const double given[][4] = {
        {2e-5, 3.3e-9, 7e-7, 1.25e-10},
        {1e-3, 1e-7,   1e-5, 1e-8    }
    };

    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        asked a = {.sim = ""};

        expect_ok(tally_launch(specs[i], measure, &a));
        expect_line(&a.links[BENCH_NETWORK], given[i][0], given[i][1]);
        expect_line(&a.links[BENCH_NODE], given[i][2], given[i][3]);
        cr_assert(strncmp(a.sim, specs[i], strlen(a.sim)) == 0, "%s", a.sim);
    }
}

Test(bench_links, a_class_that_is_not_there_is_left_out)
{
    asked a = {.sim = ""};

    expect_ok(tally_launch("sim:ranks=3,node=0,alpha_node=1e-06,beta_node=1e-10",
                           measure, &a));
    cr_assert(eq(int, a.links[BENCH_NETWORK].measured, 0));
    cr_assert(eq(int, a.links[BENCH_NODE].pairs, 3));
    cr_assert(eq(str, a.sim, "sim:ranks=3,node=0,alpha_node=1e-06,beta_node=1e-10"));
    expect_ok(tally_launch("sim:ranks=9,node=1,alpha=1e-05,beta=1e-09", measure, &a));
    cr_assert(eq(int, a.links[BENCH_NODE].measured, 0));
    cr_assert(eq(int, a.links[BENCH_NETWORK].pairs, 36));
    cr_assert(eq(int, a.links[BENCH_NETWORK].measured, 4));
    cr_assert(eq(str, a.sim, "sim:ranks=9,node=1,alpha=1e-05,beta=1e-09"));
}

Test(bench_links, one_rank_has_no_links)
{
    asked a = {.sim = ""};

    expect_fail(tally_launch("self", measure, &a), OPTION, "start more");
}

/* ---- one link that is worse than the others ---- */

static tally_comm_ops limping;

typedef struct inner {
    tally_body body;
    void *context;
} inner;

static tally_status send_late(tally_comm *c, int to, int tag, const void *p, size_t n,
                              tally_request *r)
{
    if (tag / 4096 == TALLY_USER && c->rank == 0 && to == 1) tally_spend(c, 1e-3);
    return tally_comm_sim.isend(c, to, tag, p, n, r);
}

static tally_status with_limp(tally_comm *c, void *context)
{
    const inner *of = context;

    c->ops = &limping;
    return of->body(c, of->context);
}

static tally_status launch(const void *options, tally_body body, void *context)
{
    inner of = {body, context};

    return tally_comm_sim.launch(options, with_limp, &of);
}

Test(bench_links, a_link_that_limps_shows_in_the_spread)
{
    asked a = {.sim = ""};

    limping = tally_comm_sim;
    limping.about.name = "limping";
    limping.isend = send_late;
    limping.launch = launch;
    expect_ok(tally_register_comm(&limping));
    expect_ok(
        tally_launch("limping:ranks=3,node=1,alpha=1e-05,beta=1e-09", measure, &a));
    const bench_link *l = &a.links[BENCH_NETWORK];
    cr_assert(epsilon_eq(dbl, l->alpha.median, 1e-5, 1e-10));
    cr_assert(epsilon_eq(dbl, l->alpha.most, 5.1e-4, 1e-8)); /* half of the way back */
}
