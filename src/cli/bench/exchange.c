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
#include "cli/bench/entries.h"
#include "cli/bench/talk.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "cli/table.h"
#include "comm/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPEATS_LEAST = 5,
    REPEATS_AUTO = 100 /* at most, when nobody says how many */
};

static const double seconds_a_size = 1; /* when nobody says how many repeats */

typedef struct job {
    cli_failure *failure;
    bool help, json, csv, update;
    const char *comm, *size_words, *rank_words, *repeat_words, *bucket_words;
    const char *timeout_words;
    const char *given[BENCH_ENTRIES_MOST + 1];  /* --exchange; ends with NULL */
    const char *codecs[BENCH_ENTRIES_MOST + 1]; /* --codec; likewise */
    cli_sizes sizes, ranks;                     /* no ranks: all */
    uint64_t repeats, bucket; /* 0: see above; KiB, 0: whole vectors */
    bench_call call;
} job;

/* One rank's part of the bench. */
typedef struct bench {
    const job *job;
    tally_comm *comm; /* all ranks; arena.comm: those that exchange */
    bool simulated;
    bench_entries entries;
    bench_contender contenders[BENCH_ENTRIES_MOST];
    bench_arena arena; /* of the present size */
    cli_table table;
} bench;

/* ---- one size ---- */

