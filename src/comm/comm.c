/* comm.c — the calls of comm.h: what all members share.
 *
 * Each call counts the traffic of its channel (tag / 4096), reports waits that last too
 * long, and passes on to the member's table.  tally_launch picks the member. */

#include "comm/comm.h"

#include "comm/launcher.h"
#include "comm/nodes.h"
#include "comm/progress.h"
#include "comm/watch.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tally_about *const members[] = {
#define COMM(name) &tally_comm_##name.about,
#include "comm/list.def"
#undef COMM
    NULL,
};

const tally_family tally_comm_family = {
    .name = "comm",
    .flag = "--comm",
    .brief = "how ranks send messages to each other",
    .members = members,
};

tally_status tally_register_comm(const tally_comm_ops *ops)
{
    return tally_family_register(&tally_comm_family, &ops->about);
}

/* ---- launch ---- */

static const char *chosen(const char *spec)
{
    if (strcmp(spec, "auto") != 0) return spec;
#ifdef TALLY_HAS_MPI
    if (tally_launcher_present(getenv)) return "mpi";
#endif
    return "self";
}

typedef struct visit {
    tally_body body;
    void *context;
} visit;

static tally_status run_body(tally_comm *c, void *context)
{
    const visit *v = context;
    tally_status status = v->body(c, v->context);

    free(c->waited);
    tally_nodes_close(c->topology);
    c->topology = NULL;
    c->waited = NULL;
    c->waited_room = 0;
    return status;
}

tally_status tally_launch(const char *spec, tally_body body, void *context)
{
    visit v = {body, context};
    const tally_about *about;
    void *options;

    spec = chosen(spec);
#ifndef TALLY_HAS_MPI
    if (strcmp(spec, "mpi") == 0 || strncmp(spec, "mpi:", 4) == 0)
        return TALLY_FAIL(UNSUPPORTED,
                          "comm mpi: this build of Tally has no MPI; build "
                          "it with -DTALLY_MPI=ON");
#endif
    TALLY_TRY(tally_family_open(&tally_comm_family, spec, &about, &options));
    /* The head of a comm's table is its first field. */
    const tally_comm_ops *ops = (const tally_comm_ops *)(const void *)about;
    tally_status status = ops->launch(options, run_body, &v);
    tally_options_close(about, options);
    return status;
}

tally_status tally_launch_alone(tally_body body, void *context)
{
    visit v = {body, context};

    return tally_self_enter(run_body, &v);
}

/* ---- messages ---- */

static tally_traffic *traffic_of(tally_comm *c, int tag)
{
    assert(tag >= 0 && tag < TALLY_TAG(TALLY_CHANNELS, 0));
    return &c->traffic[tag / TALLY_TAG(1, 0)];
}

tally_link tally_comm_link(const tally_comm *c, int rank)
{
    if (c->nodes == 1 || rank == c->rank || !c->ops->host_of) return TALLY_NEAR;
    if (c->nodes == c->size) return TALLY_AWAY;
    return c->ops->host_of(c, rank) == c->host ? TALLY_NEAR : TALLY_AWAY;
}

static void count_sent(tally_comm *c, int to, int tag, uint64_t bytes)
{
    tally_traffic *traffic = traffic_of(c, tag);
    const tally_meter *m = &c->meter[tag / TALLY_TAG(1, 0)];
    tally_link link = tally_comm_link(c, to);

    traffic->bytes_sent += bytes;
    if (link == TALLY_AWAY) traffic->sent_away += bytes;
    if (m->count)
        m->sent[(size_t)(tag % TALLY_TAG(1, 0) / 2) % m->count][link] += bytes;
}

static void count_received(tally_comm *c, int from, int tag, uint64_t bytes)
{
    tally_traffic *traffic = traffic_of(c, tag);

    traffic->bytes_received += bytes;
    if (tally_comm_link(c, from) == TALLY_AWAY) traffic->received_away += bytes;
    traffic->messages_received++;
}

tally_status tally_isend(tally_comm *c, int to, int tag, const void *p, size_t n,
                         tally_request *r)
{
    assert(!r->active && to >= 0 && to < c->size);
    *r = (tally_request){.peer = to, .tag = tag, .bytes = n};
    tally_progress_enter(c);
    tally_status status = c->ops->isend(c, to, tag, p, n, r);
    if (!status) {
        r->active = true;
        traffic_of(c, tag)->messages_sent++;
        count_sent(c, to, tag, n);
    }
    tally_progress_leave(c);
    TALLY_TRY(status);
    return TALLY_OK;
}

