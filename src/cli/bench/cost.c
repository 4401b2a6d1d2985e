/* cost.c — the time of each exchange as a formula of alpha and beta.
 *
 *     a message of B bytes takes a + B b and holds both ends' links for B b
 *     n ranks, m on a node, k = n / m nodes; a', b' inside a node, a, b between nodes
 *     N: bytes of the vector.  Where all ranks of a node send out of it at once and
 *     share its link, b counts m times
 *
 *     ring      P = 2 (n-1) s moves of T = N/n/s b, D = min(s, 8) of them under way:
 *               max(P T + a, h (a + T) + (P-1 mod D) T),  h = floor((P-1) / D) + 1
 *               a long block goes in s segments; of the h hops on the way around the
 *               ring one in m leaves the node, the others cost a' + N/n/s b'
 *     halving   2 sum over j of (a + N/2^(j+1) b); with ranks beyond 2^R: + 3 a + 2 N b
 *     tree      2 sum over j of (a + N b), j < log2 n, rounded up
 *     hier      a lap of N/m inside the node, a ring of N/m between the nodes (halving,
 *               where N/k is short), a lap
 *     sharded   2 a + (n-m) (u+v) b + (m-1) (u+v) b'
 *               u, v: bytes of a shard's message to its owner and of the answer
 *     server    2 a + (n-m) (U+V) b + (m-1) (U+V) b'
 *               U, V: the same of the whole vector
 *     all       a + (n-m) B b + (m-1) B b'
 *               B: bytes of the encoded vector
 *     async     max(C + 2 (a + N b), (n-1) N b)
 *               C: seconds of a gradient
 *
 * Hockney's model of a message; the sums as Thakur, Rabenseifner and Gropp,
 * Optimization of Collective Communication Operations in MPICH, 2005, count them.
 *
 * The tests hold each against the clock of sim: ring, hier and server are equal to it
 * when all divides evenly, halving and tree for 2^k ranks.  Otherwise they are
 * estimates:
 *   - halving and tree beyond 2^k ranks: rounds of ranks without a partner go earlier,
 *     and messages then meet on a link: up to a third off;
 *   - sharded and all: every rank sends to every other; sim serves a link in the order
 *     of the sends and lets it lie idle in between, so that the part of the bytes takes
 *     (2 n - 3) / (n - 1) times as long at most;
 *   - server with m > 1: who of the others comes last is not followed;
 *   - async: the mean of a round in the long run, not of one, all workers at one pace;
 *     with m > 1 those beside the server run ahead, and rounds are far shorter. */

#include "cli/bench/cost.h"

#include "comm/comm.h"
#include "comm/move.h"
#include "num/bits.h"

#include <math.h>

static int nodes_of(const bench_cluster *c)
{
    return c->ranks / c->node;
}

/* The line of a hop between ranks so far apart, and of one out of the node while all of
 * the node's ranks do the same. */
static bench_line line_of(const bench_cluster *c, bool far)
{
    return c->line[far ? BENCH_NETWORK : BENCH_NODE];
}

static bench_line crowded(const bench_cluster *c, bool far)
{
    bench_line l = line_of(c, far);

    if (far && !c->own_links) l.beta *= c->node;
    return l;
}

static double time_of(bench_line l, double bytes)
{
    return l.alpha + bytes * l.beta;
}

/* A chain of moves around a ring, each waiting for the one `depth` moves before it at
 * the neighbour; one hop in `stride` is a far one. */
static double chain(bench_line near, bench_line far, int stride, long moves, int depth,
                    double bytes)
{
    double each = bytes * far.beta;
    long hops = (moves - 1) / depth + 1, out = (hops + stride - 1) / stride;
    long between = (out - 1) * (stride - 1), after = hops - out - between;
    double saturated = (double)moves * each + far.alpha;
    double around = (double)out * time_of(far, bytes) +
                    (double)between * time_of(near, bytes) +
                    (double)after * fmax(time_of(near, bytes), depth * each) +
                    (double)((moves - 1) % depth) * each;

    return fmax(saturated, around);
}

/* `laps` of `places` blocks of n values. */
static double ring(bench_line near, bench_line far, int stride, int places, int laps,
                   size_t n)
{
    int segments = tally_ring_segments(places, n);
    int depth = segments < TALLY_SUM_DEPTH ? segments : TALLY_SUM_DEPTH;
    long moves = (long)laps * (places - 1) * segments;
    double bytes = (double)n / places / segments * sizeof(tally_real);

    return places > 1 ? chain(near, far, stride, moves, depth, bytes) : 0;
}

static double ring_of_all(const bench_cluster *c, size_t n)
{
    bench_line near = line_of(c, false);

    if (nodes_of(c) == 1) return ring(near, near, 1, c->ranks, 2, n);
    return ring(near, line_of(c, true), c->node, c->ranks, 2, n);
}

