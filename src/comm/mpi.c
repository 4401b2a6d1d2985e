/* mpi.c — ranks as processes of an MPI job.
 *
 * The one file that sends by MPI: library.c asks it what it is, smpi.h says what is
 * otherwise on a simulated one.  It needs MPI_THREAD_SERIALIZED, works on a copy of
 * MPI_COMM_WORLD so that a host program's messages stay apart, and lets MPI return its
 * errors.  Counts of MPI 3 are int: a message of more bytes travels as one value of a
 * type made for it, of megabytes and a remainder.
 *
 * Waiting tests all requests at once; after many rounds in vain it offers the core to
 * others each time, for there may be more ranks than cores.  Between hosts, where a
 * message takes longer than that, it naps instead: who yields gives up a whole turn on
 * a core that others want.  Collectives are moved during the gradient by a thread
 * (progress.c), between hosts. */

#include "comm/alarm.h"
#include "comm/comm.h"
#include "comm/launcher.h"
#include "comm/progress.h"
#include "comm/slice.h"
#include "comm/smpi.h"

#include <mpi.h>

#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* Some 100 us inside a node, where a wait on a free core never yields; 50 us between
 * hosts, where a round asks the sockets too. */
enum { HOT_ROUNDS = 1000, HOT_ROUNDS_APART = 50 };

static const size_t megabyte = (size_t)1 << 20;

typedef struct mpi {
    int native, progress;
    double nap, start;
} mpi;

enum { NATIVE_BLOCKING, NATIVE_NONBLOCKING };

enum { PROGRESS_AUTO, PROGRESS_POLL, PROGRESS_THREAD };

static const tally_option options_table[] = {
    TALLY_OPTION(CHOICE, mpi, native, "blocking", "blocking|nonblocking",
                 "the native sum is MPI_Allreduce when it starts, or MPI_Iallreduce"),
    TALLY_OPTION(
        CHOICE, mpi, progress, "auto", "auto|poll|thread",
        "who moves messages during the gradient: the rank between layers, or a "
        "thread (auto: between hosts)"),
    TALLY_OPTION(REAL, mpi, nap, "100e-6", "[0, 1]",
                 "seconds that the thread rests between two looks"),
    TALLY_OPTION(REAL, mpi, start, "300", "[0, inf)",
                 "seconds that MPI may take to start, and to end, with all ranks; "
                 "0: any time"),
    TALLY_END,
};

typedef struct shared { /* what is inside a window */
    MPI_Win window;
    bool unused; /* by this rank */
    struct shared *next;
} shared;

typedef struct seat {
    MPI_Comm comm, node;
    int *hosts;      /* owned: of each rank */
    shared *windows; /* owned: of this node, newest first, the same on all its ranks */
    MPI_Request *tested; /* owned: what a wait tests together */
    size_t tested_room;
} seat;

static MPI_Comm comm_of(const tally_comm *c)
{
    const seat *s = c->inner;

    return s->comm;
}

static tally_status failed(int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;

    MPI_Error_string(code, text, &length);
    return TALLY_FAIL(NETWORK, "%s failed: %s", what, text);
}

static tally_status message_failed(int code, const char *verb, int peer, int tag)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;

    MPI_Error_string(code, text, &length);
    if (peer == TALLY_ANY)
        return TALLY_FAIL(NETWORK, "%s any rank (tag %d) failed: %s", verb, tag, text);
    return TALLY_FAIL(NETWORK, "%s rank %d (tag %d) failed: %s", verb, peer, tag, text);
}

/* ---- requests hold an MPI_Request ---- */

_Static_assert(sizeof(MPI_Request) <= sizeof(((tally_request *)0)->room),
               "a request holds an MPI_Request");

static MPI_Request get(const tally_request *r)
{
    MPI_Request request;

    memcpy(&request, r->room, sizeof request);
    return request;
}

static void put(tally_request *r, MPI_Request request)
{
    memcpy(r->room, &request, sizeof request);
}

/* ---- messages ---- */

/* One value of this type is n bytes, more than an int counts. */
static int make_long_type(size_t n, MPI_Datatype *type)
{
    MPI_Datatype block;
    int counts[2] = {(int)(n / megabyte), (int)(n % megabyte)};
    MPI_Aint places[2] = {0, (MPI_Aint)(n - n % megabyte)};
    int code = MPI_Type_contiguous((int)megabyte, MPI_BYTE, &block);

    if (code != MPI_SUCCESS) return code;
    MPI_Datatype parts[2] = {block, MPI_BYTE};
    code = MPI_Type_create_struct(2, counts, places, parts, type);
    MPI_Type_free(&block);
    return code == MPI_SUCCESS ? MPI_Type_commit(type) : code;
}

