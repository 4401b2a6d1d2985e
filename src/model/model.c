/* model.c — the family of models. */

#include "model/model.h"

static const tally_about *const members[] = {

#define MODEL(name) &tally_model_##name.about,
#include "model/list.def"
#undef MODEL
    NULL,
};

const tally_family tally_model_family = {
    .name = "model",
    .flag = "--model",
    .brief = "what is trained: layers in a row",
    .members = members,
};

tally_status tally_register_model(const tally_model_ops *ops)
{
    return tally_family_register(&tally_model_family, &ops->about);
}
