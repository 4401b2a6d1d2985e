/* stop.c — what signals ask of this process: to end its run in good order, to report.
 */

#include "base/stop.h"

#include <signal.h>

static volatile sig_atomic_t requested, report;

void tally_stop_request(void)
{
    requested = 1;
}

bool tally_stop_requested(void)
{
    return requested != 0;
}

void tally_report_request(void)
{
    report = 1;
}

bool tally_report_requested(void)
{
    bool was = report != 0;

    report = 0;
    return was;
}
