/* group.c — comms split from one of sim's, and the memory that its nodes share.
 *
 * Both are agreed upon by messages, so they cost virtual time like any other: a split
 * gathers (color, key) of all ranks, and each rank picks its group by itself.  A window
 * is made by the node's first rank, which tells the others where it is; the last rank
 * to leave frees it. */

#include "comm/sim.h"

#include <stdlib.h>

int tally_sim_node(const world *w, int rank)
{
    return w->options->node ? rank / (int)w->options->node : 0;
}

int tally_sim_host_of(const tally_comm *c, int rank)
{
    const seat *s = c->inner;

    return tally_sim_node(s->world, s->members[rank]);
}

static bool same_node(const tally_comm *c, int rank)
{
    return tally_sim_host_of(c, rank) == tally_sim_host_of(c, c->rank);
}

/* The first rank of c that is on the same node. */
static int first_there(const tally_comm *c, int rank)
{
    int first = 0, host = tally_sim_host_of(c, rank);

    while (tally_sim_host_of(c, first) != host)
        first++;
    return first;
}

void tally_sim_place(tally_comm *c)
{
    const seat *s = c->inner;
    int most = s->world->baton.count;

    c->node_rank = c->node_size = c->nodes = 0;
    for (int r = 0; r < c->size; r++) {
        if (c->size < most) c->nodes += first_there(c, r) == r;
        if (!same_node(c, r)) continue;
        if (r < c->rank) c->node_rank++;
        c->node_size++;
    }
    if (c->size == most) c->nodes = tally_sim_node(s->world, most - 1) + 1;
    c->host = tally_sim_node(s->world, s->me);
}

typedef struct wish { /* what a rank says when a comm splits */
    int color, key;
    int contexts; /* of the world, so far */
} wish;

/* The members of `mine.color`, ordered by key then rank, as ranks of the parent: an
 * insertion sort of few. */
static int choose(const wish *all, int size, int color, int *members)
{
    int count = 0;

    for (int r = 0; r < size; r++) {
        if (all[r].color != color) continue;
        int at = count++;

        for (; at > 0 && all[members[at - 1]].key > all[r].key; at--)
            members[at] = members[at - 1];
        members[at] = r;
    }
    return count;
}

static tally_status make_sub(tally_comm *c, const wish *all, int color,
                             tally_comm **sub)
{
    const seat *s = c->inner;
    tally_comm *made = calloc(1, sizeof *made);
    seat *place = calloc(1, sizeof *place);
    int *members = calloc((size_t)c->size, sizeof *members);

    if (!made || !place || !members) {
        free(made);
        free(place);
        free(members);
        return TALLY_FAIL(MEMORY, "no memory for a comm of %d ranks", c->size);
    }
    int size = choose(all, c->size, color, members), lowest = members[0];
    *made = (tally_comm){
        .ops = c->ops, .options = c->options, .size = size, .inner = place};
    for (int r = 0; r < size; r++) {
        if (members[r] < lowest) lowest = members[r];
        if (members[r] == c->rank) made->rank = r;
        members[r] = s->members[members[r]];
    }
    /* Every group its own number: rank 0 saw how many there were. */
    *place = (seat){s->world, s->me, all[0].contexts + 1 + lowest, members};
    tally_sim_place(made);
    *sub = made;
    return TALLY_OK;
}

tally_status tally_sim_split(tally_comm *c, int color, int key, tally_comm **sub)
{
    const seat *s = c->inner;
    wish mine = {color, key, s->world->contexts};
    wish *all = calloc((size_t)c->size, sizeof *all);

    if (!all) return TALLY_FAIL(MEMORY, "no memory to split %d ranks", c->size);
    if (c->rank == 0) s->world->contexts += c->size;
    tally_status status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status) status = make_sub(c, all, color, sub);
    free(all);
    return status;
}

void tally_sim_close(tally_comm *c)
{
    seat *s = c->inner;

    free(s->members);
    free(s);
    free(c);
}

/* ---- memory that a node shares ---- */

typedef struct shared { /* a window and how many still use it */
    int users;
    size_t bytes;
    void *base;
} shared;

/* The node's first rank makes the window and tells the others where it is. */
static tally_status make_window(tally_comm *c, size_t bytes, shared **made)
{
    shared *window = calloc(1, sizeof *window);
    void *base = tally_allocate(bytes, 1);
    tally_request r = {0};

    if (!window || !base) {
        free(window);
        free(base);
        return TALLY_FAIL(MEMORY, "no memory for a window of %zu bytes", bytes);
    }
    *window = (shared){.users = c->node_size, .bytes = bytes, .base = base};
    *made = window;
    for (int q = 0; q < c->size; q++) {
        if (q == c->rank || !same_node(c, q)) continue;
        TALLY_TRY(tally_isend(c, q, TALLY_TAG(TALLY_CONTROL, TALLY_OWN_SHARE), made,
                              sizeof window, &r));
        TALLY_TRY(tally_wait(c, &r, NULL));
    }
    return TALLY_OK;
}

static tally_status find_window(tally_comm *c, shared **made)
{
    tally_request r = {0};
    int first = 0;

    while (!same_node(c, first))
        first++;
    TALLY_TRY(tally_irecv(c, first, TALLY_TAG(TALLY_CONTROL, TALLY_OWN_SHARE), made,
                          sizeof *made, &r));
    TALLY_TRY(tally_wait(c, &r, NULL));
    return TALLY_OK;
}

tally_status tally_sim_share(tally_comm *c, size_t bytes, tally_window **w)
{
    tally_window *window = calloc(1, sizeof *window);
    shared *made = NULL;

    if (!window) return TALLY_FAIL(MEMORY, "no memory for a window");
    tally_status status =
        c->node_rank == 0 ? make_window(c, bytes, &made) : find_window(c, &made);
    if (status) {
        free(window);
        return status;
    }
    *window = (tally_window){.base = made->base, .bytes = made->bytes, .inner = made};
    *w = window;
    return TALLY_OK;
}

/* The last to leave frees it: no message, so it works after a failure too. */
void tally_sim_unshare(tally_comm *c, tally_window *w)
{
    shared *made = w->inner;

    (void)c;
    if (--made->users == 0) {
        free(made->base);
        free(made);
    }
    free(w);
}
