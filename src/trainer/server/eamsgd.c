/* eamsgd.c — elastic averaging with Nesterov's momentum on the workers.
 *
 *     worker m     v <- delta v - rate g(x_m + delta v),
 *                  x_m <- x_m + v                                   `every` times
 *     then         the elastic step of easgd.c
 *
 * Zhang, Choromanska, LeCun 2015, arXiv:1412.6651, Algorithm 2; there delta is 0.99.
 * For --rule sgd: the momentum is this one.  v is each worker's own, is not averaged,
 * and starts anew after a resume.  Sent: as easgd. */

#include "trainer/server/local.h"

#include <stddef.h>

typedef struct eamsgd {
    uint64_t every;
    double moving, momentum;
} eamsgd;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, eamsgd, every, "10", "[1, 1e6]",
                 "gradients of a worker between two elastic steps"),
    TALLY_OPTION(REAL, eamsgd, moving, "0.9", "(0, 1]",
                 "how far all workers together move the center"),
    TALLY_OPTION(REAL, eamsgd, momentum, "0.9", "[0, 1)",
                 "delta; the paper has 0.99, with a low rate"),
    TALLY_END,
};

static const eamsgd *options_of(const tally_run *run)
{
    return run->consistency_options;
}

static uint64_t turn(const void *chosen)
{
    return ((const eamsgd *)chosen)->every;
}

static tally_status check(const tally_run *run)
{
    return tally_local_wants_sgd(run);
}

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_elastic_arrive(s, p, options_of(s->run)->moving);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    (void)s, (void)p;
    return true;
}

static tally_status place(tally_local *l, const tally_step *t, const tally_real **at)
{
    const tally_real delta = (tally_real)options_of(l->run)->momentum;
    const tally_real *v = l->extra;

    (void)t;
    for (size_t i = 0; i < l->run->f->layout.length; i++)
        l->place[i] = l->w[i] + delta * v[i];
    *at = l->place;
    return TALLY_OK;
}

static tally_status step(tally_local *l, const tally_step *t, tally_real *g)
{
    const tally_real delta = (tally_real)options_of(l->run)->momentum;
    const tally_real rate = (tally_real)t->rate;
    tally_real *v = l->extra;

    for (size_t i = 0; i < l->run->f->layout.length; i++) {
        v[i] = delta * v[i] - rate * g[i];
        l->w[i] += v[i];
    }
    return TALLY_OK;
}

static const tally_local_ops local = {
    .turn = turn, .place = place, .step = step, .say = tally_elastic_say, .own = true};

const tally_consistency_ops tally_consistency_eamsgd = {
    .about = {.name = "eamsgd",
              .brief = "easgd with Nesterov's momentum on the workers",
              .paper = "Zhang et al. 2015, arXiv:1412.6651",
              .options = options,
              .options_size = sizeof(eamsgd)},
    .check = check,
    .local = &local,
    .arrive = arrive,
    .may_start = may_start,
};
