/* verdict.c — after an iteration every rank knows Lagrangian, objective and residual.
 *
 *     measure     each rank: the sums of its layers
 *     gather      all ranks: the sums of all layers
 *     verdict     added in the order of layers: the same bits for any pipeline
 *
 * 8 + 48 bytes a layer and rank, on the control channel. */

#include "base/status.h"
#include "base/stop.h"
#include "trainer/admm/admm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT_NUMBER = 1 /* of the control channel */ };

/* What a rank says of one iteration, and then of its layers. */
struct admm_record {
    double stop;
    admm_terms terms[];
};

tally_status admm_open_reports(admm_reports *r, const admm *a)
{
    size_t bytes = sizeof *r->mine + a->count * sizeof(admm_terms);

    r->mine = tally_allocate(1, bytes);
    if (!r->mine)
        return TALLY_FAIL(MEMORY, "no memory for the sums of %zu layers", a->count);
    return tally_gather_open(&r->all, a->comm, TALLY_CONTROL, REPORT_NUMBER, bytes);
}

void admm_close_reports(admm_reports *r)
{
    tally_gather_close(&r->all);
    free(r->mine);
    *r = (admm_reports){0};
}

static tally_status not_finite(const tally_run *run, size_t layer)
{
    char sentence[256];

    snprintf(
        sentence, sizeof sentence,
        "iteration %llu: the variables of layer %zu are not finite; try another nu "
        "or rho, or --trainer.variant spec",
        (unsigned long long)run->step + 1, layer);
    return tally_error_adopt(TALLY_FAIL(DIVERGED, "%s", sentence), sentence);
}

/* Residuals of two layers, or of two parts of the rows. */
static double join(const admm_method *method, double a, double b)
{
    return method->residual_is_most ? fmax(a, b) : a + b;
}

static void add_terms(const admm_method *method, const admm_terms *more, bool first,
                      admm_terms *t)
{
    t->risk += more->risk;
    t->fit += more->fit;
    t->ridge += first ? more->ridge : 0; /* a team has one W */
    t->activation += more->activation;
    t->dual += more->dual;
    t->residual = join(method, t->residual, more->residual);
}

static const admm_record *record_of(const admm_reports *r, int rank)
{
    return (const void *)(r->all.all + (size_t)rank * r->all.record);
}

/* One layer's sums over the ranks that share it. */
static admm_terms terms_of(const admm_reports *r, const admm *a, const admm_layer *l)
{
    admm_terms t = {0};

    for (int k = 0; k < a->team_size; k++)
        add_terms(a->method,
                  &record_of(r, l->owner * a->team_size + k)->terms[l->index - 1],
                  k == 0, &t);
    return t;
}

static tally_status read_reports(const admm_reports *r, const admm *a,
                                 const tally_run *run, admm_verdict *v)
{
    *v = (admm_verdict){0};
    for (int rank = 0; rank < a->comm->size; rank++)
        v->stop |= record_of(r, rank)->stop > 0;
    for (size_t i = 0; i < a->depth; i++) {
        admm_terms t = terms_of(r, a, a->chain[i]);
        double share = a->method->lagrangian(a, &t);

        if (!isfinite(share)) return not_finite(run, a->chain[i]->index);
        v->lagrangian += share;
        v->size += fabs(share) + 2 * fabs(t.dual);
        v->objective += a->method->objective(a, &t);
        v->risk += t.risk;
        v->residual = join(a->method, v->residual, t.residual);
    }
    return TALLY_OK;
}

/* Every rank compares the same numbers, so all know of it. */
static tally_status check_descent(admm *a, const tally_run *run, const admm_verdict *v)
{
    double before = a->scalars->lagrangian;
    double room = sizeof(tally_real) == sizeof(double) ? 1e-11 : 2e-5;
    bool rose = v->lagrangian > before + room * (fabs(before) + v->size);
    char sentence[256];

    a->scalars->lagrangian = v->lagrangian;
    if (!a->o->check || !a->method->descends(a) || !rose) return TALLY_OK;
    snprintf(sentence, sizeof sentence,
             "check: iteration %llu: the Lagrangian rose from %.9g to %.9g",
             (unsigned long long)run->step + 1, before, v->lagrangian);
    return tally_error_adopt(TALLY_FAIL(DIVERGED, "%s", sentence), sentence);
}

tally_status admm_judge(admm_reports *r, admm *a, const tally_run *run, admm_verdict *v)
{
    memset(r->mine, 0, r->all.record);
    r->mine->stop = tally_stop_requested() || run->enough;
    for (size_t i = a->first; i < a->end; i++)
        a->method->measure(a, a->chain[i], &r->mine->terms[a->chain[i]->index - 1]);
    double begin = tally_now(a->comm);
    TALLY_TRY(tally_gather_start(&r->all, r->mine));
    TALLY_TRY(tally_gather_wait(&r->all));
    a->spent.wait += tally_now(a->comm) - begin;
    TALLY_TRY(read_reports(r, a, run, v));
    return check_descent(a, run, v);
}
