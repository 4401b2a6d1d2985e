/* penalty.h — the tables of the built-in penalties, one a file. */

#ifndef TALLY_PENALTY_PENALTY_H
#define TALLY_PENALTY_PENALTY_H

#include "tally/penalty.h"

#define PENALTY(name) extern const tally_penalty_ops tally_penalty_##name;
#include "penalty/list.def"
#undef PENALTY

#endif
