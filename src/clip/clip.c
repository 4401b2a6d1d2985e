/* clip.c — the family of bounds on a gradient. */

#include "clip/clip.h"

#include <math.h>
#include <string.h>

static const tally_about *const members[] = {
#define CLIP(name) &tally_clip_##name.about,
#include "clip/list.def"
#undef CLIP
    NULL};

const tally_family tally_clip_family = {
    .name = "clip",
    .flag = "--clip",
    .brief = "a bound on the gradient; none: no bound",
    .members = members,
};

tally_status tally_register_clip(const tally_clip_ops *ops)
{
    if (!ops->bound) return TALLY_FAIL(OPTION, "clip %s has no bound", ops->about.name);
    return tally_family_register(&tally_clip_family, &ops->about);
}

tally_status tally_clip_open(tally_clip *c, const char *spec)
{
    const tally_about *about;

    *c = (tally_clip){0};
    if (strcmp(spec, "none") == 0) return TALLY_OK;
    TALLY_TRY(tally_family_open(&tally_clip_family, spec, &about, &c->options));
    c->ops = (const tally_clip_ops *)about;
    return TALLY_OK;
}

void tally_clip_close(tally_clip *c)
{
    if (c->ops) tally_options_close(&c->ops->about, c->options);
    *c = (tally_clip){0};
}

double tally_clip_greatest(const tally_real *v, size_t length)
{
    double most = 0;

    for (size_t i = 0; i < length; i++) {
        double x = fabs((double)v[i]);

        if (isnan(x)) return x; /* it would lose every comparison */
        if (x > most) most = x;
    }
    return most;
}

tally_clip_scope tally_clip_scope_of(const tally_clip *c)
{
    return c->ops ? (tally_clip_scope) * (const int *)c->options : TALLY_CLIP_AGREED;
}
