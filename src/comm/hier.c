/* hier.c — all-reduce in a hierarchy: inside the nodes, between them, inside again.
 *
 *     nodes of m ranks each; v is cut into m slices
 *     in        inside each node, the first lap of a ring (ring.c): the rank at place p
 *               holds slice p+1, summed over its node
 *     across    the ranks at place p of all nodes: a ring over their slice, or, where a
 *               node's part of v is short, by halving (halving.c)
 *     out       inside each node, the second lap
 *
 * Every rank leads its slice, so a node's link carries 2 (nodes-1)/nodes of v, which
 * is the least there is, where a ring of all ranks sends 2 (ranks-1)/ranks over it; and
 * the rounds between nodes are 2 (nodes-1), or 2 log2 nodes, not 2 (ranks-1).  Thakur,
 * Rabenseifner and Gropp, Optimization of Collective Communication Operations in MPICH,
 * 2005; with all ranks as leaders: Bayatpour et al., Scalable Reduction Collectives
 * with Data Partitioning-based Multi-Leader Design, 2017.
 *
 * Nodes of different sizes have one leader each: a tree inside (tree.c), and all of v
 * is its slice.  Inside a node messages go through what memory its ranks share, by
 * grace of the comm.  A value is summed along one path, so every rank ends with the
 * same bits; moves of a lap overlap as in a ring. */

#include "comm/move.h"

typedef struct plan {
    const tally_nodes *nodes;
    int node, place, width;
    size_t n;
    bool even;       /* all nodes have as many ranks */
    bool halves;     /* across */
    tally_span lead; /* what this rank sums across; empty: nothing */
    int in, across;  /* phases; as many out as in */
    int segments_in, segments_across;
} plan;

static int log2_up(int n)
{
    int rounds = 0;

    while (1 << rounds < n)
        rounds++;
    return rounds;
}

bool tally_hier_halves(int nodes, size_t n)
{
    return n * sizeof(tally_real) / (size_t)nodes <= TALLY_HALVING_SHARE;
}

static int phases_of_halving(int size)
{
    tally_move m;
    int phases = 0;

    while (tally_halving_move(0, size, 0, phases, &m))
        phases++;
    return phases;
}

static plan plan_of(const tally_nodes *t, int rank, size_t n)
{
    plan p = {.nodes = t,
              .node = t->node[rank],
              .place = t->place[rank],
              .n = n,
              .even = t->least == t->most,
              .halves = tally_hier_halves(t->count, n)};
    size_t longest = n;

    p.width = tally_nodes_width(t, p.node);
    if (p.even) {
        p.lead = tally_ring_block((p.place + 1) % p.width, p.width, n);
        longest = tally_ring_block(0, p.width, n).count;
        p.segments_in = tally_ring_segments(p.width, n);
        p.in = (p.width - 1) * p.segments_in;
    } else {
        if (p.place == 0) p.lead = (tally_span){0, n};
        p.segments_in = 1;
        p.in = log2_up(t->most);
    }
    p.segments_across = p.halves ? 1 : tally_ring_segments(t->count, longest);
    p.across =
        p.halves ? phases_of_halving(t->count) : 2 * (t->count - 1) * p.segments_across;
    return p;
}

/* Places become ranks. */
static void seat(const plan *p, tally_move *m)
{
    m->to = tally_nodes_rank(p->nodes, p->node, m->to);
    m->from = tally_nodes_rank(p->nodes, p->node, m->from);
}

static void move_inside(const plan *p, int lap, int phase, tally_move *m)
{
    int rounds = log2_up(p->width);

    *m = (tally_move){.add = false};
    if (p->even) {
        tally_ring_turn(p->place, p->width, p->n, p->segments_in, lap * p->in + phase,
                        m);
    } else { /* smaller trees end earlier, and begin later */
        int turn = lap == 0 ? phase : 2 * rounds - p->in + phase;

        if (lap == 0 ? turn >= rounds : turn < rounds) return;
        tally_tree_move(p->place, p->width, p->n, turn, m);
    }
    if (m->send.count || m->receive.count) seat(p, m);
}

static void move_across(const plan *p, int phase, tally_move *m)
{
    int nodes = p->nodes->count;

    *m = (tally_move){.add = false};
    if (p->lead.count == 0) return;
    if (p->halves)
        tally_halving_move(p->node, nodes, p->lead.count, phase, m);
    else
        tally_ring_turn(p->node, nodes, p->lead.count, p->segments_across, phase, m);
    if (m->send.count == 0 && m->receive.count == 0) return;
    m->send.first += p->lead.first;
    m->receive.first += p->lead.first;
    m->to = tally_nodes_rank(p->nodes, m->to, p->place);
    m->from = tally_nodes_rank(p->nodes, m->from, p->place);
}

bool tally_hier_move(const tally_nodes *t, int rank, size_t n, int phase, tally_move *m)
{
    plan p = plan_of(t, rank, n);
    int of_lap = phase, segments = p.segments_in;

    if (phase >= 2 * p.in + p.across) return false;
    if (phase < p.in) {
        move_inside(&p, 0, phase, m);
    } else if (phase < p.in + p.across) {
        of_lap = phase - p.in;
        segments = p.segments_across;
        move_across(&p, of_lap, m);
    } else {
        of_lap = phase - p.in - p.across;
        move_inside(&p, 1, of_lap, m);
    }
    m->ahead = of_lap < segments - 1 ? of_lap : segments - 1;
    return true;
}

int tally_hier_depth(const tally_nodes *t, size_t n)
{
    plan p = plan_of(t, 0, n);

    return p.segments_in > p.segments_across ? p.segments_in : p.segments_across;
}

size_t tally_hier_alone(const tally_nodes *t, size_t n)
{
    size_t halved = (size_t)t->count * TALLY_HALVING_SHARE / sizeof(tally_real);

    if (t->least < t->most) return n; /* the tree */
    if (n < halved) halved = n;
    return tally_halving_scratch(t->count, tally_ring_block(0, t->most, halved).count);
}
