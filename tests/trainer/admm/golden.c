/* golden.c — every variable of every method after iterations 0, 1, 2 and 10, against a
 * float64 reference, and the objective and residual after each of 50. */

#include "support/expect.h"
#include "trainer/admm/small.h"

#include <math.h>
#include <stdio.h>

/* double: the reference's own error is 3e-13 (golden/admm/README.md).
 * float: a value of size v takes a rounding of 2^-24 v from each of some 40 operations
 * an iteration, the solution for z divides by nu = 0.1, and an error lives on; so after
 * k iterations at most about 40 k 2^-24 / 0.1 of a value below 4: 1e-4 k.  Doubled
 * steps change when a curvature lies within rounding of a power of two; none does here.
 * float on a grid: what lies half-way between two levels may become either, which is
 * one level of 1/64 an iteration, and is passed on by factors below one. */
static double allowed(const admm_options *o, int iteration)
{
    if (sizeof(tally_real) == sizeof(double)) return 1e-10;
    return (o->quantize == ADMM_NONE ? 1e-4 : 1.0 / 64) * (iteration + 1);
}

enum { ROWS = 7, LAYERS = 3 };

static const size_t widths[] = {5, 4, 4, 3};

typedef struct golden {
    small s;
    reference inputs, values;
} golden;

/* to: rows × columns of one sample a row; from: one sample a column. */
static void turn(const double *from, size_t columns, size_t rows, tally_real *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            to[i * columns + j] = (tally_real)from[j * rows + i];
}

static void copy(const double *from, size_t n, tally_real *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (tally_real)from[i];
}

static void begin(golden *g, const char *file, const admm_method *method,
                  tally_comm *comm)
{
    char name[16];

    reference_open(&g->inputs, "inputs");
    reference_open(&g->values, file);
    expect_ok(small_open(&g->s, method, comm, widths, LAYERS, ROWS));
    turn(reference_at(&g->inputs, "X", 5, ROWS), 5, ROWS, g->s.a.x);
    for (size_t i = 0; i < LAYERS; i++) {
        admm_layer *l = &g->s.a.layers[i];

        snprintf(name, sizeof name, "W%zu", i + 1);
        copy(reference_at(&g->inputs, name, l->out, l->in), l->in * l->out, l->w);
        snprintf(name, sizeof name, "b%zu", i + 1);
        copy(reference_at(&g->inputs, name, l->out, 1), l->out, l->b);
    }
    expect_ok(admm_take_samples(&g->s.a));
    expect_ok(admm_begin(&g->s.a, 0, ADMM_FORWARD));
}

static void end(golden *g)
{
    small_close(&g->s);
    reference_close(&g->inputs);
    reference_close(&g->values);
}

static void compare(const golden *g, int k, const char *name, size_t number,
                    const tally_real *v, size_t rows, size_t columns, bool turned)
{
    char key[64];

    snprintf(key, sizeof key, number ? "it%d/%s%zu" : "it%d/%s", k, name, number);
    const double *expected =
        reference_at(&g->values, key, turned ? columns : rows, turned ? rows : columns);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            double is = (double)v[i * columns + j];
            double should = expected[turned ? j * rows + i : i * columns + j];

            cr_assert(fabs(is - should) <= allowed(&g->s.o, k),
                      "%s[%zu, %zu] is %.17g, expected %.17g", key, i, j, is, should);
        }
}

static void compare_number(const golden *g, int k, const char *name, double is)
{
    char key[64];

    snprintf(key, sizeof key, "it%d/%s", k, name);
    double should = *reference_at(&g->values, key, 1, 1);
    cr_assert(fabs(is - should) <= allowed(&g->s.o, k) * (1 + fabs(should)),
              "%s is %.17g, expected %.17g", key, is, should);
}

static void measure(golden *g, double *lagrangian, double *residual)
{
    admm *a = &g->s.a;

    *lagrangian = *residual = 0;
    for (size_t i = 0; i < LAYERS; i++) {
        admm_terms t = {0};

        a->method->measure(a, &a->layers[i], &t);
        *lagrangian += a->method->lagrangian(a, &t);
        *residual = a->method == &admm_mdlam ? fmax(*residual, t.residual)
                                             : *residual + t.residual;
    }
}

/* W, b and z of every layer: all methods have them. */
static void compare_layers(const golden *g, int k)
{
    for (size_t i = 0; i < LAYERS; i++) {
        const admm_layer *l = &g->s.a.layers[i];

        compare(g, k, "W", i + 1, l->w, l->out, l->in, false);
        compare(g, k, "b", i + 1, l->b, l->out, 1, false);
        compare(g, k, "z", i + 1, l->z, ROWS, l->out, true);
    }
}

