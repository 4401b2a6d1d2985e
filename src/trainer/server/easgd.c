/* easgd.c — elastic averaging: workers with weights of their own, tied to a center.
 *
 *     worker m     x_m <- x_m moved by g(x_m), `every` times          --rule, its own
 *     then         d = alpha (x_m - c)
 *                  x_m <- x_m - d,   c <- c + d                  alpha = moving / M
 *
 * Zhang, Choromanska, LeCun, Deep Learning with Elastic Averaging SGD, NIPS 2015,
 * arXiv:1412.6651, Algorithm 1; there moving (beta) is 0.9 and every (tau) 4 to 64.
 * The run's weights are c, the center.  Stable while alpha < 1 for the rates that SGD
 * alone bears.
 *
 * Here a worker pushes how far it went, x_m less what it was sent, and is sent x_m - d:
 * the server does both sides of the elastic step, so nothing comes between them.  The
 * paper takes a gradient while it waits for c, we after it.  Sent: d values each way
 * for `every` gradients.  What the rule keeps is each worker's own, and starts anew
 * after a resume, at x_m = c. */

#include "trainer/server/local.h"

#include <stddef.h>

typedef struct easgd {
    uint64_t every;
    double moving;
} easgd;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, easgd, every, "10", "[1, 1e6]",
                 "gradients of a worker between two elastic steps"),
    TALLY_OPTION(REAL, easgd, moving, "0.9", "(0, 1]",
                 "how far all workers together move the center"),
    TALLY_END,
};

static uint64_t turn(const void *chosen)
{
    return ((const easgd *)chosen)->every;
}

tally_status tally_elastic_arrive(tally_store *s, tally_seat *p, double moving)
{
    const tally_real alpha = (tally_real)(moving / s->count);
    tally_real *center = s->live + s->slice.first;

    if (tally_tickets_settled(&s->tickets, p->push.ticket)) {
        tally_store_drop(s, p);
        return TALLY_OK;
    }
    for (size_t i = 0; i < s->slice.count; i++) {
        tally_real x = p->sent[i] + p->inbox[i], d = alpha * (x - center[i]);

        p->sent[i] = x - d;
        center[i] += d;
    }
    tally_store_count(s, p);
    return TALLY_OK;
}

static tally_status arrive(tally_store *s, tally_seat *p)
{
    return tally_elastic_arrive(s, p,
                                ((const easgd *)s->run->consistency_options)->moving);
}

static bool may_start(const tally_store *s, const tally_seat *p)
{
    (void)s, (void)p;
    return true;
}

/* As lockstep does it on one rank. */
static tally_status place(tally_local *l, const tally_step *t, const tally_real **at)
{
    return tally_rule_place(&l->run->rule, t, l->w, l->place, at);
}

static tally_status step(tally_local *l, const tally_step *t, tally_real *g)
{
    tally_rule *rule = &l->run->rule;
    tally_span all = {0, l->run->f->layout.length};
    tally_view v = {.values = g};

    TALLY_TRY(tally_rule_propose(rule, t, all, g, &v));
    return tally_rule_apply(rule, t, all, l->w, v, l->place);
}

void tally_elastic_say(const tally_local *l, tally_real *g)
{
    for (size_t i = 0; i < l->run->f->layout.length; i++)
        g[i] = l->w[i] - l->start[i];
}

static const tally_local_ops local = {
    .turn = turn, .place = place, .step = step, .say = tally_elastic_say, .own = true};

const tally_consistency_ops tally_consistency_easgd = {
    .about = {.name = "easgd",
              .brief = "workers with weights of their own, tied to a center",
              .paper = "Zhang et al. 2015, arXiv:1412.6651",
              .options = options,
              .options_size = sizeof(easgd)},
    .local = &local,
    .arrive = arrive,
    .may_start = may_start,
};
