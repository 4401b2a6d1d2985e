/* train.c — `tally bench train`: strategies of training, ranked on these ranks.
 *
 *     in each round every strategy trains the same model on the same rows for some
 *     steps, one strategy after the other; the first step of a run is left out
 *
 *     step       between two steps done, of rank 0
 *     compute    gradients; encode, wait, wire, decode: the exchange, see tally_spent;
 *     ...        apply: moving weights.  Means over ranks; what a trainer does not
 *                measure is "-".  For a server compute and wait (for replies: the
 *                server, its queue and the wire) are means over workers; ADMM's
 *                waits are all called wait
 *     samples/s  of all ranks.  A step of a server is a batch of each worker, one of
 *                ADMM all rows, so this, and not the step, ranks strategies
 *     ratio      samples/s of the first over this one's in the same round
 *
 * Figures are medians over the rounds, with least and most where spread is asked for.
 */

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bench/bench.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "run/config.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRATEGIES_MOST = 16, ROUNDS_MOST = 1000 };

enum { COMPUTE, ENCODE, WAIT, WIRE, DECODE, APPLY, PARTS };

typedef struct job {
    cli_failure *failure;
    bool help, json, csv;
    const char *compare, *round_words;
    uint64_t rounds;
    int count;
    char names[STRATEGIES_MOST][64];
    json_t *options[STRATEGIES_MOST]; /* resolved; owned */
    tally_status asked; /* of reading the words; agreed on once there are ranks */
} job;

/* What one rank saw of one run, or all ranks of one round; seconds of a step. */
typedef struct account {
    double step, part[PARTS], samples; /* samples: a second */
    double bytes;                      /* sent by a rank in a step */
    double measured;                   /* 1: this rank's parts are */
} account;

typedef struct bench {
    const job *job;
    tally_comm *comm;
    account *of_ranks;                /* owned: one a rank */
    account *rounds[STRATEGIES_MOST]; /* owned: one a round */
    double *column, *ratios;          /* owned: scratch, one a round */
    size_t weights;
    uint64_t batch;
    cli_table table;
} bench;

/* ---- one run ---- */

/* A run whose first step is looked at, to be left out. */
typedef struct timed {
    tally_run run;
    tally_status (*then)(tally_run *run, const tally_score *score, double rate,
                         bool stop);
    bool seen;
    uint64_t step, samples, bytes;
    tally_spent spent;
} timed;

static uint64_t bytes_of(const tally_run *run)
{
    return run->comm->traffic[TALLY_EXCHANGE].bytes_sent +
           run->comm->traffic[TALLY_MIX].bytes_sent;
}

static tally_status after_step(tally_run *run, const tally_score *score, double rate,
                               bool stop)
{
    timed *t = (timed *)(void *)run; /* its first member */
    tally_status status = t->then(run, score, rate, stop);

    if (t->seen) return status;
    t->seen = true;
    t->step = run->step;
    t->samples = run->result.samples;
    t->bytes = bytes_of(run);
    t->spent = run->spent;
    return status;
}

static void account_for_workers(const tally_tale *tale, double steps, account *a)
{
    for (size_t m = 0; m < tale->count; m++) {
        a->part[COMPUTE] += tale->worker[m].computing / steps / (double)tale->count;
        a->part[WAIT] += tale->worker[m].waiting / steps / (double)tale->count;
    }
    for (int p = 0; p < PARTS; p++)
        if (p != COMPUTE && p != WAIT) a->part[p] = (double)NAN;
    a->measured = 1;
}

static account account_of(const timed *t)
{
    const tally_run *run = &t->run;
    const tally_spent *now = &run->spent, *first = &t->spent;
    double steps = (double)(run->step - t->step), all = (double)run->step;
    double seconds = (now->steps - first->steps) / steps;
    account a = {
        .step = seconds,
        .part = {now->gradient - first->gradient, now->encode - first->encode,
                 now->wait - first->wait, now->wire - first->wire,
                 now->decode - first->decode, now->apply - first->apply},
        .samples = (double)(run->result.samples - t->samples) / steps / seconds,
        .bytes = (double)(bytes_of(run) - t->bytes),
        .measured = now->gradient + now->exchange > 0,
    };

    for (int p = 0; p < PARTS; p++)
        a.part[p] /= steps;
    if (run->result.tale) account_for_workers(run->result.tale, all, &a);
    return a;
}

/* step and samples are rank 0's, which takes part in every trainer; bytes are a mean
 * over all ranks, parts one over those that measure them. */
static account join(const account *all, int size, double steps)
{
    account sum = {.step = all[0].step, .samples = all[0].samples};

    for (int r = 0; r < size; r++) {
        sum.bytes += all[r].bytes / size / steps;
        sum.measured += all[r].measured;
        for (int p = 0; p < PARTS; p++)
            if (all[r].measured > 0) sum.part[p] += all[r].part[p];
    }
    for (int p = 0; p < PARTS; p++)
        sum.part[p] /= sum.measured; /* 0 / 0: nobody did */
    return sum;
}

