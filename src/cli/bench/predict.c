/* predict.c — `tally bench predict`: a step of every exchange on ranks that are not
 * there.
 *
 * What a step is made of: step.c.  What is measured, unless it is given: the computing
 * of one rank (plan.c), and the links.
 *
 * With --scaling weak each rank has a batch, so that n ranks work off n batches in a
 * step; with strong they share one.  Ranks pay when more samples a second come of them
 * than of fewer. */

#include "base/text.h"
#include "cli/bench/plan.h"
#include "cli/help.h"
#include "cli/json.h"
#include "comm/nodes.h"
#include "comm/sim.h"
#include "comm/watch.h"
#include "run/config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 3,
    NOTES_MOST = 4 * CLI_SIZES_MOST /* judge has so many of a count of ranks */
};

typedef struct job {
    cli_failure *failure;
    bool help, json, csv, own_links;
    const char *rank_words, *net_words, *compute_words, *scaling, *factor_words;
    const char *product_words, *memory_words;
    bench_given given;
    cli_sizes ranks; /* ascending */
    sim net;         /* of --net */
    json_t *options; /* of the run; owned */
    bench_call call;
} job;

typedef struct predictor {
    const job *job;
    tally_comm *comm;
    bench_plan plan;
    bench_cluster cluster;
    char notes[NOTES_MOST][512];
    int note_count;
    cli_table table;
} predictor;

static tally_status measure_net(predictor *b)
{
    cli_sizes sizes;
    const job *j = b->job;
    bench_cluster *c = &b->cluster;
    bench_link links[BENCH_LINKS];

    c->own_links = j->own_links;
    if (j->net_words) {
        c->node = (int)j->net.node;
        c->line[BENCH_NETWORK] = (bench_line){j->net.alpha, j->net.beta};
        c->line[BENCH_NODE] = (bench_line){j->net.alpha_node, j->net.beta_node};
        return TALLY_OK;
    }
    if (b->comm->size == 1)
        return TALLY_FAIL(OPTION,
                          "one rank has no links to measure: say what they are, --net "
                          "sim:alpha=50e-6,beta=8e-9, or start more ranks");
    TALLY_TRY(cli_sizes_read("8,64KiB,256KiB,768KiB", &sizes));
    TALLY_TRY(bench_links_measure(b->comm, &sizes, ROUNDS, links));
    for (int k = 0; k < BENCH_LINKS; k++)
        c->line[k] = (bench_line){links[k].alpha.median, links[k].beta.median};
    c->node = b->comm->topology->most;
    if (links[BENCH_NETWORK].measured) return TALLY_OK;
    return TALLY_FAIL(OPTION, "all ranks are on one node: say what links between nodes "
                              "are, --net sim:alpha=50e-6,beta=8e-9");
}

/* ---- the table ---- */

static const cli_column columns[] = {
    {"ranks",         "ranks",       6,   0},
    {"exchange",      "exchange",    -27, 0},
    {"exchange_ms",   "exchange ms", 11,  3},
    {"work_ms",       "work ms",     8,   3},
    {"step_ms",       "step ms",     10,  3},
    {"overlapped_ms", "overlapped",  10,  3},
    {"samples_per_s", "samples/s",   12,  0},
    {"speedup",       "speedup",     8,   2},
    {"efficiency",    "efficiency",  10,  2},
    {"behind",        "behind",      8,   2},
    {NULL,            NULL,          0,   0},
};

static void write_row(predictor *b, int ranks, const bench_step *o, double best)
{
    double one = b->plan.batch / b->plan.compute;
    cli_table *t = &b->table;

    cli_table_number(t, ranks);
    cli_table_text(t, o->name);
    cli_table_number(t, 1e3 * o->exchange);
    cli_table_number(t, 1e3 * o->work);
    cli_table_number(t, 1e3 * o->step);
    cli_table_number(t, 1e3 * o->overlapped);
    cli_table_number(t, o->samples);
    cli_table_number(t, o->samples / one);
    cli_table_number(t, o->samples / one / ranks);
    cli_table_number(t, best / o->samples);
}

static void note(predictor *b, const char *format, ...) TALLY_PRINTF(2, 3);

static void note(predictor *b, const char *format, ...)
{
    va_list arguments;

    if (b->note_count == NOTES_MOST) return;
    va_start(arguments, format);
    vsnprintf(b->notes[b->note_count++], sizeof *b->notes, format, arguments);
    va_end(arguments);
}

