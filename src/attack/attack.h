/* attack.h — the tables of the built-in attacks, one a file. */

#ifndef TALLY_ATTACK_ATTACK_H
#define TALLY_ATTACK_ATTACK_H

#include "tally/attack.h"

#define ATTACK(name) extern const tally_attack_ops tally_attack_##name;
#include "attack/list.def"
#undef ATTACK

/* The option that every attack begins with. */
#define TALLY_LIARS(type)                                                              \
    TALLY_OPTION(SIZES, type, ranks, "none", "[0, 1e6]", "the ranks that lie, 3x4")

#endif
