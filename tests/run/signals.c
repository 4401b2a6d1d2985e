#include "tally/tally.h"

#include "base/stop.h"
#include "support/expect.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The requests are those of a process, and stay: 1 when one is not there. */
static int raise_early(int to)
{
    dup2(to, STDERR_FILENO);
    setenv("OMPI_COMM_WORLD_RANK", "3", 1);
    tally_await_signals();
    raise(SIGUSR2);
    if (!tally_report_requested() || tally_stop_requested()) return 1;
    raise(SIGUSR1);
    return !tally_report_requested() || !tally_stop_requested();
}

static int raise_to_report(void)
{
    tally_report_on_signal();
    raise(SIGUSR2);
    return !tally_report_requested() || tally_stop_requested();
}

Test(signals, a_program_without_a_run_is_asked_alone_for_its_report)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) _exit(raise_to_report());
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_assert(eq(int, status, 0), "killed, or the request is not there: %d", status);
}

Test(signals, early_ones_are_kept_and_answered)
{
    char said[256] = "";
    int ends[2], status = -1;

    cr_assert(eq(int, pipe(ends), 0));
    pid_t child = fork();
    if (child == 0) _exit(raise_early(ends[1]));
    close(ends[1]);
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_assert(eq(int, status, 0), "killed, or a request is not there: %d", status);
    cr_assert(lt(long, 0, (long)read(ends[0], said, sizeof said - 1)));
    cr_assert(eq(int, strncmp(said, "tally: rank 3 on ", 17), 0), "%s", said);
    cr_assert(
        ne(ptr, strstr(said, " sets up its run: what ranks do is told once"), NULL),
        "%s", said);
    close(ends[0]);
}
