/* trainer.c — the family of trainers. */

#include "trainer/trainer.h"

static const tally_about *const members[] = {
#define TRAINER(name) &tally_trainer_##name.about,
#include "trainer/list.def"
#undef TRAINER
    NULL};

const tally_family tally_trainer_family = {
    .name = "trainer",
    .flag = "--trainer",
    .brief = "who owns the loop",
    .members = members,
};

tally_status tally_register_trainer(const tally_trainer_ops *ops)
{
    return tally_family_register(&tally_trainer_family, &ops->about);
}
