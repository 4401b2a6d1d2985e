/* arrays.c — weights and state as named arrays, on their way to a file and back.
 *
 * A tensor of the layout keeps its name and shape.  A slot of state is one array of one
 * dimension, "part.slot": values per weight or per tensor in the precision of the
 * build, words of bits as U64, a single double as F64. */

#include "run/arrays.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally_array_name {
    char name[2 * TALLY_NAME_MOST];
    size_t length; /* the shape */
} tally_array_name;

static tally_status make_room(tally_arrays *a, size_t count)
{
    *a = (tally_arrays){0};
    a->at = calloc(count + 1, sizeof *a->at);
    a->to = calloc(count + 1, sizeof *a->to);
    a->own = calloc(count + 1, sizeof *a->own);
    if (!a->at || !a->to || !a->own)
        return TALLY_FAIL(MEMORY, "no memory for the names of %zu arrays", count);
    return TALLY_OK;
}

tally_status tally_arrays_of_weights(tally_arrays *a, const tally_layout *layout,
                                     tally_real *w)
{
    TALLY_TRY(make_room(a, layout->count));
    for (size_t i = 0; i < layout->count; i++) {
        const tally_tensor *t = &layout->tensors[i];

        a->to[i] = w + t->span.first;
        a->at[i] = (tally_array){t->name,  TALLY_REAL_DTYPE, t->dimensions,
                                 t->shape, a->to[i],         t->span.count * sizeof *w};
    }
    a->count = layout->count;
    return TALLY_OK;
}

static const char *dtype_of(tally_extent extent, size_t *size)
{
    switch (extent) {
    case TALLY_EACH_WEIGHT:
    case TALLY_EACH_TENSOR:
    case TALLY_OWN_LENGTH:
        *size = sizeof(tally_real);
        return TALLY_REAL_DTYPE;
    case TALLY_EACH_BIT:
        *size = sizeof(uint64_t);
        return "U64";
    case TALLY_ONCE:
        break;
    }
    *size = sizeof(double);
    return "F64";
}

static tally_status add_slot(tally_arrays *a, const tally_part *part, size_t k)
{
    const tally_slot *slot = &part->state->slots[k];
    tally_array_name *own = &a->own[a->count];
    size_t size, used = 0;
    const char *dtype = dtype_of(slot->extent, &size);

    if (!tally_text_append(own->name, sizeof own->name, &used, "%s.%s", part->name,
                           slot->name))
        return TALLY_FAIL(OPTION, "the name of state %s.%s is longer than %zu",
                          part->name, slot->name, sizeof own->name - 1);
    own->length = part->state->bytes[k] / size;
    a->to[a->count] = part->state->at[k];
    a->at[a->count] = (tally_array){
        own->name, dtype, 1, &own->length, a->to[a->count], part->state->bytes[k]};
    a->count++;
    return TALLY_OK;
}

tally_status tally_arrays_of_state(tally_arrays *a, const tally_part *parts,
                                   size_t count, bool own)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most += parts[i].state->count;
    TALLY_TRY(make_room(a, most));
    for (size_t i = 0; i < count; i++) {
        const tally_state *state = parts[i].state;

        for (size_t k = 0; k < state->count; k++) {
            bool is_own = state->slots[k].sharing != TALLY_SHARED;

            if (is_own != own || (own && state->bytes[k] == 0)) continue;
            TALLY_TRY(add_slot(a, &parts[i], k));
        }
    }
    return TALLY_OK;
}

void tally_arrays_close(tally_arrays *a)
{
    free(a->at);
    free(a->to);
    free(a->own);
    *a = (tally_arrays){0};
}

/* "[10, 512]" */
static void print_shape(const tally_array *a, char *text, size_t most)
{
    size_t used = 0;

    tally_text_append(text, most, &used, "[");
    for (size_t i = 0; i < a->dimensions; i++)
        tally_text_append(text, most, &used, "%s%zu", i ? ", " : "", a->shape[i]);
    tally_text_append(text, most, &used, "]");
}

static tally_status match_one(const tally_array *a, const char *path,
                              const tally_array *found)
{
    char shape[128], found_shape[128];

    if (!found)
        return TALLY_FAIL(MISMATCH, "%s has no %s, which this run needs", path,
                          a->name);
    if (strcmp(a->dtype, found->dtype) != 0)
        return TALLY_FAIL(MISMATCH, "%s: %s is %s there and %s in this run", path,
                          a->name, found->dtype, a->dtype);
    if (a->dimensions == found->dimensions &&
        memcmp(a->shape, found->shape, a->dimensions * sizeof *a->shape) == 0)
        return TALLY_OK;
    print_shape(a, shape, sizeof shape);
    print_shape(found, found_shape, sizeof found_shape);
    return TALLY_FAIL(MISMATCH, "%s: %s has the shape %s there and %s in this run",
                      path, a->name, found_shape, shape);
}

static bool has(const tally_arrays *a, const char *name)
{
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->at[i].name, name) == 0) return true;
    return false;
}

tally_status tally_arrays_match(const tally_arrays *a, const char *path,
                                const tally_safetensors *file)
{
    for (size_t i = 0; i < a->count; i++)
        TALLY_TRY(
            match_one(&a->at[i], path, tally_safetensors_find(file, a->at[i].name)));
    for (size_t i = 0; i < file->count; i++)
        if (!has(a, file->arrays[i].name))
            return TALLY_FAIL(MISMATCH, "%s holds %s, which this run does not have",
                              path, file->arrays[i].name);
    return TALLY_OK;
}

void tally_arrays_fill(const tally_arrays *a, const tally_safetensors *file)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].bytes)
            memcpy(a->to[i], tally_safetensors_find(file, a->at[i].name)->data,
                   a->at[i].bytes);
}
