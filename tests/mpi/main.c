/* main.c — mpi_cases NAME [SPEC]: a case of cases.c, or all of them, under mpirun.
 *
 *     large          one message of more than 2^31 bytes from rank 0 to rank 1
 *     fails_alone    the last rank fails while the others wait for it
 *     fails_agreed   the last rank fails, and all know of it
 *     stalls         rank 0 waits for a message that comes late
 *     stalls_shared  rank 0 waits for a sum in shared memory that rank 1 starts late
 *     stuck          the last rank does not come to a barrier; a watch ends all
 *     limit          the same without a watch; the wait itself ends
 *     unequal        rank 1 calls another collective than the others; so it does here
 *     last_words     the last rank ends all others, which wait for it
 *     no_room        memory is shared that the machine does not have
 *     moves_alone    sums end while their rank never calls the comm: with a thread
 *
 * are apart: `all` leaves them out. */

#include "tally/collective.h"
#include "tally/comm.h"

#include "base/status.h"
#include "comm/cases.h"
#include "comm/progress.h"
#include "comm/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Each block of 4 KiB starts with its number; one buffer a rank. */
static tally_status large(tally_comm *c, void *context)
{
    size_t block = 4096, count = ((size_t)1 << 31) / block + 3,
           bytes = count * block + 5;
    tally_request r = {0};
    tally_note note = {0};

    (void)context;
    if (c->rank > 1) return TALLY_OK;
    unsigned char *p = calloc(bytes, 1);
    if (!p) return TALLY_FAIL(MEMORY, "no memory for %zu bytes", bytes);
    for (size_t i = 0; i < count && c->rank == 0; i++)
        memcpy(p + i * block, &i, sizeof i);
    if (c->rank == 0) p[bytes - 1] = 77;
    tally_status status = c->rank == 0 ? tally_isend(c, 1, 5, p, bytes, &r)
                                       : tally_irecv(c, 0, 5, p, bytes, &r);
    if (!status) status = tally_wait(c, &r, &note);
    if (!status && note.bytes != bytes)
        status =
            TALLY_FAIL(CORRUPT, "%zu bytes came instead of %zu", note.bytes, bytes);
    for (size_t i = 0; i < count && !status; i++)
        if (memcmp(p + i * block, &i, sizeof i) != 0)
            status = TALLY_FAIL(CORRUPT, "block %zu is wrong", i);
    if (!status && p[bytes - 1] != 77)
        status = TALLY_FAIL(CORRUPT, "the last byte is wrong");
    free(p);
    return status;
}

/* With memory shared: leaving it must not wait for the others. */
static tally_status fails_alone(tally_comm *c, void *context)
{
    tally_sum s = {.n = 0};
    tally_status status;

    (void)context;
    TALLY_TRY(tally_sum_open(&s, c, TALLY_USER, 3, TALLY_SUM_SHM, 1000));
    if (c->rank == c->size - 1)
        status = TALLY_FAIL(FILE, "rank %d fails alone", c->rank);
    else
        status = tally_barrier(c);
    tally_sum_close(&s);
    return status;
}

static tally_status fails_agreed(tally_comm *c, void *context)
{
    tally_status status = TALLY_OK;

    (void)context;
    if (c->rank == c->size - 1) status = TALLY_FAIL(FILE, "no such file");
    return tally_agree(c, status);
}

static void tell(void *context, tally_comm *c, int peer, int tag, double seconds)
{
    int *reports = context;

    fprintf(stderr, "rank %d has waited for rank %d (tag %d) for %g s\n", c->rank, peer,
            tag, seconds);
    ++*reports;
}

/* Rank 1 sends only when rank 0 has reported that it waits: no clock decides. */
static tally_status stalls(tally_comm *c, void *context)
{
    tally_window *w;

    (void)context;
    TALLY_TRY(tally_share(c, sizeof(int), &w));
    volatile int *reports = w->base;
    char byte = 0;
    tally_request r = {0};

    if (c->rank == 0) {
        c->stalled = tell;
        c->stalled_context = w->base;
        c->patience = 1e-3;
        TALLY_TRY(tally_irecv(c, 1, 5, &byte, 1, &r));
    } else {
        while (*reports < 3)
            TALLY_TRY(tally_poll(c));
        TALLY_TRY(tally_isend(c, 0, 5, &byte, 1, &r));
    }
    TALLY_TRY(tally_wait(c, &r, NULL));
    TALLY_TRY(tally_barrier(c));
    tally_unshare(c, w);
    return TALLY_OK;
}

/* The same, of a sum: rank 0 waits for memory that rank 1 writes late. */
static tally_status stalls_shared(tally_comm *c, void *context)
{
    tally_window *w;
    tally_sum s = {.n = 0};
    tally_real one = 1;

    (void)context;
    TALLY_TRY(tally_share(c, sizeof(int), &w));
    TALLY_TRY(tally_sum_open(&s, c, TALLY_USER, 3, TALLY_SUM_SHM, 1));
    volatile int *reports = w->base;
    if (c->rank == 0) {
        c->stalled = tell;
        c->stalled_context = w->base;
        c->patience = 1e-3;
    } else {
        while (*reports < 3)
            TALLY_TRY(tally_poll(c));
    }
    TALLY_TRY(tally_sum_start(&s, &one, 1));
    TALLY_TRY(tally_sum_wait(&s));
    tally_sum_close(&s);
    tally_unshare(c, w);
    return TALLY_OK;
}

