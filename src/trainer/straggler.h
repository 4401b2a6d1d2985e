/* straggler.h — which rank the others wait for, step after step. */

#ifndef TALLY_TRAINER_STRAGGLER_H
#define TALLY_TRAINER_STRAGGLER_H

#include "trainer/report.h"

typedef struct trainer_straggler {
    int size;
    double *computed; /* owned: seconds of each rank's gradients in this window */
    double *starved;  /* owned: of them without a processor */
    double *sorted;   /* owned: room */
    bool *told;       /* owned: of that rank already */
    double window;    /* seconds that one lasts at least */
    double seconds;   /* of steps in this one */
    uint64_t steps;
} trainer_straggler;

/* window: seconds over which ranks are compared, at least. */
tally_status trainer_straggler_open(trainer_straggler *s, int size, double window);
void trainer_straggler_close(trainer_straggler *s);

/* Adds a step that took so many seconds.  At the end of a window: a rank of which it
 * was not said yet that it is late, and a sentence; else -1.  The sentence tells a
 * rank that shares its processors from one whose code is slow.
 *
 * host  of each rank's name, NULL where all share one */
int trainer_straggler_add(trainer_straggler *s, const step_report *all, double seconds,
                          const char *(*host)(const void *context, int rank),
                          const void *context, char *sentence, size_t most);

/* Why a rank computes longer than another: "; for 40 % of that it had no processor:
 * ...", or nothing when it had one for most of its time.  computed, starved: its
 * seconds; others: of the rank in the middle, starved ones left out.  Returns cause. */
const char *trainer_straggler_cause(double computed, double starved, double others,
                                    char cause[160]);

#endif
