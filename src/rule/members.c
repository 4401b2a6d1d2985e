/* members.c — the rules as compiled for one instruction set, in the order of list.def.
 */

#include "rule/rule.h"

tally_members tally_rule_members = {

#define RULE(name) &tally_rule_##name.about,
#include "rule/list.def"
#undef RULE
    NULL,
};
