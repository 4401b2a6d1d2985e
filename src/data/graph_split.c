/* graph_split.c — who of a graph's nodes trains, validates and tests.
 *
 *     from a file    train_idx, val_idx, test_idx; *_mask, when there, must agree
 *     at random      a keyed permutation of the nodes; the first 20 of each class
 *                    train, the next 1,000 validate, the next 1,000 test
 *
 * The random split is that of Shchur et al., Pitfalls of Graph Neural Network
 * Evaluation, 2018, arXiv:1811.05868, with counts as options.  It is a function of
 * (seed, node). */

#include "data/graph_parse.h"
#include "num/random.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const prefixes[TALLY_GRAPH_SPLITS] = {
    [TALLY_TRAIN] = "train", [TALLY_VALIDATE] = "val", [TALLY_TEST] = "test"};

enum { NOWHERE = -1 };

/* where[node] <- its split; every node starts NOWHERE. */
static tally_status open_where(int8_t **where, size_t nodes)
{
    *where = malloc(nodes);
    if (!*where) return TALLY_FAIL(MEMORY, "no memory for a split of %zu nodes", nodes);
    for (size_t i = 0; i < nodes; i++)
        (*where)[i] = NOWHERE;
    return TALLY_OK;
}

/* Lists the nodes of each split in ascending order. */
static tally_status list(tally_graph_split *p, const int8_t *where, size_t nodes)
{
    *p = (tally_graph_split){0};
    for (size_t i = 0; i < nodes; i++) {
        if (where[i] == NOWHERE) continue;
        p->count[where[i]]++;
        p->total++;
    }
    p->node = tally_allocate(p->total + 1, sizeof *p->node);
    if (!p->node) return TALLY_FAIL(MEMORY, "no memory for %zu nodes", p->total);
    size_t next = 0;
    for (int split = 0; split < TALLY_GRAPH_SPLITS; split++)
        for (size_t i = 0; i < nodes; i++)
            if (where[i] == split) p->node[next++] = (uint32_t)i;
    return TALLY_OK;
}

/* ---- from a file ---- */

static tally_status take_indices(const tally_npz *z, size_t nodes, int split,
                                 int8_t *where)
{
    char key[32];
    tally_npy a;
    bool found;

    snprintf(key, sizeof key, "%s_idx", prefixes[split]);
    TALLY_TRY(tally_npz_find(z, key, &a, &found));
    if (!found)
        return TALLY_FAIL(FORMAT,
                          "%s holds no %s, expected train_idx, val_idx and test_idx",
                          z->name, key);
    if (a.dimensions != 1)
        return TALLY_FAIL(FORMAT, "%s has %zu dimensions, expected 1", a.name,
                          a.dimensions);
    for (size_t i = 0; i < a.count; i++) {
        int64_t node;

        TALLY_TRY(tally_npy_integer(&a, i, &node));
        if (node < 0 || (uint64_t)node >= nodes)
            return TALLY_FAIL(FORMAT,
                              "%s: value %zu is %lld, expected a node from 0 "
                              "and below %zu",
                              a.name, i, (long long)node, nodes);
        if (where[node] != NOWHERE)
            return TALLY_FAIL(FORMAT, "%s: value %zu: node %lld is in %s_idx already",
                              a.name, i, (long long)node, prefixes[where[node]]);
        where[node] = (int8_t)split;
    }
    return TALLY_OK;
}

static tally_status check_mask(const tally_npz *z, size_t nodes, int split,
                               const int8_t *where)
{
    char key[32];
    tally_npy a;
    bool found;

    snprintf(key, sizeof key, "%s_mask", prefixes[split]);
    TALLY_TRY(tally_npz_find(z, key, &a, &found));
    if (!found) return TALLY_OK;
    if (a.dimensions != 1 || a.count != nodes)
        return TALLY_FAIL(FORMAT,
                          "%s has %zu values, expected one of each of %zu nodes",
                          a.name, a.count, nodes);
    for (size_t i = 0; i < nodes; i++) {
        int64_t value;

        TALLY_TRY(tally_npy_integer(&a, i, &value));
        if (value != (where[i] == split))
            return TALLY_FAIL(FORMAT,
                              "%s: value %zu is %lld, expected %d as %s_idx "
                              "says",
                              a.name, i, (long long)value, where[i] == split,
                              prefixes[split]);
    }
    return TALLY_OK;
}

