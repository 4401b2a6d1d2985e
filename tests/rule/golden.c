/* golden.c — every rule against trajectories of PyTorch and of plain numpy.
 *
 * Replay: the stored gradients go in, the weights must come out, in one span and in
 * three from the last to the first.  Free run: the gradient of the quadratic is
 * computed here, so errors may feed back. */

#include "support/golden.h"

#include "tally/rule.h"

#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 20 };

typedef struct path {
    char spec[256];
    size_t d;
    double rate;
    double *x, *g, *at; /* (STEPS + 1) x d, STEPS x d, STEPS x d or NULL */
} path;

static void append_text(char *spec, const char *name, const char *value)
{
    size_t used = strlen(spec);

    snprintf(spec + used, 256 - used, "%c%s=%s", strchr(spec, ':') ? ',' : ':', name,
             value);
}

static void append(char *spec, const char *name, double value)
{
    char text[32];

    snprintf(text, sizeof text, "%.17g", value);
    append_text(spec, name, text);
}

/* What the files give as lengths, and we in units of the rate; the rate is known. */
static bool in_rates(path *p, const char *key, const json_t *value)
{
    if (strcmp(key, "final_lr") == 0) {
        append(p->spec, "final", json_number_value(value) / p->rate);
    } else if (strcmp(key, "etas") == 0) {
        append(p->spec, "shrink", json_number_value(json_array_get(value, 0)));
        append(p->spec, "grow", json_number_value(json_array_get(value, 1)));
    } else if (strcmp(key, "step_sizes") == 0) {
        append(p->spec, "least", json_number_value(json_array_get(value, 0)) / p->rate);
        append(p->spec, "most", json_number_value(json_array_get(value, 1)) / p->rate);
    } else {
        return false;
    }
    return true;
}

/* The names that the files use, and ours; decay is "l2" or "decay". */
static void add_hyper(path *p, const char *key, const json_t *value, const char *decay)
{
    static const char *const ours[][2] = {
        {"momentum",                  "beta"      },
        {"beta",                      "beta"      },
        {"lam",                       "beta"      },
        {"mu",                        "beta"      },
        {"dampening",                 "damp"      },
        {"eps",                       "epsilon"   },
        {"alpha",                     "rho"       },
        {"rho",                       "rho"       },
        {"lr_decay",                  "rate_decay"},
        {"initial_accumulator_value", "initial"   },
        {"momentum_decay",            "psi"       },
        {"gamma",                     "gamma"     },
    };

    if (strcmp(key, "lr") == 0) return;
    if (strcmp(key, "betas") == 0) {
        append(p->spec, "beta1", json_number_value(json_array_get(value, 0)));
        append(p->spec, "beta2", json_number_value(json_array_get(value, 1)));
    } else if (strcmp(key, "weight_decay") == 0) {
        append(p->spec, decay, json_number_value(value));
    } else if (strcmp(key, "centered") == 0) {
        append_text(p->spec, "centred", json_is_true(value) ? "true" : "false");
    } else if (strcmp(key, "nesterov") != 0 && strcmp(key, "amsgrad") != 0 &&
               strcmp(key, "amsbound") != 0 && !in_rates(p, key, value)) {
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            if (strcmp(key, ours[i][0]) != 0) continue;
            append(p->spec, ours[i][1], json_number_value(value));
            return;
        }
        cr_fatal("no option for the hyperparameter %s", key);
    }
}

/* What the files leave to the reference's defaults, and ours differ in: lengths. */
static void add_lengths(path *p, const json_t *hyper)
{
    if (strstr(p->spec, "bound") && !golden_at(hyper, "final_lr"))
        append(p->spec, "final", 0.1 / p->rate);
    if (strstr(p->spec, "rprop") && !golden_at(hyper, "step_sizes")) {
        append(p->spec, "least", 1e-6 / p->rate);
        append(p->spec, "most", 50 / p->rate);
    }
}

