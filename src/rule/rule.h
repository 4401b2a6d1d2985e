/* rule.h — the tables of the built-in rules, one a file. */

#ifndef TALLY_RULE_RULE_H
#define TALLY_RULE_RULE_H

#include "tally/rule.h"

#define RULE(name) extern const tally_rule_ops tally_rule_##name;
#include "rule/list.def"
#undef RULE

#endif
