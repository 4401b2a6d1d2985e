/* consistency.c — the family of consistencies. */

#include "trainer/server/server.h"

static const tally_about *const members[] = {
#define CONSISTENCY(name) &tally_consistency_##name.about,
#include "trainer/server/list.def"
#undef CONSISTENCY
    NULL};

const tally_family tally_consistency_family = {
    .name = "consistency",
    .flag = "--consistency",
    .brief = "whom a worker of trainer server waits for, and what it does meanwhile",
    .members = members,
};

const tally_consistency_ops *tally_consistency_of(const tally_run *run)
{
    /* The head of a consistency's table is its first field. */
    const tally_consistency_ops *c =
        (const tally_consistency_ops *)(const void *)run->consistency;

    return c->becomes ? c->becomes(run->consistency_options) : c;
}
