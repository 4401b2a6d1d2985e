/* loss.h — the table of every loss, and what they share. */

#ifndef TALLY_MODEL_LOSS_LOSS_H
#define TALLY_MODEL_LOSS_LOSS_H

#include "tally/model.h"

#include "num/isa.h"

#define LOSS(name) extern const tally_loss_ops tally_loss_##name;
#include "model/loss/list.def"
#undef LOSS

extern tally_members tally_loss_members, tally_loss_members_avx2,
    tally_loss_members_avx512;

tally_status tally_loss_open(tally_loss *l, const char *spec);
void tally_loss_close(tally_loss *l);

/* The class with the largest output; the lowest of equals.  Below `classes` whatever z
 * holds. */
size_t tally_loss_choice(const tally_real *z, size_t classes);

#endif
