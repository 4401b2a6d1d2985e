/* layout.c — the flat vector's tensors, and the state that tables declare over them. */

#include "tally/layout.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

tally_status tally_layout_add(tally_layout *layout, const char *name,
                              tally_tensor_kind kind, size_t dimensions,
                              const size_t *shape)
{
    tally_tensor tensor = {.kind = kind, .decays = kind == TALLY_WEIGHT};
    size_t count = 1;

    if (dimensions > TALLY_DIMENSIONS_MOST || strlen(name) >= sizeof tensor.name)
        return TALLY_FAIL(OPTION,
                          "tensor %s has too many dimensions or too long a name", name);
    for (size_t i = 0; i < dimensions; i++) {
        if (shape[i] &&
            count > (SIZE_MAX / sizeof(tally_real) - layout->length) / shape[i])
            return TALLY_FAIL(MEMORY, "tensor %s has more values than can be addressed",
                              name);
        count *= shape[i];
        tensor.shape[i] = shape[i];
    }
    tally_tensor *grown =
        realloc(layout->tensors, (layout->count + 1) * sizeof *layout->tensors);
    if (!grown) return TALLY_FAIL(MEMORY, "no memory for tensor %s", name);
    snprintf(tensor.name, sizeof tensor.name, "%s", name);
    tensor.dimensions = dimensions;
    tensor.span = (tally_span){layout->length, count};
    layout->tensors = grown;
    layout->tensors[layout->count++] = tensor;
    layout->length += count;
    return TALLY_OK;
}

void tally_layout_close(tally_layout *layout)
{
    free(layout->tensors);
    *layout = (tally_layout){0};
}

const tally_tensor *tally_layout_tensor(const tally_layout *layout, size_t i)
{
    size_t low = 0, high = layout->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (layout->tensors[middle].span.first <= i)
            low = middle;
        else
            high = middle;
    }
    return &layout->tensors[low];
}

uint64_t tally_layout_hash(const tally_layout *layout)
{
    uint64_t hash = layout->count;

    for (size_t i = 0; i < layout->count; i++) {
        const tally_tensor *t = &layout->tensors[i];
        uint64_t facts[3 + TALLY_DIMENSIONS_MOST] = {hash, t->kind, t->dimensions};

        for (size_t k = 0; k < t->dimensions; k++)
            facts[3 + k] = t->shape[k];
        hash = XXH3_64bits_withSeed(t->name, strlen(t->name),
                                    XXH3_64bits(facts, sizeof facts));
    }
    return hash;
}

enum { HUGE_PAGE = 2 << 20 };

/* Arrays from a MiB on ask for huge pages: a product walks across the rows of its
 * factors, one small page after the other, and pages are what it then waits for. */
void *tally_allocate(size_t count, size_t size)
{
    void *p;

    if (size && count > (SIZE_MAX - HUGE_PAGE) / size) return NULL;
    size_t bytes = (count * size + 63) / 64 * 64;
    bool large = bytes >= HUGE_PAGE / 2;
    size_t unit = large ? HUGE_PAGE : 64, whole = bytes + (unit - bytes % unit) % unit;
    if (posix_memalign(&p, unit, whole ? whole : unit) != 0) return NULL;
    if (large) madvise(p, whole, MADV_HUGEPAGE);
    memset(p, 0, bytes);
    return p;
}

static size_t slot_count(const tally_slot *slot, const tally_layout *layout,
                         size_t *size)
{
    switch (slot->extent) {
    case TALLY_EACH_WEIGHT:
        *size = sizeof(tally_real);
        return layout->length;
    case TALLY_OWN_LENGTH:
        *size = sizeof(tally_real);
        return 0;
    case TALLY_EACH_TENSOR:
        *size = sizeof(tally_real);
        return layout->count;
    case TALLY_EACH_BIT:
        *size = sizeof(uint64_t);
        return (layout->length + 63) / 64;
    case TALLY_ONCE:
        *size = sizeof(double);
        return 1;
    }
    return 0;
}

tally_status tally_state_open(tally_state *state, const tally_slot *slots,
                              const tally_layout *layout)
{
    *state = (tally_state){.slots = slots};
    while (slots && slots[state->count].name)
        state->count++;
    state->at = calloc(state->count + 1, sizeof *state->at);
    state->bytes = calloc(state->count + 1, sizeof *state->bytes);
    if (!state->at || !state->bytes) return TALLY_FAIL(MEMORY, "no memory for state");
    for (size_t i = 0; i < state->count; i++) {
        size_t size = 0, count = slot_count(&slots[i], layout, &size);

        state->at[i] = tally_allocate(count, size);
        if (!state->at[i])
            return TALLY_FAIL(MEMORY, "no memory for state %s of %zu values",
                              slots[i].name, count);
        state->bytes[i] = count * size;
    }
    return TALLY_OK;
}

tally_status tally_state_resize(tally_state *state, size_t i, size_t count)
{
    void *fresh = tally_allocate(count, sizeof(tally_real));

    assert(state->slots[i].extent == TALLY_OWN_LENGTH);
    if (!fresh)
        return TALLY_FAIL(MEMORY, "no memory for state %s of %zu values",
                          state->slots[i].name, count);
    free(state->at[i]);
    state->at[i] = fresh;
    state->bytes[i] = count * sizeof(tally_real);
    return TALLY_OK;
}

void tally_state_close(tally_state *state)
{
    for (size_t i = 0; state->at && i < state->count; i++)
        free(state->at[i]);
    free(state->at);
    free(state->bytes);
    *state = (tally_state){0};
}
