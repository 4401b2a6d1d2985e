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
 * At each size the exchanges take turns, so that all see the same machine.  A repeat
 * lasts as long as its slowest rank, from a barrier to the last span finished; what was
 * agreed stays in its own form (bits of a vote are not expanded inside the clock).
 * Every repeat writes the vector anew, and afterwards every value is checked against
 * its naive sum or majority, the ranks compare hashes, and bytes sent are compared with
 * what the exchange says it sends. */

#include "tally/rule.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bench/bench.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "cli/table.h"
#include "trainer/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    SPECS_MOST = 64,
    WARM_UPS = 2,
    REPEATS_LEAST = 5,
    REPEATS_AUTO = 100, /* at most, when nobody says how many */
    REPEATS_MOST = 10000
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

/* One exchange at one size. */
typedef struct contender {
    tally_exchange x;
    tally_span *plan;   /* owned */
    tally_view *agreed; /* owned: one a span */
    size_t spans;
    bench_check check;
    bench_tie tie;
    tally_rule rule; /* with --update */
    tally_step step; /* of it */
    double *times;   /* owned */
    double sent;     /* bytes, of the rank that sends most */
    double error;
} contender;

/* What a rank tells the others of one repeat. */
typedef struct record {
    double seconds;
    uint64_t hash, sent;
} record;

/* One rank's part of the bench. */
typedef struct bench {
    const job *job;
    tally_comm *comm;
    bool simulated;
    char specs[SPECS_MOST][128];
    size_t count;
    contender contenders[SPECS_MOST];
    bench_values values;
    tally_layout layout;
    tally_real *v;        /* owned */
    tally_real *w, *room; /* owned; with --update */
    double *traffic;      /* owned; with --update: seconds of the slowest rank */
    record *records;      /* owned: one a rank */
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

/* What is known of the results of each; the errors of others are told. */
static bench_check check_of(const tally_exchange *x)
{
    static const struct {
        const char *name;
        bench_check check;
    } known[] = {
        {"allreduce", BENCH_EXACT   },
        {"ordered",   BENCH_EXACT   },
        {"vote",      BENCH_MAJORITY}
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, x->ops->about.name) == 0) return known[i].check;
    return BENCH_AGREED;
}

static bench_tie tie_of(const tally_exchange *x)
{
    char text[512];

    if (tally_options_print(&x->ops->about, x->options, text, sizeof text))
        return BENCH_TIE_EITHER;
    return strstr(text, "tie=plus")   ? BENCH_TIE_PLUS
           : strstr(text, "tie=zero") ? BENCH_TIE_ZERO
                                      : BENCH_TIE_EITHER;
}

static tally_status open_contender(bench *b, size_t k)
{
    contender *o = &b->contenders[k];
    const tally_about *about;
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(b->specs[k], ":"), b->specs[k]);
    TALLY_TRY(tally_family_find(&tally_exchange_family, name, &about));
    bool whole = ((const tally_exchange_ops *)(const void *)about)->whole;
    TALLY_TRY(tally_plan(&b->layout, whole ? 0 : (size_t)b->job->bucket * 1024,
                         &o->plan, &o->spans));
    o->agreed = calloc(o->spans, sizeof *o->agreed);
    o->times = calloc(REPEATS_MOST + WARM_UPS, sizeof *o->times);
    if (!o->agreed || !o->times)
        return TALLY_FAIL(MEMORY, "no memory for the times of %s", b->specs[k]);
    TALLY_TRY(tally_exchange_open(&o->x, b->specs[k], b->comm, &b->layout, o->plan,
                                  o->spans, 1));
    o->check = check_of(&o->x);
    o->tie = tie_of(&o->x);
    o->step.rate = 1e-6;
    if (!b->job->update) return TALLY_OK;
    return tally_rule_open(&o->rule, o->x.ops->form == TALLY_BITS ? "signsgd" : "sgd",
                           &b->layout);
}

/* ---- one repeat ---- */

