/* signals.c — SIGTERM, SIGINT, SIGUSR1 and SIGHUP become a request that the trainer
 * reads once a step.  A second signal of the same kind ends the process at once, as
 * usual.  A run under nohup goes on when its terminal hangs up.  SIGUSR2 has the thread
 * beside the ranks tell what each of them does (comm/watch.c), any number of times.
 *
 * The handler has a stack of its own (the other threads that compute take no signals).
 * oneDNN 2.6's products keep the stack pointer in a work space on the heap while they
 * run (seen there in 11 of 20 shapes and turns that were interrupted), and the kernel
 * writes a handler's frame, some KiB, below it: into whatever malloc has put before.
 * A thread that has such a stack keeps it (sanitizers unmap what they find there). */

#include "tally/run.h"

#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

static void request(int number)
{
    (void)number;
    tally_stop_request();
}

static void request_report(int number)
{
    (void)number;
    tally_report_request();
}

void tally_stop_on_signals(void)
{
    static unsigned char room[1 << 16];
    stack_t apart = {.ss_sp = room, .ss_size = sizeof room}, there;
    struct sigaction action = {.sa_handler = request,
                               .sa_flags =
                                   (int)(SA_RESTART | SA_RESETHAND | SA_ONSTACK)},
                     report = {.sa_handler = request_report,
                               .sa_flags = SA_RESTART | SA_ONSTACK},
                     before;

    if (sigaltstack(NULL, &there) == 0 && there.ss_flags & SS_DISABLE)
        sigaltstack(&apart, NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&report.sa_mask);
    sigaction(SIGUSR2, &report, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
