/* label_flip.c — honest gradients of wrong labels: y becomes classes - 1 - y.
 *
 * Poisoned data rather than a lying program; training rows alone, so that scores stay
 * honest.  As in Karimireddy et al. 2020, arXiv:2006.09365, section 6. */

#include "attack/attack.h"

#include <stddef.h>

typedef struct label_flip {
    tally_sizes ranks;
} label_flip;

static const tally_option options[] = {TALLY_LIARS(label_flip), TALLY_END};

const tally_attack_ops tally_attack_label_flip = {
    .about = {.name = "label_flip",
              .brief = "gradients of wrong labels",
              .paper = "Karimireddy et al. 2020, arXiv:2006.09365",
              .options = options,
              .options_size = sizeof(label_flip)},
    .flips_labels = true,
};
