/* loss.c — the family of losses, and what they share. */

#include "model/loss/loss.h"

static const tally_about *const *const compiled[] = TALLY_EACH_ISA(tally_loss_members);

const tally_family tally_loss_family = {
    .name = "loss",
    .flag = "--loss",
    .brief = "what is measured at the end of a network",
    .members = tally_loss_members,
};

tally_status tally_register_loss(const tally_loss_ops *ops)
{
    return tally_family_register(&tally_loss_family, &ops->about);
}

tally_status tally_loss_open(tally_loss *l, const char *spec)
{
    const tally_about *about;

    *l = (tally_loss){0};
    TALLY_TRY(tally_family_open(&tally_loss_family, spec, &about, &l->options));
    l->ops = (const tally_loss_ops *)tally_isa_twin(about, compiled);
    return TALLY_OK;
}

void tally_loss_close(tally_loss *l)
{
    if (l->ops) tally_options_close(&l->ops->about, l->options);
    *l = (tally_loss){0};
}

size_t tally_loss_choice(const tally_real *z, size_t classes)
{
    size_t best = 0;

    for (size_t j = 1; j < classes; j++)
        if (z[j] > z[best]) best = j;
    return best;
}
