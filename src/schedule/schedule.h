/* schedule.h — the tables of the built-in schedules, one a file. */

#ifndef TALLY_SCHEDULE_SCHEDULE_H
#define TALLY_SCHEDULE_SCHEDULE_H

#include "tally/schedule.h"

#define SCHEDULE(name) extern const tally_schedule_ops tally_schedule_##name;
#include "schedule/list.def"
#undef SCHEDULE

#endif