tally_status tally_irecv(tally_comm *c, int from, int tag, void *p, size_t most,
                         tally_request *r)
{
    assert(!r->active && from >= TALLY_ANY && from < c->size && tag >= 0);
    *r = (tally_request){.is_receive = true, .peer = from, .tag = tag, .bytes = most};
    tally_progress_enter(c);
    tally_status status = c->ops->irecv(c, from, tag, p, most, r);
    r->active = status == TALLY_OK;
    tally_progress_leave(c);
    TALLY_TRY(status);
    return TALLY_OK;
}

static bool tells(const tally_comm *c)
{
    return c->stalled && c->patience > 0 && isfinite(c->patience);
}

/* self and sim find a deadlock at once and say who waits for whom; a deadline of ours
 * would keep them from it. */
static bool may_stall(const tally_comm *c)
{
    return (tells(c) || c->limit > 0) && c->ops != &tally_comm_self && !c->ops->spend;
}

/* A ring's messages all go to one rank, and come from one. */
void tally_count_modelled(tally_comm *c, int tag, size_t n)
{
    tally_traffic *traffic = traffic_of(c, tag);
    uint64_t bytes = tally_sum_bytes(c, TALLY_SUM_RING, c->rank, n);
    uint64_t messages = 2 * ((uint64_t)c->size - 1);
    int before = (c->rank + c->size - 1) % c->size;

    count_sent(c, (c->rank + 1) % c->size, tag, bytes);
    traffic->bytes_received += bytes;
    if (tally_comm_link(c, before) == TALLY_AWAY) traffic->received_away += bytes;
    traffic->messages_sent += messages;
    traffic->messages_received += messages;
}

void tally_count_written(tally_comm *c, int to, int tag, size_t bytes)
{
    tally_progress_enter(c);
    traffic_of(c, tag)->messages_sent++;
    count_sent(c, to, tag, bytes);
    tally_progress_leave(c);
}

void tally_count_read(tally_comm *c, int from, int tag, size_t bytes)
{
    tally_progress_enter(c);
    count_received(c, from, tag, bytes);
    tally_progress_leave(c);
}

tally_status tally_native_sum(tally_comm *c, int tag, tally_real *v, size_t n,
                              tally_request *r)
{
    double start = tally_now(c);

    *r = (tally_request){.peer = TALLY_ANY, .tag = tag, .bytes = n * sizeof *v};
    tally_watch_wait(c, TALLY_ANY, tag);
    tally_status status = c->ops->isum(c, v, n, r);
    tally_watch_go_on(c);
    TALLY_TRY(status);
    r->active = true;
    /* A library that blocks here lets nobody look at the clock before it is over. */
    double lasted = tally_now(c) - start;
    if (tells(c) && may_stall(c) && lasted > c->patience)
        c->stalled(c->stalled_context, c, TALLY_ANY, tag, lasted);
    tally_count_modelled(c, tag, n);
    return TALLY_OK;
}

/* r is done: what it was goes to *note, and into the count of what has come in. */
static void finish(tally_comm *c, tally_request *r, tally_note *note)
{
    r->active = false;
    if (!r->is_receive) {
        *note = (tally_note){r->peer, r->tag, r->bytes};
        return;
    }
    r->bytes = note->bytes;
    count_received(c, note->peer, r->tag, note->bytes);
}

tally_status tally_test(tally_comm *c, tally_request *r, bool *done, tally_note *note)
{
    tally_note mine;

    *done = true;
    if (!r->active) return TALLY_OK;
    if (!note) note = &mine;
    tally_progress_enter(c);
    tally_status status = c->ops->test(c, r, done, note);
    if (!status && *done) finish(c, r, note);
    tally_progress_leave(c);
    TALLY_TRY(status);
    return TALLY_OK;
}

static const tally_request *first_active(tally_request *const *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (r[i]->active) return r[i];
    return NULL;
}

static tally_status give_up(const tally_request *r, double lasted)
{
    char who[32] = "any rank";

    if (r->peer >= 0) snprintf(who, sizeof who, "rank %d", r->peer);
    return TALLY_FAIL(
        NETWORK,
        "heard nothing from %s for %.3g s: some rank is gone or cannot be "
        "reached, and the run ends",
        who, lasted);
}

/* Waits in stretches of 1, 1, 2, 4, ... times the comm's patience, up to its limit,
 * which alone counts where nobody is told. */