static int send_long(MPI_Comm comm, int to, int tag, const void *p, size_t n,
                     MPI_Request *request)
{
    MPI_Datatype type;
    int code = make_long_type(n, &type);

    if (code != MPI_SUCCESS) return code;
    code = MPI_Isend(p, 1, type, to, tag, comm, request);
    MPI_Type_free(&type); /* MPI keeps it until the message is done */
    return code;
}

static int receive_long(MPI_Comm comm, int from, int tag, void *p, size_t most,
                        MPI_Request *request)
{
    MPI_Datatype type;
    int code = make_long_type(most, &type);

    if (code != MPI_SUCCESS) return code;
    code = MPI_Irecv(p, 1, type, from, tag, comm, request);
    MPI_Type_free(&type);
    return code;
}

static tally_status isend(tally_comm *c, int to, int tag, const void *p, size_t n,
                          tally_request *r)
{
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Comm comm = comm_of(c);
    int code = n <= INT_MAX ? MPI_Isend(p, (int)n, MPI_BYTE, to, tag, comm, &request)
                            : send_long(comm, to, tag, p, n, &request);

    put(r, request);
    if (code != MPI_SUCCESS) return message_failed(code, "sending to", to, tag);
    return TALLY_OK;
}

static tally_status irecv(tally_comm *c, int from, int tag, void *p, size_t most,
                          tally_request *r)
{
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Comm comm = comm_of(c);
    int source = from == TALLY_ANY ? MPI_ANY_SOURCE : from;
    int code = most <= INT_MAX
                   ? MPI_Irecv(p, (int)most, MPI_BYTE, source, tag, comm, &request)
                   : receive_long(comm, source, tag, p, most, &request);

    put(r, request);
    if (code != MPI_SUCCESS) return message_failed(code, "receiving from", from, tag);
    return TALLY_OK;
}

/* A test of r has said that it is done, with `code`. */
static tally_status finish(tally_request *r, MPI_Request left, int code,
                           MPI_Status *status, tally_note *note)
{
    MPI_Count bytes = 0;

    put(r, left);
    if (code != MPI_SUCCESS) {
        r->active = false;
        return message_failed(code, r->is_receive ? "receiving from" : "sending to",
                              r->peer, r->tag);
    }
    if (!r->is_receive) return TALLY_OK;
    count_bytes(status, &bytes);
    *note = (tally_note){status->MPI_SOURCE, status->MPI_TAG, (size_t)bytes};
    return TALLY_OK;
}

static tally_status test(tally_comm *c, tally_request *r, bool *done, tally_note *note)
{
    MPI_Request request = get(r);
    MPI_Status status;
    int flag = 0;
    int code = MPI_Test(&request, &flag, &status);

    (void)c;
    *done = flag || code != MPI_SUCCESS;
    if (!*done) return TALLY_OK;
    return finish(r, request, code, &status, note);
}

static void rest(const tally_comm *c, unsigned rounds)
{
    static const struct timespec nap = {.tv_nsec = 10000};
    bool apart = c->node_size < c->size;

    if (rounds < (apart ? HOT_ROUNDS_APART : HOT_ROUNDS)) return;
    if (apart)
        doze(&nap);
    else
        sched_yield();
}

/* Room to test n requests together: at once for all collectives that are open. */
static tally_status reserve(const tally_comm *c, size_t n)
{
    seat *s = c->inner;
    size_t room = n > c->waited_room ? n : c->waited_room;

    if (n > INT_MAX) return TALLY_FAIL(UNSUPPORTED, "MPI tests no %zu messages", n);
    if (n <= s->tested_room) return TALLY_OK;
    MPI_Request *more = realloc(s->tested, room * sizeof *more);
    if (!more) return TALLY_FAIL(MEMORY, "no memory to test %zu messages", n);
    s->tested = more;
    s->tested_room = room;
    return TALLY_OK;
}

/* Looks once, or waits: *index of the one that is done, or MPI_UNDEFINED; *idle: none
 * is active. */
static int look(const tally_comm *c, size_t n, bool waits, int *index, bool *idle,
                MPI_Status *status)
{
    MPI_Request *tested = ((seat *)c->inner)->tested;
    int flag = true;
    int code = waits ? MPI_Waitany((int)n, tested, index, status)
                     : MPI_Testany((int)n, tested, index, &flag, status);

    *idle = flag && *index == MPI_UNDEFINED;
    return code;
}

