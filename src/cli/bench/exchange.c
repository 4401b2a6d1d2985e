/* exchange.c — `tally bench exchange`: how long ranks take to agree, by size.
 *
 *     algorithm bandwidth   bytes of the vector / seconds
 *     bus bandwidth         that times 2 (n-1)/n: what each link would have to carry if
 *                           numbers were summed, whatever the exchange really sends;
 *                           it compares across rank counts (NVIDIA, nccl-tests,
 *                           doc/PERFORMANCE.md)
 *
 * With --update the clock runs on until the weights have moved: by signsgd where bits
 * were agreed on, by sgd else.  A row "traffic" then stands for what memory alone asks
 * of a vote: the gradient read once, the weights read and written once, by all ranks at
 * the same time, without exchange.
 *
 * At each size the exchanges take turns (contender.c), so that all see the same
 * machine. */

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bench/contender.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "cli/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPECS_MOST = 64,
    REPEATS_LEAST = 5,
    REPEATS_AUTO = 100 /* at most, when nobody says how many */
};

static const double seconds_a_size = 1; /* when nobody says how many repeats */

typedef struct job {
    cli_failure *failure;
    bool help, json, csv, update;
    const char *comm, *size_words, *repeat_words, *bucket_words;
    const char *given[SPECS_MOST + 1]; /* --exchange; ends with NULL */
    cli_sizes sizes;
    uint64_t repeats, bucket; /* 0: see above; KiB, 0: whole vectors */
    tally_status asked;       /* of reading the words; agreed on once there are ranks */
} job;

/* One rank's part of the bench. */
typedef struct bench {
    const job *job;
    tally_comm *comm;
    bool simulated;
    char specs[SPECS_MOST][128];
    size_t count;
    bench_contender contenders[SPECS_MOST];
    bench_arena arena; /* of the present size */
    cli_table table;
} bench;

/* ---- which exchanges ---- */

/* An algorithm that this comm lacks would be measured as the one that stands in. */
static bool is_offered(const tally_comm *c, const char *word, size_t length)
{
    static const struct {
        const char *name;
        tally_sum_algorithm algorithm;
    } optional[] = {
        {"native", TALLY_SUM_NATIVE},
        {"shm",    TALLY_SUM_SHM   }
    };

    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        if (strlen(optional[i].name) == length &&
            strncmp(optional[i].name, word, length) == 0)
            return tally_sum_resolve(c, optional[i].algorithm, 1) ==
                   optional[i].algorithm;
    return true;
}

static const tally_option *algorithms_of(const tally_about *about)
{
    for (const tally_option *o = about->options; o && o->name; o++)
        if (o->kind == TALLY_CHOICE && strcmp(o->name, "algorithm") == 0) return o;
    return NULL;
}

static void add_spec(bench *b, const char *name, const char *word, size_t length)
{
    if (b->count == SPECS_MOST) return;
    if (word)
        snprintf(b->specs[b->count++], sizeof *b->specs, "%s:algorithm=%.*s", name,
                 (int)length, word);
    else
        snprintf(b->specs[b->count++], sizeof *b->specs, "%s", name);
}

/* Every member, with each of its algorithms; or those that were asked for. */
static void choose_specs(bench *b)
{
    const tally_about *about;
    size_t length;
    const char *word;

    for (size_t i = 0; b->job->given[i]; i++)
        add_spec(b, b->job->given[i], NULL, 0);
    if (b->count > 0) return;
    for (size_t i = 0; (about = tally_family_at(&tally_exchange_family, i)); i++) {
        const tally_option *o = algorithms_of(about);

        if (!o) add_spec(b, about->name, NULL, 0);
        for (int k = 0; o && (word = tally_option_word(o->range, k, &length)); k++)
            if (is_offered(b->comm, word, length))
                add_spec(b, about->name, word, length);
    }
}

/* ---- one size ---- */

