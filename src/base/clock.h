/* clock.h — time since this process began. */

#ifndef TALLY_BASE_CLOCK_H
#define TALLY_BASE_CLOCK_H

/* Seconds since the kernel started this process (to 1/100 s); 0 when it cannot be told.
 */
double tally_process_seconds(void);

#endif