/* An MPI looks first, then makes progress: what a look brings in the next one finds. */
static tally_status wait_some(tally_comm *c, tally_request *const *r, size_t n,
                              double deadline, int *which, tally_note *note)
{
    bool waits = SIMULATED && isinf(deadline) && deadline > 0, idle;
    int index = MPI_UNDEFINED;
    MPI_Status status;

    *which = -1;
    TALLY_TRY(reserve(c, n));
    MPI_Request *tested = ((seat *)c->inner)->tested;
    for (size_t i = 0; i < n; i++)
        tested[i] = r[i]->active ? get(r[i]) : MPI_REQUEST_NULL;
    for (unsigned rounds = 0;; rounds++) {
        int code = look(c, n, waits, &index, &idle, &status);

        if (index != MPI_UNDEFINED)
            return finish(r[*which = index], tested[index], code, &status, note);
        if (code != MPI_SUCCESS) return failed(code, "waiting for messages");
        if (idle) return TALLY_OK;
        if (rounds > 0 && MPI_Wtime() >= deadline) return TALLY_OK;
        rest(c, rounds);
    }
}

/* A receive is cancelled, which frees its buffer unless data are coming in right now; a
 * send cannot be taken back. */
static void abandon(tally_comm *c, tally_request *r)
{
    MPI_Request request = get(r);
    int done = 0;

    (void)c;
    if (request == MPI_REQUEST_NULL) return;
    if (r->is_receive && MPI_Cancel(&request) == MPI_SUCCESS)
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done) MPI_Request_free(&request);
    put(r, MPI_REQUEST_NULL);
}

static void poll(tally_comm *c)
{
    int flag;

    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_of(c), &flag, MPI_STATUS_IGNORE);
}

/* Open MPI 4.1 sums faster when it may block than by MPI_Iallreduce, hence the default.
 * While it blocks no stall is reported.  Longer vectors than an int counts go in
 * pieces, all but the last blocking. */
static tally_status isum(tally_comm *c, tally_real *v, size_t n, tally_request *r)
{
    const mpi *o = c->options;
    MPI_Datatype type = sizeof(tally_real) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Comm comm = comm_of(c);
    int code = MPI_SUCCESS;

    for (; n > INT_MAX && code == MPI_SUCCESS; n -= INT_MAX, v += INT_MAX)
        code = MPI_Allreduce(MPI_IN_PLACE, v, INT_MAX, type, MPI_SUM, comm);
    if (code == MPI_SUCCESS && o->native == NATIVE_BLOCKING)
        code = MPI_Allreduce(MPI_IN_PLACE, v, (int)n, type, MPI_SUM, comm);
    else if (code == MPI_SUCCESS)
        code = MPI_Iallreduce(MPI_IN_PLACE, v, (int)n, type, MPI_SUM, comm, &request);
    put(r, request);
    if (code != MPI_SUCCESS) return failed(code, "summing over all ranks");
    return TALLY_OK;
}

/* ---- comms ---- */

/* A host goes by the rank of the first one there. */
static int host_of(const tally_comm *c, int rank)
{
    const seat *s = c->inner;

    return s->hosts[rank];
}

static tally_status gather_hosts(tally_comm *c, seat *s)
{
    int leads = c->node_rank == 0, code;

    s->hosts = calloc((size_t)c->size, sizeof *s->hosts);
    if (!s->hosts) return TALLY_FAIL(MEMORY, "no memory for %d hosts", c->size);
    c->host = c->rank;
    code = MPI_Bcast(&c->host, 1, MPI_INT, 0, s->node);
    if (code == MPI_SUCCESS)
        code = MPI_Allgather(&c->host, 1, MPI_INT, s->hosts, 1, MPI_INT, s->comm);
    if (code == MPI_SUCCESS)
        code = MPI_Allreduce(&leads, &c->nodes, 1, MPI_INT, MPI_SUM, s->comm);
    return code == MPI_SUCCESS ? TALLY_OK : failed(code, "asking MPI for its hosts");
}