static const cli_column columns[] = {
    {"bytes",              "bytes",      10,  0 },
    {"exchange",           "exchange",   -27, 0 },
    {"least_us",           "least us",   10,  1 },
    {"median_us",          "median us",  10,  1 },
    {"most_us",            "most us",    10,  1 },
    {"algorithm_gb_per_s", "alg GB/s",   8,   3 },
    {"bus_gb_per_s",       "bus GB/s",   8,   3 },
    {"bytes_sent",         "sent, rank", 11,  0 },
    {"bytes_sent_are",     "",           -8,  0 },
    {"error",              "error",      7,   -1},
    {"checked",            "checked",    -8,  0 },
    {NULL,                 NULL,         0,   0 },
};

static void report_traffic(bench *b, uint64_t repeats)
{
    double bytes = (double)(b->arena.layout.length * sizeof(tally_real));
    bench_times t = bench_summary(b->arena.traffic + BENCH_WARM_UPS, repeats);

    cli_table_number(&b->table, bytes);
    cli_table_text(&b->table, "traffic");
    cli_table_number(&b->table, 1e6 * t.least);
    cli_table_number(&b->table, 1e6 * t.median);
    cli_table_number(&b->table, 1e6 * t.most);
    cli_table_number(&b->table, bytes / t.median / 1e9);
    cli_table_number(&b->table, (double)NAN);
    cli_table_number(&b->table, 0);
    cli_table_text(&b->table, "exact");
    cli_table_number(&b->table, (double)NAN);
    cli_table_text(&b->table, "");
}

static void report(bench *b, uint64_t repeats)
{
    static const char *const words[] = {"exact", "majority", "agreed"};
    double bytes = (double)(b->arena.layout.length * sizeof(tally_real));
    double share = 2.0 * (b->comm->size - 1) / b->comm->size;

    for (size_t k = 0; k < b->count; k++) {
        const bench_contender *o = &b->contenders[k];
        bench_times t = bench_summary(o->times + BENCH_WARM_UPS, repeats);
        double rate = bytes / t.median / 1e9;

        cli_table_number(&b->table, bytes);
        cli_table_text(&b->table, b->specs[k]);
        cli_table_number(&b->table, 1e6 * t.least);
        cli_table_number(&b->table, 1e6 * t.median);
        cli_table_number(&b->table, 1e6 * t.most);
        cli_table_number(&b->table, rate);
        cli_table_number(&b->table, rate * share);
        cli_table_number(&b->table, o->sent);
        cli_table_text(&b->table, tally_certainty_name(o->x.certainty));
        cli_table_number(&b->table,
                         o->check == BENCH_MAJORITY ? (double)NAN : o->error);
        cli_table_text(&b->table, words[o->check]);
    }
}

/* The same on every rank: times are of the slowest. */
static uint64_t choose_repeats(const bench *b)
{
    double sum = 0;

    if (b->job->repeats) return b->job->repeats;
    for (size_t k = 0; k < b->count; k++)
        sum += b->contenders[k].times[BENCH_WARM_UPS - 1];
    double fit = b->simulated ? 0 : seconds_a_size / fmax(sum, 1e-9);
    return fit < REPEATS_LEAST ? REPEATS_LEAST
                               : (uint64_t)fmin(fit, (double)REPEATS_AUTO);
}

static tally_status measure(bench *b, size_t bytes)
{
    uint64_t repeats = REPEATS_LEAST;

    TALLY_TRY(tally_agree(b->comm, bench_arena_open(&b->arena, bytes)));
    for (size_t k = 0; k < b->count; k++)
        TALLY_TRY(tally_agree(
            b->comm, bench_contender_open(&b->contenders[k], b->specs[k], &b->arena)));
    for (uint64_t i = 0; i < BENCH_WARM_UPS + repeats; i++) {
        for (size_t k = 0; k < b->count; k++)
            TALLY_TRY(bench_contender_take(&b->contenders[k], &b->arena, i));
        if (b->job->update) TALLY_TRY(bench_arena_traffic(&b->arena, i));
        if (i == BENCH_WARM_UPS - 1) repeats = choose_repeats(b);
    }
    if (b->comm->rank == 0) report(b, repeats);
    if (b->comm->rank == 0 && b->job->update) report_traffic(b, repeats);
    return TALLY_OK;
}

