/* rule.h — how an agreed vector moves the weights.
 *
 * A rule has up to three verbs, each over a span of the flat vector:
 *     place     where to look: the point at which the gradient is taken (optional)
 *     propose   what this rank wants to say, from its own gradient (optional)
 *     apply     w moved by what the ranks agreed on: the only place where weights
 * change A rule never sees ranks.  Signum keeps its momentum in propose, on the worker,
 * before the vote; SGD and Adam have apply alone. */

#ifndef TALLY_RULE_H
#define TALLY_RULE_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tally_step {
    uint64_t number;    /* 1, 2, ... */
    double rate;        /* base rate times schedule */
    double share;       /* of the step's samples that are this rank's; lockstep alone */
    uint64_t staleness; /* steps since the weights were read; 0 in lockstep */
} tally_step;

typedef struct tally_rule tally_rule;

typedef struct tally_rule_ops {
    tally_about about;
    bool whole;      /* needs the full vector at once: called with one span [0, d) */
    bool takes_bits; /* apply reads agreed.bits itself; else the core expands them */
    tally_status (*open)(tally_rule *r); /* optional: options and state are there */
    tally_status (*place)(tally_rule *r, const tally_step *t, const tally_real *w,
                          tally_real *at);
    /* v->values is g; with v->bits given (and v->mask, maybe) write bits instead: set
     * for a negative proposal, the rest of a last word clear.  May change g in place.
     */
    tally_status (*propose)(tally_rule *r, const tally_step *t, tally_span s,
                            tally_real *g, tally_view *v);
    tally_status (*apply)(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed);
    void (*close)(tally_rule *r); /* optional */
} tally_rule_ops;

struct tally_rule {
    const tally_rule_ops *ops;
    void *options;              /* owned */
    const tally_layout *layout; /* borrowed */
    tally_state state;          /* at[i]: slots[i] of the table */
    void *inner;
};

extern TALLY_API const tally_family tally_rule_family;
TALLY_API tally_status tally_register_rule(const tally_rule_ops *ops);

/* spec: "adam:beta2=0.99".  The layout must outlive the rule.  Local. */
TALLY_API tally_status tally_rule_open(tally_rule *r, const char *spec,
                                       const tally_layout *layout);
TALLY_API void tally_rule_close(tally_rule *r);

/* What the trainer calls; they fill in for verbs a rule leaves out.
 *
 * place     *at <- w itself when the rule has no place, else `room` filled by it
 * propose   without one, v->values = g
 * apply     expands bits into `room` (d values; only s is touched) for rules that do
 * not take bits */
TALLY_API tally_status tally_rule_place(tally_rule *r, const tally_step *t,
                                        const tally_real *w, tally_real *room,
                                        const tally_real **at);
TALLY_API tally_status tally_rule_propose(tally_rule *r, const tally_step *t,
                                          tally_span s, tally_real *g, tally_view *v);
TALLY_API tally_status tally_rule_apply(tally_rule *r, const tally_step *t,
                                        tally_span s, tally_real *w, tally_view agreed,
                                        tally_real *room);

/* w <- (1 - rate * decay) w on the tensors of s that decay; nothing when decay is 0. */
TALLY_API void tally_decay(const tally_layout *layout, tally_span s, double rate,
                           double decay, tally_real *w);

/* The coupled form (L2 penalty): g <- g + decay * w on the tensors of s that decay. */
TALLY_API void tally_decay_into(const tally_layout *layout, tally_span s, double decay,
                                const tally_real *w, tally_real *g);

#ifdef __cplusplus
}
#endif
#endif