/* Fills in what MPI knows of s->comm; s->node is made here. */
static tally_status describe(tally_comm *c, seat *s)
{
    int code = MPI_Comm_set_errhandler(s->comm, MPI_ERRORS_RETURN);

    if (code == MPI_SUCCESS) code = MPI_Comm_rank(s->comm, &c->rank);
    if (code == MPI_SUCCESS) code = MPI_Comm_size(s->comm, &c->size);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_split_type(s->comm, MPI_COMM_TYPE_SHARED, c->rank,
                                   MPI_INFO_NULL, &s->node);
    if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(s->node, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS) code = MPI_Comm_rank(s->node, &c->node_rank);
    if (code == MPI_SUCCESS) code = MPI_Comm_size(s->node, &c->node_size);
    if (code != MPI_SUCCESS) return failed(code, "asking MPI for its ranks");
    c->inner = s;
    return gather_hosts(c, s);
}

static void free_window(shared **at)
{
    shared *gone = *at;

    *at = gone->next;
    MPI_Win_free(&gone->window);
    free(gone);
}

static void leave(seat *s)
{
    while (s->windows)
        free_window(&s->windows);
    free(s->tested);
    free(s->hosts);
    if (s->node != MPI_COMM_NULL) MPI_Comm_free(&s->node);
    if (s->comm != MPI_COMM_NULL) MPI_Comm_free(&s->comm);
}

static tally_status split(tally_comm *c, int color, int key, tally_comm **sub)
{
    tally_comm *made = calloc(1, sizeof *made);
    seat *s = calloc(1, sizeof *s);
    tally_status status = TALLY_OK;

    if (!made || !s) {
        free(made);
        free(s);
        return TALLY_FAIL(MEMORY, "no memory for a comm");
    }
    *s = (seat){.comm = MPI_COMM_NULL, .node = MPI_COMM_NULL};
    *made = (tally_comm){.ops = c->ops, .options = c->options};
    int code = MPI_Comm_split(comm_of(c), color, key, &s->comm);
    if (code != MPI_SUCCESS)
        status = failed(code, "splitting the ranks");
    else
        status = describe(made, s);
    if (status) {
        leave(s);
        free(s);
        free(made);
        return status;
    }
    *sub = made;
    return TALLY_OK;
}

static void close_comm(tally_comm *c)
{
    leave(c->inner);
    free(c->inner);
    free(c);
}

/* ---- memory that a node shares ---- */

/* Freeing a window waits for its other ranks, and leaving one must not, for they may be
 * gone.  So a window that is left stays until its ranks meet again: at the next share,
 * or when the comm closes.  Of more than 64 the oldest wait longer. */
static int free_unused(seat *s)
{
    uint64_t unused = 0;
    int i = 0;

    for (const shared *w = s->windows; w && i < 64; w = w->next, i++)
        unused |= (uint64_t)w->unused << i;
    int code = MPI_Allreduce(MPI_IN_PLACE, &unused, 1, MPI_UINT64_T, MPI_BAND, s->node);
    if (code != MPI_SUCCESS) return code;
    for (shared **at = &s->windows; *at; unused >>= 1) {
        if (unused & 1)
            free_window(at);
        else
            at = &(*at)->next;
    }
    return MPI_SUCCESS;
}

/* Open MPI and MPICH take the memory from here; where it does not fit Open MPI's first
 * rank fails and leaves the others waiting, or writing to it ends the process. */
static const char *const shared_folder = "/dev/shm";

/* Whether the node's first rank sees room for so many bytes, on all of its ranks. */
static int look_for_room(const seat *s, bool first, MPI_Aint bytes, bool *fits)
{
    struct statvfs folder;
    int there = 1;

    if (first && statvfs(shared_folder, &folder) == 0)
        there = (double)bytes < (double)folder.f_bavail * (double)folder.f_frsize;
    int code = MPI_Bcast(&there, 1, MPI_INT, 0, s->node);
    *fits = there != 0;
    return code;
}

/* All of it belongs to the node's first rank, with room to align its start: pages are
 * mapped whole, so every rank skips the same bytes. */
static tally_status open_window(const tally_comm *c, MPI_Win *window, tally_window *w)
{
    seat *s = c->inner;
    MPI_Aint bytes = c->node_rank == 0 ? (MPI_Aint)(w->bytes + 64) : 0;
    unsigned char *base;
    bool fits = true;
    int unit;
    int code = free_unused(s);

    if (code == MPI_SUCCESS) code = look_for_room(s, c->node_rank == 0, bytes, &fits);
    if (!fits)
        return TALLY_FAIL(MEMORY, "%s has no room for %zu bytes that ranks share",
                          shared_folder, w->bytes);
    if (code == MPI_SUCCESS)
        code = MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, s->node, &base, window);
    if (code == MPI_SUCCESS)
        code = MPI_Win_shared_query(*window, 0, &bytes, &unit, &base);
    if (code != MPI_SUCCESS) return failed(code, "sharing memory on this node");
    w->base = base + (64 - (uintptr_t)base % 64) % 64;
    if (c->node_rank == 0) memset(w->base, 0, w->bytes);
    code = MPI_Barrier(s->node);
    if (code != MPI_SUCCESS) return failed(code, "sharing memory on this node");
    return TALLY_OK;
}

