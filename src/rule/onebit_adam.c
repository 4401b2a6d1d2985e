/* onebit_adam.c — Adam whose variance is frozen, so that its momentum may travel in one
 * bit a value.
 *
 *     t <= warmup   Adam on the agreed gradient: m, v
 *     t >  warmup   say   beta1 m + (1 - beta1) g       compressed, with error feedback
 *                   m <-  what the ranks agreed on
 *                   w <-  w - rate m^ / (root + epsilon)  root: sqrt(v^) of step warmup
 *
 * Tang, Gan, Awan, Rajbhandari, Li, Lian, Liu, Zhang, He, 1-bit Adam: Communication
 * Efficient Large-Scale Training with Adam's Convergence Speed, 2021, arXiv:2102.02888,
 * Algorithm 1; with --exchange gather:back=coded,warmup=T --codec sign, where T is the
 * same.  Departures: v keeps the bias correction it had when it was frozen, so that a
 * short warm-up does not end with a jump.  A coordinate whose root has vanished would
 * fly off on the scale that every sign carries (the released code wants a mask from
 * its user): a root below `floor` times the mean root counts as that much, and where v
 * is 0 the weight stays.
 *
 * State: m and v, the same on every rank, and the mean root.  Whole: the mean needs all
 * of v. */

#include "rule/decay.h"
#include "rule/rule.h"

#include <math.h>
#include <stddef.h>

typedef struct onebit_adam {
    double beta1, beta2, epsilon, floor, decay;
    uint64_t warmup;
} onebit_adam;

static const tally_option options[] = {
    TALLY_OPTION(REAL, onebit_adam, beta1, "0.9", "[0, 1)",
                 "share of the old mean kept"),
    TALLY_OPTION(REAL, onebit_adam, beta2, "0.999", "[0, 1)",
                 "share of the old mean square kept"),
    TALLY_OPTION(REAL, onebit_adam, epsilon, "1e-8", "(0, inf)",
                 "added to the root mean square"),
    TALLY_OPTION(REAL, onebit_adam, floor, "0.5", "[0, inf)",
                 "share of the mean root that a root counts as at least"),
    TALLY_OPTION(REAL, onebit_adam, decay, "0", "[0, inf)", "decoupled weight decay"),
    TALLY_OPTION(COUNT, onebit_adam, warmup, "200", "[1, 1e12]",
                 "steps until v is frozen"),
    TALLY_END};

enum { MEAN, SQUARE, ROOT };

static const tally_slot slots[] = {
    {"m",    TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"v",    TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"root", TALLY_SHARED, TALLY_ONCE       },
    TALLY_END
};

/* The agreed momentum counts once: each rank says its share of it. */
static tally_status propose(tally_rule *r, const tally_step *t, tally_span s,
                            tally_real *g, tally_view *view)
{
    const onebit_adam *o = r->options;
    const tally_real keep = (tally_real)(o->beta1 * t->share);
    const tally_real gain = (tally_real)(1 - o->beta1);
    const tally_real *m = r->state.at[MEAN];

    (void)view;
    if (t->number <= o->warmup) return TALLY_OK;
    for (size_t i = s.first; i < s.first + s.count; i++)
        g[i] = keep * m[i] + gain * g[i];
    return TALLY_OK;
}

static void learn(tally_rule *r, const tally_step *t, tally_span s, const tally_real *g)
{
    const onebit_adam *o = r->options;
    const tally_real beta1 = (tally_real)o->beta1, rest1 = (tally_real)(1 - o->beta1);
    const tally_real beta2 = (tally_real)o->beta2, rest2 = (tally_real)(1 - o->beta2);
    tally_real *m = r->state.at[MEAN], *v = r->state.at[SQUARE];

    for (size_t i = s.first; i < s.first + s.count; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
    }
    if (t->number < o->warmup) return;
    double sum = 0, count = 0;

    for (size_t i = s.first; i < s.first + s.count; i++) {
        sum += sqrt((double)v[i]);
        count += v[i] > 0;
    }
    *(double *)r->state.at[ROOT] = count > 0 ? sum / count : 0;
}

/* w <- w - step m / (max(corrected root, least) + epsilon) where v is not 0. */
static void move(const tally_rule *r, const tally_step *t, tally_span s, tally_real *w)
{
    const onebit_adam *o = r->options;
    const tally_real *m = r->state.at[MEAN], *v = r->state.at[SQUARE];
    bool frozen = t->number > o->warmup;
    double number = (double)(frozen ? o->warmup : t->number);
    const tally_real correct = (tally_real)(1 / sqrt(1 - pow(o->beta2, number)));
    const tally_real least =
        frozen ? (tally_real)(o->floor * *(const double *)r->state.at[ROOT]) : 0;
    const tally_real step =
        (tally_real)(t->rate / (1 - pow(o->beta1, (double)t->number)));
    const tally_real epsilon = (tally_real)o->epsilon;
    tally_stretches all = tally_stretches_of(r->layout, s, 0, t->rate * o->decay);
    tally_stretch p;

    while (tally_stretches_next(&all, &p))
        for (size_t i = p.first; i < p.end; i++) {
            tally_real root = (tally_real)sqrt((double)v[i]);

            if (root < least) root = least;
            w[i] -= p.shrink * w[i];
            if (v[i] > 0) w[i] -= step * m[i] / (root * correct + epsilon);
        }
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const onebit_adam *o = r->options;
    tally_real *m = r->state.at[MEAN];

    if (t->number <= o->warmup)
        learn(r, t, s, agreed.values);
    else
        for (size_t i = s.first; i < s.first + s.count; i++)
            m[i] = agreed.values[i];
    move(r, t, s, w);
    return TALLY_OK;
}

const tally_rule_ops tally_rule_onebit_adam = {
    .about = {.name = "onebit_adam",
              .brief = "Adam with a frozen variance, for one-bit momenta",
              .paper = "Tang et al. 2021, arXiv:2102.02888, algorithm 1",
              .options = options,
              .options_size = sizeof(onebit_adam),
              .slots = slots},
    .whole = true,
    .propose = propose,
    .apply = apply,
};