static tally_status take_file(tally_graph_split *p, const tally_npz *z, size_t nodes,
                              int8_t *where)
{
    for (int split = 0; split < TALLY_GRAPH_SPLITS; split++)
        TALLY_TRY(take_indices(z, nodes, split, where));
    for (int split = 0; split < TALLY_GRAPH_SPLITS; split++)
        TALLY_TRY(check_mask(z, nodes, split, where));
    TALLY_TRY(list(p, where, nodes));
    if (p->count[TALLY_TRAIN] == 0)
        return TALLY_FAIL(FORMAT, "%s: train_idx is empty, expected nodes to train on",
                          z->name);
    return TALLY_OK;
}

tally_status tally_graph_split_parse(tally_graph_split *p, const tally_npz *z,
                                     const tally_graph *g)
{
    int8_t *where;

    *p = (tally_graph_split){0};
    TALLY_TRY(open_where(&where, g->nodes));
    tally_status status = take_file(p, z, g->nodes, where);
    free(where);
    return status;
}

/* ---- at random ---- */

/* A node trains while its class is short of `left`, else validates, else tests. */
static void deal(const tally_graph *g, uint64_t seed, uint64_t *left,
                 uint64_t room[TALLY_GRAPH_SPLITS], int8_t *where)
{
    for (size_t i = 0; i < g->nodes; i++) {
        uint64_t node = tally_random_permute(seed, TALLY_FOR_NODES, 0, g->nodes, i);
        uint64_t *mine = &left[g->label[node]];
        int split = *mine > 0                  ? TALLY_TRAIN
                    : room[TALLY_VALIDATE] > 0 ? TALLY_VALIDATE
                    : room[TALLY_TEST] > 0     ? TALLY_TEST
                                               : NOWHERE;

        if (split == NOWHERE) continue;
        where[node] = (int8_t)split;
        if (split == TALLY_TRAIN)
            --*mine;
        else
            room[split]--;
    }
}

static tally_status check_dealt(const tally_graph *g, const uint64_t *left,
                                const uint64_t room[TALLY_GRAPH_SPLITS])
{
    for (size_t c = 0; c < g->classes; c++)
        if (left[c] > 0)
            return TALLY_FAIL(OPTION,
                              "data graph: class %zu lacks %llu nodes of per_class; "
                              "expected a smaller per_class",
                              c, (unsigned long long)left[c]);
    if (room[TALLY_VALIDATE] + room[TALLY_TEST] > 0)
        return TALLY_FAIL(
            OPTION,
            "data graph: the %zu nodes are %llu too few for per_class, "
            "validate and test",
            g->nodes, (unsigned long long)(room[TALLY_VALIDATE] + room[TALLY_TEST]));
    return TALLY_OK;
}

tally_status tally_graph_split_random(tally_graph_split *p, const tally_graph *g,
                                      uint64_t seed, uint64_t per_class,
                                      uint64_t validate, uint64_t test)
{
    uint64_t room[TALLY_GRAPH_SPLITS] = {
        [TALLY_VALIDATE] = validate, [TALLY_TEST] = test};
    uint64_t *left = tally_allocate(g->classes, sizeof *left);
    int8_t *where = NULL;
    tally_status status =
        left ? open_where(&where, g->nodes)
             : TALLY_FAIL(MEMORY, "no memory for %zu classes", g->classes);

    *p = (tally_graph_split){0};
    for (size_t c = 0; !status && c < g->classes; c++)
        left[c] = per_class;
    if (!status) {
        deal(g, seed, left, room, where);
        status = check_dealt(g, left, room);
    }
    if (!status) status = list(p, where, g->nodes);
    free(left);
    free(where);
    return status;
}

void tally_graph_split_close(tally_graph_split *p)
{
    free(p->node);
    *p = (tally_graph_split){0};
}
