/* signals.c — SIGTERM, SIGINT, SIGUSR1 and SIGHUP become a request that the trainer
 * reads once a step.  A second signal of the same kind ends the process at once, as
 * usual.  A run under nohup goes on when its terminal hangs up.
 *
 * The handler has a stack of its own, of the thread that asks for it (the other threads
 * that compute take no signals): the kernel writes some KiB below the stack pointer,
 * and products of generated code (oneDNN's) may have that point into our heap. */

#include "tally/run.h"

#include "base/stop.h"

#include <signal.h>
#include <stddef.h>

static void request(int number)
{
    (void)number;
    tally_stop_request();
}

void tally_stop_on_signals(void)
{
    static unsigned char room[1 << 16];
    stack_t apart = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = request,
                               .sa_flags =
                                   (int)(SA_RESTART | SA_RESETHAND | SA_ONSTACK)},
                     before;

    sigaltstack(&apart, NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}