/* Last span first, as a backward pass hands them over. */
static tally_status exchange(const bench *b, contender *o, uint64_t step)
{
    tally_exchange *x = &o->x;
    tally_real *v = b->v;

    o->step.number = step + 1;

    for (size_t k = o->spans; k-- > 0;)
        TALLY_TRY(x->ops->start(x, k, step, (tally_view){.values = v}));
    for (size_t k = o->spans; k-- > 0;) {
        o->agreed[k] = (tally_view){0};
        TALLY_TRY(x->ops->finish(x, k, &o->agreed[k]));
        if (b->w)
            TALLY_TRY(tally_rule_apply(&o->rule, &o->step, o->plan[k], b->w,
                                       o->agreed[k], b->room));
    }
    return TALLY_OK;
}

static tally_status compare(const record *all, int size)
{
    for (int r = 1; r < size; r++)
        if (all[r].hash != all[0].hash)
            return TALLY_FAIL(MISMATCH, "rank %d ends with other values than rank 0",
                              r);
    return TALLY_OK;
}

static tally_status check_bytes(const contender *o, uint64_t step, uint64_t sent)
{
    unsigned long long promised = tally_exchange_wire(&o->x, step), was = sent;

    if (was == promised) return TALLY_OK;
    if (o->x.certainty == TALLY_AT_MOST && was < promised) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "%llu bytes were sent, %llu were promised", was,
                      promised);
}

/* What this rank sees of a repeat; `all` when the records have come. */
static tally_status check(bench *b, size_t k, uint64_t repeat, const record *mine,
                          const record *all)
{
    const contender *o = &b->contenders[k];
    size_t n = b->layout.length;
    tally_status status;

    if (all) {
        status = compare(all, b->comm->size);
    } else {
        status = check_bytes(o, repeat, mine->sent);
        if (!status) status = bench_values_check(&b->values, o->check, o->tie, b->v, n);
    }
    if (!status) return TALLY_OK;
    return TALLY_FAIL(MISMATCH, "exchange %s of %zu values, repeat %llu: %s",
                      b->specs[k], n, (unsigned long long)repeat,
                      tally_error_sentence());
}

/* Fails on all ranks when it went wrong on one. */
static tally_status sum_up(bench *b, size_t k, uint64_t repeat, const record *mine)
{
    contender *o = &b->contenders[k];

    TALLY_TRY(tally_agree(b->comm, check(b, k, repeat, mine, NULL)));
    TALLY_TRY(tally_gather_all(b->comm, mine, sizeof *mine, b->records));
    TALLY_TRY(tally_agree(b->comm, check(b, k, repeat, mine, b->records)));
    o->times[repeat] = o->sent = 0;
    for (int r = 0; r < b->comm->size; r++) {
        o->times[repeat] = fmax(o->times[repeat], b->records[r].seconds);
        o->sent = fmax(o->sent, (double)b->records[r].sent);
    }
    if (o->check != BENCH_MAJORITY)
        o->error = bench_values_error(&b->values, b->v, b->layout.length);
    return TALLY_OK;
}

static tally_status take(bench *b, size_t k, uint64_t repeat)
{
    contender *o = &b->contenders[k];
    tally_comm *c = b->comm;
    uint64_t sent = c->traffic[TALLY_EXCHANGE].bytes_sent;
    record mine = {0};

    bench_values_make(&b->values, c, repeat);
    bench_values_write(&b->values, b->v, b->layout.length);
    TALLY_TRY(tally_barrier(c));
    double begin = tally_now(c);
    TALLY_TRY(exchange(b, o, repeat));
    mine.seconds = tally_now(c) - begin;
    mine.sent = c->traffic[TALLY_EXCHANGE].bytes_sent - sent;
    for (size_t i = 0; i < o->spans; i++)
        tally_view_numbers(o->agreed[i], o->plan[i], b->v);
    mine.hash = XXH3_64bits(b->v, b->layout.length * sizeof *b->v);
    return sum_up(b, k, repeat, &mine);
}

