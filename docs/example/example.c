/* example.c — your own objective and your own rule, on any ranks, by any exchange.
 *
 *     f(w) = mean over ranks r of 1/2 sum_i (w_i - (i + r))^2      minimum: w_i = i +
 * mean r
 *
 *     mpirun -n 4 ./example            or: ./example sim:ranks=64 ordered */

#include <tally/tally.h>

#include <stdio.h>

static tally_status gradient(tally_objective *f, const tally_real *w, tally_samples s,
                             tally_real *g, tally_listener l, tally_score *score)
{
    const tally_comm *comm = f->inner;

    for (size_t i = 0; i < f->layout.length; i++) {
        double difference = (double)w[i] - (double)i - comm->rank;

        g[i] = (tally_real)(s.weight * difference);
        score->loss_sum += difference * difference / 2;
    }
    score->count++;
    return l.ready ? l.ready(l.context, (tally_span){0, f->layout.length}) : TALLY_OK;
}

static tally_status apply(tally_rule *r, const tally_step *t, tally_span s,
                          tally_real *w, tally_view agreed)
{
    (void)r;
    for (size_t i = s.first; i < s.first + s.count; i++)
        w[i] -= (tally_real)t->rate * agreed.values[i];
    return TALLY_OK;
}

static const tally_objective_ops targets = {.name = "targets", .gradient = gradient};
static const tally_rule_ops downhill = {
    .about = {.name = "downhill", .brief = "a rule of my own"},
      .apply = apply
};

static tally_status body(tally_comm *comm, void *exchange)
{
    tally_objective f = {.ops = &targets, .inner = comm};
    tally_run run = {.objective = &f};

    TALLY_TRY(tally_layout_add(&f.layout, "w", TALLY_WEIGHT, 1, (size_t[]){1000}));
    TALLY_TRY(tally_run_set(&run, "rule", "downhill"));
    TALLY_TRY(tally_run_set(&run, "exchange", exchange));
    TALLY_TRY(tally_run_set(&run, "steps", "100"));
    TALLY_TRY(tally_run_open(&run, comm));
    TALLY_TRY(tally_run_train(&run));
    if (comm->rank == 0)
        printf("%d ranks: w[500] = %.3f\n", comm->size, (double)run.w[500]);
    tally_run_close(&run);
    tally_objective_close(&f);
    return TALLY_OK;
}

int main(int argc, char *argv[])
{
    tally_status status = tally_register_rule(&downhill);

    if (!status)
        status = tally_launch(argc > 1 ? argv[1] : "auto", body,
                              argc > 2 ? argv[2] : "allreduce");
    if (status) fprintf(stderr, "%s\n", tally_error_sentence());
    return (int)status;
}
