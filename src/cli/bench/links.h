/* links.h — what a message costs, by where its ends are: alpha + bytes beta. */

#ifndef TALLY_CLI_BENCH_LINKS_H
#define TALLY_CLI_BENCH_LINKS_H

#include "cli/bench/bench.h"
#include "cli/sizes.h"

typedef enum bench_link_class {
    BENCH_NODE,    /* both ranks share a machine */
    BENCH_NETWORK, /* they do not */
    BENCH_LINKS
} bench_link_class;

/* Seconds that a message takes besides its bytes, and seconds that a byte takes. */
typedef struct bench_line {
    double alpha, beta;
} bench_line;

/* A class of links.  Spreads are over the pairs measured and the rounds of each. */
typedef struct bench_link {
    int pairs, measured;            /* pairs of ranks that there are; 0: no such link */
    bench_times alpha, beta;        /* of the lines */
    bench_times at[CLI_SIZES_MOST]; /* one way, for each size; medians of a round */
    double misfit; /* the farthest that a size's median is from the line of medians, as
                      a share of it */
} bench_link;

/* The name that tables call a class by. */
const char *bench_link_name(bench_link_class k);

/* The line through times of at least two sizes: beta is the median of the slopes
 * between all two sizes of 64 KiB and more (of all sizes, when those are fewer than
 * two), as Theil 1950 and Sen 1968; alpha what is then left of the smallest size. */
bench_line bench_fit(const cli_sizes *sizes, const double *seconds);

/* Ping-pong between some pairs of each class, one pair at a time while the others
 * sleep; pairs take turns in every round.  All ranks get the same figures.  Collective.
 * Returns TALLY_OPTION for one rank or one size, TALLY_MEMORY or TALLY_NETWORK. */
tally_status bench_links_measure(tally_comm *c, const cli_sizes *sizes, uint64_t rounds,
                                 bench_link links[BENCH_LINKS]);

/* Some one-way times between two ranks, known to the first of them; ball: `bytes` of
 * scratch, once written.  Collective over the two; others return at once. */
tally_status bench_links_ping(tally_comm *c, int first, int second, void *ball,
                              size_t bytes, bench_times *times);

/* "sim:ranks=4,node=2,alpha=...": the comm that simulates these links; what there is
 * none of is left out.  False when it does not fit. */
bool bench_links_sim(const tally_comm *c, const bench_link links[BENCH_LINKS],
                     char *text, size_t most);

#endif
