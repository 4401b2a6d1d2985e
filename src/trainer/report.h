/* report.h — the small record that every rank sends all others once a step.
 *
 * It carries what must be agreed at the end of a step, so that nothing else needs a
 * message of its own: the loss, whether someone was told to stop, whether someone's
 * loss is not finite and in which tensor, the census of what is not finite, how long it
 * computed and how much of that it had no processor, and what collectives it has
 * called: ranks that called different ones are told apart by it even where no message
 * was missed. */

#ifndef TALLY_TRAINER_REPORT_H
#define TALLY_TRAINER_REPORT_H

#include "tally/run.h"

typedef struct step_report {
    tally_score score;
    uint32_t stop;       /* this rank was told to stop (SIGTERM, SIGINT) */
    uint32_t bad_tensor; /* 1 + index of the first tensor that is not finite; 0: fine */
    uint32_t bad_weights; /* that tensor is one of the weights, not of the gradient */
    uint32_t bad_loss;
    uint64_t lost, lost_tensors; /* values that are not finite in what it says, and
                                    where: census.h */
    double ready; /* when this rank had its gradient, by the clock of rank 0 */
    uint64_t collectives, signatures; /* before this step: how many, and their sum */
    float computed; /* seconds of its gradient since its last report */
    float starved;  /* of them without a processor, though it had work for one */
} step_report;

typedef struct step_verdict {
    tally_score score; /* summed in rank order: the same bits on every rank */
    bool stop;
    double ready; /* when the last rank was */
} step_verdict;

/* Fills `mine` from this rank's step: looks for the guilty tensor only when the loss is
 * not finite. */
void step_report_fill(step_report *mine, const tally_layout *layout,
                      const tally_real *w, const tally_real *g,
                      const tally_score *score);

/* Adds the reports of all ranks.  Returns TALLY_DIVERGED, agreed by all, when a loss is
 * not finite; the sentence names rank, step and tensor. */
tally_status step_report_read(const step_report *all, int size, uint64_t step,
                              const tally_layout *layout, step_verdict *verdict);

/* Whether all ranks have called the same collectives. */
bool step_report_agrees(const step_report *all, int size);

bool tally_all_finite(const tally_real *v, size_t n);

/* 1 + index of the first tensor of v with a value that is not finite; 0: none. */
uint32_t first_bad_tensor(const tally_layout *layout, const tally_real *v);

#endif
