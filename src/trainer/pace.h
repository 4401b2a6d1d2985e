/* pace.h — how long steps take: their sum and their median. */

#ifndef TALLY_TRAINER_PACE_H
#define TALLY_TRAINER_PACE_H

#include "tally/run.h"

typedef struct trainer_pace {
    double *times;  /* owned: the last steps, seconds */
    uint64_t taken; /* steps of this session */
    double seconds;
} trainer_pace;

tally_status trainer_pace_open(trainer_pace *p);
void trainer_pace_close(trainer_pace *p);

void trainer_pace_add(trainer_pace *p, double seconds);

/* result->seconds and step_median_seconds <- those of the steps so far. */
void trainer_pace_tell(trainer_pace *p, tally_result *result);

#endif
