/* downpour.c — several gradients a push, and several pushes a pull.
 *
 *     worker m     a <- a + g(x_m),   x_m <- x_m - rate g(x_m)
 *                  every `push` gradients   send a,  a <- 0
 *                  every `pull` gradients   x_m <- w
 *     on a push    w <- w moved by a                                          --rule
 *
 * Dean, Corrado, Monga, et al., Large Scale Distributed Deep Networks, NIPS 2012,
 * Algorithm 7.1 (n_push, n_fetch); its servers have --rule adagrad.  Between two pulls
 * a worker moves its copy by plain steps of the same rate, as there.  Here a pull is
 * waited for, and `pull` is a multiple of `push`, so that it comes with a push.
 *
 * A push counts as old as the weights of the last pull.  Sent: d values up for `push`
 * gradients, and down for `pull`.  With push=1,pull=1 it is async. */

#include "trainer/server/local.h"

#include <stddef.h>

typedef struct downpour {
    uint64_t push, pull;
} downpour;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, downpour, push, "5", "[1, 1e6]", "gradients in a push"),
    TALLY_OPTION(COUNT, downpour, pull, "5", "[1, 1e6]",
                 "gradients between two pulls, a multiple of push"),
    TALLY_END,
};

static const downpour *options_of(const tally_run *run)
{
    return run->consistency_options;
}

static tally_status check(const tally_run *run)
{
    const downpour *o = options_of(run);

    if (o->pull % o->push == 0) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "consistency downpour: pull=%llu is not a multiple of push=%llu, "
                      "with which a pull comes",
                      (unsigned long long)o->pull, (unsigned long long)o->push);
}

static uint64_t turn(const void *chosen)
{
    return ((const downpour *)chosen)->push;
}

static bool pulls(const void *chosen, uint64_t turns)
{
    const downpour *o = chosen;

    return turns % (o->pull / o->push) == 0;
}

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_store_apply(s, p);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    (void)s, (void)p;
    return true;
}

static tally_status step(tally_local *l, const tally_step *t, tally_real *g)
{
    const tally_real rate = (tally_real)t->rate;

    for (size_t i = 0; i < l->run->f->layout.length; i++) {
        l->extra[i] += g[i];
        l->w[i] -= rate * g[i];
    }
    return TALLY_OK;
}

static void say(const tally_local *l, tally_real *g)
{
    for (size_t i = 0; i < l->run->f->layout.length; i++) {
        g[i] = l->extra[i];
        l->extra[i] = 0;
    }
}

static const tally_local_ops local = {
    .turn = turn, .pulls = pulls, .step = step, .say = say};

const tally_consistency_ops tally_consistency_downpour = {
    .about = {.name = "downpour",
              .brief = "several gradients a push, and several pushes a pull",
              .paper = "Dean et al. 2012, Large Scale Distributed Deep Networks",
              .options = options,
              .options_size = sizeof(downpour)},
    .check = check,
    .local = &local,
    .arrive = arrive,
    .may_start = may_start,
};
