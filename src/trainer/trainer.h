/* trainer.h — the tables of the built-in trainers, and what the run offers to them. */

#ifndef TALLY_TRAINER_TRAINER_H
#define TALLY_TRAINER_TRAINER_H

#include "tally/run.h"

#define TRAINER(name) extern const tally_trainer_ops tally_trainer_##name;
#include "trainer/list.def"
#undef TRAINER

#endif
