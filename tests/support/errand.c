/* errand.c — a whole run on a problem that the dullest code can follow. */

#include "support/errand.h"

#include "num/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the problem ---- */

double errand_x(uint64_t row, size_t i)
{
    double u = tally_random_uniform(21, TALLY_FOR_TESTS, row, i);

    return (double)(tally_real)((2 * u - 1) / 16);
}

int32_t errand_y(uint64_t row)
{
    return (int32_t)(tally_random(22, TALLY_FOR_TESTS, row, 0) % 7) - 3;
}

static double residual(const tally_real *w, uint64_t row)
{
    double sum = -errand_y(row);

    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        sum += errand_x(row, i) * (double)w[i];
    return sum;
}

void errand_gradient(const tally_real *w, const uint64_t *rows, size_t count,
                     double weight, double *g)
{
    memset(g, 0, ERRAND_LENGTH * sizeof *g);
    for (size_t r = 0; r < count; r++) {
        double away = residual(w, rows[r]);

        for (size_t i = 0; i < ERRAND_LENGTH; i++)
            g[i] += weight * away * errand_x(rows[r], i);
    }
}

double errand_loss(const tally_real *w, uint64_t row)
{
    double away = residual(w, row);

    return away * away / 2;
}

/* ---- the same as an objective ---- */

/* One rank's objective; `inner` of its tally_objective. */
typedef struct worker {
    errand *e;
    tally_comm *comm;
    int rank;
    uint64_t calls;
} worker;

static tally_status init(tally_objective *f, uint64_t seed, tally_real *w)
{
    for (size_t i = 0; i < f->layout.length; i++)
        w[i] =
            (tally_real)(0.2 * tally_random_uniform(seed, TALLY_FOR_TESTS, 0, i) - 0.1);
    return TALLY_OK;
}

static const uint64_t row_zero = 0; /* what an objective without data looks at */

static void record(const worker *o, const tally_real *w, tally_samples s,
                   const uint64_t *rows)
{
    errand_call *call = &o->e->rank[o->rank].call[s.step % ERRAND_STEPS];

    call->count = s.count;
    memcpy(call->rows, rows, s.count * sizeof *rows);
    memcpy(call->at, w, sizeof call->at);
    for (size_t r = 0; r < s.count; r++) {
        o->e->trained[rows[r]]++;
        o->e->largest = fmax(o->e->largest, fabs(residual(w, rows[r])));
    }
}

/* The last tensor first, as a backward pass would. */
static tally_status announce(const tally_objective *f, tally_listener l)
{
    for (size_t t = f->layout.count; l.ready && t-- > 0;)
        TALLY_TRY(l.ready(l.context, f->layout.tensors[t].span));
    return TALLY_OK;
}

static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    worker *o = f->inner;
    const uint64_t *rows = s.rows ? s.rows : &row_zero;
    double exact[ERRAND_LENGTH];

    record(o, w, s, rows);
    if (o->e->delay) tally_spend(o->comm, o->e->delay(o->rank, o->calls++));
    errand_gradient(w, rows, s.count, s.weight, exact);
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        g[i] = (tally_real)exact[i];
    for (size_t r = 0; r < s.count; r++)
        score->loss_sum += errand_loss(w, rows[r]);
    score->count += s.count;
    if (o->rank == o->e->bad_rank && s.step + 1 == o->e->bad_step)
        score->loss_sum = (double)(g[250] = (tally_real)NAN);
    return announce(f, l);
}

/* A row is "correct" when it is closer than 1: only there to be counted. */
static tally_status value(tally_objective *f, const tally_real *w, tally_samples s,
                          tally_score *score)
{
    const worker *o = f->inner;

    for (size_t r = 0; r < s.count; r++) {
        double loss = errand_loss(w, s.rows[r]);

        o->e->scored[s.split][s.rows[r]]++;
        score->loss_sum += loss;
        score->correct += loss < 0.5;
    }
    score->count += s.count;
    return TALLY_OK;
}

static const tally_objective_ops least_squares = {
    .name = "least squares", .init = init, .gradient = gradient, .value = value};

static tally_status add_tensors(tally_layout *layout)
{
    TALLY_TRY(tally_layout_add(layout, "a", TALLY_WEIGHT, 1, (size_t[]){200}));
    TALLY_TRY(tally_layout_add(layout, "b", TALLY_WEIGHT, 1, (size_t[]){300}));
    return tally_layout_add(layout, "c", TALLY_BIAS, 1, (size_t[]){100});
}

/* ---- the run ---- */

static tally_status set_all(tally_run *run, const char *settings)
{
    char name[64], value_text[256];
    int used;

    while (sscanf(settings, " %63[^= ]=%255s%n", name, value_text, &used) == 2) {
        TALLY_TRY(tally_run_set(run, name, value_text));
        settings += used;
    }
    return TALLY_OK;
}

static void keep(errand_rank *mine, const tally_run *run, tally_status status)
{
    mine->status = status;
    if (status)
        snprintf(mine->sentence, sizeof mine->sentence, "%s", tally_error_sentence());
    mine->spans = run->plan_count;
    mine->steps_per_epoch = run->steps_per_epoch;
    mine->result = run->result;
    mine->result.tale = NULL;
    if (run->result.tale) {
        mine->tale = *run->result.tale;
        memcpy(mine->worker, mine->tale.worker,
               mine->tale.count * sizeof *mine->tale.worker);
        mine->tale.worker = mine->worker;
    }
    if (run->w) memcpy(mine->w, run->w, sizeof mine->w);
}

tally_status errand_body(tally_comm *c, void *context)
{
    errand *e = context;
    worker mine = {.e = e, .comm = c, .rank = c->rank};
    tally_source source = {.train_count = e->rows, .test_count = e->rows};
    tally_objective f = {.ops = &least_squares, .classifies = true, .inner = &mine};
    tally_run run = {.objective = &f, .observer = e->observer, .resume = e->resume};

    if (e->rows) f.source = &source;
    tally_status status = add_tensors(&f.layout);
    if (!status) status = set_all(&run, e->settings);
    if (!status && e->other_settings && c->rank == e->other_rank)
        status = set_all(&run, e->other_settings);
    if (!status) status = tally_run_open(&run, c);
    if (!status) status = e->use ? e->use(e, &run) : tally_run_train(&run);
    keep(&e->rank[c->rank], &run, status);
    tally_run_close(&run);
    tally_objective_close(&f);
    return status;
}

tally_status errand_run(errand *e, const char *comm)
{
    if (!e->rank) e->rank = malloc(ERRAND_RANKS * sizeof *e->rank);
    if (!e->rank) return TALLY_FAIL(MEMORY, "no memory for what ranks did");
    memset(e->rank, 0, ERRAND_RANKS * sizeof *e->rank);
    memset(e->scored, 0, sizeof e->scored);
    memset(e->trained, 0, sizeof e->trained);
    e->largest = 0;
    return tally_launch(comm, errand_body, e);
}

void errand_close(errand *e)
{
    free(e->rank);
    e->rank = NULL;
}

const tally_real *errand_after(const errand *e, int rank, uint64_t t, uint64_t steps)
{
    const errand_rank *r = &e->rank[rank];

    return t + 1 < steps ? r->call[t + 1].at : r->w;
}
