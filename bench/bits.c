/* bits.c — a vote's kernels on one core, beside reading and writing the same bytes.
 *
 *     read      all of v: what packing must read
 *     add       m <- m + g: what momentum and packing must read and write
 *     scale     w <- c w: what applying bits must read and write
 *     ballots   all words of n ballots: what counting them must read
 *
 * Every kernel on every instruction set of this processor; all of them, and the four
 * bounds, take turns in each round, and medians over rounds are compared, so that a
 * noisy machine slows them alike.
 *
 *     bench_bits [ROUNDS [COORDINATES]]       15 and 25600000 if not said */

#include "num/bits.h"

#include "num/isa.h"
#include "rule/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BALLOTS_MOST = 15, ROUNDS_MOST = 1000, OTHER_WORDS = 8 << 20 };

typedef struct desk {
    tally_layout layout;
    tally_rule voters[TALLY_ISAS], *voter;
    size_t d, words;
    tally_real *g, *m;
    uint64_t *ballots[BALLOTS_MOST], *minus, *tie;
    uint64_t *other; /* 64 MiB, read before each row: it starts with cold caches */
    size_t n;        /* ballots that are counted */
} desk;

/* ---- bounds ---- */

static uint64_t sink; /* so that what is read is used */
static double coordinates;

/* Eight sums: no addition waits for the one before. */
static void read_words(const uint64_t *v, size_t words)
{
    uint64_t sum[8] = {0};

    for (size_t i = 0; i + 8 <= words; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] |= v[i + k];
    for (size_t k = 0; k < 8; k++)
        sink |= sum[k];
}

static void read_numbers(desk *x)
{
    read_words((const void *)x->g, x->d * sizeof *x->g / sizeof(uint64_t));
}

static void add(desk *x)
{
    tally_real *restrict m = x->m;
    const tally_real *restrict g = x->g;

    for (size_t i = 0; i < x->d; i++)
        m[i] += g[i];
}

static void scale(desk *x)
{
    for (size_t i = 0; i < x->d; i++)
        x->m[i] *= (tally_real)0.999;
}

static void read_ballots(desk *x)
{
    for (size_t i = 0; i < x->n; i++)
        read_words(x->ballots[i], x->words);
}

/* ---- kernels ---- */

static const tally_step step = {.number = 1, .rate = 1e-4};

static void pack(desk *x)
{
    tally_bits_pack(x->g, (tally_span){0, x->d}, x->minus);
}

static void pack_masked(desk *x)
{
    tally_bits_pack_masked(x->g, (tally_span){0, x->d}, x->minus, x->tie);
}

static void propose(desk *x)
{
    tally_view v = {.bits = x->minus};

    tally_rule_propose(x->voter, &step, (tally_span){0, x->d}, x->g, &v);
}

static void apply(desk *x)
{
    tally_view v = {.bits = x->ballots[0], .scale = 1};

    tally_rule_apply(x->voter, &step, (tally_span){0, x->d}, x->m, v, NULL);
}

static void majority(desk *x)
{
    const uint64_t *at[BALLOTS_MOST];

    for (size_t i = 0; i < x->n; i++)
        at[i] = x->ballots[i];
    tally_bits_majority(at, x->n, x->words, x->minus, x->tie);
}

#define NUMBER sizeof(tally_real)
#define BIT    0.125

typedef struct row {
    const char *name;
    void (*run)(desk *x);
    bool is_bound;
    double bytes; /* a coordinate, read and written */
    size_t n;     /* ballots */
    double times[TALLY_ISAS][ROUNDS_MOST];
} row;