static void compare_pdadmm(const golden *g, int k)
{
    char key[64];

    for (size_t i = 0; i < LAYERS; i++) {
        const admm_layer *l = &g->s.a.layers[i];

        if (l->q) compare(g, k, "q", i + 1, l->q, ROWS, l->out, true);
        if (l->q) compare(g, k, "u", i + 1, l->u, ROWS, l->out, true);
        if (i > 0) compare(g, k, "p", i + 1, l->p, ROWS, l->in, true);
        if (k < 10) continue; /* the first gradients are rounding, and steps of noise */
        snprintf(key, sizeof key, "it%d/theta", k);
        cr_expect(eq(dbl, l->theta, reference_at(&g->values, key, 1, 3)[i]));
        snprintf(key, sizeof key, "it%d/tau", k);
        if (i) cr_expect(eq(dbl, l->tau, reference_at(&g->values, key, 1, 2)[i - 1]));
    }
}

static void compare_others(const golden *g, int k)
{
    for (size_t i = 1; i < LAYERS; i++)
        compare(g, k, "a", i, g->s.a.layers[i].p, ROWS, g->s.a.layers[i].in, true);
    if (g->s.a.method == &admm_dladmm)
        compare(g, k, "u", 0, g->s.a.layers[LAYERS - 1].u, ROWS, 3, true);
    if (g->s.a.method != &admm_mdlam) return;
    compare_number(g, k, "s", g->s.a.scalars->s);
    compare_number(g, k, "omega", g->s.a.scalars->omega);
}

static tally_status follow(tally_comm *comm, void *context)
{
    golden *g = context;
    const double *history = NULL;
    double lagrangian, residual;
    bool pdadmm = g->s.a.method == &admm_pdadmm;

    (void)comm;
    history = reference_at(&g->values, "history", 51, 2);
    for (int k = 0; k <= 50; k++) {
        if (k > 0) expect_ok(g->s.a.method->iterate(&g->s.a, (uint64_t)k - 1));
        measure(g, &lagrangian, &residual);
        cr_assert(fabs(lagrangian - history[2 * k]) <=
                      allowed(&g->s.o, k) * (1 + fabs(lagrangian)),
                  "after %d: %.17g, expected %.17g", k, lagrangian, history[2 * k]);
        cr_assert(fabs(residual - history[2 * k + 1]) <= allowed(&g->s.o, k),
                  "after %d: residual %.17g, expected %.17g", k, residual,
                  history[2 * k + 1]);
        if (k != 0 && k != 1 && k != 2 && k != 10) continue;
        compare_layers(g, k);
        if (pdadmm)
            compare_pdadmm(g, k);
        else
            compare_others(g, k);
        compare_number(g, k, g->s.a.method == &admm_mdlam ? "objective" : "lagrangian",
                       lagrangian);
        compare_number(
            g, k, g->s.a.method == &admm_mdlam ? "infeasibility" : "primal_residual",
            residual);
    }
    return TALLY_OK;
}

typedef struct task {
    const char *file;
    const admm_method *method;
    admm_options o;
} task;

static tally_status run(tally_comm *comm, void *context)
{
    const task *t = context;
    golden g = {.s.o = t->o};

    begin(&g, t->file, t->method, comm);
    tally_status status = follow(comm, &g);
    end(&g);
    return status;
}

static void expect_golden(task t)
{
    t.o.step = ADMM_DOUBLE;
    expect_ok(tally_launch("self", run, &t));
}

Test(admm_golden, pdadmm)
{
    expect_golden((task){"pdadmm", &admm_pdadmm, small_options()});
}

Test(admm_golden, pdadmm_with_a_ridge_and_rho_of_nu)
{
    task t = {"pdadmm_ridge_eqrho", &admm_pdadmm, small_options()};

    t.o.rho = t.o.nu;
    t.o.mu = 0.01;
    expect_golden(t);
}

Test(admm_golden, pdadmm_with_p_on_a_grid)
{
    task t = {"pdadmm_q_p8", &admm_pdadmm, small_options()};

    t.o.quantize = ADMM_P;
    expect_golden(t);
}

Test(admm_golden, pdadmm_with_p_and_q_on_a_grid)
{
    task t = {"pdadmm_q_pq8", &admm_pdadmm, small_options()};

    t.o.quantize = ADMM_PQ;
    expect_golden(t);
}

Test(admm_golden, dladmm)
{
    task t = {"dladmm", &admm_dladmm, small_options()};

    t.o.rho = 1.2;
    expect_golden(t);
}

Test(admm_golden, mdlam)
{
    task t = {"mdlam", &admm_mdlam, small_options()};

    t.o.mu = 1e-3;
    t.o.eps = t.o.eps_least = 0.5;
    expect_golden(t);
}