static tally_status train(bench *b, int k, timed *t, account *joined)
{
    const job *j = b->job;
    tally_run *run = &t->run;

    TALLY_TRY(tally_config_take(run, j->options[k], NULL));
    TALLY_TRY(tally_run_open(run, b->comm));
    uint64_t before = bytes_of(run);
    t->then = run->after_step;
    run->after_step = after_step;
    TALLY_TRY(tally_run_train(run));
    b->weights = run->f->layout.length;
    b->batch = run->options->batch;
    if (!t->seen) { /* nobody calls it on a worker of a server */
        t->bytes = before;
        t->step = 0;
    }
    account mine = account_of(t);
    TALLY_TRY(tally_gather_all(b->comm, &mine, sizeof mine, b->of_ranks));
    double steps = (double)(run->step - t->step);
    *joined = join(b->of_ranks, b->comm->size, b->comm->rank ? 1 : steps);
    return TALLY_OK;
}

static tally_status take(bench *b, int k, uint64_t round)
{
    timed t = {.seen = false};
    tally_status status = train(b, k, &t, &b->rounds[k][round]);

    tally_run_close(&t.run);
    return status;
}

/* ---- the table ---- */

static const cli_column columns[] = {
    {"strategy",      "strategy",   -10, 0},
    {"step_ms",       "step ms",    9,   3},
    {"step_least_ms", "least",      9,   3},
    {"step_most_ms",  "most",       9,   3},
    {"compute_ms",    "compute",    9,   3},
    {"encode_ms",     "encode",     8,   3},
    {"wait_ms",       "wait",       8,   3},
    {"wire_ms",       "wire",       8,   3},
    {"decode_ms",     "decode",     8,   3},
    {"apply_ms",      "apply",      8,   3},
    {"bytes_sent",    "sent, rank", 11,  0},
    {"samples_per_s", "samples/s",  11,  0},
    {"ratio",         "ratio",      7,   2},
    {"ratio_least",   "least",      6,   2},
    {"ratio_most",    "most",       6,   2},
    {NULL,            NULL,         0,   0},
};

/* The median over rounds of the number at `offset` of an account; its spread in b. */
static bench_times over_rounds(bench *b, int k, size_t offset)
{
    for (uint64_t i = 0; i < b->job->rounds; i++)
        memcpy(&b->column[i], (const char *)&b->rounds[k][i] + offset,
               sizeof *b->column);
    return bench_summary(b->column, b->job->rounds);
}

static double median_rate(bench *b, int k)
{
    return over_rounds(b, k, offsetof(account, samples)).median;
}