static double halving(const bench_cluster *c, double bytes)
{
    int places = 1;
    double seconds = 0;

    while (2 * places <= c->ranks)
        places *= 2;
    bool folds = places < c->ranks;
    for (int reach = 1; reach < places; reach *= 2) {
        bool far = (folds ? 2 : 1) * reach >= c->node;

        seconds += 2 * time_of(crowded(c, far), bytes / (2.0 * reach));
    }
    if (folds) seconds += 3 * time_of(line_of(c, c->node == 1), bytes * 2 / 3);
    return seconds;
}

/* A rank of each node, while all of the node's ranks do the same. */
static bench_cluster across(const bench_cluster *c)
{
    bench_cluster a = *c;

    a.ranks = nodes_of(c);
    a.node = 1;
    a.line[BENCH_NETWORK] = crowded(c, true);
    return a;
}

static double hier(const bench_cluster *c, size_t n)
{
    bench_line near = line_of(c, false), far = crowded(c, true);
    bench_cluster leaders = across(c);
    size_t slice = n / (size_t)c->node;

    if (c->node == 1 || nodes_of(c) == 1) return ring_of_all(c, n);
    return 2 * ring(near, near, 1, c->node, 1, n) +
           (tally_hier_halves(leaders.ranks, n)
                ? halving(&leaders, (double)slice * sizeof(tally_real))
                : ring(far, far, 1, leaders.ranks, 2, slice));
}

static double tree(const bench_cluster *c, double bytes)
{
    double seconds = 0;

    for (int reach = 1; reach < c->ranks; reach *= 2)
        seconds += 2 * time_of(line_of(c, reach >= c->node), bytes);
    return seconds;
}

double bench_cost_sum(const bench_cluster *c, tally_sum_algorithm how, size_t values)
{
    double bytes = (double)values * sizeof(tally_real);

    if (c->ranks == 1 || values == 0) return 0;
    switch (how) {
    case TALLY_SUM_HALVING:
        return halving(c, bytes);
    case TALLY_SUM_TREE:
        return tree(c, bytes);
    case TALLY_SUM_HIER:
        return hier(c, values);
    case TALLY_SUM_AUTO:
    case TALLY_SUM_NATIVE:
    case TALLY_SUM_RING:
    case TALLY_SUM_SHM:
        break;
    }
    return ring_of_all(c, values); /* what is not ours is modelled as one */
}

/* Messages of `bytes` from (or to) each other rank, over one link one after the other.
 */
static double one_after_the_other(const bench_cluster *c, bench_line far, double bytes)
{
    return (c->ranks - c->node) * bytes * far.beta +
           (c->node - 1) * bytes * line_of(c, false).beta;
}

double bench_cost_all(const bench_cluster *c, double bytes)
{
    if (c->ranks == 1) return 0;
    return line_of(c, nodes_of(c) > 1).alpha +
           one_after_the_other(c, crowded(c, true), bytes);
}

double bench_cost_sharded(const bench_cluster *c, double up, double down)
{
    return bench_cost_all(c, up) + bench_cost_all(c, down);
}

double bench_cost_server(const bench_cluster *c, double up, double down)
{
    if (c->ranks == 1) return 0;
    return 2 * line_of(c, nodes_of(c) > 1).alpha +
           one_after_the_other(c, line_of(c, true), up + down);
}

double bench_cost_vote_hier(const bench_cluster *c, size_t words)
{
    size_t shard = tally_sharded_shard(0, c->node, words).count;
    size_t part = tally_sharded_shard(0, nodes_of(c), shard).count;
    bench_cluster inside = *c, leaders = across(c);

    inside.ranks = c->node;
    return bench_cost_sharded(&inside, 8 * (double)shard, 8 * (double)shard) +
           bench_cost_sharded(&leaders,
                              8 * (double)(part * tally_bits_planes((uint64_t)c->node)),
                              8 * (double)part);
}

double bench_cost_async(const bench_cluster *c, double compute, double bytes)
{
    double there = time_of(line_of(c, nodes_of(c) > 1), bytes);

    return fmax(compute + 2 * there, one_after_the_other(c, line_of(c, true), bytes));
}

/* A comm of that many ranks, as far as the table of choice.c asks. */
tally_sum_algorithm bench_cost_auto(const bench_cluster *c, size_t values)
{
    static const tally_comm_ops real = {.spend = NULL};
    const tally_comm there = {.ops = c->own_links ? &tally_comm_sim : &real,
                              .size = c->ranks,
                              .nodes = nodes_of(c),
                              .node_size = c->node};

    return tally_sum_resolve(&there, TALLY_SUM_AUTO, values);
}