/* Collective 1 is met by all; at 2 somebody does something else. */
static tally_status watch_two(tally_comm *c, bool comes, bool sums)
{
    tally_watch_terms terms = {.timeout = 0.5};
    tally_sum s = {.n = 0};
    tally_real one = 1;

    TALLY_TRY(tally_sum_open(&s, c, TALLY_USER, 3, TALLY_SUM_TREE, 1));
    TALLY_TRY(tally_watch_open(c, &terms));
    TALLY_TRY(tally_barrier(c));
    if (!comes) sleep(60);
    if (sums)
        TALLY_TRY(tally_sum_start(&s, &one, 1));
    else
        TALLY_TRY(tally_barrier(c));
    if (sums) TALLY_TRY(tally_sum_wait(&s));
    return TALLY_FAIL(CORRUPT, "a collective ended that some ranks did not call");
}

static tally_status stuck(tally_comm *c, void *context)
{
    (void)context;
    return watch_two(c, c->rank < c->size - 1, false);
}

static tally_status limit(tally_comm *c, void *context)
{
    (void)context;
    c->limit = 0.3;
    if (c->rank == c->size - 1) sleep(60);
    return tally_barrier(c);
}

static tally_status unequal(tally_comm *c, void *context)
{
    (void)context;
    return watch_two(c, true, c->rank != 1);
}

static tally_status last_words(tally_comm *c, void *context)
{
    const tally_watch_terms terms = {.timeout = 0};

    (void)context;
    TALLY_TRY(tally_watch_open(c, &terms));
    TALLY_TRY(tally_barrier(c));
    if (c->rank < c->size - 1) return tally_barrier(c);
    usleep(300000); /* the others have come to wait by then */
    tally_abort(c, TALLY_FILE);
    return TALLY_FAIL(CORRUPT, "an abort has come back");
}

/* All ranks hear of it, and can share less afterwards. */
static tally_status no_room(tally_comm *c, void *context)
{
    tally_window *w;
    tally_status status = tally_share(c, (size_t)1 << 50, &w);

    (void)context;
    if (status != TALLY_MEMORY)
        return TALLY_FAIL(CORRUPT, "sharing a petabyte ended with %s",
                          tally_status_name(status));
    tally_error_clear();
    TALLY_TRY(tally_share(c, 1000, &w));
    tally_unshare(c, w);
    return TALLY_OK;
}

static bool is_done(const tally_sum *s)
{
    tally_progress_enter(s->task.comm);
    bool done = s->task.done;
    tally_progress_leave(s->task.comm);
    return done;
}

/* Longer than what any socket or shared buffer takes in by itself. */
static tally_status moves_alone(tally_comm *c, void *context)
{
    enum { LENGTH = 1 << 20, ROUNDS = 3 };

    static const struct timespec nap = {.tv_nsec = 1000000};
    tally_real *v = malloc(LENGTH * sizeof *v);
    tally_sum s = {.n = 0};

    (void)context;
    if (!v) return TALLY_FAIL(MEMORY, "no memory for %d values", LENGTH);
    TALLY_TRY(tally_sum_open(&s, c, TALLY_USER, 3, TALLY_SUM_RING, LENGTH));
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LENGTH; i++)
            v[i] = (tally_real)(c->rank + (int)(i % 7));
        TALLY_TRY(tally_sum_start(&s, v, LENGTH));
        for (int naps = 0; !is_done(&s); naps++) {
            if (naps == 20000)
                return TALLY_FAIL(CORRUPT,
                                  "a sum does not end while its rank computes");
            nanosleep(&nap, NULL);
        }
        TALLY_TRY(tally_sum_wait(&s));
        for (size_t i = 0; i < LENGTH; i++) {
            int want = c->size * (c->size - 1) / 2 + c->size * (int)(i % 7);

            if (v[i] < (tally_real)want || v[i] > (tally_real)want)
                return TALLY_FAIL(CORRUPT, "value %zu is %g instead of %d", i,
                                  (double)v[i], want);
        }
    }
    tally_sum_close(&s);
    free(v);
    return TALLY_OK;
}

static tally_body body_of(const char *name)
{
    static const comm_case apart[] = {
        {"large",         large        },
        {"fails_alone",   fails_alone  },
        {"fails_agreed",  fails_agreed },
        {"stalls",        stalls       },
        {"stalls_shared", stalls_shared},
        {"stuck",         stuck        },
        {"limit",         limit        },
        {"unequal",       unequal      },
        {"last_words",    last_words   },
        {"no_room",       no_room      },
        {"moves_alone",   moves_alone  }
    };

    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (strcmp(apart[i].name, name) == 0) return apart[i].body;
    return comm_case_run;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: mpi_cases NAME|all [SPEC]\n");
        return TALLY_OPTION;
    }
    const char *spec = argc == 3 ? argv[2] : "auto";
    tally_status status = tally_launch(spec, body_of(argv[1]), argv[1]);
    if (status)
        fprintf(stderr, "FAIL %s: %s\n%s", tally_status_name(status),
                tally_error_sentence(), tally_error_trace());
    return (int)status;
}