static const cli_column columns[] = {
    {"ranks",              "ranks",      5,   0 },
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

    cli_table_number(&b->table, b->arena.comm->size);
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
    int ranks = b->arena.comm->size;
    double share = 2.0 * (ranks - 1) / ranks;

    for (size_t k = 0; k < b->entries.count; k++) {
        const bench_contender *o = &b->contenders[k];
        bench_times t = bench_summary(o->times + BENCH_WARM_UPS, repeats);
        double rate = bytes / t.median / 1e9;

        cli_table_number(&b->table, ranks);
        cli_table_number(&b->table, bytes);
        cli_table_text(&b->table, o->name);
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
    for (size_t k = 0; k < b->entries.count; k++)
        sum += b->contenders[k].times[BENCH_WARM_UPS - 1];
    double fit = b->simulated ? 0 : seconds_a_size / fmax(sum, 1e-9);
    return fit < REPEATS_LEAST ? REPEATS_LEAST
                               : (uint64_t)fmin(fit, (double)REPEATS_AUTO);
}

/* By the ranks of the arena. */
static tally_status measure(bench *b, size_t bytes)
{
    tally_comm *c = b->arena.comm;
    uint64_t repeats = REPEATS_LEAST;

    TALLY_TRY(tally_agree(c, bench_arena_open(&b->arena, bytes)));
    for (size_t k = 0; k < b->entries.count; k++)
        TALLY_TRY(tally_agree(
            c, bench_contender_open(&b->contenders[k], b->entries.at[k].spec,
                                    b->entries.at[k].codec, &b->arena)));
    for (uint64_t i = 0; i < BENCH_WARM_UPS + repeats; i++) {
        for (size_t k = 0; k < b->entries.count; k++)
            TALLY_TRY(bench_contender_take(&b->contenders[k], &b->arena, i));
        if (b->job->update) TALLY_TRY(bench_arena_traffic(&b->arena, i));
        if (i == BENCH_WARM_UPS - 1) repeats = choose_repeats(b);
    }
    if (c->rank == 0) report(b, repeats);
    if (c->rank == 0 && b->job->update) report_traffic(b, repeats);
    return TALLY_OK;
}

static void close_size(bench *b)
{
    for (size_t k = 0; k < b->entries.count; k++)
        bench_contender_close(&b->contenders[k]);
    bench_arena_close(&b->arena);
}

/* By the first so many ranks, while the others sleep.  Collective over all. */
static tally_status measure_among(bench *b, size_t bytes, int ranks)
{
    tally_comm *all = b->comm, *crew = all;
    bool some = ranks < all->size, works = all->rank < ranks;
    tally_status status = TALLY_OK;
    char word = 0;

    if (some) TALLY_TRY(tally_comm_split(all, works ? 0 : 1, all->rank, &crew));
    if (works) {
        b->arena.comm = crew;
        status = measure(b, bytes);
        close_size(b);
    }
    if (!some) return status;
    for (int r = ranks; all->rank == 0 && r < all->size; r++)
        TALLY_TRY(bench_tell(all, r, &word, sizeof word));
    if (!works) status = bench_sleep_until_told(all, 0, &word, sizeof word);
    tally_comm_close(crew);
    return tally_agree(all, status);
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
    if (!status && !b->simulated)
        status = bench_memory_measure(BENCH_MEMORY, &m->memory);
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

static tally_status check_ranks(const bench *b)
{
    const cli_sizes *ranks = &b->job->ranks;

    for (size_t i = 0; i < ranks->count; i++)
        if (ranks->at[i] > (size_t)b->comm->size)
            return TALLY_FAIL(OPTION, "ranks=%zu, but there are %d: start more",
                              ranks->at[i], b->comm->size);
    return TALLY_OK;
}

static tally_status run(bench *b)
{
    const job *j = b->job;
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;
    machine m;

    TALLY_TRY(bench_meet(b->comm, &j->call));
    b->simulated = b->comm->ops->spend != NULL;
    b->arena.records = calloc((size_t)b->comm->size, sizeof *b->arena.records);
    TALLY_TRY(tally_agree(b->comm, b->arena.records ? TALLY_OK
                                                    : TALLY_FAIL(MEMORY,
                                                                 "no memory for %d "
                                                                 "records",
                                                                 b->comm->size)));
    TALLY_TRY(tally_agree(b->comm, check_ranks(b)));
    TALLY_TRY(tally_agree(
        b->comm, bench_entries_choose(&b->entries, b->comm, j->given, j->codecs)));
    TALLY_TRY(measure_machine(b, &m));
    if (b->comm->rank == 0) {
        if (style == CLI_TEXT) print_head(b, &m);
        cli_table_open(&b->table, style, columns);
    }
    for (size_t i = 0; i < j->sizes.count; i++) {
        if (j->ranks.count == 0)
            TALLY_TRY(measure_among(b, j->sizes.at[i], b->comm->size));
        for (size_t k = 0; k < j->ranks.count; k++)
            TALLY_TRY(measure_among(b, j->sizes.at[i], (int)j->ranks.at[k]));
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

    tally_watch_close(c);
    cli_table_close(&b.table);
    free(b.arena.records);
    return cli_failure_on_rank(j->failure, c, status);
}

static tally_status read_values(job *j)
{
    TALLY_TRY(cli_sizes_read(j->size_words, &j->sizes));
    TALLY_TRY(cli_sizes_count("repeats", j->repeat_words, 1, BENCH_REPEATS_MOST,
                              &j->repeats));
    TALLY_TRY(cli_sizes_count("bucket", j->bucket_words, 0, 1 << 30, &j->bucket));
    TALLY_TRY(cli_sizes_counts("ranks", j->rank_words, 1, 1 << 20, &j->ranks));
    TALLY_TRY(bench_read_timeout(j->timeout_words, &j->call));
    TALLY_TRY(bench_check_style(j->json, j->csv));
    return bench_entries_check(j->given, j->codecs);
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
    fputs(
        "\nExamples\n"
        "  mpirun -n 2 tally bench exchange --sizes 1MiB..64MiB\n"
        "  mpirun -n 4 tally bench exchange --exchange allreduce --exchange vote\n"
        "  mpirun -n 8 tally bench exchange --exchange gather --codec all --ranks 2,4,8 "
        "--sizes 4MiB\n"
        "  tally bench exchange --comm sim:ranks=16,alpha=50e-6,beta=8e-9 --sizes "
        "4KiB..4MiB\n",
        stdout);
}

tally_status bench_exchange(cli_failure *failure, int count, char *const *words)
{
    job j = {
        .failure = failure,
        .comm = "auto",
        .size_words = "4KiB..256MiB",
        .call = {.topic = "exchange", .count = count, .words = words}
    };
    const cli_flag flags[] = {
        {"exchange", j.given,         NULL,      "MEMBER",
         "one of them; may be given again (all, with each algorithm)",                          BENCH_ENTRIES_MOST},
        {"codec",    j.codecs,        NULL,      "MEMBER",
         "how exchange gather sends values, or all; may be given again (fp32)",                 BENCH_ENTRIES_MOST},
        {"ranks",    &j.rank_words,   NULL,      "N,...",
         "only the first so many ranks exchange (all)",                                         0                 },
        {"sizes",    &j.size_words,   NULL,      "SIZES",
         "32MiB, or 4KiB..1MiB in steps of 4, or several with commas (4KiB..256MiB)",           0                 },
        {"comm",     &j.comm,         NULL,      "MEMBER", "how ranks reach each other (auto)", 0                 },
        {"bucket",   &j.bucket_words, NULL,      "N",
         "KiB that travel together, as in training; 0: whole vectors (0)",                      0                 },
        {"update",   NULL,            &j.update, NULL,
         "time whole updates, until the weights have moved, beside what memory asks",           0                 },
        {"repeats",  &j.repeat_words, NULL,      "N",
         "of each measurement (as many as a second holds)",                                     0                 },
        BENCH_TIMEOUT_FLAG(&j.timeout_words),
        BENCH_STYLE_FLAGS(&j.json, &j.csv),
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally bench exchange", flags, bench_takes, false};
    tally_run run = {0};

    j.call.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.call.asked) j.call.asked = read_values(&j);
    return tally_launch(j.call.asked ? "auto" : j.comm, on_rank, &j);
}