static row rows[] = {
    {"read",            read_numbers, true,  NUMBER,           0 },
    {"pack",            pack,         false, NUMBER + BIT,     0 },
    {"pack masked",     pack_masked,  false, NUMBER + 2 * BIT, 0 },
    {"add",             add,          true,  3 * NUMBER,       0 },
    {"momentum, pack",  propose,      false, 3 * NUMBER + BIT, 0 },
    {"scale",           scale,        true,  2 * NUMBER,       0 },
    {"apply",           apply,        false, 2 * NUMBER + BIT, 0 },
    {"read 3 ballots",  read_ballots, true,  3 * BIT,          3 },
    {"majority of 3",   majority,     false, 5 * BIT,          3 },
    {"read 8 ballots",  read_ballots, true,  8 * BIT,          8 },
    {"majority of 8",   majority,     false, 10 * BIT,         8 },
    {"read 15 ballots", read_ballots, true,  15 * BIT,         15},
    {"majority of 15",  majority,     false, 17 * BIT,         15},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* ---- the measurement ---- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void open_desk(desk *x)
{
    x->words = tally_bits_words(x->d);
    x->g = tally_allocate(x->d, sizeof *x->g);
    x->m = tally_allocate(x->d, sizeof *x->m);
    x->minus = tally_allocate(x->words, sizeof *x->minus);
    x->tie = tally_allocate(x->words, sizeof *x->tie);
    x->other = tally_allocate(OTHER_WORDS, sizeof *x->other);
    bool enough = x->g && x->m && x->minus && x->tie && x->other;
    for (size_t i = 0; i < BALLOTS_MOST; i++)
        enough &= (x->ballots[i] = tally_allocate(x->words, sizeof(uint64_t))) != NULL;
    if (!enough || tally_layout_add(&x->layout, "w", TALLY_WEIGHT, 1, &x->d)) {
        fprintf(stderr, "bench_bits: no memory for %zu coordinates\n", x->d);
        exit(5);
    }
    for (int isa = TALLY_PORTABLE; isa <= (int)tally_isa_best(); isa++) {
        tally_isa_use((tally_isa)isa);
        if (tally_rule_open(&x->voters[isa], "signum", &x->layout)) {
            fprintf(stderr, "bench_bits: %s\n", tally_error_sentence());
            exit(5);
        }
    }
    for (size_t i = 0; i < x->d; i++)
        x->g[i] = x->m[i] = (tally_real)((double)(i * 2654435761u % 1009) / 1009 - 0.5);
    for (size_t i = 0; i < BALLOTS_MOST; i++)
        for (size_t k = 0; k < x->words; k++)
            x->ballots[i][k] = (k + i) * UINT64_C(0x9e3779b97f4a7c15);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(desk *x, size_t round)
{
    for (int isa = TALLY_PORTABLE; isa <= (int)tally_isa_best(); isa++) {
        tally_isa_use((tally_isa)isa);
        x->voter = &x->voters[isa];
        for (size_t k = 0; k < ROWS; k++) {
            x->n = rows[k].n;
            read_words(x->other, OTHER_WORDS);
            double begin = now();

            rows[k].run(x);
            rows[k].times[isa][round] = now() - begin;
        }
    }
}

static double median(double *t, size_t rounds)
{
    qsort(t, rounds, sizeof *t, compare_times);
    return t[rounds / 2];
}

/* A bound is the row before the kernels it holds for; a kernel is compared with the
 * bound of the same round, and the median of these ratios is told. */
static void report(size_t rounds)
{
    static double ratios[ROUNDS_MOST];

    printf("%-16s %-9s %10s %8s %9s\n", "", "", "median ms", "GB/s", "by bound");
    for (int isa = TALLY_PORTABLE; isa <= (int)tally_isa_best(); isa++) {
        const double *bound = NULL;

        for (size_t k = 0; k < ROWS; k++) {
            const double *t = rows[k].times[isa];
            const char *name = rows[k].is_bound ? "" : tally_isa_name((tally_isa)isa);
            double ratio = 1;

            if (rows[k].is_bound) bound = t;
            for (size_t i = 0; i < rounds; i++)
                ratios[i] = t[i] / bound[i];
            ratio = median(ratios, rounds);
            memcpy(ratios, t, rounds * sizeof *t);
            double seconds = median(ratios, rounds);
            printf("%-16s %-9s %10.3f %8.1f", rows[k].name, name, seconds * 1e3,
                   rows[k].bytes * coordinates / seconds / 1e9);
            if (!rows[k].is_bound) printf(" %9.2f", ratio);
            putchar('\n');
        }
    }
}

int main(int argc, char **argv)
{
    static desk x;
    int rounds = argc > 1 ? atoi(argv[1]) : 15;

    x.d = argc > 2 ? (size_t)atoll(argv[2]) : 25600000;
    coordinates = (double)x.d;
    if (argc > 3 || rounds < 1 || rounds > ROUNDS_MOST || x.d < 64) {
        fprintf(stderr,
                "usage: bench_bits [ROUNDS (1 to %d) [COORDINATES (64 or more)]]\n",
                ROUNDS_MOST);
        return TALLY_OPTION;
    }
    open_desk(&x);
    measure(&x, 0); /* to warm up; written over */
    for (int i = 0; i < rounds; i++)
        measure(&x, (size_t)i);
    report((size_t)rounds);
    return TALLY_OK;
}
