/* census.h — counts the values that are not finite in what ranks say, by rank and
 * tensor.
 *
 * A sum passes a NaN on, so that the next loss shows it.  A vote takes it for a zero
 * and a robust aggregate drops it: nobody would know that a rank has lost its numbers.
 */

#ifndef TALLY_TRAINER_CENSUS_H
#define TALLY_TRAINER_CENSUS_H

#include "trainer/report.h"

enum { CENSUS_TENSORS = 64 }; /* told apart; the last bit: that one or a later one */

/* What one rank knows of all. */
typedef struct census {
    uint64_t count; /* over all ranks and steps */
    uint64_t *told; /* owned: of each rank, the tensors that were told of */
} census;

tally_status census_open(census *c, int ranks);
void census_close(census *c);

/* Adds what is not finite in v over s; v: a whole vector. */
void census_add(step_report *mine, const tally_layout *layout, tally_span s,
                const tally_real *v);

/* Adds up the reports of all ranks on a step.  Writes a sentence that names ranks and
 * tensors when one of them is new, else "". */
void census_read(census *c, const step_report *all, int ranks, uint64_t step,
                 const tally_layout *layout, char *sentence, size_t most);

#endif