static tally_status wait_reporting(tally_comm *c, tally_request *const *r, size_t n,
                                   double deadline, int *which, tally_note *note)
{
    const tally_request *first = first_active(r, n);
    double start = tally_now(c);

    for (double lasted = tells(c) ? c->patience : c->limit;; lasted *= 2) {
        bool last = c->limit > 0 && lasted >= c->limit;
        if (last) lasted = c->limit;
        double until = fmin(deadline, start + lasted);

        TALLY_TRY(c->ops->wait_some(c, r, n, until, which, note));
        if (*which >= 0 || until >= deadline) return TALLY_OK;
        if (tells(c))
            c->stalled(c->stalled_context, c, first->peer, first->tag, lasted);
        if (last) return give_up(first, lasted);
    }
}

/* Receives say more of whom it waits for than sends do. */
static void watch_wait(const tally_comm *c, tally_request *const *r, size_t n)
{
    size_t k = 0;

    if (!c->watch) return;
    while (k < n && !(r[k]->active && r[k]->is_receive))
        k++;
    const tally_request *first = k < n ? r[k] : first_active(r, n);
    if (first) tally_watch_wait(c, first->peer, first->tag);
}

tally_status tally_wait_some(tally_comm *c, tally_request *const *r, size_t n,
                             double deadline, int *which, tally_note *note)
{
    tally_note mine;

    *which = -1;
    if (!first_active(r, n)) return TALLY_OK;
    if (!note) note = &mine;
    tally_progress_enter(c);
    bool waits = deadline > 0; /* else it only looks */
    if (waits) watch_wait(c, r, n);
    tally_status status = may_stall(c)
                              ? wait_reporting(c, r, n, deadline, which, note)
                              : c->ops->wait_some(c, r, n, deadline, which, note);
    if (waits) tally_watch_go_on(c);
    if (!status && *which >= 0) finish(c, r[*which], note);
    tally_progress_leave(c);
    TALLY_TRY(status);
    return TALLY_OK;
}

tally_status tally_wait(tally_comm *c, tally_request *r, tally_note *note)
{
    int which;

    return tally_wait_some(c, &r, 1, (double)INFINITY, &which, note);
}

void tally_abandon(tally_comm *c, tally_request *r)
{
    tally_progress_enter(c);
    if (r->active) c->ops->abandon(c, r);
    r->active = false;
    tally_progress_leave(c);
}

/* ---- the rest ---- */

tally_status tally_comm_split(tally_comm *c, int color, int key, tally_comm **sub)
{
    assert(color >= 0);
    tally_progress_enter(c);
    tally_watch_wait(c, TALLY_ANY, TALLY_TAG(TALLY_CONTROL, TALLY_OWN_SHARE));
    tally_status status = c->ops->split(c, color, key, sub);
    tally_watch_go_on(c);
    tally_progress_leave(c);
    TALLY_TRY(status);
    (*sub)->watch = c->watch;
    (*sub)->trace = c->trace;
    tally_progress_join(c, *sub);
    (*sub)->stalled = c->stalled;
    (*sub)->stalled_context = c->stalled_context;
    (*sub)->patience = c->patience;
    return TALLY_OK;
}

void tally_comm_close(tally_comm *sub)
{
    if (!sub) return;
    tally_comm under = {.progress = sub->progress};

    tally_progress_part(sub);
    free(sub->waited);
    tally_nodes_close(sub->topology);
    tally_progress_enter(&under);
    sub->ops->close(sub);
    tally_progress_leave(&under);
}

tally_status tally_share(tally_comm *c, size_t bytes, tally_window **w)
{
    tally_progress_enter(c);
    tally_watch_wait(c, TALLY_ANY, TALLY_TAG(TALLY_CONTROL, TALLY_OWN_SHARE));
    tally_status status = c->ops->share(c, bytes, w);
    tally_watch_go_on(c);
    tally_progress_leave(c);
    return status;
}

void tally_unshare(tally_comm *c, tally_window *w)
{
    if (w) c->ops->unshare(c, w);
}

tally_status tally_comm_explore(tally_comm *c)
{
    if (c->topology) return TALLY_OK;
    int *hosts = calloc((size_t)c->size, sizeof *hosts);
    if (!hosts) return TALLY_FAIL(MEMORY, "no memory for %d hosts", c->size);
    for (int r = 0; r < c->size && c->ops->host_of; r++)
        hosts[r] = c->ops->host_of(c, r);
    tally_status status = tally_nodes_open(&c->topology, hosts, c->size);
    free(hosts);
    return status;
}

double tally_now(tally_comm *c)
{
    return c->ops->now(c);
}

void tally_spend(tally_comm *c, double seconds)
{
    if (c->ops->spend) c->ops->spend(c, seconds);
}

void tally_abort(tally_comm *c, int code)
{
    tally_watch_last_words(c);
    c->ops->abort(c, code);
}
