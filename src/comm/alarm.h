/* alarm.h — ends the process when a call has not come back in time. */

#ifndef TALLY_COMM_ALARM_H
#define TALLY_COMM_ALARM_H

#include "tally/status.h"

typedef struct tally_alarm tally_alarm;

/* After so many seconds a thread prints "tally: " and the sentence (1000 bytes at most)
 * to stderr and ends the process with `code`, unless the alarm is closed before.
 * seconds 0: never; then, or where no thread can be had, *a is NULL. */
void tally_alarm_open(tally_alarm **a, double seconds, tally_status code,
                      const char *sentence);
void tally_alarm_close(tally_alarm *a); /* accepts NULL */

#endif
