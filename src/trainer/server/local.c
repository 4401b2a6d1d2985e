/* local.c — what workers with steps of their own share. */

#include "trainer/server/local.h"

#include <stdlib.h>
#include <string.h>

tally_status tally_local_wants_sgd(const tally_run *run)
{
    if (strcmp(run->rule.ops->about.name, "sgd") == 0) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "consistency %s moves weights by steps of its own: it is for "
                      "rule sgd, not %s",
                      run->consistency->name, run->rule.ops->about.name);
}

tally_status tally_local_check(const tally_run *run)
{
    const tally_server *o = run->trainer_options;
    const char *name = run->consistency->name;
    const tally_consistency_ops *c = tally_consistency_of(run);

    if (!c->local || !c->local->own) return TALLY_OK;
    if (o->damp || o->compensate)
        return TALLY_FAIL(OPTION,
                          "consistency %s averages weights, and no gradient reaches a "
                          "server: leave out damp and compensate",
                          name);
    if (run->clip.ops && tally_clip_scope_of(&run->clip) == TALLY_CLIP_AGREED)
        return TALLY_FAIL(OPTION,
                          "consistency %s averages weights, and no gradient is agreed "
                          "on: use clip with scope=local",
                          name);
    if (strcmp(run->options->codec, "fp32") != 0)
        return TALLY_FAIL(
            OPTION,
            "consistency %s averages weights as they are: codec %s is for "
            "gradients",
            name, run->options->codec);
    return TALLY_OK;
}

tally_status tally_local_open(tally_local *l, tally_run *run, tally_real *w)
{
    size_t length = run->f->layout.length;

    *l = (tally_local){.run = run, .w = w};
    l->start = tally_allocate(length, sizeof *l->start);
    l->extra = tally_allocate(length, sizeof *l->extra);
    l->place = tally_allocate(length, sizeof *l->place);
    if (!l->start || !l->extra || !l->place)
        return TALLY_FAIL(MEMORY, "no memory for local steps of %zu weights", length);
    return TALLY_OK;
}

void tally_local_close(tally_local *l)
{
    free(l->start);
    free(l->extra);
    free(l->place);
    *l = (tally_local){0};
}
