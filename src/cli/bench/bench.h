/* bench.h — what the parts of `tally bench` share. */

#ifndef TALLY_CLI_BENCH_H
#define TALLY_CLI_BENCH_H

#include "tally/exchange.h"

#include "cli/arguments.h"
#include "cli/failure.h"
#include "cli/table.h"

/* Rows of a bench's flags. */
#define BENCH_STYLE_FLAGS(as_json, as_csv)                                             \
    {.name = "json", .set = as_json, .help = "one line of JSON"},                      \
    {                                                                                  \
        .name = "csv", .set = as_csv, .help = "comma-separated values"                 \
    }

/* The flag of a bench that takes no options of a run. */
#define BENCH_TIMEOUT_FLAG(words)                                                      \
    {                                                                                  \
        .name = "timeout", .text = words, .value = "X",                                \
        .help = "seconds in one wait that end the bench; 0: never (600)"               \
    }

/* `tally bench exchange` and so on; words: what follows. */
tally_status bench_exchange(cli_failure *failure, int count, char *const *words);
tally_status bench_kernel(cli_failure *failure, int count, char *const *words);
tally_status bench_net(cli_failure *failure, int count, char *const *words);
tally_status bench_train(cli_failure *failure, int count, char *const *words);
tally_status bench_predict(cli_failure *failure, int count, char *const *words);

/* Benches use no option of a run: false for every name. */
bool bench_takes(const char *name);

/* Those of a run that is not kept: all but --out, --trace and --strategy. */
bool bench_takes_run(const char *name);

/* *options <- those of a run by an entry of --compare (compare.h; NULL: as the words
 * say), resolved, owned by the caller; of so many steps (NULL: as tally train), unless
 * the words say how many.  Reads the words anew.  Returns TALLY_OPTION or TALLY_MEMORY.
 */
tally_status bench_run_options(const cli_grammar *grammar, int count,
                               char *const *words, const char *entry, const char *steps,
                               json_t **options);

/* How a bench of several ranks was started. */
typedef struct bench_call {
    const char *topic; /* "exchange" */
    int count;
    char *const *words; /* what followed it */
    tally_status asked; /* of reading the words; agreed on once there are ranks */
    double timeout;     /* seconds in one wait that end the bench; 0: never */
} bench_call;

/* call->timeout <- --timeout; NULL: 600.  Returns TALLY_OPTION. */
tally_status bench_read_timeout(const char *text, bench_call *call);

/* Agrees on call->asked.  Returns TALLY_MISMATCH, agreed by all, when ranks run other
 * builds of Tally, or were given another bench or other words.  From here on SIGUSR2
 * has a table printed of what each rank does, and a wait that reaches the timeout ends
 * the bench with it; until tally_watch_close.  Where ranks are simulated a deadlock is
 * told anyway.  Collective. */
tally_status bench_meet(tally_comm *c, const bench_call *call);

/* Returns TALLY_OPTION when both forms are asked for. */
tally_status bench_check_style(bool json, bool csv);

/* head (may be NULL for want of memory; given back) with the table's rows, as one line
 * on standard output.  Returns TALLY_MEMORY or TALLY_FILE. */
tally_status bench_print_json(json_t *head, cli_table *table);

/* ---- clocks and rates: machine.c ---- */

double bench_now(void);  /* seconds of a clock that never turns back */
double bench_work(void); /* seconds that this thread has had a processor */

typedef struct bench_times {
    double least, median, most; /* seconds */
} bench_times;

/* Sorts them; n >= 1.  Of an even number the median is the mean of the two in the
 * middle. */
bench_times bench_summary(double *seconds, size_t n);

/* What one core gets from memory, best of some passes over so many bytes, more than the
 * caches hold: bytes per second read, and moved (read and written) by a copy.  Seconds
 * are those of this thread, so that a neighbour on its core does not count.  Returns
 * TALLY_MEMORY. */
typedef struct bench_memory {
    double read, copy;
} bench_memory;

enum { BENCH_MEMORY = 128 << 20 }; /* bytes that no cache holds */

tally_status bench_memory_measure(size_t bytes, bench_memory *m);

/* *flops <- operations a second of a product of n x n matrices, at best, by a clock of
 * the above, with as many threads as products have.  Returns TALLY_MEMORY. */
tally_status bench_product_measure(size_t n, double (*clock)(void), double *flops);

/* Reads n values of v, reads and writes n values of w: the least that moving w by the
 * signs of v asks of memory. */
void bench_traffic(const tally_real *v, tally_real *w, size_t n);

/* ---- vectors whose sums are known: values.c ---- */

/* Values repeat after so many: a prime, so that blocks of 2^k never look alike. */
enum { BENCH_PERIOD = 1021 };

/* Odd whole numbers up to 63 either way: never 0, and every order of adding those of up
 * to 2^18 ranks is exact. */
typedef struct bench_values {
    tally_real mine[BENCH_PERIOD];
    double sum[BENCH_PERIOD]; /* over ranks */
    int votes[BENCH_PERIOD];  /* ranks with a positive value, less those with a negative
                               */
} bench_values;

/* What the agreed vector must be. */
typedef enum bench_check {
    BENCH_EXACT,    /* the sum */
    BENCH_MAJORITY, /* the sign of the votes; a tie as `tie` says */
    BENCH_AGREED    /* the same on all ranks, whatever finite numbers it is */
} bench_check;

typedef enum bench_tie { BENCH_TIE_EITHER, BENCH_TIE_PLUS, BENCH_TIE_ZERO } bench_tie;

void bench_values_make(bench_values *values, const tally_comm *c, uint64_t repeat);
void bench_values_write(const bench_values *values, tally_real *v, size_t n);

/* Whether v is what it must be, by the dullest loop there is; TALLY_MISMATCH names the
 * first value that is not. */
tally_status bench_values_check(const bench_values *values, bench_check check,
                                bench_tie tie, const tally_real *v, size_t n);

/* max |v - sum| / max |sum|: the error of an exchange that loses something.  v is
 * finite. */
double bench_values_error(const bench_values *values, const tally_real *v, size_t n);

#endif
