#include "tally/tally.h"

#include "support/expect.h"

#include <signal.h>
#include <stdint.h>

/* The frame of a handler must not lie where a product has left the stack pointer. */
Test(signals, handlers_have_a_stack_of_their_own)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    struct sigaction action;
    stack_t apart;

    tally_stop_on_signals();
    cr_assert(eq(int, sigaltstack(NULL, &apart), 0));
    cr_assert(eq(int, apart.ss_flags &SS_DISABLE, 0));
    cr_assert(lt(sz, 1 << 14, apart.ss_size)); /* a frame with AMX has 11 KiB */
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        cr_assert(eq(int, sigaction(numbers[k], NULL, &action), 0));
        if (action.sa_handler == SIG_IGN) continue; /* under nohup */
        cr_assert(eq(int, action.sa_flags &SA_ONSTACK, SA_ONSTACK), "%d", numbers[k]);
    }
}
