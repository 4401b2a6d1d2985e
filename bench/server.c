/* server.c — how fast a server applies pushes, and whether a bound holds.
 *
 *     mpirun -n 3 bench_server pushes [VALUES [PUSHES]]
 *     bench_server pushes VALUES PUSHES sim:ranks=2,rendezvous=true
 *         one server with momentum, workers that compute nothing; simulated ranks take
 *         turns on one core, and a message is one copy.  Bound: 24 bytes a
 *         value and push (receive 4, read and write w and m 16, reply 4) over the
 *         bandwidth of a copy (bytes read and written), taken before and after.
 *     bench_server bound [STEPS]
 *         ssp with random delays on 2, 5, 16 and 64 simulated workers: the largest lead
 *         at the start of a gradient, and the histogram of staleness. */

#include "tally/tally.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Bytes read and written a second, best of eight copies of 64 MiB. */
static double copy_bandwidth(void)
{
    static const size_t bytes = (size_t)64 << 20;
    char *from = malloc(bytes), *to = malloc(bytes);
    double best = 0;

    if (!from || !to) return (double)NAN;
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    for (int k = 0; k < 8; k++) {
        double begin = clock_now();

        memcpy(to, from, bytes);
        best = fmax(best, 2 * (double)bytes / (clock_now() - begin));
        from[k] = to[2 * k];
    }
    free(from);
    free(to);
    return best;
}

/* ---- an objective that costs nothing, or a random time ---- */

typedef struct idle {
    tally_comm *comm;
    bool written; /* g is there already */
    bool delays;
    uint64_t calls;
} idle;

/* A hash of (rank, call) in [0, 1). */
static double draw(int rank, uint64_t call)
{
    uint64_t x = ((uint64_t)rank << 40) + call;

    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
    return (double)((x ^ x >> 32) >> 11) * 0x1p-53;
}

static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    idle *i = f->inner;

    (void)w;
    if (!i->written) memset(g, 0, f->layout.length * sizeof *g);
    i->written = true;
    if (i->delays) {
        double u = draw(i->comm->rank, i->calls++);

        tally_spend(i->comm, u < 0.1 ? 2e-2 * u : 1e-3 * u);
    }
    score->count += s.count;
    if (l.ready) TALLY_TRY(l.ready(l.context, (tally_span){0, f->layout.length}));
    return TALLY_OK;
}

static tally_status value(tally_objective *f, const tally_real *w, tally_samples s,
                          tally_score *score)
{
    (void)f, (void)w;
    score->count += s.count;
    return TALLY_OK;
}

static const tally_objective_ops ops = {
    .name = "idle", .gradient = gradient, .value = value};

typedef struct job {
    const char *consistency;
    size_t values;
    uint64_t steps;
    bool delays;
} job;

static tally_status set(tally_run *run, const job *j)
{
    char steps[32];

    snprintf(steps, sizeof steps, "%llu", (unsigned long long)j->steps);
    TALLY_TRY(tally_run_set(run, "trainer", "server"));
    TALLY_TRY(tally_run_set(run, "consistency", j->consistency));
    TALLY_TRY(tally_run_set(run, "rule", "momentum"));
    TALLY_TRY(tally_run_set(run, "patience", "60"));
    TALLY_TRY(tally_run_set(run, "steps", steps));
    return TALLY_OK;
}

static void tell(const tally_run *run, double before, double seconds)
{
    const tally_tale *t = run->result.tale;
    double d = (double)run->f->layout.length, copy = fmax(before, copy_bandwidth());
    double each = seconds / (double)t->pushes;

    printf("%d workers, %.0f values, %llu pushes: %.1f a second, server idle %.0f %%; "
           "copy %.1f GB/s, bound %.1f a second: %.0f %%\n",
           run->workers, d, (unsigned long long)t->pushes, 1 / each, 100 * t->idle,
           copy / 1e9, copy / (24 * d), 100 * 24 * d / copy / each);
}

static void tell_bound(const tally_run *run)
{
    const tally_tale *t = run->result.tale;

    printf(
        "%2d workers, %s, %llu pushes: largest lead %llu, staleness %.2f on average, "
        "at most %llu\n   ",
        run->workers, run->options->consistency, (unsigned long long)t->pushes,
        (unsigned long long)t->lead_most, t->staleness_sum / (double)t->pushes,
        (unsigned long long)t->staleness_most);
    for (int i = 0; i < TALLY_STALENESS_MOST; i++)
        if (t->staleness[i]) printf(" %d:%llu", i, (unsigned long long)t->staleness[i]);
    printf("\n");
}

static tally_status train(tally_comm *c, tally_run *run, const job *j)
{
    double before = 0;

    TALLY_TRY(set(run, j));
    TALLY_TRY(tally_run_open(run, c));
    if (c->rank == 0 && !j->delays) before = copy_bandwidth();
    double begin = clock_now();
    TALLY_TRY(tally_run_train(run));
    double seconds = clock_now() - begin;
    if (c->rank != 0) return TALLY_OK;
    if (j->delays)
        tell_bound(run);
    else
        tell(run, before, seconds);
    return TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    idle mine = {.comm = c, .delays = j->delays};
    tally_objective f = {.ops = &ops, .inner = &mine};
    tally_run run = {.objective = &f};
    tally_status status =
        tally_layout_add(&f.layout, "w", TALLY_WEIGHT, 1, (size_t[]){j->values});

    if (!status) status = train(c, &run, j);
    tally_run_close(&run);
    tally_objective_close(&f);
    return status;
}

static int fail(tally_status status)
{
    fprintf(stderr, "%s\n", tally_error_sentence());
    return (int)status;
}

static int check_bounds(uint64_t steps)
{
    static const int workers[] = {2, 5, 16, 64};
    static const char *const bounds[] = {"ssp:bound=1", "ssp:bound=3"};

    for (int i = 0; i < 8; i++) {
        job j = {bounds[i % 2], 8, steps, true};
        char comm[64];

        snprintf(comm, sizeof comm, "sim:ranks=%d", workers[i / 2] + 1);
        tally_status status = tally_launch(comm, on_rank, &j);
        if (status) return fail(status);
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    uint64_t second = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

    if (argc > 1 && strcmp(argv[1], "bound") == 0)
        return check_bounds(first ? first : 10000);
    if (argc < 2 || strcmp(argv[1], "pushes") != 0) {
        fputs("usage: bench_server pushes [VALUES [STEPS]] | bound [STEPS]\n", stderr);
        return 2;
    }
    job j = {"async", first ? (size_t)first : 5800000, second ? second : 100, false};
    tally_status status = tally_launch(argc > 4 ? argv[4] : "auto", on_rank, &j);
    return status ? fail(status) : 0;
}