static tally_status share(tally_comm *c, size_t bytes, tally_window **w)
{
    tally_window *made = calloc(1, sizeof *made);
    shared *inner = calloc(1, sizeof *inner);
    tally_status status = TALLY_OK;

    if (!made || !inner) {
        free(made);
        free(inner);
        return TALLY_FAIL(MEMORY, "no memory for a window");
    }
    *made = (tally_window){.bytes = bytes, .inner = inner};
    status = open_window(c, &inner->window, made);
    if (status) {
        free(made);
        free(inner);
        return status;
    }
    seat *s = c->inner;
    inner->next = s->windows;
    s->windows = inner;
    *w = made;
    return TALLY_OK;
}

static void leave_window(tally_comm *c, tally_window *w)
{
    shared *inner = w->inner;

    (void)c;
    inner->unused = true;
    free(w);
}

/* ---- the job ---- */

static double now(tally_comm *c)
{
    (void)c;
    return MPI_Wtime();
}

static void spend(tally_comm *c, double seconds)
{
    double whole = floor(seconds);
    struct timespec length = {.tv_sec = (time_t)whole,
                              .tv_nsec = (long)(1e9 * (seconds - whole))};

    (void)c;
    doze(&length);
}

static void abort_all(tally_comm *c, int code)
{
    MPI_Abort(comm_of(c), code);
}

/* Between hosts MPI moves nothing unless it is called.  A host program that has started
 * MPI may call it at any time, and only it knows whether a thread of ours may too. */
static bool wants_thread(const tally_comm *c, bool ours)
{
    const mpi *o = c->options;

    if (SIMULATED || c->size == 1 || o->progress == PROGRESS_POLL) return false;
    return o->progress == PROGRESS_THREAD || (ours && c->node_size < c->size);
}

/* MPICH reports failures of requests to MPI_COMM_WORLD, whatever their own comm. */
static int return_errors(void)
{
    int code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);

    return code == MPI_SUCCESS
               ? MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN)
               : code;
}

/* Open MPI's ways to fabrics (psm, libfabric, UCX) look for their devices for
 * 0.2 s, most of its start, also where there is none.  What the user chose stays. */
static void skip_absent_fabrics(void)
{
    static const char *const devices[] = {
        "/sys/class/infiniband", "/sys/class/cxi",
        "/sys/class/hfi1_user",  "/dev/ipath",
        "/dev/hfi1_0",           "/sys/class/usnic_verbs"};

    for (size_t k = 0; k < sizeof devices / sizeof *devices; k++)
        if (access(devices[k], F_OK) == 0) return;
    setenv("OMPI_MCA_pml", "^ucx,cm", 0);
}

/* Over TCP, Open MPI sends what is longer than this when its receiver has said that it
 * is ready (64 KiB if nobody asks).  That word waits behind the bytes which the
 * receiver itself sends, and the link of the sender lies idle meanwhile: for 29 % of a
 * ring of 118 KB blocks at 100 mbit.  Receives of ours are posted by then.  What the
 * user chose stays. */
static void send_without_asking(void)
{
    setenv("OMPI_MCA_btl_tcp_eager_limit", "1048576", 0);
}

/* Of a call that waits for all processes: rank 0 says it for all. */
static void set_alarm(tally_alarm **a, double seconds, const char *call)
{
    char sentence[512], host[64] = "";
    unsigned long long count = tally_launcher_count(getenv);
    uint64_t rank = 0;

    *a = NULL;
    if (SIMULATED) return;
    tally_launcher_rank(getenv, &rank);
    gethostname(host, sizeof host - 1);
    snprintf(sentence, sizeof sentence,
             "rank %llu on %s: %s has not come back for %.0f s: of the %llu processes "
             "that the launcher started some have not called it; they run something "
             "else, are stopped, or cannot be reached (--comm mpi:start=%.0f)",
             (unsigned long long)rank, host, call, seconds, count, seconds);
    if (rank > 0 && seconds > 0) seconds += 1;
    tally_alarm_open(a, seconds, TALLY_NETWORK, sentence);
}

