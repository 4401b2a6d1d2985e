/* problem.c — the memory of a rank: its layers' variables, and room to work in. */

#include "num/gemm.h"
#include "trainer/admm/admm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_A_LAYER = 8 };

static tally_status no_memory(const admm *a)
{
    return TALLY_FAIL(MEMORY, "no memory for the layers of %zu samples", a->n);
}

static tally_status open_state(admm *a)
{
    tally_state *s = a->state;

    a->slots_most = SLOTS_A_LAYER * a->count + 2;
    a->slots = calloc(a->slots_most + 1, sizeof *a->slots);
    a->names = calloc(a->slots_most, sizeof *a->names);
    *s = (tally_state){.slots = a->slots};
    s->at = calloc(a->slots_most, sizeof *s->at);
    s->bytes = calloc(a->slots_most, sizeof *s->bytes);
    if (!a->slots || !a->names || !s->at || !s->bytes) return no_memory(a);
    s->at[0] = tally_allocate(1, sizeof *a->scalars);
    if (!s->at[0]) return no_memory(a);
    a->slots[0] = (tally_slot){"scalars", TALLY_SHARED, TALLY_ONCE};
    s->bytes[0] = sizeof *a->scalars;
    s->count = 1;
    a->scalars = s->at[0];
    return TALLY_OK;
}

tally_status admm_keep(admm *a, const char *name, size_t index, size_t count,
                       tally_real **to)
{
    tally_state *s = a->state;
    size_t k = s->count;

    snprintf(a->names[k], sizeof a->names[k], "%s%zu", name, index);
    *to = tally_allocate(count, sizeof **to);
    if (!*to) return no_memory(a);
    a->slots[k] = (tally_slot){a->names[k], TALLY_SHARDED, TALLY_EACH_WEIGHT};
    s->at[k] = *to;
    s->bytes[k] = count * sizeof **to;
    s->count++;
    return TALLY_OK;
}

static tally_status make_room(admm *a, void **to, size_t bytes)
{
    void **grown = realloc(a->rooms, (a->room_count + 1) * sizeof *grown);

    if (!grown) return no_memory(a);
    a->rooms = grown;
    *to = grown[a->room_count] = tally_allocate(bytes, 1);
    if (!*to) return no_memory(a);
    a->room_count++;
    return TALLY_OK;
}

tally_status admm_room(admm *a, tally_real **to, size_t count)
{
    void *room = NULL;

    if (count > SIZE_MAX / sizeof **to) return no_memory(a);
    TALLY_TRY(make_room(a, &room, count * sizeof **to));
    *to = room;
    return TALLY_OK;
}

static tally_status open_layer(admm *a, admm_layer *l)
{
    size_t in = a->n * l->in, out = a->n * l->out;

    TALLY_TRY(admm_keep(a, "y", l->index, out, &l->y));
    TALLY_TRY(admm_keep(a, "z", l->index, out, &l->z));
    if (l->index == 1)
        l->p = a->x;
    else
        TALLY_TRY(admm_keep(a, "p", l->index, in, &l->p));
    return TALLY_OK;
}

/* The neighbours of a layer change from stage to stage, and with them whether they are
 * remote: the copies are there from the start.  A sequential method has no cut. */
static tally_status open_copies(admm *a, admm_layer *l)
{
    if (a->groups == 1) return TALLY_OK;
    if (l->index > 1) TALLY_TRY(admm_room(a, &l->q_copy, a->n * l->in));
    if (l->index > 1) TALLY_TRY(admm_room(a, &l->u_copy, a->n * l->in));
    if (l->index < a->count) TALLY_TRY(admm_room(a, &l->p_copy, a->n * l->out));
    return TALLY_OK;
}

static tally_status open_room(admm *a)
{
    size_t in = 1, out = 1, length = 1, widest = 1;

    for (size_t i = 0; i < a->count; i++) {
        const admm_layer *l = &a->layers[i];

        if (l->out > widest) widest = l->out;
        if (l->owner != a->group) continue;
        if (l->index > 1 && l->in > in) in = l->in;
        if (l->out > out) out = l->out;
        if (l->in * l->out > length) length = l->in * l->out;
    }
    TALLY_TRY(admm_room(a, &a->r, a->n * out));
    TALLY_TRY(admm_room(a, &a->g, a->n * in));
    TALLY_TRY(admm_room(a, &a->gw, a->n * out));
    TALLY_TRY(admm_room(a, &a->gradient, length));
    TALLY_TRY(admm_room(a, &a->trial, a->n * (in > out ? in : out)));
    if (a->o->check) {
        TALLY_TRY(admm_room(a, &a->before_z, a->n * out));
        TALLY_TRY(admm_room(a, &a->before_b, out));
        TALLY_TRY(admm_room(a, &a->before_grid, a->n * (in > out ? in : out)));
    }
    void *column = NULL;

    TALLY_TRY(make_room(a, &column, 8 * widest * sizeof *a->column));
    a->column = column;
    return TALLY_OK;
}

