/* stop.c — whether this process was asked to end its run in good order. */

#include "base/stop.h"

#include <signal.h>

static volatile sig_atomic_t requested;

void tally_stop_request(void)
{
    requested = 1;
}

bool tally_stop_requested(void)
{
    return requested != 0;
}