/* Who wins, and by how much; who does not pay. */
static void judge(predictor *b, int ranks, const bench_step *rows, int count,
                  double *best, int *best_ranks)
{
    double one = b->plan.batch / b->plan.compute;
    char losers[384] = "";
    size_t used = 0;

    if (!(rows[0].samples > 0)) {
        note(b, "warning: %d ranks cannot pay: no step of theirs ends", ranks);
        return;
    }
    note(b, "%d ranks: %s is fastest, %.2f times as fast as %s", ranks, rows[0].name,
         rows[0].samples / rows[1].samples, rows[1].name);
    if (b->plan.strong && ranks > b->plan.batch)
        note(b, "warning: %d ranks share %.0f samples: %.0f of them have none", ranks,
             b->plan.batch, ranks - b->plan.batch);
    for (int k = 0; k < count; k++)
        if (rows[k].samples <= one)
            tally_text_append(losers, sizeof losers, &used, "%s%s", used ? ", " : "",
                              rows[k].name);
    if (rows[0].samples <= one)
        note(b,
             "warning: %d ranks cannot pay: one rank alone does more samples a second",
             ranks);
    else if (used)
        note(b, "warning: on %d ranks slower than one rank alone: %s", ranks, losers);
    if (rows[0].samples <= *best)
        note(b, "warning: %d ranks do no more samples a second than %d", ranks,
             *best_ranks);
    if (rows[0].samples <= *best) return;
    *best = rows[0].samples;
    *best_ranks = ranks;
}

static void write_rows(predictor *b)
{
    const job *j = b->job;
    double best = 0;
    int best_ranks = 0;

    for (size_t i = 0; i < j->ranks.count; i++) {
        int ranks = (int)j->ranks.at[i];
        bench_step rows[BENCH_STEPS_MOST];
        int count = bench_steps(&b->plan, &b->cluster, ranks, rows);

        for (int k = 0; k < count; k++)
            write_row(b, ranks, &rows[k], rows[0].samples);
        if (ranks > 1) judge(b, ranks, rows, count, &best, &best_ranks);
    }
}

static const char *measured(double given)
{
    return isnan(given) ? " (measured)" : "";
}

/* Whether any two ranks are so far apart. */
static bool has_link(const predictor *b, int k)
{
    return b->cluster.node != (k == BENCH_NODE ? 1 : 0);
}

static void print_head(const predictor *b)
{
    const bench_cluster *c = &b->cluster;
    const bench_plan *p = &b->plan;

    printf("%zu weights; one rank computes %.3f ms for %.0f samples (%s)%s\n",
           p->values, 1e3 * p->compute, p->batch,
           isnan(b->job->given.compute) ? "measured" : "given",
           b->job->given.strong ? ", which all ranks share" : "");
    if (p->load.flops > 0)
        printf("a batch takes %.4g GFLOP and %.4g MB; ", p->load.flops / 1e9,
               (p->load.sample_bytes + p->load.weight_bytes) / 1e6);
    printf("a rank does %.1f GFLOP/s in products%s and %.1f GB/s from memory%s\n",
           p->core.products / 1e9, measured(b->job->given.core.products),
           p->core.memory / 1e9, measured(b->job->given.core.memory));
    for (int k = 0; k < BENCH_LINKS; k++)
        if (has_link(b, k))
            printf("%s: alpha %.3f us, beta %.4f ns a byte%s\n",
                   bench_link_name((bench_link_class)k), 1e6 * c->line[k].alpha,
                   1e9 * c->line[k].beta, b->job->net_words ? "" : " (measured)");
    if (c->node)
        printf("%d rank%s a node%s\n\n", c->node, tally_text_plural((uint64_t)c->node),
               c->node == 1   ? ""
               : c->own_links ? ", each with a link of its own"
                              : ", on one link to the others");
    else
        puts("all ranks on one node\n");
}

static json_t *describe_links(const predictor *b)
{
    json_t *links = json_array();

    for (int k = 0; k < BENCH_LINKS; k++) {
        const bench_line *l = &b->cluster.line[k];

        if (!has_link(b, k)) continue;
        json_array_append_new(links, json_pack("{s:s s:f s:f}", "link",
                                               bench_link_name((bench_link_class)k),
                                               "alpha_us", 1e6 * l->alpha,
                                               "beta_ns_per_byte", 1e9 * l->beta));
    }
    return links;
}

