/* penalty.c — the family of penalties, on the tensors that decay. */

#include "penalty/penalty.h"

#include <string.h>

static const tally_about *const members[] = {
#define PENALTY(name) &tally_penalty_##name.about,
#include "penalty/list.def"
#undef PENALTY
    NULL};

const tally_family tally_penalty_family = {
    .name = "penalty",
    .flag = "--penalty",
    .brief = "what is minimised beside the loss; none: nothing",
    .members = members,
};

tally_status tally_register_penalty(const tally_penalty_ops *ops)
{
    if (!ops->add) return TALLY_FAIL(OPTION, "penalty %s has no add", ops->about.name);
    return tally_family_register(&tally_penalty_family, &ops->about);
}

tally_status tally_penalty_open(tally_penalty *p, const char *spec)
{
    const tally_about *about;

    *p = (tally_penalty){0};
    if (strcmp(spec, "none") == 0) return TALLY_OK;
    TALLY_TRY(tally_family_open(&tally_penalty_family, spec, &about, &p->options));
    p->ops = (const tally_penalty_ops *)about;
    return TALLY_OK;
}

void tally_penalty_close(tally_penalty *p)
{
    if (p->ops) tally_options_close(&p->ops->about, p->options);
    *p = (tally_penalty){0};
}

double tally_penalty_add(const tally_penalty *p, const tally_layout *layout,
                         tally_span s, double share, const tally_real *w, tally_real *g)
{
    double sum = 0;

    for (size_t at = s.first, end = s.first + s.count; at < end;) {
        const tally_tensor *t = tally_layout_tensor(layout, at);
        size_t past = t->span.first + t->span.count;

        if (past > end) past = end;
        if (t->decays)
            sum += p->ops->add(p->options, (tally_span){at, past - at}, share, w, g);
        at = past;
    }
    return sum;
}
