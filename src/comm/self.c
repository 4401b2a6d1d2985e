/* self.c — one rank in one process, without MPI.
 *
 * Messages to oneself are buffered.  A wait that nothing can satisfy any more is a
 * deadlock and says so at once.  Time is the wall clock. */

#include "comm/comm.h"
#include "comm/launcher.h"
#include "comm/mailbox.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

typedef struct home { /* of a rank and all comms split from it */
    tally_desk desk;
    tally_mailbox mailbox;
    int contexts;
    bool aborted;
} home;

typedef struct seat { /* a comm's place in it */
    home *home;
    int context;
} seat;

static home *home_of(const tally_comm *c)
{
    const seat *s = c->inner;

    return s->home;
}

static double now(tally_comm *c)
{
    struct timespec t;

    (void)c;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tally_status enter(const tally_comm *c)
{
    if (home_of(c)->aborted) return TALLY_FAIL(ABORTED, "the rank was aborted");
    return TALLY_OK;
}

/* NULL when memory ran out. */
static tally_letter *blank(const tally_comm *c, int peer, int tag, tally_request *r)
{
    const seat *s = c->inner;
    tally_letter *letter = tally_letter_open(&s->home->desk, r);

    if (!letter) return NULL;
    letter->context = s->context;
    letter->peer = peer;
    letter->tag = tag;
    return letter;
}

static tally_status isend(tally_comm *c, int to, int tag, const void *p, size_t n,
                          tally_request *r)
{
    home *h = home_of(c);

    TALLY_TRY(enter(c));
    tally_letter *send = blank(c, to, tag, r);
    if (!send) return TALLY_FAIL(MEMORY, "no memory for a message");
    send->data = p;
    send->bytes = n;
    tally_letter_let_go(r);
    if (tally_mailbox_send(&h->mailbox, send))
        tally_letter_close(&h->desk, send);
    else
        TALLY_TRY(tally_mailbox_buffer(&h->mailbox, &h->desk, send));
    return TALLY_OK;
}

static tally_status irecv(tally_comm *c, int from, int tag, void *p, size_t most,
                          tally_request *r)
{
    home *h = home_of(c);

    TALLY_TRY(enter(c));
    tally_letter *receive = blank(c, from, tag, r);
    if (!receive) return TALLY_FAIL(MEMORY, "no memory for a message");
    receive->room = p;
    receive->bytes = most;
    tally_letter *send = tally_mailbox_receive(&h->mailbox, receive);
    if (send) tally_letter_close(&h->desk, send);
    return TALLY_OK;
}

static tally_status test(tally_comm *c, tally_request *r, bool *done, tally_note *note)
{
    const tally_letter *letter = tally_letter_of(r);

    TALLY_TRY(enter(c));
    *done = !letter || letter->matched;
    if (*done) TALLY_TRY(tally_letter_finish(&home_of(c)->desk, r, note));
    return TALLY_OK;
}

static void sleep_until(double deadline)
{
    double whole = floor(deadline);
    struct timespec t = {.tv_sec = (time_t)whole,
                         .tv_nsec = (long)(1e9 * (deadline - whole))};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        continue;
}

static tally_status wait_some(tally_comm *c, tally_request *const *r, size_t n,
                              double deadline, int *which, tally_note *note)
{
    const tally_request *waiting = NULL;
    bool done;

    *which = -1;
    TALLY_TRY(enter(c));
    for (size_t i = 0; i < n; i++) {
        if (!r[i]->active) continue;
        waiting = r[i];
        TALLY_TRY(test(c, r[i], &done, note));
        if (!done) continue;
        *which = (int)i;
        return TALLY_OK;
    }
    if (!waiting) return TALLY_OK;
    if (deadline <= now(c)) return TALLY_OK;
    if (isinf(deadline))
        return TALLY_FAIL(DEADLOCK,
                          "rank 0 waits to receive from itself (tag %d), and nobody "
                          "else can send",
                          waiting->tag);
    sleep_until(deadline);
    return TALLY_OK;
}

static void abandon(tally_comm *c, tally_request *r)
{
    home *h = home_of(c);
    tally_letter *letter = tally_letter_of(r);

    if (!letter) return;
    tally_mailbox_remove(&h->mailbox, letter);
    tally_letter_close(&h->desk, letter);
}

static tally_status split(tally_comm *c, int color, int key, tally_comm **sub)
{
    home *h = home_of(c);
    tally_comm *made = calloc(1, sizeof *made);
    seat *s = calloc(1, sizeof *s);

    (void)color;
    (void)key;
    if (!made || !s) {
        free(made);
        free(s);
        return TALLY_FAIL(MEMORY, "no memory for a comm");
    }
    *s = (seat){h, ++h->contexts};
    *made = (tally_comm){.ops = c->ops,
                         .options = c->options,
                         .size = 1,
                         .node_size = 1,
                         .nodes = 1,
                         .inner = s};
    *sub = made;
    return TALLY_OK;
}

static void close_comm(tally_comm *c)
{
    free(c->inner);
    free(c);
}

static tally_status share(tally_comm *c, size_t bytes, tally_window **w)
{
    tally_window *made = calloc(1, sizeof *made);
    void *base = tally_allocate(bytes, 1);

    (void)c;
    if (!made || !base) {
        free(made);
        free(base);
        return TALLY_FAIL(MEMORY, "no memory for a window of %zu bytes", bytes);
    }
    *made = (tally_window){.base = base, .bytes = bytes};
    *w = made;
    return TALLY_OK;
}

static void leave_window(tally_comm *c, tally_window *w)
{
    (void)c;
    free(w->base);
    free(w);
}

static void abort_rank(tally_comm *c, int code)
{
    (void)code;
    home_of(c)->aborted = true;
}

tally_status tally_self_enter(tally_body body, void *context)
{
    home h = {.contexts = 0};
    seat s = {&h, 0};
    tally_comm c = {
        .ops = &tally_comm_self, .size = 1, .node_size = 1, .nodes = 1, .inner = &s};

    tally_status status = body(&c, context);
    if (!status && h.aborted) status = TALLY_FAIL(ABORTED, "the rank was aborted");
    tally_desk_close(&h.desk);
    return status;
}

static tally_status launch(const void *options, tally_body body, void *context)
{
    (void)options;
    TALLY_TRY(tally_launcher_check(getenv, "self", 1));
    return tally_self_enter(body, context);
}

const tally_comm_ops tally_comm_self = {
    .about = {.name = "self",
              .brief = "one rank in one process, without MPI",
              .paper = ""},
    .launch = launch,
    .isend = isend,
    .irecv = irecv,
    .test = test,
    .wait_some = wait_some,
    .abandon = abandon,
    .split = split,
    .share = share,
    .unshare = leave_window,
    .abort = abort_rank,
    .now = now,
    .close = close_comm,
};
