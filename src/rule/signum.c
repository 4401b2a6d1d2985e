/* signum.c — the sign of a momentum that each rank keeps for itself.
 *
 *     propose   m <- beta m + (1 - beta) g          say sign(m), or m where numbers go
 *     apply     w <- w - rate (sign(a) + decay w)   a: what the ranks agreed on
 *
 * Bernstein et al., signSGD with Majority Vote is Communication Efficient and Fault
 * Tolerant, 2019, arXiv:1810.05291, Algorithm 1 (with the exchange `vote`); one rank
 * alone is Signum of arXiv:1802.04434, Algorithm 2.  Momentum comes before the vote and
 * never travels; decay comes after it.  An m of zero votes plus, unless the ballot has
 * a mask; sign(0) = 0 where numbers are agreed on.  beta = 0 gives signSGD.
 * State: 1 vector, private to the rank.  Elementwise; momentum and packing are one pass
 * over g and m. */

#include "num/lanes.h"
#include "rule/rule.h"
#include "rule/signs.h"

#include <stddef.h>

typedef struct signum {
    double beta, decay;
} signum;

static const tally_option options[] = {
    TALLY_OPTION(REAL, signum, beta, "0.9", "[0, 1)", "share of the old momentum kept"),
    TALLY_OPTION(REAL, signum, decay, "0", "[0, inf)",
                 "decoupled weight decay, after the vote"),
    TALLY_END};

static void remember(tally_span s, double beta, const tally_real *restrict g,
                     tally_real *restrict m)
{
    const tally_real keep = (tally_real)beta, gain = (tally_real)(1 - beta);

    for (size_t i = s.first; i < s.first + s.count; i++)
        m[i] = keep * m[i] + gain * g[i];
}

/* The same for up to 64 coordinates, and their signs while they are in registers. */
static inline void remember_word(double beta, const tally_real *g, size_t left,
                                 tally_real *m, uint64_t *minus, uint64_t *present)
{
    const tally_real keep = (tally_real)beta, gain = (tally_real)(1 - beta);
    uint64_t below = 0, above = 0;

    for (size_t k = 0; k < 64 && k < left; k += TALLY_LANES) {
        tally_lanes x = keep * tally_lanes_load(m + k, left - k) +
                        gain * tally_lanes_load(g + k, left - k);

        tally_lanes_store(x, m + k, left - k);
        below |= tally_lanes_bits(x < 0) << k;
        above |= tally_lanes_bits(x > 0) << k;
    }
    *minus = below;
    *present = below | above;
}

static void propose_bits(tally_span s, double beta, const tally_real *g, tally_real *m,
                         tally_view *v)
{
    for (size_t i = s.first, end = s.first + s.count; i < end; i += 64) {
        uint64_t present;

        if (i + 64 <= end)
            remember_word(beta, g + i, 64, m + i, &v->bits[i / 64], &present);
        else
            remember_word(beta, g + i, end - i, m + i, &v->bits[i / 64], &present);
        if (v->mask) v->mask[i / 64] = present;
    }
    v->values = NULL;
    v->scale = 1;
}

static tally_status propose(tally_rule *r, const tally_step *t, tally_span s,
                            tally_real *g, tally_view *v)
{
    const signum *o = r->options;
    tally_real *m = r->state.at[0];

    (void)t;
    if (v->bits) {
        propose_bits(s, o->beta, g, m, v);
        return TALLY_OK;
    }
    remember(s, o->beta, g, m);
    for (size_t i = s.first; i < s.first + s.count; i++)
        g[i] = m[i];
    return TALLY_OK;
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    const signum *o = r->options;

    tally_signs_apply(tally_stretches_of(r->layout, s, 0, t->rate * o->decay), t->rate,
                      &agreed, w);
    return TALLY_OK;
}

static const tally_slot slots[] = {
    {"m", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    TALLY_END
};

const tally_rule_ops tally_rule_signum = {
    .about = {.name = "signum",
              .brief = "the sign of a momentum kept by each rank",
              .paper = "arXiv:1810.05291; arXiv:1802.04434",
              .options = options,
              .options_size = sizeof(signum),
              .slots = slots},
    .takes_bits = true,
    .propose = propose,
    .apply = apply,
};