static tally_status print_json(predictor *b)
{
    json_t *notes = json_array();

    for (int i = 0; i < b->note_count; i++)
        json_array_append_new(notes, json_string(b->notes[i]));
    return bench_print_json(
        json_pack("{s:s s:I s:f s:f s:f s:f s:f s:f s:i s:s s:o s:o}", "bench",
                  "predict", "weights", (json_int_t)b->plan.values, "batch",
                  b->plan.batch, "compute_ms", 1e3 * b->plan.compute, "compute_gflop",
                  b->plan.load.flops / 1e9, "compute_mb",
                  (b->plan.load.sample_bytes + b->plan.load.weight_bytes) / 1e6,
                  "product_gflop_per_s", b->plan.core.products / 1e9, "memory_gb_per_s",
                  b->plan.core.memory / 1e9, "ranks_a_node", b->cluster.node, "scaling",
                  b->job->given.strong ? "strong" : "weak", "links", describe_links(b),
                  "notes", notes),
        &b->table);
}

static tally_status report(predictor *b)
{
    const job *j = b->job;
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;

    if (style == CLI_TEXT) print_head(b);
    cli_table_open(&b->table, style, columns);
    write_rows(b);
    if (style == CLI_JSON) return print_json(b);
    if (style == CLI_TEXT) putchar('\n');
    for (int i = 0; i < b->note_count && style == CLI_TEXT; i++)
        puts(b->notes[i]);
    return TALLY_OK;
}

/* ---- the whole ---- */

/* Formulas are for nodes that are all alike. */
static tally_status check_ranks(const predictor *b)
{
    const cli_sizes *ranks = &b->job->ranks;
    size_t node = (size_t)b->cluster.node;

    for (size_t i = 0; i < ranks->count; i++)
        if (node && ranks->at[i] > node && ranks->at[i] % node)
            return TALLY_FAIL(OPTION, "ranks=%zu is not a multiple of %zu ranks a node",
                              ranks->at[i], node);
    return TALLY_OK;
}

static tally_status run(predictor *b)
{
    tally_comm *c = b->comm;

    TALLY_TRY(bench_meet(c, &b->job->call));
    TALLY_TRY(tally_agree(c, measure_net(b)));
    TALLY_TRY(tally_agree(c, check_ranks(b)));
    TALLY_TRY(bench_plan_measure(c, b->job->options, &b->job->given, &b->plan));
    return c->rank == 0 ? report(b) : TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    predictor *b = calloc(1, sizeof *b);
    tally_status status;

    if (!b) {
        status = TALLY_FAIL(MEMORY, "no memory for the bench");
    } else {
        b->job = j;
        b->comm = c;
        status = run(b);
        cli_table_close(&b->table);
        bench_plan_close(&b->plan);
        tally_watch_close(c);
    }
    free(b);
    return cli_failure_on_rank(j->failure, c, status);
}

/* ---- words ---- */

static int by_count(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

/* Ascending, each once: ranks are held against fewer. */
static tally_status read_ranks(job *j)
{
    cli_sizes *ranks = &j->ranks;
    size_t kept = 0;

    TALLY_TRY(cli_sizes_counts("ranks", j->rank_words, 1, 1 << 20, ranks));
    qsort(ranks->at, ranks->count, sizeof *ranks->at, by_count);
    for (size_t i = 0; i < ranks->count; i++)
        if (i == 0 || ranks->at[i] != ranks->at[kept - 1])
            ranks->at[kept++] = ranks->at[i];
    ranks->count = kept;
    return TALLY_OK;
}

static tally_status read_net(job *j)
{
    const tally_about *about;
    void *options;

    if (!j->net_words) return TALLY_OK;
    TALLY_TRY(tally_family_open(&tally_comm_family, j->net_words, &about, &options));
    bool fits = about == &tally_comm_sim.about;
    if (fits) memcpy(&j->net, options, sizeof j->net);
    tally_options_close(about, options);
    if (fits) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "net=%s is no simulated comm, as in sim:alpha=50e-6,beta="
                      "8e-9: tally bench net prints one",
                      j->net_words);
}

/* *rate <- a rate in units of 1e9 a second; NAN where none is given. */
static tally_status read_rate(const char *name, const char *words, double *rate)
{
    *rate = (double)NAN;
    if (!words) return TALLY_OK;
    if (!tally_text_real(words, rate) || !(*rate > 0 && *rate < 1e9))
        return TALLY_FAIL(OPTION, "%s=%s is not in (0, 1e9)", name, words);
    *rate *= 1e9;
    return TALLY_OK;
}

