/* overlap.c — how much of an exchange between hosts hides behind computing.
 *
 *     a   a sum alone (of 4 MiB; less where links are slow)
 *     b   computing alone, as long as that
 *     t   both: start the sum, compute without a look at it, wait for it
 *     hidden = (a + b - t) / min(a, b):   1: all of it, 0: one after the other
 *
 * Only a thread of the comm can move messages while its rank computes
 * (docs/launching.md, Between hosts). */

#include "tally/collective.h"

#include "cli/bench/bench.h"
#include "cli/doctor/doctor.h"
#include "comm/progress.h"

#include <math.h>
#include <stdlib.h>

enum { VALUES = 1 << 20, FEW = VALUES / 16, ROUNDS = 3, BLOCK = 8192 };

static const double little = 0.3;
static const double slow = 0.015; /* seconds of a sum of few values: so many will do */

typedef struct record {
    double hidden, seconds, bytes; /* of the sum alone */
    bool has_thread;
} record;

typedef struct trial {
    tally_sum sum;
    tally_real *v, *w; /* owned: what is summed, and what is computed with */
    size_t n;          /* values that are summed */
} trial;

static void compute(tally_real *w, uint64_t rounds)
{
    for (uint64_t k = 0; k < rounds; k++)
        bench_traffic(w + BLOCK, w, BLOCK);
}

/* Rounds of computing that take so long, and how long they took. */
static uint64_t fit(tally_real *w, double seconds, double *took)
{
    uint64_t rounds = 0;
    double begin = bench_now();

    do {
        compute(w, 16);
        rounds += 16;
    } while ((*took = bench_now() - begin) < seconds);
    return rounds;
}

/* A sum with so many rounds of computing between its start and its end. */
static tally_status run(trial *t, uint64_t rounds, double *seconds)
{
    TALLY_TRY(tally_barrier(t->sum.task.comm));
    double begin = bench_now();
    TALLY_TRY(tally_sum_start(&t->sum, t->v, t->n));
    compute(t->w, rounds);
    TALLY_TRY(tally_sum_wait(&t->sum));
    *seconds = bench_now() - begin;
    return TALLY_OK;
}

static tally_status measure(trial *t, record *r)
{
    double alone = 0, computing, together = 0;

    t->n = FEW;
    TALLY_TRY(run(t, 0, &alone)); /* connects */
    TALLY_TRY(run(t, 0, &alone));
    TALLY_TRY(tally_broadcast(t->sum.task.comm, 0, &alone, sizeof alone));
    if (alone < slow) t->n = VALUES;
    int times = alone < slow ? ROUNDS : 1;
    for (int k = 0; k < times; k++) {
        TALLY_TRY(run(t, 0, &alone));
        uint64_t rounds = fit(t->w, alone, &computing);
        TALLY_TRY(run(t, rounds, &together));
        double hidden = (alone + computing - together) / fmin(alone, computing);

        if (k == 0 || hidden > r->hidden) r->hidden = hidden, r->seconds = alone;
    }
    r->bytes = (double)t->n * sizeof(tally_real);
    return TALLY_OK;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    trial t = {.v = calloc(VALUES, sizeof *t.v), .w = calloc(2 * BLOCK, sizeof *t.w)};
    tally_status status =
        t.v && t.w ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d values", VALUES);

    r->has_thread = d->comm->progress != NULL;
    if (!status && d->comm->nodes > 1)
        status = tally_sum_open(&t.sum, d->comm, TALLY_USER, 1, TALLY_SUM_AUTO, VALUES);
    status = tally_agree(d->comm, status);
    if (!status && d->comm->nodes > 1) status = measure(&t, r);
    tally_sum_close(&t.sum);
    free(t.v);
    free(t.w);
    return status;
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    int worst = 0;
    char who[96], bytes[16];

    if (d->comm->nodes == 1) return;
    for (int i = 1; i < d->comm->size; i++)
        if (r[i].hidden < r[worst].hidden) worst = i;
    r += worst;
    cli_places_name(d->comm, d->places, worst, who);
    doctor_bytes(r->bytes, bytes);
    double hidden = fmin(fmax(r->hidden, 0), 1);
    if (hidden >= little)
        doctor_say(d, DOCTOR_OK, NULL,
                   "%.0f %% of a sum of %s (%.3g ms) hides behind computing on %s, "
                   "elsewhere more",
                   100 * hidden, bytes, 1e3 * r->seconds, who);
    else
        doctor_say(d, DOCTOR_WARNING,
                   r->has_thread
                       ? "leave each rank's thread a processor: fewer ranks a "
                         "host, or --threads less one"
                       : "--comm mpi:progress=thread",
                   "%.0f %% of a sum of %s (%.3g ms) hides behind computing on %s%s",
                   100 * hidden, bytes, 1e3 * r->seconds, who,
                   r->has_thread ? "" : ": no thread moves messages meanwhile");
}

const doctor_check tally_check_overlap = {
    "overlap", "how much of an exchange between hosts hides behind computing",
    sizeof(record), look, judge};
