/* example.c — a small run to save and load, and a folder to do it in. */

#include "run/example.h"

#include "run/checkpoint.h"
#include "support/expect.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const tally_slot rule_slots[] = {
    {"m", TALLY_SHARED, TALLY_EACH_WEIGHT},
    {"r", TALLY_SHARED, TALLY_EACH_TENSOR},
    {"b", TALLY_SHARED, TALLY_EACH_BIT   },
    {"t", TALLY_SHARED, TALLY_ONCE       },
    TALLY_END
};

static const tally_slot own_slots[] = {
    {"e", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    {"k", TALLY_SHARDED, TALLY_EACH_BIT   },
    TALLY_END
};

static const tally_slot shared_slots[] = {
    {"e", TALLY_SHARED, TALLY_EACH_WEIGHT},
    TALLY_END
};

tally_status example_open(example *e, bool own)
{
    *e = (example){0};
    TALLY_TRY(tally_layout_add(&e->layout, "dense1.weight", TALLY_WEIGHT, 2,
                               (size_t[]){7, 11}));
    TALLY_TRY(
        tally_layout_add(&e->layout, "dense1.bias", TALLY_BIAS, 1, (size_t[]){7}));
    TALLY_TRY(tally_layout_add(&e->layout, "empty", TALLY_BIAS, 1, (size_t[]){0}));
    TALLY_TRY(tally_layout_add(&e->layout, "scale", TALLY_GAIN, 0, NULL));
    TALLY_TRY(tally_state_open(&e->rule, rule_slots, &e->layout));
    TALLY_TRY(
        tally_state_open(&e->exchange, own ? own_slots : shared_slots, &e->layout));
    e->parts[0] = (tally_part){"rule", &e->rule};
    e->parts[1] = (tally_part){"exchange", &e->exchange};
    e->what =
        (tally_checkpoint){.data_hash = 0xdada,
                           .layout = &e->layout,
                           .w = tally_allocate(e->layout.length, sizeof *e->what.w),
                           .parts = e->parts,
                           .part_count = 2};
    return e->what.w ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for the example");
}

void example_close(example *e)
{
    free(e->what.w);
    tally_state_close(&e->rule);
    tally_state_close(&e->exchange);
    tally_layout_close(&e->layout);
}

/* A byte of the example: any pattern does that no two arrays, steps or ranks share. */
static unsigned char value(uint64_t step, int array, int rank, size_t i)
{
    return (unsigned char)((step * 1009 + (uint64_t)array * 101 + (uint64_t)rank * 17 +
                            i * 7 + i / 256) %
                           251);
}

typedef bool (*visit)(void *at, size_t n, uint64_t step, int array, int rank);

static bool set(void *at, size_t n, uint64_t step, int array, int rank)
{
    for (size_t i = 0; i < n; i++)
        ((unsigned char *)at)[i] = value(step, array, rank, i);
    return true;
}

static bool check(void *at, size_t n, uint64_t step, int array, int rank)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char *)at)[i] != value(step, array, rank, i)) return false;
    return true;
}

/* Visits all arrays; returns the name of the first one that fails. */
static const char *each(example *e, uint64_t step, int rank, visit f)
{
    int array = 0;

    if (!f(e->what.w, e->layout.length * sizeof *e->what.w, step, array++, 0))
        return "weights";
    for (size_t i = 0; i < 2; i++) {
        const tally_state *s = e->parts[i].state;

        for (size_t k = 0; k < s->count; k++) {
            int whose = s->slots[k].sharing == TALLY_SHARED ? 0 : rank + 1;

            if (!f(s->at[k], s->bytes[k], step, array++, whose))
                return s->slots[k].name;
        }
    }
    return NULL;
}

void example_set(example *e, uint64_t step, int rank)
{
    each(e, step, rank, set);
    e->what.step = step;
}

tally_status example_check(example *e, uint64_t step, int rank)
{
    const char *name = each(e, step, rank, check);

    if (name)
        return TALLY_FAIL(DIVERGED, "rank %d: %s is not that of step %llu", rank, name,
                          (unsigned long long)step);
    return TALLY_OK;
}

const char *example_directory(void)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/tally-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(path);
}

static int remove_one(const char *path, const struct stat *facts, int kind,
                      struct FTW *walk)
{
    (void)facts;
    (void)kind;
    (void)walk;
    return remove(path);
}

void example_remove(const char *directory)
{
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *below(const char *directory, const char *path)
{
    static _Thread_local char buffers[8][512];
    static _Thread_local int turn;
    char *to = buffers[turn++ % 8];

    snprintf(to, sizeof buffers[0], "%s/%s", directory, path);
    return to;
}

void limit_files(size_t most)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

tally_status refused(tally_status got, tally_status wanted, const char *words)
{
    if (got != wanted)
        return TALLY_FAIL(DIVERGED, "%s (%s), expected %s", tally_status_name(got),
                          got ? tally_error_sentence() : "", tally_status_name(wanted));
    if (!strstr(tally_error_sentence(), words))
        return TALLY_FAIL(DIVERGED, "\"%s\" lacks \"%s\"", tally_error_sentence(),
                          words);
    return TALLY_OK;
}

static tally_status save_steps(tally_folder *folder, example *e, int rank,
                               uint64_t first, uint64_t last)
{
    for (uint64_t step = first; step <= last; step++) {
        example_set(e, step, rank);
        TALLY_TRY(tally_folder_save(folder, &e->what, 2));
    }
    return TALLY_OK;
}

tally_status example_save(tally_comm *c, const char *out, bool resume, uint64_t first,
                          uint64_t last)
{
    example e;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, resume);
    if (!status) status = save_steps(folder, &e, c->rank, first, last);
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

tally_status example_load(tally_comm *c, const char *out, uint64_t *step,
                          uint64_t *skipped)
{
    example e;
    char why[1024];
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, true);
    if (!status) status = tally_folder_load(folder, &e.what, skipped, why, sizeof why);
    if (!status) status = example_check(&e, e.what.step, c->rank);
    *step = e.what.step;
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

tally_status run_save(tally_comm *c, void *context)
{
    const run *r = context;

    return example_save(c, r->out, r->resume, r->first, r->last);
}

tally_status run_load(tally_comm *c, void *context)
{
    run *r = context;
    uint64_t step = 0, skipped = 0;
    tally_status status = example_load(c, r->out, &step, &skipped);

    if (c->rank == 0) {
        r->step = step;
        r->skipped = skipped;
    }
    return status;
}

void save(const char *comm, const char *out, uint64_t first, uint64_t last)
{
    run r = {.out = out, .resume = first > 1, .first = first, .last = last};

    expect_ok(tally_launch(comm, run_save, &r));
}

uint64_t load(const char *comm, const char *out)
{
    run r = {.out = out};

    expect_ok(tally_launch(comm, run_load, &r));
    cr_assert(eq(u64, r.skipped, 0));
    return r.step;
}

void expect_steps(const char *out, size_t n, const uint64_t *expected)
{
    uint64_t *steps;
    size_t count;

    expect_ok(tally_checkpoint_list(out, &steps, &count));
    cr_assert(eq(sz, count, n));
    for (size_t i = 0; i < n; i++)
        cr_assert(eq(u64, steps[i], expected[i]));
    free(steps);
}

void expect_no_partial(const char *out)
{
    DIR *directory = opendir(below(out, "checkpoints"));
    struct dirent *entry;

    cr_assert(directory != NULL);
    while ((entry = readdir(directory)))
        cr_assert(strstr(entry->d_name, ".partial") == NULL, "%s is left",
                  entry->d_name);
    closedir(directory);
}
