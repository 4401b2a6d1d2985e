/* kernel.c — `tally bench kernel`: what one core computes, beside what the machine
 * gives in the same run.
 *
 * Products are held against the best product 1024x1024x1024, everything else against
 * the best copy in memory (above 1: the vectors fit a cache).  A row is the median over
 * blocks of runs; a block is long enough for the clock. */

#include "cli/bench/kernel.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/sizes.h"
#include "num/bits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ONLY_MOST = 8, BLOCKS_LEAST = 3, BLOCKS_MOST = 1000 };

static const double block_seconds = 50e-6;

typedef struct job {
    cli_failure *failure;
    bool help, json, csv;
    const char *only[ONLY_MOST + 1]; /* groups; ends with NULL: all */
    const char *second_words, *thread_words;
    double seconds; /* a row */
    uint64_t threads;
    tally_status asked;
} job;

static const struct {
    const char *name;
    tally_status (*measure)(kernel_bench *b);
} groups[] = {
    {"products",    kernel_products   },
    {"rules",       kernel_rules      },
    {"bits",        kernel_bits       },
    {"activations", kernel_activations},
    {"codecs",      kernel_codecs     },
};

enum { GROUPS = sizeof groups / sizeof *groups };

/* ---- one row ---- */

tally_span kernel_all(void)
{
    return (tally_span){0, KERNEL_WEIGHTS};
}

/* Seconds of one of so many runs. */
static tally_status run_block(kernel *k, uint64_t runs, double *seconds)
{
    double begin = bench_now();

    *seconds = 0;
    for (uint64_t i = 0; i < runs; i++)
        TALLY_TRY(k->run(k));
    *seconds = (bench_now() - begin) / (double)runs;
    return TALLY_OK;
}

static tally_status time_blocks(kernel *k, bench_times *t)
{
    kernel_bench *b = k->on;
    double once;

    TALLY_TRY(run_block(k, 1, &once));
    TALLY_TRY(run_block(k, 1, &once));
    uint64_t runs = 1 + (uint64_t)(block_seconds / fmax(once, 1e-9));
    double fit = b->seconds / fmax(once * (double)runs, 1e-9);
    size_t blocks = (size_t)fmin(fmax(fit, (double)BLOCKS_LEAST), (double)BLOCKS_MOST);
    for (size_t i = 0; i < blocks; i++)
        TALLY_TRY(run_block(k, runs, &b->times[i]));
    *t = bench_summary(b->times, blocks);
    return TALLY_OK;
}

static const cli_column columns[] = {
    {"group",           "group",       -11, 0},
    {"kernel",          "kernel",      -20, 0},
    {"shape",           "shape",       -13, 0},
    {"least_us",        "least us",    9,   1},
    {"median_us",       "median us",   9,   1},
    {"most_us",         "most us",     9,   1},
    {"rate",            "rate",        8,   1},
    {"unit",            "",            -7,  0},
    {"of_machine",      "of machine",  10,  2},
    {"bytes_per_value", "bytes/value", 11,  2},
    {NULL,              NULL,          0,   0},
};

tally_status kernel_measure(kernel *k)
{
    cli_table *table = &k->on->table;
    bool computes = k->flops > 0;
    double machine = computes ? k->on->gemm : k->on->memory.copy;
    bench_times t;

    TALLY_TRY(time_blocks(k, &t));
    double rate = (computes ? k->flops : k->bytes) / t.median;
    cli_table_text(table, k->group);
    cli_table_text(table, k->name);
    cli_table_text(table, k->shape);
    cli_table_number(table, 1e6 * t.least);
    cli_table_number(table, 1e6 * t.median);
    cli_table_number(table, 1e6 * t.most);
    cli_table_number(table, rate / 1e9);
    cli_table_text(table, computes ? "GFLOP/s" : "GB/s");
    cli_table_number(table, rate / machine);
    cli_table_number(table, k->values ? k->bytes / (double)k->values : (double)NAN);
    return TALLY_OK;
}

/* ---- all rows ---- */

static bool is_wanted(const job *j, const char *group)
{
    for (size_t i = 0; j->only[i]; i++)
        if (strcmp(j->only[i], group) == 0) return true;
    return !j->only[0];
}

/* Values between -1/2 and 1/2, with both signs in every word. */
static void fill(tally_real *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (tally_real)((double)(i * 2654435761u % 1009) / 1009 - 0.5);
}

static tally_status open_bench(kernel_bench *b)
{
    size_t words = tally_bits_words(KERNEL_WEIGHTS), n = KERNEL_WEIGHTS;
    bool all = true;

    b->a = tally_allocate(n, sizeof *b->a);
    b->b = tally_allocate(n, sizeof *b->b);
    b->c = tally_allocate(n, sizeof *b->c);
    b->minus = tally_allocate(words, sizeof *b->minus);
    b->tie = tally_allocate(words, sizeof *b->tie);
    b->times = calloc(BLOCKS_MOST, sizeof *b->times);
    for (int i = 0; i < KERNEL_BALLOTS; i++)
        all &= (b->bits[i] = tally_allocate(words, sizeof *b->bits[i])) != NULL;
    if (!b->a || !b->b || !b->c || !b->minus || !b->tie || !b->times || !all)
        return TALLY_FAIL(MEMORY, "no memory for vectors of %zu values", n);
    fill(b->a, n);
    fill(b->b, n);
    for (int i = 0; i < KERNEL_BALLOTS; i++)
        tally_bits_pack(i % 2 ? b->a : b->b, kernel_all(), b->bits[i]);
    return tally_layout_add(&b->layout, "w", TALLY_WEIGHT, 1, &n);
}