/* Fastest first. */
static void sort(bench *b, int *order)
{
    for (int k = 0; k < b->job->count; k++) {
        int at = k;

        for (; at > 0 && median_rate(b, order[at - 1]) < median_rate(b, k); at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

static bench_times ratios(bench *b, int first, int k)
{
    for (uint64_t i = 0; i < b->job->rounds; i++)
        b->ratios[i] = b->rounds[first][i].samples / b->rounds[k][i].samples;
    return bench_summary(b->ratios, b->job->rounds);
}

static void write_row(bench *b, int first, int k)
{
    bench_times step = over_rounds(b, k, offsetof(account, step));
    bench_times ratio = ratios(b, first, k);
    cli_table *t = &b->table;

    cli_table_text(t, b->job->names[k]);
    cli_table_number(t, 1e3 * step.median);
    cli_table_number(t, 1e3 * step.least);
    cli_table_number(t, 1e3 * step.most);
    for (size_t p = 0; p < PARTS; p++)
        cli_table_number(
            t,
            1e3 *
                over_rounds(b, k, offsetof(account, part) + p * sizeof(double)).median);
    cli_table_number(t, over_rounds(b, k, offsetof(account, bytes)).median);
    cli_table_number(t, median_rate(b, k));
    cli_table_number(t, ratio.median);
    cli_table_number(t, ratio.least);
    cli_table_number(t, ratio.most);
}

static tally_status report(bench *b)
{
    const job *j = b->job;
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;
    tally_comm *c = b->comm;
    int order[STRATEGIES_MOST];
    bool simulated = c->ops->spend != NULL;

    sort(b, order);
    if (style == CLI_TEXT)
        printf("%d rank%s on %d node%s, comm %s%s; %zu weights, batch %llu a rank; "
               "medians of %llu round%s\n\n",
               c->size, tally_text_plural((uint64_t)c->size), c->nodes,
               tally_text_plural((uint64_t)c->nodes), c->ops->about.name,
               simulated ? " (a virtual clock)" : "", b->weights,
               (unsigned long long)b->batch, (unsigned long long)j->rounds,
               tally_text_plural(j->rounds));
    cli_table_open(&b->table, style, columns);
    for (int k = 0; k < j->count; k++)
        write_row(b, order[0], order[k]);
    if (style != CLI_JSON) return TALLY_OK;
    return bench_print_json(
        json_pack("{s:s s:i s:i s:s s:b s:I s:I s:I}", "bench", "train", "ranks",
                  c->size, "nodes", c->nodes, "comm", c->ops->about.name, "simulated",
                  (int)simulated, "weights", (json_int_t)b->weights, "batch",
                  (json_int_t)b->batch, "rounds", (json_int_t)j->rounds),
        &b->table);
}

/* ---- the whole ---- */

static tally_status open(bench *b)
{
    size_t rounds = (size_t)b->job->rounds;
    bool fine;

    b->of_ranks = calloc((size_t)b->comm->size, sizeof *b->of_ranks);
    b->column = calloc(rounds, sizeof *b->column);
    b->ratios = calloc(rounds, sizeof *b->ratios);
    fine = b->of_ranks && b->column && b->ratios;
    for (int k = 0; k < b->job->count; k++) {
        b->rounds[k] = calloc(rounds, sizeof *b->rounds[k]);
        fine &= b->rounds[k] != NULL;
    }
    return fine ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %zu rounds", rounds);
}

static tally_status run(bench *b)
{
    const job *j = b->job;

    TALLY_TRY(tally_agree(b->comm, j->asked));
    TALLY_TRY(tally_agree(b->comm, open(b)));
    for (uint64_t i = 0; i < j->rounds; i++)
        for (int k = 0; k < j->count; k++)
            TALLY_TRY(take(b, k, i));
    return b->comm->rank == 0 ? report(b) : TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    bench *b = calloc(1, sizeof *b);
    tally_status status;

    if (!b) {
        status = TALLY_FAIL(MEMORY, "no memory for the bench");
    } else {
        b->job = j;
        b->comm = c;
        status = run(b);
        cli_table_close(&b->table);
        for (int k = 0; k < j->count; k++)
            free(b->rounds[k]);
        free(b->of_ranks);
        free(b->column);
        free(b->ratios);
    }
    free(b);
    return cli_failure_on_rank(j->failure, c, status);
}

/* ---- words ---- */

static tally_status read_strategies(job *j, const cli_grammar *grammar, int count,
                                    char *const *words)
{
    const char *text = j->compare;

    for (size_t length = strcspn(text, ",");; length = strcspn(text, ",")) {
        char *name = j->names[j->count];

        if (j->count == STRATEGIES_MOST)
            return TALLY_FAIL(OPTION, "compare: these are more than %d strategies",
                              STRATEGIES_MOST);
        snprintf(name, sizeof *j->names, "%.*s", (int)length, text);
        TALLY_TRY(bench_run_options(grammar, count, words, name, "20",
                                    &j->options[j->count]));
        j->count++;
        if (!text[length]) return TALLY_OK;
        text += length + 1;
    }
}

static void print_help(const cli_flag *flags)
{
    fputs("tally bench train [--option value | --option=value] ...\n\n"
          "Trains the same model on the same rows by several strategies, one after the "
          "other in\neach round, and ranks them by samples a second: where a step's "
          "time goes, and bytes.\nTakes the options of tally train but for --out and "
          "--strategy; --steps is 20 unless\ngiven.\n\n",
          stdout);
    cli_help_flags(stdout, flags);
    fputs(
        "\nExamples\n"
        "  mpirun -n 2 tally bench train --data digits --compare "
        "allreduce,vote,powersgd\n"
        "  tally bench train --comm sim:ranks=16,alpha=50e-6,beta=8e-9 --model.hidden "
        "512x512\n",
        stdout);
}

static const char *comm_of(const job *j)
{
    return json_string_value(json_object_get(j->options[0], "comm"));
}

tally_status bench_train(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure,
             .compare = "allreduce,vote,powersgd,async,pdadmm",
             .round_words = "5"};
    const cli_flag flags[] = {
        {"compare",   &j.compare,     NULL,    "NAMES",
         "strategies, with commas (allreduce,vote,powersgd,async,pdadmm)"                       },
        {"rounds",    &j.round_words, NULL,    "N",     "in which the strategies take turns (5)"},
        {"json",      NULL,           &j.json, NULL,    "one line of JSON"                      },
        {"csv",       NULL,           &j.csv,  NULL,    "comma-separated values"                },
        {"backtrace", NULL,           NULL,    NULL,
         "show the places an error went through; also TALLY_BACKTRACE=1"                        },
        {"help",      NULL,           &j.help, NULL,    "this page"                             },
        {NULL,        NULL,           NULL,    NULL,    NULL                                    },
    };
    const cli_grammar grammar = {"tally bench train", flags, bench_takes_run, false};
    tally_run first = {0};

    j.asked = cli_arguments_read(&grammar, count, words, &first);
    tally_config_close(&first);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.asked) j.asked = read_strategies(&j, &grammar, count, words);
    if (!j.asked)
        j.asked = cli_sizes_count("rounds", j.round_words, 1, ROUNDS_MOST, &j.rounds);
    if (!j.asked) j.asked = bench_check_style(j.json, j.csv);
    tally_status status = tally_launch(j.asked ? "auto" : comm_of(&j), on_rank, &j);
    for (int k = 0; k < j.count; k++)
        json_decref(j.options[k]);
    return status;
}
