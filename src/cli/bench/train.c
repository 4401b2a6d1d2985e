/* train.c — `tally bench train`: strategies of training, ranked on these ranks.
 *
 *     in each round every strategy trains the same model on the same rows for some
 *     steps, one strategy after the other; the first step of a run is left out
 *
 *     step       seconds; looks at the accuracy and checkpoints are between steps
 *     compute    gradients; encode, wait, wire, decode: the exchange, see tally_spent;
 *     ...        apply: moving weights.  Means over ranks, as is the step; what a
 *                trainer does not measure is "-".  For a server compute and wait (for
 *                replies: the server, its queue and the wire) are shares of the
 *                workers' time; ADMM's waits are all called wait
 *     samples/s  of all ranks.  A step of a server is a batch of each worker, one of
 *                ADMM all rows, so this, and not the step, ranks strategies
 *     ratio      samples/s of the first over this one's in the same round
 *
 * With --target a run lasts until so much of the held-out rows is right (target.c), and
 * the seconds until then rank the strategies; ratio is of those.
 * The parts: account.c, ranking.c. */

#include "base/status.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bench/bench.h"
#include "cli/bench/ranking.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "comm/watch.h"
#include "run/config.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS_MOST = 1000 };

typedef struct job {
    cli_failure *failure;
    bool help, json, csv;
    const char *compare, *round_words, *target_words, *every_words;
    uint64_t rounds;
    bench_target target; /* accuracy 0: none */
    int count;
    char names[BENCH_STRATEGIES_MOST][BENCH_ENTRY_MOST];
    json_t *options[BENCH_STRATEGIES_MOST]; /* resolved; owned */
    bench_call call;
} job;

typedef struct bench {
    const job *job;
    tally_comm *comm;
    bench_ranking ranking;
    uint64_t weights, batch; /* of every strategy; 0: they differ */
    bool began;
    const char *rows; /* that the target is about */
} bench;

static bool has_target(const bench *b)
{
    return b->job->target.accuracy > 0;
}

static void note_size(bench *b, const tally_run *run)
{
    uint64_t weights = run->f->layout.length, batch = run->options->batch;

    if (!b->began || b->weights != weights) b->weights = b->began ? 0 : weights;
    if (!b->began || b->batch != batch) b->batch = b->began ? 0 : batch;
    b->began = true;
}

static tally_status train(bench *b, int k, tally_run *run, bench_account *account)
{
    TALLY_TRY(tally_config_take(run, b->job->options[k], NULL));
    TALLY_TRY(bench_account_take(run, b->comm, has_target(b) ? &b->job->target : NULL,
                                 account));
    note_size(b, run);
    b->rows = bench_target_rows(run) == TALLY_TEST ? "test" : "held-out";
    return TALLY_OK;
}

/* The failure says whose it is. */
static void name_failure(const char *name)
{
    tally_error error;
    size_t length = strlen(name) + 2;

    tally_error_save(&error);
    memmove(error.sentence + length, error.sentence, sizeof error.sentence - length);
    memcpy(error.sentence, name, length - 2);
    memcpy(error.sentence + length - 2, ": ", 2);
    error.sentence[sizeof error.sentence - 1] = '\0';
    tally_error_restore(&error);
}

static tally_status take(bench *b, int k, uint64_t round)
{
    tally_run run = {0};
    tally_status status = train(b, k, &run, &b->ranking.of[k][round]);

    if (status) name_failure(b->job->names[k]);
    tally_run_close(&run);
    return status;
}

static void write_head(const bench *b)
{
    const job *j = b->job;
    tally_comm *c = b->comm;

    printf("%d rank%s on %d node%s, comm %s%s; ", c->size,
           tally_text_plural((uint64_t)c->size), c->nodes,
           tally_text_plural((uint64_t)c->nodes), c->ops->about.name,
           c->ops->spend ? " (a virtual clock)" : "");
    if (b->weights) printf("%llu weights, ", (unsigned long long)b->weights);
    if (b->batch) printf("batch %llu a rank, ", (unsigned long long)b->batch);
    printf("medians of %llu round%s\n", (unsigned long long)j->rounds,
           tally_text_plural(j->rounds));
    if (has_target(b))
        printf("the target: %g of the %s rows right; sent: by a rank, until then\n",
               j->target.accuracy, b->rows);
    putchar('\n');
}

static json_t *size_or_null(uint64_t n)
{
    return n ? json_integer((json_int_t)n) : json_null();
}

static json_t *head_as_json(const bench *b)
{
    const job *j = b->job;
    tally_comm *c = b->comm;

    return json_pack("{s:s s:i s:i s:s s:b s:o s:o s:I s:o s:o}", "bench", "train",
                     "ranks", c->size, "nodes", c->nodes, "comm", c->ops->about.name,
                     "simulated", (int)(c->ops->spend != NULL), "weights",
                     size_or_null(b->weights), "batch", size_or_null(b->batch),
                     "rounds", (json_int_t)j->rounds, "target",
                     has_target(b) ? json_real(j->target.accuracy) : json_null(),
                     "target_rows", has_target(b) ? json_string(b->rows) : json_null());
}

static tally_status report(bench *b)
{
    const job *j = b->job;
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;

    if (style == CLI_TEXT) write_head(b);
    bench_ranking_write(&b->ranking, style);
    if (style != CLI_JSON) return TALLY_OK;
    return bench_print_json(head_as_json(b), &b->ranking.table);
}

