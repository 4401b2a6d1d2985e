/* growth.c — when which layers train, and with what weights they begin.
 *
 *     grow=2x5x10, iterations=100x50x100: layer 1 and the last for 100 iterations, then
 *     layers 1 to 4 and the last for 50, then all
 *
 * Wang et al. 2021, section V.  stage.c then gives new layers their p, z and q. */

#include "model/layer/init.h"
#include "trainer/admm/admm.h"

#include <string.h>

static bool same_widths(const admm_shape *shapes, size_t count)
{
    for (size_t i = 1; i + 1 < count; i++)
        if (shapes[i].out != shapes[0].out) return false;
    return true;
}

void admm_plan_growth(admm_growth *plan, const admm_options *o,
                      const admm_shape *shapes, size_t count)
{
    bool grows = o->method == ADMM_PDADMM && same_widths(shapes, count);

    plan->stages = 0;
    for (size_t i = 0; grows && i < o->grow.count; i++) {
        size_t depth = (size_t)o->grow.at[i];
        size_t before = plan->stages ? plan->depth[plan->stages - 1] : 0;

        if (depth > before && depth < count) plan->depth[plan->stages++] = depth;
    }
    plan->depth[plan->stages++] = count;
    plan->begins[0] = 0;
    for (size_t s = 0; s < plan->stages; s++) {
        size_t last = o->iterations.count ? o->iterations.count - 1 : 0;
        uint64_t n = o->iterations.count ? o->iterations.at[s < last ? s : last] : 100;

        plan->begins[s + 1] = plan->begins[s] + n;
    }
}

size_t admm_stage_at(const admm_growth *plan, uint64_t step)
{
    size_t s = 0;

    while (s + 1 < plan->stages && step >= plan->begins[s + 1])
        s++;
    return s;
}

static void set_identity(const admm_layer *l)
{
    memset(l->w, 0, l->in * l->out * sizeof *l->w);
    memset(l->b, 0, l->out * sizeof *l->b);
    for (size_t i = 0; i < l->in && i < l->out; i++)
        l->w[i * l->in + i] = 1;
}

/* Numbers of their own for each stage, tensor and value. */
static void draw(const admm_options *o, const tally_run *run, const admm_layer *l,
                 size_t stage)
{
    size_t tensors = run->net.layout.count, tensor = 2 * (l->index - 1);
    double first = o->first > 0 ? o->first : o->deviation;
    double deviation = l->index == 1 ? first : o->deviation;

    if (o->deviation <= 0 && stage == 0) return;
    if (o->deviation <= 0) deviation = 0.1;
    tally_init_normal(run->options->seed, stage * tensors + tensor, deviation,
                      l->in * l->out, l->w);
    tally_init_normal(run->options->seed, stage * tensors + tensor + 1,
                      o->deviation > 0 ? o->deviation : 0.1, l->out, l->b);
}

void admm_start_weights(admm *a, const tally_run *run, size_t stage, bool last_stage)
{
    admm_layer *last = &a->layers[a->count - 1];

    for (size_t i = 0; stage == 0 && i + 1 < a->count; i++)
        if (i + 1 < a->depth)
            draw(a->o, run, &a->layers[i], 0);
        else
            set_identity(&a->layers[i]);
    if (stage > 0 && last_stage)
        set_identity(last);
    else
        draw(a->o, run, last, stage);
}
