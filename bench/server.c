/* server.c — how fast a server applies pushes, and whether a bound holds.
 *
 *     mpirun -n 2 bench_server pushes [VALUES [STEPS [ROUNDS [TRAINER]]]]
 *     bench_server pushes 5800000 100 5 server sim:ranks=2
 *         a server with momentum, workers that compute nothing; simulated ranks take
 *         turns on one core, and a message is one copy.  Bound: 24 bytes a value and
 *         push (receive 4, read and write w and m 16, reply 4) over the bandwidth of
 *         a copy (bytes read and written), the best of 16 before and after a round.
 *         It leaves out the look for values that are not finite, 4 bytes more.
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

enum { ROUNDS_MOST = 100 };

typedef struct job {
    const char *consistency, *trainer;
    size_t values;
    uint64_t steps;
    int rounds;
    bool delays;
} job;

typedef struct pace { /* of one round */
    double rate, copy, share, idle;
} pace;

static tally_status set(tally_run *run, const job *j)
{
    char steps[32];

    snprintf(steps, sizeof steps, "%llu", (unsigned long long)j->steps);
    TALLY_TRY(tally_run_set(run, "trainer", j->trainer));
    TALLY_TRY(tally_run_set(run, "consistency", j->consistency));
    TALLY_TRY(tally_run_set(run, "rule", "momentum"));
    TALLY_TRY(tally_run_set(run, "patience", "60"));
    TALLY_TRY(tally_run_set(run, "steps", steps));
    return TALLY_OK;
}

/* Virtual seconds say nothing of this machine, so with simulated ranks those of the
 * wall count, from before the first reply. */
static pace pace_of(const tally_run *run, double copy, double wall)
{
    const tally_tale *t = run->result.tale;
    double seconds = run->comm->ops->spend ? wall : run->result.seconds;
    double rate = (double)t->pushes / seconds;

    return (pace){.rate = rate,
                  .copy = copy,
                  .share = rate * 24 * (double)run->f->layout.length / copy,
                  .idle = t->idle};
}

static int by_share(const void *a, const void *b)
{
    const pace *x = a, *y = b;

    return (x->share > y->share) - (x->share < y->share);
}

/* The median round, and the range. */
static void tell(const tally_comm *c, const job *j, pace *rounds)
{
    size_t n = (size_t)j->rounds;

    qsort(rounds, n, sizeof *rounds, by_share);
    pace mid = rounds[n / 2];
    printf("%d rank%s, %s, %zu values, %zu rounds of %llu steps: %.1f pushes a second, "
           "server idle %.0f %%; copy %.1f GB/s, bound %.1f a second: %.0f %% "
           "(%.0f to %.0f)\n",
           c->size, c->size == 1 ? "" : "s", j->trainer, j->values, n,
           (unsigned long long)j->steps, mid.rate, 100 * mid.idle, mid.copy / 1e9,
           mid.rate / mid.share, 100 * mid.share, 100 * rounds[0].share,
           100 * rounds[n - 1].share);
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

static tally_status train(tally_comm *c, tally_run *run, const job *j, pace *p)
{
    double copy = 0;

    TALLY_TRY(set(run, j));
    TALLY_TRY(tally_run_open(run, c));
    if (c->rank == 0 && !j->delays) copy = copy_bandwidth();
    double begin = clock_now();
    TALLY_TRY(tally_run_train(run));
    double wall = clock_now() - begin;
    if (c->rank != 0) return TALLY_OK;
    if (j->delays)
        tell_bound(run);
    else
        *p = pace_of(run, fmax(copy, copy_bandwidth()), wall);
    return TALLY_OK;
}

static tally_status train_once(tally_comm *c, const job *j, pace *p)
{
    idle mine = {.comm = c, .delays = j->delays};
    tally_objective f = {.ops = &ops, .inner = &mine};
    tally_run run = {.objective = &f};
    tally_status status =
        tally_layout_add(&f.layout, "w", TALLY_WEIGHT, 1, (size_t[]){j->values});

    if (!status) status = train(c, &run, j, p);
    tally_run_close(&run);
    tally_objective_close(&f);
    return status;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    pace rounds[ROUNDS_MOST];

    for (int i = 0; i < j->rounds; i++)
        TALLY_TRY(train_once(c, j, &rounds[i]));
    if (c->rank == 0 && !j->delays) tell(c, j, rounds);
    return TALLY_OK;
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
        job j = {bounds[i % 2], "server", 8, steps, 1, true};
        char comm[64];

        snprintf(comm, sizeof comm, "sim:ranks=%d", workers[i / 2] + 1);
        tally_status status = tally_launch(comm, on_rank, &j);
        if (status) return fail(status);
    }
    return 0;
}

/* Argument i as a number, or what it is when there is none. */
static uint64_t number(int argc, char **argv, int i, uint64_t usual)
{
    return argc > i ? strtoull(argv[i], NULL, 10) : usual;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "bound") == 0)
        return check_bounds(number(argc, argv, 2, 10000));
    if (argc < 2 || strcmp(argv[1], "pushes") != 0) {
        fputs("usage: bench_server pushes [VALUES [STEPS [ROUNDS [TRAINER [COMM]]]]] | "
              "bound [STEPS]\n",
              stderr);
        return 2;
    }
    job j = {.consistency = "async",
             .trainer = argc > 5 ? argv[5] : "server",
             .values = (size_t)number(argc, argv, 2, 5800000),
             .steps = number(argc, argv, 3, 100),
             .rounds = (int)number(argc, argv, 4, 5)};
    if (j.rounds < 1 || j.rounds > ROUNDS_MOST) {
        fprintf(stderr, "%d rounds are not 1 to %d\n", j.rounds, ROUNDS_MOST);
        return 2;
    }
    tally_status status = tally_launch(argc > 6 ? argv[6] : "auto", on_rank, &j);
    return status ? fail(status) : 0;
}
