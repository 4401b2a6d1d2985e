/* penalise.c — an objective with a penalty in the loss of every sample.
 *
 *     f(w) = mean over samples of (loss_i(w) + P(w)) = mean loss + P(w)
 *
 * A rank with n of the N samples of a step adds n / N of P's slope to its gradient: the
 * shares of all ranks make one whole, also where ranks have more or fewer samples, or
 * none.  It is added to each piece of the gradient when that is final, before anyone
 * else is told: so it travels with the rest, and trainers, rules and bounds need not
 * know of it. */

#include "tally/penalty.h"

#include <stdlib.h>

typedef struct penalised {
    tally_objective *of;    /* borrowed */
    const tally_penalty *p; /* borrowed */
} penalised;

/* One gradient under way; [0, low) still lacks the penalty. */
typedef struct passage {
    const penalised *x;
    const tally_real *w;
    tally_real *g;
    double share, sum;
    size_t low;
    tally_listener listener;
} passage;

static void add_down_to(passage *at, size_t first)
{
    if (first >= at->low) return;
    tally_span s = {first, at->low - first};

    at->sum +=
        tally_penalty_add(at->x->p, &at->x->of->layout, s, at->share, at->w, at->g);
    at->low = first;
}

static tally_status ready(void *context, tally_span s)
{
    passage *at = context;

    add_down_to(at, s.first);
    if (!at->listener.ready) return TALLY_OK;
    TALLY_TRY(at->listener.ready(at->listener.context, s));
    return TALLY_OK;
}

static tally_status init(tally_objective *f, uint64_t seed, tally_real *w)
{
    tally_objective *of = ((const penalised *)f->inner)->of;

    return of->ops->init ? of->ops->init(of, seed, w) : TALLY_OK;
}

/* What the objective did not tell of is added at the end. */
static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    const penalised *x = f->inner;
    passage at = {.x = x,
                  .w = w,
                  .g = g,
                  .share = s.weight * (double)s.count,
                  .low = f->layout.length,
                  .listener = l};

    TALLY_TRY(
        x->of->ops->gradient(x->of, w, s, g, (tally_listener){ready, &at}, score));
    add_down_to(&at, 0);
    score->loss_sum += (double)s.count * at.sum;
    return TALLY_OK;
}

static tally_status fetch(tally_objective *f, tally_samples s)
{
    tally_objective *of = ((const penalised *)f->inner)->of;

    return of->ops->fetch ? of->ops->fetch(of, s) : TALLY_OK;
}

static tally_status value(tally_objective *f, const tally_real *w, tally_samples s,
                          tally_score *score)
{
    tally_objective *of = ((const penalised *)f->inner)->of;

    return of->ops->value(of, w, s, score);
}

static tally_cost cost(const tally_objective *f, tally_samples s)
{
    const tally_objective *of = ((const penalised *)f->inner)->of;

    return of->ops->cost ? of->ops->cost(of, s) : (tally_cost){0};
}

static void close(tally_objective *f)
{
    free(f->inner);
    f->layout = (tally_layout){0}; /* borrowed */
}

static const tally_objective_ops ops = {
    .name = "penalised",
    .init = init,
    .gradient = gradient,
    .fetch = fetch,
    .value = value,
    .cost = cost,
    .close = close,
};

tally_status tally_penalise(tally_objective *f, tally_objective *of,
                            const tally_penalty *p)
{
    penalised *x = malloc(sizeof *x);

    if (!x) return TALLY_FAIL(MEMORY, "no memory for a penalty");
    *x = (penalised){of, p};
    *f = (tally_objective){.ops = &ops,
                           .layout = of->layout,
                           .source = of->source,
                           .classifies = of->classifies,
                           .inner = x};
    return TALLY_OK;
}