static tally_status read_values(job *j)
{
    const json_t *timeout = json_object_get(j->options, "timeout");

    TALLY_TRY(bench_read_timeout(json_string_value(timeout), &j->call));
    TALLY_TRY(read_ranks(j));
    TALLY_TRY(read_net(j));
    TALLY_TRY(read_rate("products", j->product_words, &j->given.core.products));
    TALLY_TRY(read_rate("memory", j->memory_words, &j->given.core.memory));
    TALLY_TRY(cli_sizes_count("factors", j->factor_words, 1, 1024, &j->given.factors));
    j->given.compute = (double)NAN;
    if (j->compute_words && (!tally_text_real(j->compute_words, &j->given.compute) ||
                             !(j->given.compute > 0 && j->given.compute < 1e6)))
        return TALLY_FAIL(OPTION, "compute=%s is not in (0, 1e6) seconds",
                          j->compute_words);
    j->given.strong = strcmp(j->scaling, "strong") == 0;
    if (!j->given.strong && strcmp(j->scaling, "weak") != 0)
        return TALLY_FAIL(OPTION, "scaling=%s is neither weak nor strong", j->scaling);
    return bench_check_style(j->json, j->csv);
}

/* It predicts every exchange. */
static bool takes(const char *name)
{
    return bench_takes_run(name) && strncmp(name, "exchange", 8) != 0;
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally bench predict [--option value | --option=value] ...\n\n"
        "How long a step takes by every exchange on more ranks, or on another network: "
        "from the\nalpha and beta of links, a step's computing on one rank and the "
        "work of the exchange.\nSays which wins, by how much, and which ranks cannot "
        "pay.  Takes the options of tally\ntrain that say what is trained; --codec "
        "is that of exchange gather.\n\n",
        stdout);
    cli_help_flags(stdout, flags);
    fputs("\nExamples\n"
          "  tally bench predict --ranks 8,64,512 --net sim:alpha=50e-6,beta=8e-9 "
          "--model.hidden 2048x2048\n"
          "  launch/cluster mpirun -n 4 tally bench predict --ranks 4,16,64 --codec "
          "topk:k=0.01\n",
          stdout);
}

static const char *comm_of(const job *j)
{
    return json_string_value(json_object_get(j->options, "comm"));
}

tally_status bench_predict(cli_failure *failure, int count, char *const *words)
{
    job j = {
        .failure = failure,
        .rank_words = "8,64,512,4096",
        .scaling = "weak",
        .factor_words = "4",
        .call = {.topic = "predict", .count = count, .words = words}
    };
    const cli_flag flags[] = {
        {"ranks",     &j.rank_words,    NULL,          "COUNTS",
         "of ranks, with commas (8,64,512,4096)"                                                           },
        {"net",       &j.net_words,     NULL,          "SIM",
         "the links, as tally bench net prints them (those of these ranks)"                                },
        {"compute",   &j.compute_words, NULL,          "X",
         "seconds of a step on one rank (measured here)"                                                   },
        {"products",  &j.product_words, NULL,          "X",
         "GFLOP/s of products on a core there (as here)"                                                   },
        {"memory",    &j.memory_words,  NULL,          "X",
         "GB/s from memory on a core there (as here)"                                                      },
        {"scaling",   &j.scaling,       NULL,          "weak|strong",
         "a batch for each rank, or one for all (weak)"                                                    },
        {"factors",   &j.factor_words,  NULL,          "N",           "columns of powersgd's factors (4)"  },
        {"own-links", NULL,             &j.own_links,  NULL,
         "each rank has a link out of its node, as on sim (all share one)"                                 },
        {"bare",      NULL,             &j.given.bare, NULL,          "leave out what an exchange computes"},
        BENCH_STYLE_FLAGS(&j.json, &j.csv),
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally bench predict", flags, takes, false};
    tally_run first = {0};

    j.call.asked = cli_arguments_read(&grammar, count, words, &first);
    tally_config_close(&first);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.call.asked)
        j.call.asked =
            bench_run_options(&grammar, count, words, NULL, "10", &j.options);
    if (!j.call.asked) j.call.asked = read_values(&j);
    tally_status status =
        tally_launch(j.call.asked ? "auto" : comm_of(&j), on_rank, &j);
    json_decref(j.options);
    return status;
}
