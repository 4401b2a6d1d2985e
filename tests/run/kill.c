/* kill.c — a run that is killed while it saves. */

#include "num/random.h"
#include "run/example.h"
#include "support/expect.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that opens the folder and saves one step, stopped at each system call; killed
 * at the n-th stop, before the call (odd n) or after it.  *over: it ended by itself. */
static bool kill_at_stop(run *r, size_t n, bool *over)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(99);
        raise(SIGSTOP);
        _exit(tally_launch("self", run_save, r) == TALLY_OK ? 0 : 98);
    }
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) return false;
    for (size_t i = 0; i < n && WIFSTOPPED(status); i++) {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        waitpid(child, &status, 0);
    }
    *over = WIFEXITED(status);
    if (*over) return WEXITSTATUS(status) == 0;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

Test(kill, killed_at_any_system_call_it_leaves_a_whole_checkpoint)
{
    const char *top = example_directory();
    uint64_t step = 2;
    bool over = false;
    size_t n = 0;

    save("self", top, 1, 2);
    while (!over) {
        run r = {.out = top, .resume = true, .first = step + 1, .last = step + 1};

        if (!kill_at_stop(&r, ++n, &over)) {
            example_remove(top);
            cr_assert(eq(sz, n, 1), "the child failed at stop %zu", n);
            cr_skip_test("this system does not let a process trace its child");
        }
        uint64_t found = load("self", top);
        cr_assert(found == step || found == step + 1,
                  "step %llu after a kill at stop %zu of saving step %llu",
                  (unsigned long long)found, n, (unsigned long long)step + 1);
        expect_no_partial(top);
        cr_assert(not(over && found == step));
        step = found;
    }
    cr_assert(lt(sz, 100, n)); /* 8 files and folders are opened, fsynced and closed */
    example_remove(top);
}

static tally_status save_for_ever(tally_comm *c, void *context)
{
    run *r = context;
    example e;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, r->out, true);
    for (uint64_t step = r->first; !status; step++) {
        example_set(&e, step, c->rank);
        status = tally_folder_save(folder, &e.what, 2);
        if (!status && c->rank == 0 && write(r->progress, &step, sizeof step) < 0)
            break;
    }
    return status;
}

/* Lets a child save until it has told of `saves` of them and a moment more; returns the
 * last step that it told of. */
static uint64_t kill_after(run *r, uint64_t saves, uint64_t moment)
{
    int ends[2], status;
    uint64_t told = r->first - 1, step;

    cr_assert(eq(int, pipe(ends), 0));
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        r->progress = ends[1];
        _exit((int)tally_launch("sim:ranks=3", save_for_ever, r));
    }
    close(ends[1]);
    for (uint64_t i = 0; i < saves; i++)
        if (read(ends[0], &step, sizeof step) == sizeof step) told = step;
    for (volatile uint64_t i = 0; i < moment; i++)
        continue;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    while (read(ends[0], &step, sizeof step) == sizeof step)
        told = step;
    close(ends[0]);
    cr_assert(status == SIGKILL, "the child ended with %d", status);
    return told;
}

Test(kill, killed_at_any_moment_no_told_checkpoint_is_lost)
{
    const char *top = example_directory();
    uint64_t step = 1;

    save("sim:ranks=3", top, 1, 1);
    for (uint64_t i = 0; i < 20; i++) {
        run r = {.out = top, .resume = true, .first = step + 1};
        uint64_t moment = tally_random(1, TALLY_FOR_TESTS, 0, i) % 1000000;
        uint64_t told = kill_after(&r, i % 3, moment);
        uint64_t found = load("sim:ranks=3", top);

        cr_assert(found == told || found == told + 1, "told %llu, found %llu",
                  (unsigned long long)told, (unsigned long long)found);
        expect_no_partial(top);
        step = found;
    }
    example_remove(top);
}