static path path_open(const json_t *problem, const char *spec, const char *decay)
{
    path p = {0};
    size_t count;
    const char *key;
    json_t *value;

    snprintf(p.spec, sizeof p.spec, "%s", spec);
    p.rate = golden_number(problem, "hyper.lr", 0);
    json_object_foreach(json_object_get(problem, "hyper"), key, value)
    {
        add_hyper(&p, key, value, decay);
    }
    add_lengths(&p, golden_at(problem, "hyper"));
    p.x = golden_numbers(golden_at(problem, "x"), &count);
    p.d = count / (STEPS + 1);
    p.g = golden_numbers(golden_at(problem, "g"), &count);
    if (golden_at(problem, "x_eval"))
        p.at = golden_numbers(golden_at(problem, "x_eval"), &count);
    return p;
}

static void path_close(path *p)
{
    free(p->x);
    free(p->g);
    free(p->at);
}

/* In double the bar is 1e-10.  In single precision a step rounds at most 8 times, each
 * time by 2^-24 of the largest weight or step; momentum carries an error on for at most
 * 10 steps' worth (beta <= 0.9); there are 20 steps. */
static double tolerance(const path *p)
{
    double scale = 1;

    for (size_t i = 0; i < (STEPS + 1) * p->d; i++)
        scale = fmax(scale, fabs(p->x[i]));
    for (size_t i = 0; i < STEPS * p->d; i++)
        scale = fmax(scale, fabs(p->rate * p->g[i]));
    return (sizeof(tally_real) == sizeof(double) ? 1e-10 : 20 * 8 * 10 * 0x1p-24) *
           scale;
}

static void compare(const char *what, const path *p, size_t t, const tally_real *is,
                    const double *should)
{
    for (size_t i = 0; i < p->d; i++)
        if (!(fabs((double)is[i] - should[t * p->d + i]) <= tolerance(p)))
            cr_fatal("%s: %s[%zu] at step %zu is %.17g, expected %.17g", p->spec, what,
                     i, t, (double)is[i], should[t * p->d + i]);
}

/* One step of the rule, as a trainer takes it, in `count` spans from the last on. */
static void move(tally_rule *r, const tally_step *t, size_t count, tally_real *w,
                 tally_real *g)
{
    size_t d = r->layout->length;

    for (size_t k = count; k-- > 0;) {
        tally_span s = {k * d / count, (k + 1) * d / count - k * d / count};
        tally_view v = {0};

        expect_ok(tally_rule_propose(r, t, s, g, &v));
        expect_ok(tally_rule_apply(r, t, s, w, v, NULL));
    }
}

typedef void gradient(const path *p, size_t t, const tally_real *at, tally_real *g);

static void walk(const path *p, size_t spans, gradient *slope)
{
    tally_layout layout = {0};
    tally_rule r;
    tally_real *w, *g, *room;
    const tally_real *at;

    expect_ok(tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, &p->d));
    expect_ok(tally_rule_open(&r, p->spec, &layout));
    w = tally_allocate(3 * p->d, sizeof *w);
    g = w + p->d;
    room = g + p->d;
    for (size_t i = 0; i < p->d; i++)
        w[i] = (tally_real)p->x[i];
    for (size_t t = 0; t < STEPS; t++) {
        tally_step step = {.number = t + 1, .rate = p->rate};

        expect_ok(tally_rule_place(&r, &step, w, room, &at));
        if (p->at) compare("place", p, t, at, p->at);
        slope(p, t, at, g);
        move(&r, &step, spans, w, g);
        compare("w", p, t + 1, w, p->x);
    }
    free(w);
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

static void stored(const path *p, size_t t, const tally_real *at, tally_real *g)
{
    (void)at;
    for (size_t i = 0; i < p->d; i++)
        g[i] = (tally_real)p->g[t * p->d + i];
}

/* A x - b */
static void quadratic(const path *p, size_t t, const tally_real *at, tally_real *g)
{
    size_t count;
    json_t *problems = golden_open("problems");
    double *a = golden_numbers(golden_at(problems, "quad.A"), &count);
    double *b = golden_numbers(golden_at(problems, "quad.b"), &count);

    (void)t;
    for (size_t i = 0; i < p->d; i++) {
        double sum = -b[i];

        for (size_t j = 0; j < p->d; j++)
            sum += a[i * p->d + j] * (double)at[j];
        g[i] = (tally_real)sum;
    }
    free(a);
    free(b);
    json_decref(problems);
}