/* What memory alone asks of a vote, by all ranks at once. */
static tally_status take_traffic(bench *b, uint64_t repeat)
{
    tally_comm *c = b->comm;
    record mine = {0};

    TALLY_TRY(tally_barrier(c));
    double begin = tally_now(c);
    bench_traffic(b->v, b->w, b->layout.length);
    mine.seconds = tally_now(c) - begin;
    TALLY_TRY(tally_gather_all(c, &mine, sizeof mine, b->records));
    b->traffic[repeat] = 0;
    for (int r = 0; r < c->size; r++)
        b->traffic[repeat] = fmax(b->traffic[repeat], b->records[r].seconds);
    return TALLY_OK;
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
    double bytes = (double)(b->layout.length * sizeof(tally_real));
    bench_times t = bench_summary(b->traffic + WARM_UPS, repeats);

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
    double bytes = (double)(b->layout.length * sizeof(tally_real));
    double share = 2.0 * (b->comm->size - 1) / b->comm->size;

    for (size_t k = 0; k < b->count; k++) {
        const contender *o = &b->contenders[k];
        bench_times t = bench_summary(o->times + WARM_UPS, repeats);
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
        sum += b->contenders[k].times[WARM_UPS - 1];
    double fit = b->simulated ? 0 : seconds_a_size / fmax(sum, 1e-9);
    return fit < REPEATS_LEAST ? REPEATS_LEAST
                               : (uint64_t)fmin(fit, (double)REPEATS_AUTO);
}

static tally_status open_size(bench *b, size_t bytes)
{
    size_t n = (bytes + sizeof(tally_real) - 1) / sizeof(tally_real);

    TALLY_TRY(tally_layout_add(&b->layout, "v", TALLY_WEIGHT, 1, &n));
    b->v = tally_allocate(n, sizeof *b->v);
    if (!b->v) return TALLY_FAIL(MEMORY, "no memory for a vector of %zu values", n);
    if (!b->job->update) return TALLY_OK;
    b->w = tally_allocate(n, sizeof *b->w);
    b->room = tally_allocate(n, sizeof *b->room);
    b->traffic = calloc(REPEATS_MOST + WARM_UPS, sizeof *b->traffic);
    if (!b->w || !b->room || !b->traffic)
        return TALLY_FAIL(MEMORY, "no memory for %zu weights", n);
    memset(b->w, 0, n * sizeof *b->w);
    memset(b->room, 0, n * sizeof *b->room);
    return TALLY_OK;
}

static tally_status measure(bench *b, size_t bytes)
{
    uint64_t repeats = REPEATS_LEAST;

    TALLY_TRY(tally_agree(b->comm, open_size(b, bytes)));
    for (size_t k = 0; k < b->count; k++)
        TALLY_TRY(tally_agree(b->comm, open_contender(b, k)));
    for (uint64_t i = 0; i < WARM_UPS + repeats; i++) {
        for (size_t k = 0; k < b->count; k++)
            TALLY_TRY(take(b, k, i));
        if (b->w) TALLY_TRY(take_traffic(b, i));
        if (i == WARM_UPS - 1) repeats = choose_repeats(b);
    }
    if (b->comm->rank == 0) report(b, repeats);
    if (b->comm->rank == 0 && b->w) report_traffic(b, repeats);
    return TALLY_OK;
}

static void close_size(bench *b)
{
    for (size_t k = 0; k < b->count; k++) {
        contender *o = &b->contenders[k];

        tally_exchange_close(&o->x);
        tally_rule_close(&o->rule);
        free(o->plan);
        free(o->agreed);
        free(o->times);
        *o = (contender){0};
    }
    free(b->v);
    free(b->w);
    free(b->room);
    free(b->traffic);
    b->v = b->w = b->room = NULL;
    b->traffic = NULL;
    tally_layout_close(&b->layout);
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
    b->records = calloc((size_t)b->comm->size, sizeof *b->records);
    TALLY_TRY(tally_agree(b->comm, b->records ? TALLY_OK
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
    bench *b = calloc(1, sizeof *b);
    tally_status status;

    if (!b) {
        status = TALLY_FAIL(MEMORY, "no memory for the bench");
    } else {
        b->job = j;
        b->comm = c;
        status = run(b);
        cli_table_close(&b->table);
        free(b->records);
    }
    free(b);
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
    TALLY_TRY(
        cli_sizes_count("repeats", j->repeat_words, 1, REPEATS_MOST, &j->repeats));
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
        {"trace",          NULL,           NULL,              NULL,
         "show the places an error went through; also TALLY_TRACE=1"},
        {"help",          NULL,            &j.help,               NULL,         "this page"            },
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
