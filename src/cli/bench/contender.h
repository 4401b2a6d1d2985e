/* contender.h — one exchange at one size, against the clock. */

#ifndef TALLY_CLI_BENCH_CONTENDER_H
#define TALLY_CLI_BENCH_CONTENDER_H

#include "tally/rule.h"

#include "cli/bench/bench.h"

enum { BENCH_WARM_UPS = 2, BENCH_REPEATS_MOST = 10000 };

/* What a rank tells the others of one repeat. */
typedef struct bench_record {
    double seconds;
    uint64_t hash, sent;
} bench_record;

/* The vectors of one size, and who agrees on them. */
typedef struct bench_arena {
    tally_comm *comm;
    size_t bucket;         /* bytes that travel together; 0: whole vectors */
    bool update;           /* the clock runs until the weights have moved */
    bench_record *records; /* one a rank */
    bench_values values;
    tally_layout layout;
    tally_real *v;        /* owned */
    tally_real *w, *room; /* owned; with update */
    double *traffic;      /* owned; with update: seconds of the slowest rank */
} bench_arena;

typedef struct bench_contender {
    char name[160]; /* "gather codec=sign" */
    tally_exchange x;
    tally_span *plan;   /* owned */
    tally_view *agreed; /* owned: one a span */
    size_t spans;
    bench_check check;
    bench_tie tie;
    tally_rule rule; /* with update */
    tally_step step; /* of it */
    double *times;   /* owned: seconds of the slowest rank, warm-ups first */
    double sent;     /* bytes, of the rank that sends most */
    double error;    /* of the first repeat: later ones carry what it left behind */
} bench_contender;

/* Allocates vectors of so many bytes; comm (who may be fewer than all ranks), bucket,
 * update and records are set.  What fails leaves what bench_arena_close gives back.
 * Local.  Returns TALLY_MEMORY. */
tally_status bench_arena_open(bench_arena *a, size_t bytes);
void bench_arena_close(bench_arena *a);

/* One repeat of what memory alone asks of a vote: the gradient read once, the weights
 * read and written once, by all ranks at once.  Collective. */
tally_status bench_arena_traffic(bench_arena *a, uint64_t repeat);

/* The member that a spec ("vote:tie=zero") names.  Returns TALLY_OPTION. */
tally_status bench_exchange_find(const char *spec, const tally_about **about);

/* codec: of an exchange that has one, outlives the contender; NULL: fp32.  Collective.
 */
tally_status bench_contender_open(bench_contender *o, const char *spec,
                                  const char *codec, bench_arena *a);
void bench_contender_close(bench_contender *o);

/* One repeat, checked: collective, fails on all ranks when it went wrong on one. */
tally_status bench_contender_take(bench_contender *o, bench_arena *a, uint64_t repeat);

#endif
