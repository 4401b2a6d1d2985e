/* diagnosis.c — what it costs that a run can be diagnosed: the watch and the trace.
 *
 *     mpirun -n 2 bench_diagnosis STEPS ROUNDS [OPTION VALUE]...
 *         one run of tally train with those options (such as model.hidden 512x512), in
 *         rounds of four blocks of so many steps: neither, the watch, the trace, both;
 *         their order turns by one each round.  A ratio is of two blocks of a round.
 *
 * Without the watch nothing is noted in its trail, collectives are not signed, and
 * waits have no end at which they would be told of; its thread still looks five times a
 * second.  The first round is left out. */

#include "tally/tally.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEITHER, WATCH, TRACE, BOTH, MODES };

enum { ROUNDS_MOST = 10000 };

typedef struct bench {
    tally_run run; /* first: after_step is given its address */
    tally_status (*then)(tally_run *run, const tally_score *score, double rate,
                         bool stop);
    struct tally_watch *watch;
    struct tally_trace *trace;
    void (*stalled)(void *context, tally_comm *c, int peer, int tag, double seconds);
    uint64_t steps, rounds; /* of a block; in all */
    double since;           /* the start of the block */
    double *seconds;        /* owned: of each block, MODES a round */
} bench;

/* ---- blocks ---- */

static int mode_of(uint64_t block)
{
    return (int)((block + block / MODES) % MODES);
}

static void use(bench *b, int mode)
{
    tally_comm *c = b->run.comm;
    bool watches = mode == WATCH || mode == BOTH;

    c->watch = watches ? b->watch : NULL;
    c->stalled = watches ? b->stalled : NULL;
    c->trace = mode == TRACE || mode == BOTH ? b->trace : NULL;
}

static tally_status after_step(tally_run *run, const tally_score *score, double rate,
                               bool stop)
{
    bench *b = (bench *)(void *)run;
    uint64_t block = (run->step - 1) / b->steps;
    tally_status status = b->then(run, score, rate, stop);

    if (status || run->step % b->steps) return status;
    double now = tally_now(run->comm);
    uint64_t round = block / MODES;
    b->seconds[MODES * round + (uint64_t)mode_of(block)] = now - b->since;
    use(b, run->step == run->steps ? BOTH : mode_of(block + 1));
    b->since = tally_now(run->comm);
    return TALLY_OK;
}

/* ---- figures ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of seconds or, over those of NEITHER in the same round, of ratios; and the
 * quartiles. */
static void summarise(const bench *b, int mode, bool ratio, double of[3])
{
    size_t n = 0;
    double *x = calloc(b->rounds, sizeof *x);

    for (uint64_t round = 1; x && round < b->rounds; round++) {
        const double *seconds = b->seconds + MODES * round;

        x[n++] = seconds[mode] / (ratio ? seconds[NEITHER] : (double)b->steps);
    }
    if (x) qsort(x, n, sizeof *x, by_size);
    for (size_t k = 0; k < 3; k++)
        of[k] = x ? x[(n - 1) * (k + 1) / 4] : (double)NAN;
    free(x);
}

static void tell(const bench *b)
{
    static const char *const names[MODES] = {"neither", "watch", "trace", "both"};

    printf("%d ranks, %zu weights, %llu rounds of %d x %llu steps; quartiles\n",
           b->run.comm->size, b->run.f->layout.length,
           (unsigned long long)b->rounds - 1, MODES, (unsigned long long)b->steps);
    for (int mode = 0; mode < MODES; mode++) {
        double step[3], ratio[3];

        summarise(b, mode, false, step);
        summarise(b, mode, true, ratio);
        printf("%-8s %9.2f us a step, ratio %.4f [%.4f to %.4f]\n", names[mode],
               1e6 * step[1], ratio[1], ratio[0], ratio[2]);
    }
}

/* ---- the run ---- */

typedef struct job {
    int count;
    char **words; /* STEPS ROUNDS [OPTION VALUE]... */
} job;

static tally_status set(bench *b, const job *j)
{
    static const char *const never[] = {"checkpoint_every", "log_every",
                                        "replica_every"};
    char steps[32];

    snprintf(steps, sizeof steps, "%llu",
             (unsigned long long)(MODES * b->steps * b->rounds));
    for (int k = 2; k + 1 < j->count; k += 2)
        TALLY_TRY(tally_run_set(&b->run, j->words[k], j->words[k + 1]));
    for (size_t k = 0; k < sizeof never / sizeof *never; k++)
        TALLY_TRY(tally_run_set(&b->run, never[k], "1000000000"));
    return tally_run_set(&b->run, "steps", steps);
}

static tally_status train(bench *b, tally_comm *c, const job *j)
{
    b->steps = strtoull(j->words[0], NULL, 10);
    b->rounds = strtoull(j->words[1], NULL, 10);
    if (b->steps < 1 || b->rounds < 2 || b->rounds > ROUNDS_MOST)
        return TALLY_FAIL(OPTION, "%s steps, %s rounds: expected some, and 2 to %d",
                          j->words[0], j->words[1], ROUNDS_MOST);
    b->seconds = calloc(MODES * b->rounds, sizeof *b->seconds);
    if (!b->seconds) return TALLY_FAIL(MEMORY, "no memory for %s rounds", j->words[1]);
    TALLY_TRY(set(b, j));
    TALLY_TRY(tally_run_open(&b->run, c));
    if (!c->trace) return TALLY_FAIL(OPTION, "say trace FILE");
    b->watch = c->watch;
    b->trace = c->trace;
    b->stalled = c->stalled;
    b->then = b->run.after_step;
    b->run.after_step = after_step;
    use(b, mode_of(0));
    b->since = tally_now(c);
    TALLY_TRY(tally_run_train(&b->run));
    if (c->rank == 0) tell(b);
    return TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    bench b = {.steps = 0};
    tally_status status = train(&b, c, context);

    tally_run_close(&b.run);
    free(b.seconds);
    return status;
}

int main(int count, char **words)
{
    job j = {count - 1, words + 1};

    if (j.count < 2 || j.count % 2) {
        fputs("usage: bench_diagnosis STEPS ROUNDS [OPTION VALUE]...\n", stderr);
        return 2;
    }
    tally_status status = tally_launch("auto", on_rank, &j);
    if (status) fprintf(stderr, "%s\n", tally_error_sentence());
    return (int)status;
}