static void check(const char *name, const char *spec, const char *decay)
{
    for (char which = 'a'; which <= 'b'; which++) {
        char file[64];
        const char *problem;
        json_t *value;

        snprintf(file, sizeof file, "%s.%c", name, which);
        json_t *json = golden_open(file);
        json_object_foreach(json_object_get(json, "problems"), problem, value)
        {
            path p = path_open(value, spec, decay);

            walk(&p, 1, stored);
            walk(&p, 3, stored);
            if (sizeof(tally_real) == sizeof(double) && strcmp(problem, "quad") == 0)
                walk(&p, 1, quadratic);
            path_close(&p);
        }
        json_decref(json);
    }
}

Test(golden, sgd_is_torch_sgd)
{
    check("sgd", "sgd", "l2");
}

Test(golden, momentum_buffer_is_torch_momentum)
{
    check("momentum_torch", "momentum", "l2");
}

Test(golden, momentum_buffer_is_the_lecture_form)
{
    check("momentum_lecture_kun", "momentum:form=buffer", "l2");
}

Test(golden, momentum_velocity)
{
    check("momentum_velocity", "momentum:form=velocity", "l2");
}

Test(golden, momentum_ema)
{
    check("momentum_ema", "momentum:form=ema", "l2");
}

Test(golden, momentum_heavyball)
{
    check("momentum_heavyball", "momentum:form=heavyball", "l2");
}

Test(golden, nesterov_buffer_is_torch_nesterov)
{
    check("nag_torch", "nesterov", "l2");
}

Test(golden, nesterov_lookahead)
{
    check("nag_lookahead", "nesterov:form=lookahead", "l2");
}

Test(golden, nesterov_ema_is_the_lecture_form)
{
    check("nag_lecture3", "nesterov:form=ema", "l2");
}

Test(golden, nesterov_convex)
{
    check("nesterov_convex", "nesterov:form=convex", "l2");
}

Test(golden, adam_is_torch_adam)
{
    check("adam", "adam", "l2");
}

Test(golden, adamw_is_torch_adamw)
{
    check("adamw", "adamw", "decay");
}

Test(golden, adagrad_is_torch_adagrad)
{
    check("adagrad", "adagrad", "l2");
}

Test(golden, adadelta_is_torch_adadelta)
{
    check("adadelta", "adadelta", "l2");
}

Test(golden, rmsprop_is_torch_rmsprop)
{
    check("rmsprop", "rmsprop", "l2");
    check("rmsprop_centered", "rmsprop", "l2");
    check("rmsprop_momentum", "rmsprop", "l2");
}

/* The lecture's form has no epsilon. */
Test(golden, rmsprop_from_the_first_square_is_the_lecture_form)
{
    check("rmsprop_ntu", "rmsprop:start=square,epsilon=1e-30", "l2");
}

Test(golden, adamax_is_torch_adamax)
{
    check("adamax", "adamax", "l2");
}

Test(golden, nadam_is_the_documented_formula)
{
    check("nadam", "nadam", "l2");
}

Test(golden, radam_is_torch_radam)
{
    check("radam", "radam", "l2");
}

Test(golden, amsgrad_is_torch_amsgrad)
{
    check("amsgrad", "amsgrad", "l2");
}

Test(golden, adabound_is_its_authors_code)
{
    check("adabound", "adabound", "l2");
}

Test(golden, amsbound_is_its_authors_code)
{
    check("amsbound", "amsbound", "l2");
}

Test(golden, rprop_is_torch_rprop)
{
    check("rprop", "rprop", "l2");
}

Test(golden, signsgd)
{
    check("signsgd", "signsgd", "decay");
}

Test(golden, signum)
{
    check("signum", "signum", "decay");
}