static tally_status open_wire(admm *a, admm_wire *wire, size_t count, bool coded)
{
    void *codes = NULL;

    if (!coded) return TALLY_OK;
    TALLY_TRY(make_room(a, &codes, tally_codec_bound(&a->grid, count)));
    wire->codes = codes;
    return TALLY_OK;
}

static tally_status open_grid(admm *a)
{
    const admm_options *o = a->o;
    bool p = o->quantize == ADMM_P || o->quantize == ADMM_PQ;
    bool q = o->quantize == ADMM_Q || o->quantize == ADMM_PQ;
    size_t widest = 1;
    char spec[256];

    for (size_t i = 0; i < a->count; i++)
        if (a->layers[i].out > widest) widest = a->layers[i].out;
    if (!p && !q) return TALLY_OK;
    snprintf(spec, sizeof spec, "grid:bits=%llu,levels=%llu,low=%.17g,high=%.17g",
             (unsigned long long)o->bits, (unsigned long long)o->levels, o->low,
             o->high);
    TALLY_TRY(tally_codec_open(&a->grid, spec, a->n * widest, 0, 0));
    TALLY_TRY(make_room(a, &a->codes, tally_codec_bound(&a->grid, a->n * widest)));
    TALLY_TRY(open_wire(a, &a->p_down, a->n * widest, p));
    TALLY_TRY(open_wire(a, &a->p_up, a->n * widest, p));
    TALLY_TRY(open_wire(a, &a->q_up, a->n * widest, q));
    TALLY_TRY(open_wire(a, &a->q_down, a->n * widest, q));
    return TALLY_OK;
}

tally_status admm_open(admm *a, const admm_shape *shapes, size_t count, size_t n,
                       const int32_t *label)
{
    a->count = count;
    a->n = n;
    a->label = label;
    if (!a->total) a->total = n;
    a->layers = calloc(count, sizeof *a->layers);
    a->chain = calloc(count, sizeof *a->chain);
    if (!a->layers || !a->chain) return no_memory(a);
    TALLY_TRY(open_state(a));
    for (size_t i = 0; i < count; i++)
        a->layers[i] = (admm_layer){.index = i + 1,
                                    .in = shapes[i].in,
                                    .out = shapes[i].out,
                                    .slope = shapes[i].slope,
                                    .w = shapes[i].w,
                                    .b = shapes[i].b,
                                    .owner = shapes[i].owner};
    if (a->layers[0].owner == a->group)
        TALLY_TRY(admm_room(a, &a->x, n * shapes[0].in));
    for (size_t i = 0; i < count; i++) {
        if (a->layers[i].owner != a->group) continue;
        TALLY_TRY(open_layer(a, &a->layers[i]));
        TALLY_TRY(open_copies(a, &a->layers[i]));
    }
    TALLY_TRY(open_room(a));
    TALLY_TRY(open_grid(a));
    TALLY_TRY(a->method->open(a));
    a->scalars->nu = a->o->nu;
    a->scalars->rho = a->o->rho;
    return TALLY_OK;
}

/* X X^T, when a row of it is shorter than a sample and no rank has other samples. */
tally_status admm_take_samples(admm *a)
{
    const admm_layer *l = &a->layers[0];

    if (!a->x || a->n >= l->in || a->n < a->total) return TALLY_OK;
    TALLY_TRY(admm_room(a, &a->gram, a->n * a->n));
    tally_gemm_nt((tally_product){a->n, a->n, l->in}, a->x, a->x, false, a->gram);
    return TALLY_OK;
}

/* The state's arrays are freed by whoever lent it. */
void admm_close(admm *a)
{
    for (size_t i = 0; i < a->room_count; i++)
        free(a->rooms[i]);
    free(a->rooms);
    tally_codec_close(&a->grid);
    free(a->layers);
    free(a->chain);
    free(a->slots);
    free(a->names);
    *a = (admm){0};
}
