/* layout.h — one flat vector, named tensors as views into it.
 *
 * Weights, gradients and every per-weight slot are dense vectors of layout->length
 * values in the forward order of the model.  A span is a piece of that vector; a view
 * is what a rank proposes for a span, or what the ranks agreed on: numbers, or one bit
 * each. */

#ifndef TALLY_LAYOUT_H
#define TALLY_LAYOUT_H

#include "tally/option.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef TALLY_DOUBLE
typedef double tally_real;
#    define TALLY_REAL_DTYPE "F64"
#else
typedef float tally_real;
#    define TALLY_REAL_DTYPE "F32"
#endif

typedef struct tally_span {
    size_t first, count;
} tally_span;

/* values and bits point at coordinate 0 of the flat vector, not at the span: coordinate
 * i is values[i], or bit i % 64 of bits[i / 64].  Spans that travel as bits start on a
 * multiple of 64 and end on one or at the end of the vector. */
typedef struct tally_view {
    tally_real *values; /* NULL when bits are given */
    uint64_t *bits;     /* set = negative; NULL when values are given */
    uint64_t *mask; /* with bits: set = this coordinate has a sign, clear = it is zero;
                       NULL: all have one */
    tally_real scale; /* with bits: the value is scale or -scale */
} tally_view;

typedef enum tally_tensor_kind {
    TALLY_WEIGHT,
    TALLY_BIAS,
    TALLY_GAIN
} tally_tensor_kind;

enum { TALLY_NAME_MOST = 64, TALLY_DIMENSIONS_MOST = 4 };

typedef struct tally_tensor {
    char name[TALLY_NAME_MOST]; /* "dense1.weight" */
    tally_tensor_kind kind;
    bool decays; /* weight decay applies */
    size_t dimensions;
    size_t shape[TALLY_DIMENSIONS_MOST]; /* row-major, outermost first */
    tally_span span;
} tally_tensor;

typedef struct tally_layout {
    size_t length; /* of the flat vector */
    size_t count;  /* of tensors */
    tally_tensor *tensors;
} tally_layout;

/* Appends a tensor; weights decay, biases and gains do not.  Returns TALLY_MEMORY. */
TALLY_API tally_status tally_layout_add(tally_layout *layout, const char *name,
                                        tally_tensor_kind kind, size_t dimensions,
                                        const size_t *shape);
TALLY_API void tally_layout_close(tally_layout *layout);

/* The tensor that holds coordinate i; i < layout->length. */
TALLY_API const tally_tensor *tally_layout_tensor(const tally_layout *layout, size_t i);

/* A hash of names, kinds and shapes: equal for equal layouts. */
TALLY_API uint64_t tally_layout_hash(const tally_layout *layout);

/* The state that a table declares, allocated and zeroed: at[i] belongs to slots[i]. */
typedef struct tally_state {
    const tally_slot *slots;
    size_t count;
    void **at;
    size_t *bytes;
} tally_state;

TALLY_API tally_status tally_state_open(tally_state *state, const tally_slot *slots,
                                        const tally_layout *layout);
TALLY_API void tally_state_close(tally_state *state);

/* Makes slot i, of TALLY_OWN_LENGTH, `count` values long and zeroes it.  For the open
 * of a member.  Returns TALLY_MEMORY. */
TALLY_API tally_status tally_state_resize(tally_state *state, size_t i, size_t count);

/* Zeroed memory for `count` values of `size` bytes, aligned to 64 bytes; NULL when
 * there is none or the product overflows.  Freed by free(). */
TALLY_API void *tally_allocate(size_t count, size_t size);

#ifdef __cplusplus
}
#endif
#endif