static tally_status run(bench *b)
{
    const job *j = b->job;

    TALLY_TRY(bench_meet(b->comm, &j->call));
    TALLY_TRY(tally_agree(b->comm, bench_ranking_open(&b->ranking)));
    for (uint64_t i = 0; i < j->rounds; i++)
        for (int k = 0; k < j->count; k++)
            TALLY_TRY(take(b, k, i));
    return b->comm->rank == 0 ? report(b) : TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    bench b = {
        .job = j,
        .comm = c,
        .ranking = {.count = j->count,
                    .names = j->names,
                    .rounds = j->rounds,
                    .target = j->target.accuracy > 0}
    };
    tally_status status = run(&b);

    tally_watch_close(c);
    bench_ranking_close(&b.ranking);
    return cli_failure_on_rank(j->failure, c, status);
}

/* ---- words ---- */

static tally_status read_target(job *j)
{
    const char *text = j->target_words;

    TALLY_TRY(
        cli_sizes_count("look-every", j->every_words, 1, UINT64_MAX, &j->target.every));
    if (!text && j->every_words)
        return TALLY_FAIL(OPTION, "look-every=%s: at what? --target says",
                          j->every_words);
    if (!text) return TALLY_OK;
    if (!tally_text_real(text, &j->target.accuracy) ||
        !(j->target.accuracy > 0 && j->target.accuracy <= 1))
        return TALLY_FAIL(OPTION, "target=%s is not in (0, 1]: a share of the rows",
                          text);
    return TALLY_OK;
}

/* With a target it is epochs that bound a run. */
static tally_status read_strategies(job *j, const cli_grammar *grammar)
{
    const char *list = j->compare, *steps = j->target.accuracy > 0 ? NULL : "20";

    do {
        if (j->count == BENCH_STRATEGIES_MOST)
            return TALLY_FAIL(OPTION, "compare: these are more than %d strategies",
                              BENCH_STRATEGIES_MOST);
        TALLY_TRY(bench_compare_next(&list, j->names[j->count]));
        TALLY_TRY(bench_run_options(grammar, j->call.count, j->call.words,
                                    j->names[j->count], steps, &j->options[j->count]));
        j->count++;
    } while (*list);
    return TALLY_OK;
}

static const char *option_of(const job *j, const char *name)
{
    return json_string_value(json_object_get(j->options[0], name));
}

static tally_status read_values(job *j, const cli_grammar *grammar)
{
    TALLY_TRY(read_target(j));
    TALLY_TRY(read_strategies(j, grammar));
    TALLY_TRY(bench_read_timeout(option_of(j, "timeout"), &j->call));
    TALLY_TRY(cli_sizes_count("rounds", j->round_words, 1, ROUNDS_MOST, &j->rounds));
    return bench_check_style(j->json, j->csv);
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally bench train [--option value | --option=value] ...\n\n"
        "Trains the same model on the same rows by several strategies, one after the "
        "other in\neach round, and ranks them by samples a second: where a step's "
        "time goes, and bytes.\nWith --target they train until so much of the held-out rows "
        "(--validate N; without,\nof the test rows) is right, for as many --epochs or "
        "--steps at most, and are ranked by\nthe seconds of that, in which looking "
        "does not count.\n\nTakes the options of tally train but for --out, --trace and "
        "--strategy; --steps is 20\nunless a target is given.  A strategy in --compare "
        "may have options of its own:\n\n"
        "  allreduce,vote:rate=1e-3,rule.beta=0.95,allreduce:exchange=gather,"
        "codec=bf16\n\n",
        stdout);
    cli_help_flags(stdout, flags);
    fputs(
        "\nExamples\n"
        "  mpirun -n 2 tally bench train --data digits --compare "
        "allreduce,vote,powersgd\n"
        "  tally bench train --comm sim:ranks=16,alpha=50e-6,beta=8e-9 --model.hidden "
        "512x512\n"
        "  mpirun -n 4 tally bench train --target 0.95 --validate 200 --compare "
        "allreduce:rate=0.05,vote\n",
        stdout);
}

tally_status bench_train(cli_failure *failure, int count, char *const *words)
{
    job j = {
        .failure = failure,
        .compare = "allreduce,vote,powersgd,async,pdadmm",
        .round_words = "5",
        .call = {.topic = "train", .count = count, .words = words}
    };
    const cli_flag flags[] = {
        {"compare",    &j.compare,      NULL, "NAMES",
         "strategies, with commas (allreduce,vote,powersgd,async,pdadmm)"                      },
        {"rounds",     &j.round_words,  NULL, "N",     "in which the strategies take turns (5)"},
        {"target",     &j.target_words, NULL, "X",     "train to this accuracy, 0..1"          },
        {"look-every", &j.every_words,  NULL, "N",
         "steps between looks at the accuracy (a tenth of an epoch)"                           },
        BENCH_STYLE_FLAGS(&j.json, &j.csv),
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally bench train", flags, bench_takes_run, false};
    tally_run first = {0};

    j.call.asked = cli_arguments_read(&grammar, count, words, &first);
    tally_config_close(&first);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.call.asked) j.call.asked = read_values(&j, &grammar);
    tally_status status =
        tally_launch(j.call.asked ? "auto" : option_of(&j, "comm"), on_rank, &j);
    for (int k = 0; k < j.count; k++)
        json_decref(j.options[k]);
    return status;
}
