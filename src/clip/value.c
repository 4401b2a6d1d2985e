/* value.c — every value of the gradient is held within bounds.
 *
 *     v_i <- the number nearest to v_i in [-max, max]
 *
 * Mikolov, Statistical Language Models Based on Neural Networks, 2012: the
 * direction changes, and no value is above `max`.  The norm that it reports is the
 * greatest absolute value.  When that is not finite nothing is bounded: a bound would
 * hide that the step has failed. */

#include "clip/clip.h"

#include <math.h>
#include <stddef.h>

typedef struct clip_value {
    int scope; /* a tally_clip_scope; first, as tally_clip wants it */
    double max;
} clip_value;

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, clip_value, scope, "agreed", "agreed|local",
                 "bound what the ranks agreed on, or each rank's own gradient"),
    TALLY_OPTION(REAL, clip_value, max, "1", "(0, inf)",
                 "the greatest absolute value left alone"),
    TALLY_END};

static tally_status bound(const tally_clip *c, tally_real *v, size_t length,
                          double *norm)
{
    const clip_value *o = c->options;
    const tally_real most = (tally_real)o->max;

    *norm = tally_clip_greatest(v, length);
    if (!isfinite(*norm) || *norm <= o->max) return TALLY_OK;
    for (size_t i = 0; i < length; i++) {
        tally_real below = v[i] > most ? most : v[i];

        v[i] = below < -most ? -most : below;
    }
    return TALLY_OK;
}

const tally_clip_ops tally_clip_value = {
    .about = {.name = "value",
              .brief = "holds every value within bounds",
              .paper = "Mikolov 2012",
              .options = options,
              .options_size = sizeof(clip_value)},
    .bound = bound,
};
