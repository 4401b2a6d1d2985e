/* arrivals.c — a recorded run, gone through again at another speed. */

#include "run/example.h"
#include "support/errand.h"
#include "support/expect.h"

#include <stdio.h>

static double stagger(int rank, uint64_t call)
{
    return 1e-3 * (1 + rank % 3) + 1e-4 * (double)(call * 7 % 5);
}

static double other_speeds(int rank, uint64_t call)
{
    return 1e-3 * (4 - rank % 4) + 1e-4 * (double)(call * 3 % 11);
}

static void expect_same(const char *consistency)
{
    const char *directory = example_directory();
    char one[256], two[256], three[256];
    errand a = {.rows = 40, .settings = one, .delay = stagger};
    errand b = {.rows = 40, .settings = two, .delay = other_speeds};
    errand c = {.rows = 40, .settings = three, .delay = other_speeds};
    const char rest[] = "rule=momentum rate=0.05 batch=3 epochs=4";

    snprintf(one, sizeof one, "trainer=server:record=%s consistency=%s %s",
             below(directory, "arrivals"), consistency, rest);
    snprintf(two, sizeof two, "trainer=server:replay=%s consistency=%s %s",
             below(directory, "arrivals"), consistency, rest);
    snprintf(three, sizeof three, "trainer=server consistency=%s %s", consistency,
             rest);
    expect_ok(errand_run(&a, "sim:ranks=5"));
    expect_ok(errand_run(&b, "sim:ranks=5,alpha=1e-3"));
    expect_ok(errand_run(&c, "sim:ranks=5,alpha=1e-3"));
    cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0, "%s",
              consistency);
    cr_assert(memcmp(a.rank[0].w, c.rank[0].w, sizeof a.rank[0].w) != 0,
              "%s: the order of arrival made no difference", consistency);
    cr_assert(eq(u64, a.rank[0].tale.staleness_most, b.rank[0].tale.staleness_most));
    errand_close(&a);
    errand_close(&b);
    errand_close(&c);
    example_remove(directory);
}

Test(arrivals, a_replay_ends_with_the_weights_of_the_recorded_run)
{
    expect_same("async");
    expect_same("ssp:bound=1");
    expect_same("backup:need=3");
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file != NULL);
    fputs(text, file);
    fclose(file);
}

static void expect_refused(const char *text, tally_status wanted, const char *words)
{
    const char *directory = example_directory();
    char settings[256];
    errand e = {.rows = 20, .settings = settings};

    snprintf(settings, sizeof settings, "trainer=server:replay=%s batch=2 steps=3",
             below(directory, "arrivals"));
    if (text) write_text(below(directory, "arrivals"), text);
    expect_ok(refused(errand_run(&e, "sim:ranks=3"), wanted, words));
    errand_close(&e);
    example_remove(directory);
}

Test(arrivals, a_recording_that_does_not_fit_is_refused)
{
    expect_refused(NULL, TALLY_FILE, "cannot open");
    expect_refused("", TALLY_FORMAT, "is not a recording of arrivals");
    expect_refused("tally arrivals 1, 3 workers\n", TALLY_MISMATCH,
                   "was recorded with 3 workers, this run has 2");
    expect_refused("tally arrivals 1, 2 workers\npush 0\npull 1\n", TALLY_FORMAT,
                   "line 3 is not");
    expect_refused("tally arrivals 1, 2 workers\npush 2\n", TALLY_FORMAT,
                   "line 2 is not");
    expect_refused("tally arrivals 1, 2 workers\npush 0\n", TALLY_MISMATCH,
                   "the recording ends after 1 events");
    expect_refused("tally arrivals 1, 2 workers\nback 1\n", TALLY_MISMATCH,
                   "event 1 is of worker 1");
}
