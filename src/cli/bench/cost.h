/* cost.h — what an exchange costs on ranks that are not there. */

#ifndef TALLY_CLI_BENCH_COST_H
#define TALLY_CLI_BENCH_COST_H

#include "tally/collective.h"

#include "cli/bench/links.h"

/* Ranks, so many on each node, and what a message costs between them. */
typedef struct bench_cluster {
    int ranks, node;              /* ranks: a multiple of node */
    bench_line line[BENCH_LINKS]; /* alpha, beta: inside a node, between nodes */
    bool own_links; /* each rank has a link to other nodes of its own, as on sim; else
                       the ranks of a node share one */
} bench_cluster;

/* Seconds from the moment when all ranks start until the last has the result, on links
 * that are idle before, without the work of adding, counting, encoding.
 *
 * Exact on sim where the messages of two ranks never want one link at the same time: a
 * rank a node, vectors that divide evenly and, for halving and tree, 2^k ranks.  See
 * cost.c for what they are elsewhere. */
double bench_cost_sum(const bench_cluster *c, tally_sum_algorithm how, size_t values);

/* up, down: bytes of a rank's message to one owner of a shard, and of the answer. */
double bench_cost_sharded(const bench_cluster *c, double up, double down);

/* up, down: bytes to rank 0 and back. */
double bench_cost_server(const bench_cluster *c, double up, double down);

/* A vote by node and then between nodes, of so many words of 64 signs. */
double bench_cost_vote_hier(const bench_cluster *c, size_t words);

/* bytes: of the message from each rank to each. */
double bench_cost_all(const bench_cluster *c, double bytes);

/* A round of an asynchronous server, in which each worker but rank 0 computes for so
 * many seconds, pushes so many bytes and is replied to by as many. */
double bench_cost_async(const bench_cluster *c, double compute, double bytes);

/* What `auto` takes to sum so many values. */
tally_sum_algorithm bench_cost_auto(const bench_cluster *c, size_t values);

#endif
