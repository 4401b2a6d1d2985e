/* model.h — the table of every model. */

#ifndef TALLY_MODEL_MODEL_H
#define TALLY_MODEL_MODEL_H

#include "tally/model.h"

#define MODEL(name) extern const tally_model_ops tally_model_##name;
#include "model/list.def"
#undef MODEL

#endif