static void close_bench(kernel_bench *b)
{
    free(b->a);
    free(b->b);
    free(b->c);
    free(b->minus);
    free(b->tie);
    free(b->times);
    for (int i = 0; i < KERNEL_BALLOTS; i++)
        free(b->bits[i]);
    tally_layout_close(&b->layout);
    cli_table_close(&b->table);
}

static void print_head(const job *j, const kernel_bench *b)
{
    printf("%s values, %llu thread%s in products\n", TALLY_REAL_DTYPE,
           (unsigned long long)j->threads, tally_text_plural(j->threads));
    printf("memory: read %.1f GB/s, copy %.1f GB/s; product 1024x1024x1024: %.1f "
           "GFLOP/s\n\n",
           b->memory.read / 1e9, b->memory.copy / 1e9, b->gemm / 1e9);
}

static tally_status run(const job *j, kernel_bench *b)
{
    cli_style style = j->json ? CLI_JSON : j->csv ? CLI_CSV : CLI_TEXT;

    TALLY_TRY(j->asked);
    tally_gemm_threads(j->threads);
    TALLY_TRY(open_bench(b));
    TALLY_TRY(bench_memory_measure(BENCH_MEMORY, &b->memory));
    TALLY_TRY(bench_product_measure(1024, bench_now, &b->gemm));
    b->seconds = j->seconds;
    if (style == CLI_TEXT) print_head(j, b);
    cli_table_open(&b->table, style, columns);
    for (int i = 0; i < GROUPS; i++)
        if (is_wanted(j, groups[i].name)) TALLY_TRY(groups[i].measure(b));
    if (style != CLI_JSON) return TALLY_OK;
    return bench_print_json(
        json_pack("{s:s s:s s:i s:o s:o s:o}", "bench", "kernel", "precision",
                  TALLY_REAL_DTYPE, "threads", (int)j->threads, "memory_read_gb_per_s",
                  cli_json_number(b->memory.read / 1e9), "memory_copy_gb_per_s",
                  cli_json_number(b->memory.copy / 1e9), "product_gflop_per_s",
                  cli_json_number(b->gemm / 1e9)),
        &b->table);
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    kernel_bench b = {.seconds = 0};
    tally_status status = run(j, &b);

    close_bench(&b);
    return cli_failure_on_rank(j->failure, c, status);
}

static tally_status check_groups(const job *j)
{
    for (size_t i = 0; j->only[i]; i++) {
        const char *nearest = NULL;
        bool found = false;

        for (int g = 0; g < GROUPS; g++) {
            found |= strcmp(groups[g].name, j->only[i]) == 0;
            tally_text_nearer(j->only[i], groups[g].name, &nearest);
        }
        if (found) continue;
        if (nearest)
            return TALLY_FAIL(OPTION, "there is no group %s; did you mean %s?",
                              j->only[i], nearest);
        return TALLY_FAIL(OPTION,
                          "there is no group %s; there are products, rules, bits, "
                          "activations and codecs",
                          j->only[i]);
    }
    return TALLY_OK;
}

static tally_status read_values(job *j)
{
    if (!tally_text_real(j->second_words, &j->seconds) ||
        !(j->seconds > 0 && j->seconds <= 3600))
        return TALLY_FAIL(OPTION, "seconds=%s is not in (0, 3600]", j->second_words);
    TALLY_TRY(cli_sizes_count("threads", j->thread_words, 1, 4096, &j->threads));
    TALLY_TRY(bench_check_style(j->json, j->csv));
    return check_groups(j);
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally bench kernel [--option value | --option=value] ...\n\n"
        "What one core computes: products of the nets 784-512-512-10 and "
        "784-2048-2048-10 at\nbatch 128, rules, votes, activations and codecs, beside "
        "the memory bandwidth and the\nproduct of 1024x1024x1024 measured in the same "
        "run.\n\n",
        stdout);
    cli_help_flags(stdout, flags);
}

tally_status bench_kernel(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure, .second_words = "0.1", .thread_words = "1"};
    const cli_flag flags[] = {
        {"only",    j.only,          NULL, "GROUP",
         "products, rules, bits, activations or codecs; may be given again (all)",      ONLY_MOST},
        {"seconds", &j.second_words, NULL, "X",     "how long a row is measured (0.1)", 0        },
        {"threads", &j.thread_words, NULL, "N",     "threads of a product (1)",         0        },
        BENCH_STYLE_FLAGS(&j.json, &j.csv),
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally bench kernel", flags, bench_takes, false};
    tally_run run = {0};

    j.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.asked) j.asked = read_values(&j);
    return tally_launch("self", on_rank, &j);
}
