/* rule.h — the tables of the built-in rules, one a file. */

#ifndef TALLY_RULE_RULE_H
#define TALLY_RULE_RULE_H

#include "tally/rule.h"

#include "num/isa.h"

#define RULE(name) extern const tally_rule_ops tally_rule_##name;
#include "rule/list.def"
#undef RULE

extern tally_members tally_rule_members, tally_rule_members_avx2,
    tally_rule_members_avx512;

#endif