static void close_size(bench *b)
{
    for (size_t k = 0; k < b->count; k++)
        bench_contender_close(&b->contenders[k]);
    bench_arena_close(&b->arena);
}

/* ---- the whole ---- */

typedef struct machine {
    bench_memory memory; /* of the rank that gets least; simulated ranks: nothing */
    double first_of_host;
    int hosts;
} machine;

/* All ranks at once, as they will exchange. */
static tally_status measure_machine(const bench *b, machine *m)
{
    machine *all = calloc((size_t)b->comm->size, sizeof *all);
    tally_status status =
        all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d rates", b->comm->size);

    *m = (machine){
        .memory = {(double)NAN, (double)NAN},
          .first_of_host = b->comm->node_rank == 0
    };
    if (!status && !b->simulated) status = bench_memory_measure(&m->memory);
    status = tally_agree(b->comm, status);
    if (!status) status = tally_gather_all(b->comm, m, sizeof *m, all);
    for (int r = 0; !status && r < b->comm->size; r++) {
        m->memory.read = fmin(m->memory.read, all[r].memory.read);
        m->memory.copy = fmin(m->memory.copy, all[r].memory.copy);
        m->hosts += (int)all[r].first_of_host;
    }
    free(all);
    return status;
}

static void print_head(const bench *b, const machine *m)
{
    int ranks = b->comm->size;

    printf("%d rank%s on %d host%s, comm %s, %s values", ranks,
           tally_text_plural((uint64_t)ranks), m->hosts,
           tally_text_plural((uint64_t)m->hosts), b->comm->ops->about.name,
           TALLY_REAL_DTYPE);
    if (b->job->bucket)
        printf(" in spans of about %llu KiB", (unsigned long long)b->job->bucket);
    if (b->simulated)
        puts("\nsimulated: times are those of a virtual clock\n");
    else
        printf("\nmemory of a rank, all at once: read %.1f GB/s, copy %.1f GB/s\n\n",
               m->memory.read / 1e9, m->memory.copy / 1e9);
}

static tally_status print_json(bench *b, const machine *m)
{
    return bench_print_json(
        json_pack("{s:s s:i s:i s:s s:b s:s s:i s:o s:o}", "bench", "exchange", "ranks",
                  b->comm->size, "hosts", m->hosts, "comm", b->comm->ops->about.name,
                  "simulated", (int)b->simulated, "precision", TALLY_REAL_DTYPE,
                  "bucket_kib", (int)b->job->bucket, "memory_read_gb_per_s",
                  cli_json_number(m->memory.read / 1e9), "memory_copy_gb_per_s",
                  cli_json_number(m->memory.copy / 1e9)),
        &b->table);
}

static tally_status run(bench *b)
{
    const job *j = b->job;
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;
    machine m;

    TALLY_TRY(tally_agree(b->comm, j->asked));
    b->simulated = strcmp(b->comm->ops->about.name, "sim") == 0;
    b->arena.records = calloc((size_t)b->comm->size, sizeof *b->arena.records);
    TALLY_TRY(tally_agree(b->comm, b->arena.records ? TALLY_OK
                                                    : TALLY_FAIL(MEMORY,
                                                                 "no memory for %d "
                                                                 "records",
                                                                 b->comm->size)));
    choose_specs(b);
    TALLY_TRY(measure_machine(b, &m));
    if (b->comm->rank == 0) {
        if (style == CLI_TEXT) print_head(b, &m);
        cli_table_open(&b->table, style, columns);
    }
    for (size_t i = 0; i < j->sizes.count; i++) {
        tally_status status = measure(b, j->sizes.at[i]);

        close_size(b);
        TALLY_TRY(status);
    }
    if (style != CLI_JSON || b->comm->rank != 0) return TALLY_OK;
    return print_json(b, &m);
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    bench b = {
        .job = j,
        .comm = c,
        .arena = {.comm = c, .bucket = (size_t)j->bucket * 1024, .update = j->update}
    };
    tally_status status = run(&b);

    cli_table_close(&b.table);
    free(b.arena.records);
    return cli_failure_on_rank(j->failure, c, status);
}

