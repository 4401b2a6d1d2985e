/* members.c — the losses as compiled for one instruction set, in the order of list.def.
 */

#include "model/loss/loss.h"

tally_members tally_loss_members = {

#define LOSS(name) &tally_loss_##name.about,
#include "model/loss/list.def"
#undef LOSS
    NULL,
};
