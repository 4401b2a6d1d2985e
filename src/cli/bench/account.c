/* account.c — what a run cost: where the time of its steps went, what it sent, and when
 * it got where it should. */

#include "cli/bench/account.h"

#include "tally/collective.h"

#include <math.h>
#include <stdlib.h>

/* What one rank saw; bytes are sums. */
typedef struct record {
    bench_account own;
    double measured; /* 1: its parts are */
    double whole;    /* 1: its bytes are those of all steps */
} record;

/* Seconds of all workers of a server, since `begun` of its steps. */
typedef struct toil {
    double computing, waiting, begun;
} toil;

/* Looks at a run after each of its steps. */
typedef struct meter {
    tally_status (*then)(tally_run *run, const tally_score *score, double rate,
                         bool stop);
    const bench_target *target;
    bench_arrival arrival;
    uint64_t before; /* bytes sent before the first step */
    bool seen;       /* the first step; what follows is of then */
    uint64_t step, samples, bytes;
    tally_spent spent;
    toil toil;
} meter;

static uint64_t bytes_of(const tally_run *run)
{
    return run->comm->traffic[TALLY_EXCHANGE].bytes_sent +
           run->comm->traffic[TALLY_MIX].bytes_sent;
}

static toil toil_of(const tally_tale *tale)
{
    toil sum = {0};

    for (size_t m = 0; m < tale->count; m++) {
        sum.computing += tale->worker[m].computing;
        sum.waiting += tale->worker[m].waiting;
    }
    return sum;
}

/* Where a tale is told at the end only, it is of all steps. */
static toil toil_before(const tally_run *run)
{
    toil before = run->result.tale ? toil_of(run->result.tale) : (toil){0};

    if (before.computing > 0) before.begun = run->spent.steps;
    return before;
}

static tally_status after_step(tally_run *run, const tally_score *score, double rate,
                               bool stop)
{
    meter *m = run->observer.context;

    TALLY_TRY(m->then(run, score, rate, stop));
    if (!m->seen) {
        m->seen = true;
        m->step = run->step;
        m->samples = run->result.samples;
        m->bytes = bytes_of(run);
        m->spent = run->spent;
        m->toil = toil_before(run);
    }
    if (!m->target) return TALLY_OK;
    return bench_target_look(m->target, run, (double)(bytes_of(run) - m->before),
                             &m->arrival);
}

/* ---- one rank ---- */

/* Workers speak of themselves as they push, which is not when the server counts a step:
 * parts are shares of their time, and they never have more of it than passed. */
static void account_for_workers(const tally_run *run, const toil *before, record *r)
{
    const tally_tale *tale = run->result.tale;
    double passed = (run->spent.steps - before->begun) * (double)tale->count;
    toil now = toil_of(tale);
    double computing = now.computing - before->computing;
    double waiting = now.waiting - before->waiting;
    double step = r->own.step / fmax(passed, computing + waiting);

    for (int p = 0; p < BENCH_PARTS; p++)
        r->own.part[p] = (double)NAN;
    r->own.part[BENCH_COMPUTE] = computing * step;
    r->own.part[BENCH_WAIT] = waiting * step;
    r->measured = tale->pushes > 0 ? 1 : 0; /* on ranks that tell of them */
}

/* Nobody calls after_step on a worker of a server: all of its bytes count. */
static record record_of(const tally_run *run, const meter *m)
{
    const tally_spent *now = &run->spent, *first = &m->spent;
    double steps = (double)(run->step - m->step);
    double seconds = (now->steps - first->steps) / steps;
    record r = {
        .own = {.step = seconds,
                .part = {now->gradient - first->gradient, now->encode - first->encode,
                         now->wait - first->wait, now->wire - first->wire,
                         now->decode - first->decode, now->apply - first->apply},
                .samples = (double)(run->result.samples - m->samples) / steps,
                .bytes = (double)(bytes_of(run) - (m->seen ? m->bytes : m->before)),
                .arrival = m->arrival},
        .measured = now->gradient + now->exchange > 0,
        .whole = !m->seen,
    };

    for (int p = 0; p < BENCH_PARTS; p++) {
        double part = r.own.part[p] / steps;

        r.own.part[p] = part < 0 ? 0 : part; /* by rounding; NAN stays */
    }
    if (run->result.tale) account_for_workers(run, &m->toil, &r);
    return r;
}

/* ---- all ranks ---- */

/* Rank 0's, with the mean of what all ranks had sent by then.  A worker of a server,
 * which cannot know when that was: its share of what it sent in all `last` steps. */
static bench_arrival join_arrivals(const record *all, int size, double last)
{
    bench_arrival sum = all[0].own.arrival;

    sum.bytes = 0;
    for (int r = 0; r < size; r++) {
        const bench_account *a = &all[r].own;
        double share = a->bytes * sum.steps / last;

        sum.bytes += (a->arrival.there > 0 ? a->arrival.bytes : share) / size;
    }
    if (sum.there > 0) return sum;
    sum.seconds = sum.steps = sum.bytes = (double)INFINITY;
    return sum;
}

/* Steps and their parts are of the same ranks: one that works after a step while the
 * others go on has shorter steps, in which the others wait.  Bytes without those of the
 * first step are of one less than `last`. */
static bench_account join(const record *all, int size, double first, double last)
{
    bench_account sum = {0};
    double measured = 0;

    for (int r = 0; r < size; r++) {
        double steps = all[r].whole > 0 ? last : last - first;

        sum.bytes += all[r].own.bytes / size / steps;
        if (all[r].measured <= 0) continue;
        measured++;
        sum.step += all[r].own.step;
        for (int p = 0; p < BENCH_PARTS; p++)
            sum.part[p] += all[r].own.part[p];
    }
    sum.step = measured > 0 ? sum.step / measured : all[0].own.step;
    sum.samples = all[0].own.samples / sum.step;
    for (int p = 0; p < BENCH_PARTS; p++)
        sum.part[p] /= measured; /* 0 / 0: nobody did */
    sum.arrival = join_arrivals(all, size, last);
    return sum;
}

static tally_status gather(tally_run *run, const meter *m, bench_account *account)
{
    tally_comm *c = run->comm;
    record mine = record_of(run, m), *all = calloc((size_t)c->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d accounts", c->size);

    status = tally_agree(c, status);
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status) *account = join(all, c->size, (double)m->step, (double)run->step);
    free(all);
    return status;
}

tally_status bench_account_take(tally_run *run, tally_comm *c,
                                const bench_target *target, bench_account *account)
{
    meter m = {.target = target};

    TALLY_TRY(tally_run_open(run, c));
    if (target) TALLY_TRY(bench_target_check(target, run));
    m.before = bytes_of(run);
    m.then = run->after_step;
    run->observer.context = &m;
    run->after_step = after_step;
    tally_status status = tally_run_train(run);
    if (status != TALLY_STOPPED || !run->enough) TALLY_TRY(status);
    tally_error_clear();
    return gather(run, &m, account);
}