/* Before any time is spent on measuring. */
static tally_status check_specs(const job *j)
{
    for (size_t i = 0; j->given[i]; i++) {
        const tally_about *about;
        void *options;

        TALLY_TRY(
            tally_family_open(&tally_exchange_family, j->given[i], &about, &options));
        tally_options_close(about, options);
    }
    return TALLY_OK;
}

static tally_status read_values(job *j)
{
    TALLY_TRY(cli_sizes_read(j->size_words, &j->sizes));
    TALLY_TRY(cli_sizes_count("repeats", j->repeat_words, 1, BENCH_REPEATS_MOST,
                              &j->repeats));
    TALLY_TRY(cli_sizes_count("bucket", j->bucket_words, 0, 1 << 30, &j->bucket));
    TALLY_TRY(bench_check_style(j->json, j->csv));
    return check_specs(j);
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally bench exchange [--option value | --option=value] ...\n\n"
        "How long ranks take to agree on vectors of several sizes, by each exchange: "
        "least,\nmedian and most time of the slowest rank, bandwidths, bytes that the "
        "busiest rank\nsends.  Every value that comes back is checked.\n\n",
        stdout);
    cli_help_flags(stdout, flags);
    fputs("\nExamples\n"
          "  mpirun -n 2 tally bench exchange --sizes 1MiB..64MiB\n"
          "  mpirun -n 4 tally bench exchange --exchange allreduce --exchange vote\n"
          "  tally bench exchange --comm sim:ranks=16,alpha=50e-6,beta=8e-9 --sizes "
          "4KiB..4MiB\n",
          stdout);
}

tally_status bench_exchange(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure, .comm = "auto", .size_words = "4KiB..256MiB"};
    const cli_flag flags[] = {
        {"exchange", j.given, NULL,             "MEMBER",
         "one of them; may be given again (all, with each algorithm)",     SPECS_MOST},
        {"sizes",          &j.size_words,           NULL,     "SIZES",
         "32MiB, or 4KiB..1MiB in steps of 4, or several with commas (4KiB..256MiB)"  },
        {"comm",          &j.comm,            NULL,            "MEMBER",         "how ranks reach each other (auto)"},
        {"bucket",          &j.bucket_words,          NULL,  "N",
         "KiB that travel together, as in training; 0: whole vectors (0)"         },
        {"update",          NULL,          &j.update,             NULL,
         "time whole updates, until the weights have moved, beside what memory asks"},
        {"repeats",          &j.repeat_words,         NULL, "N",
         "of each measurement (as many as a second holds)"                },
        {"json",          NULL,            &j.json,               NULL,         "one line of JSON"},
        {"csv",          NULL,             &j.csv,                NULL,          "comma-separated values"                },
        {"backtrace",          NULL,       NULL,          NULL,
         "show the places an error went through; also TALLY_BACKTRACE=1"},
        {"help",          NULL,            &j.help,               NULL,         "this page"        },
        {NULL,          NULL,              NULL,                 NULL,            NULL},
    };
    const cli_grammar grammar = {"tally bench exchange", flags, bench_takes, false};
    tally_run run = {0};

    j.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.asked) j.asked = read_values(&j);
    return tally_launch(j.asked ? "auto" : j.comm, on_rank, &j);
}
