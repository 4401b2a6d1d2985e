/* near.c — gradients and weights through memory that a node shares.
 *
 *     worker     g[m] <- gradient at w[m]        server     w moved by g[m]
 *                note: it is there                          w[m] <- w, in the same pass
 *                                                           note: go on
 *
 * Each worker of a node has one gradient and one vector of weights in a window that the
 * servers of the node see as well: nothing is copied on the way to the server, and the
 * pass that moves the weights writes the reply.  The notes are messages, as between
 * nodes, and say whose turn it is: a worker's two vectors belong to the worker from a
 * reply to its next push, then to the servers.
 *
 * A worker that dies leaves its memory behind, and a gradient without a note is never
 * looked at.  Not under a virtual clock, which would have to be told what reading
 * another rank's memory costs. */

#include "trainer/server/near.h"

#include "base/status.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Numbers the workers of this node; returns how many there are, and 0 when it has no
 * server.  host: of every rank. */
static size_t number_workers(tally_near *n, const tally_run *run, const int *host)
{
    const tally_comm *c = run->comm;
    int workers = 0, servers = 0;

    for (int r = 0; r < c->size; r++) {
        bool here = host[r] == c->host;

        servers += here && r < run->holders;
        n->here[r] = here;
        n->place[r] = here && r >= c->size - run->workers ? workers++ : -1;
    }
    return servers ? (size_t)workers : 0;
}

static tally_status share(tally_near *n, const tally_run *run, const int *host)
{
    size_t workers = number_workers(n, run, host);

    n->room = (run->f->layout.length + 63) / 64 * 64;
    if (workers == 0 || n->comm->node_size == 1) return TALLY_OK;
    return tally_share(n->comm, 2 * workers * n->room * sizeof(tally_real), &n->window);
}

static void warn(const tally_run *run)
{
    const tally_observer *o = &run->observer;
    char sentence[512];

    snprintf(sentence, sizeof sentence,
             "gradients and weights go by messages inside the node too: %s",
             tally_error_sentence());
    if (o->warned) o->warned(o->context, sentence);
}

/* All ranks of a node share, or none does. */
static tally_status agree(tally_near *n, const tally_run *run, const int *host,
                          tally_status mine)
{
    const tally_comm *c = n->comm;
    int bad = mine != TALLY_OK, *all = calloc((size_t)c->size, sizeof *all);

    if (!all) return TALLY_FAIL(MEMORY, "no memory for %d ranks", c->size);
    tally_status status = tally_gather_all(n->comm, &bad, sizeof bad, all);
    for (int r = 0; r < c->size; r++)
        if (host[r] == c->host) bad |= all[r];
    free(all);
    if (mine && c->node_rank == 0) warn(run);
    if (mine) tally_error_clear();
    if (!bad) return status;
    tally_unshare(n->comm, n->window);
    n->window = NULL;
    return status;
}

tally_status tally_near_open(tally_near *n, tally_run *run, bool wanted)
{
    tally_comm *c = run->comm;

    *n = (tally_near){.comm = c};
    if (!wanted || !c->ops->share || c->ops->spend || c->size == 1) return TALLY_OK;
    int *host = calloc((size_t)c->size, sizeof *host);
    n->place = calloc((size_t)c->size, sizeof *n->place);
    n->here = calloc((size_t)c->size, sizeof *n->here);
    tally_status status =
        tally_agree(c, host && n->place && n->here
                           ? TALLY_OK
                           : TALLY_FAIL(MEMORY, "no memory for %d ranks", c->size));
    if (!status) status = tally_gather_all(c, &c->host, sizeof c->host, host);
    if (!status) status = agree(n, run, host, share(n, run, host));
    free(host);
    return status;
}

void tally_near_close(tally_near *n)
{
    if (n->window) tally_unshare(n->comm, n->window);
    free(n->place);
    free(n->here);
    *n = (tally_near){0};
}

static tally_real *vector(const tally_near *n, int rank, size_t which)
{
    if (!n->window || n->place[rank] < 0) return NULL;
    return (tally_real *)n->window->base +
           (2 * (size_t)n->place[rank] + which) * n->room;
}

tally_real *tally_near_gradient(const tally_near *n, int rank)
{
    return vector(n, rank, 0);
}

tally_real *tally_near_weights(const tally_near *n, int rank)
{
    return vector(n, rank, 1);
}

bool tally_near_sees(const tally_near *n, int rank)
{
    return n->window && n->here[rank];
}

void tally_near_tell(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

void tally_near_hear(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}
