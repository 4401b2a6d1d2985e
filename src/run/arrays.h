/* arrays.h — weights and state as named arrays, on their way to a file and back. */

#ifndef TALLY_RUN_ARRAYS_H
#define TALLY_RUN_ARRAYS_H

#include "run/folder.h"
#include "run/safetensors.h"

/* Arrays that lie in the memory of a run. */
typedef struct tally_arrays {
    size_t count;
    tally_array *at;              /* owned; names and shapes are borrowed or in `own` */
    void **to;                    /* owned: where each array's values live */
    struct tally_array_name *own; /* owned */
} tally_arrays;

/* The layout's tensors inside w. */
tally_status tally_arrays_of_weights(tally_arrays *a, const tally_layout *layout,
                                     tally_real *w);

/* The slots of all parts, "rule.m": the shared ones, or this rank's own (private and
 * sharded ones of non-zero length). */
tally_status tally_arrays_of_state(tally_arrays *a, const tally_part *parts,
                                   size_t count, bool own);

void tally_arrays_close(tally_arrays *a);

/* Checks that a file holds these arrays, of these types and shapes, and no others;
 * TALLY_MISMATCH names the first that differs. */
tally_status tally_arrays_match(const tally_arrays *a, const char *path,
                                const tally_safetensors *file);

/* Copies the values of a file that matches. */
void tally_arrays_fill(const tally_arrays *a, const tally_safetensors *file);

#endif
