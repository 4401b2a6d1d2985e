/* signals.c — what signals ask of a run, and from when on.
 *
 *     SIGTERM, SIGINT, SIGHUP   once training begins: a request that the trainer reads
 *                               once a step; a second one of its kind ends the process,
 *                               as all do before.  Under nohup SIGHUP is ignored
 *     SIGUSR2                   the thread beside the ranks tells what each of them
 *                               does (comm/watch.c), any number of times; before there
 *                               is one the handler says so, and it answers later
 *     SIGUSR1                   both, from the program's start: Slurm warns with it.  A
 *                               run that ends at once has nothing to tell
 *
 * Handlers have a stack of their own (the other threads that compute take no signals).
 * oneDNN 2.6's products keep the stack pointer in a work space on the heap while they
 * run (seen there in 11 of 20 shapes and turns that were interrupted), and the kernel
 * writes a handler's frame, some KiB, below it: into whatever malloc has put before.
 * A thread that has such a stack keeps it (sanitizers unmap what they find there). */

#include "tally/run.h"

#include "base/stop.h"
#include "comm/launcher.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char set_up[192]; /* what SIGUSR2 is told before ranks can be asked */

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

static void request_both(int number)
{
    request_report(number);
    request(number);
}

static void promise_report(int number)
{
    int before = errno;

    request_report(number);
    if (write(STDERR_FILENO, set_up, strlen(set_up)) < 0) errno = before;
}

static void word_promise(void)
{
    char host[64] = "", who[32] = "this process";
    uint64_t rank;

    gethostname(host, sizeof host - 1);
    if (tally_launcher_rank(getenv, &rank))
        snprintf(who, sizeof who, "rank %llu", (unsigned long long)rank);
    snprintf(set_up, sizeof set_up,
             "tally: %s on %s sets up its run: what ranks do is told once they have "
             "met\n",
             who, host);
}

static void give_stack(void)
{
    static unsigned char room[1 << 16];
    stack_t apart = {.ss_sp = room, .ss_size = sizeof room}, there;

    if (sigaltstack(NULL, &there) == 0 && there.ss_flags & SS_DISABLE)
        sigaltstack(&apart, NULL);
}

static void answer(int number, void (*handler)(int), unsigned flags)
{
    struct sigaction action = {.sa_handler = handler,
                               .sa_flags = (int)(SA_RESTART | SA_ONSTACK | flags)};

    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void tally_await_signals(void)
{
    give_stack();
    word_promise();
    answer(SIGUSR2, promise_report, 0);
    answer(SIGUSR1, request_both, SA_RESETHAND);
}

void tally_report_on_signal(void)
{
    give_stack();
    answer(SIGUSR2, request_report, 0);
}

void tally_stop_on_signals(void)
{
    struct sigaction before;

    tally_report_on_signal();
    answer(SIGTERM, request, SA_RESETHAND);
    answer(SIGINT, request, SA_RESETHAND);
    answer(SIGUSR1, request_both, SA_RESETHAND);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        answer(SIGHUP, request, SA_RESETHAND);
}