/* Starts MPI unless the host program has; *ours: it is ours to finish. */
static tally_status initialise(double seconds, bool *ours)
{
    int started, finished, provided;
    int code = MPI_SUCCESS;
    tally_alarm *a;

    *ours = false;
    MPI_Finalized(&finished);
    if (finished)
        return TALLY_FAIL(UNSUPPORTED, "MPI was finalized in this process already and "
                                       "cannot start again");
    MPI_Initialized(&started);
    if (started) {
        code = MPI_Query_thread(&provided);
    } else {
        skip_absent_fabrics();
        send_without_asking();
        set_alarm(&a, seconds, "MPI_Init");
        code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
        tally_alarm_close(a);
        *ours = code == MPI_SUCCESS;
        if (*ours) code = return_errors();
        if (*ours) tally_slice_shorten();
    }
    if (code != MPI_SUCCESS) return failed(code, "starting MPI");
    if (provided < MPI_THREAD_SERIALIZED && !SIMULATED)
        return TALLY_FAIL(UNSUPPORTED,
                          "this MPI was started with thread level %d, but comm mpi "
                          "needs MPI_THREAD_SERIALIZED (%d)",
                          provided, (int)MPI_THREAD_SERIALIZED);
    return TALLY_OK;
}

/* Started so that a rank's death does not end the others: one may die at any time, also
 * after its last word, and MPI_Finalize would wait for it. */
static bool may_lose_ranks(void)
{
    const char *recovers = getenv("OMPI_MCA_orte_enable_recovery");

    return recovers && strcmp(recovers, "1") == 0;
}

/* The first that needs every rank, and a way to it: MPI_Init connects nobody. */
static tally_status meet(tally_comm *c, seat *s)
{
    int code = MPI_Comm_dup(MPI_COMM_WORLD, &s->comm);

    return code == MPI_SUCCESS ? describe(c, s)
                               : failed(code, "copying MPI_COMM_WORLD");
}

/* *alone: the others cannot be met any more.  Of a host program's MPI only that program
 * knows how long its ranks may take to come. */
static tally_status enter(const mpi *options, bool ours, tally_body body, void *context,
                          bool *alone)
{
    seat s = {.comm = MPI_COMM_NULL, .node = MPI_COMM_NULL};
    tally_comm c = {.ops = &tally_comm_mpi, .options = options};
    double most = ours ? options->start : 0;
    tally_alarm *a;

    set_alarm(&a, most, "MPI_Comm_dup");
    tally_status status = meet(&c, &s);
    tally_alarm_close(a);
    if (!status) status = tally_launcher_check(getenv, "mpi", (uint64_t)c.size);
    if (!status && wants_thread(&c, ours))
        status = tally_progress_open(&c, options->nap);
    if (!status) status = body(&c, context);
    tally_progress_close(&c);
    *alone =
        c.ragged || may_lose_ranks() || (status && c.size > 1 && !tally_error_agreed());
    if (*alone) return status;
    set_alarm(&a, most, "MPI_Comm_free");
    leave(&s);
    tally_alarm_close(a);
    return status;
}

/* Without an agreement, or with a rank gone, the others may never come to MPI_Finalize,
 * which waits for them: then it is left out, and the launcher ends them when this
 * process exits. */
static tally_status launch(const void *options, tally_body body, void *context)
{
    const mpi *o = options;
    bool ours, alone = false;
    tally_status status = initialise(o->start, &ours);
    tally_alarm *a;

    if (!status) status = enter(options, ours, body, context, &alone);
    if (!ours || alone) return status;
    set_alarm(&a, o->start, "MPI_Finalize");
    MPI_Finalize();
    tally_alarm_close(a);
    return status;
}

const tally_comm_ops tally_comm_mpi = {
    .about = {.name = "mpi",
              .brief = "ranks as processes of an MPI job",
              .paper = "",
              .options = options_table,
              .options_size = sizeof(mpi)},
    .launch = launch,
    .isend = isend,
    .irecv = irecv,
    .test = test,
    .wait_some = wait_some,
    .abandon = abandon,
    .isum = isum,
    .split = split,
    .share = share,
    .unshare = leave_window,
    .host_of = host_of,
    .poll = poll,
    .spend = SIMULATED ? spend : NULL,
    .abort = abort_all,
    .now = now,
    .close = close_comm,
};
