/* kernel.h — one group of kernels is one file: it fills in a kernel and has it
 * measured.
 */

#ifndef TALLY_CLI_BENCH_KERNEL_H
#define TALLY_CLI_BENCH_KERNEL_H

#include "cli/bench/bench.h"
#include "num/gemm.h"

enum {
    KERNEL_BATCH = 128,
    KERNEL_WIDTH = 2048, /* of the net whose weights there are, 784-2048-2048-10 */
    KERNEL_WEIGHTS = 784 * KERNEL_WIDTH + KERNEL_WIDTH + KERNEL_WIDTH * KERNEL_WIDTH +
                     KERNEL_WIDTH + KERNEL_WIDTH * 10 + 10,
    KERNEL_BALLOTS = 8
};

/* What the kernels work on.  All pointers owned. */
typedef struct kernel_bench {
    double seconds; /* how long a row is measured */
    bench_memory memory;
    double gemm;                    /* FLOP/s at 1024^3 */
    tally_real *a, *b, *c;          /* KERNEL_WEIGHTS values; a and b of both signs */
    uint64_t *bits[KERNEL_BALLOTS]; /* a bit a weight, full */
    uint64_t *minus, *tie;          /* a bit a weight, for results */
    tally_layout layout;            /* one tensor of KERNEL_WEIGHTS values */
    double *times;                  /* of blocks */
    cli_table table;
} kernel_bench;

typedef struct kernel kernel;

struct kernel {
    tally_status (*run)(kernel *k);
    kernel_bench *on;
    const char *group;
    char name[32], shape[32];
    double bytes, flops; /* of one run; one of them is 0 */
    size_t values;       /* that it works on; 0: say nothing of bytes a value */
    void *what;          /* the group's own */
};

/* Writes the row of k.  Returns what run returns. */
tally_status kernel_measure(kernel *k);

/* The span of all weights. */
tally_span kernel_all(void);

/* The groups. */
tally_status kernel_products(kernel_bench *b);
tally_status kernel_rules(kernel_bench *b);
tally_status kernel_bits(kernel_bench *b);
tally_status kernel_activations(kernel_bench *b);
tally_status kernel_codecs(kernel_bench *b);

#endif
