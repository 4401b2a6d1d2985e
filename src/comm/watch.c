/* watch.c — a thread beside each rank that says who holds up a run, and ends it.
 *
 *     every 0.2 s      is my rank in one wait, or one collective, for too long?
 *                      was it told to end (SIGTERM), or to report (SIGUSR1, 2)?
 *     if so            alarm -> the lowest rank that takes it asks all ranks, each of
 *                      which answers with its trail; it prints who did not arrive
 *     at the timeout   it ends all ranks, with a bad code
 *     before an abort  it prints what each rank does, within half a second
 *
 * Answers travel as datagrams (UDP, datagram.c) between threads: MPI may be the very
 * thing that hangs, lets one thread in at a time, and a rank that computes looks at it
 * seldom.  A rank whose process is stopped, dead, or cut off does not answer, which
 * says it.  Each datagram carries a number that the ranks drew together, so that
 * nobody else can ask or end a run.  Where no datagram passes a rank tells of itself.
 *
 * In between nothing is sent.  A step costs a rank a few locks that are free. */

#include "comm/watch.h"

#include "tally/collective.h"

#include "base/status.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "comm/comm.h"
#include "comm/datagram.h"
#include "comm/progress.h"
#include "comm/survey.h"
#include "comm/trail.h"
#include "num/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LEADERS = 3, /* the first ranks, one of which asks for all if it can */
    LOOK_MS = 200,
    TAKE_MS = 400,    /* for a leader to take an alarm */
    SURVEY_MS = 1000, /* for all to answer */
    LEAVE_MS = 200,   /* the same, where a launcher is about to kill */
    LAST_MS = 500,    /* that an abort waits for its table, whatever the thread does */
    RETRY_MS = 100,
    BATCH = 64, /* questions at a time: answers must fit the socket */
    TEXT_MOST = 16384
};

/* Why ranks are asked; the greater is the more urgent. */
typedef enum purpose { NOTHING, WARN, LEAVE, REPORT, LAST, END } purpose;

typedef enum kind { ALARM, TAKEN, ASK, ANSWER, EXIT } kind;

typedef struct neighbour { /* what a rank tells of itself at the start */
    tally_ear ear;
    int32_t pid;
    uint64_t process_space, nonce; /* where pid is a number; rank 0's is everyone's */
    char host[TALLY_HOST_NAME];
} neighbour;

typedef struct packet {
    uint64_t nonce;
    uint32_t kind, purpose, survey;
    int32_t from;
    tally_row row; /* of an answer; others end before it */
} packet;

struct tally_watch {
    tally_trail trail;
    const tally_comm *comm;
    int users; /* that have opened it and not closed it */
    int rank, size;
    double patience;
    tally_watch_terms terms;

    pthread_t thread;
    bool has_thread;
    int socket, bell[2]; /* -1: none; a byte wakes the thread */
    atomic_bool leaving, asked, dying, has_spoken;
    uint64_t nonce;
    neighbour *peers; /* owned */

    /* The thread's own. */
    tally_row *rows; /* owned, made by the first survey */
    tally_fate *fates;
    char (*hosts)[TALLY_HOST_NAME];
    packet in, out;
    uint32_t survey;
    purpose due;          /* what this rank, as a leader, was asked for */
    double told[END + 1]; /* when a survey of that purpose ended */
    double stop_seen;     /* when this rank was told to end; 0: it was not */
    bool left;            /* and has asked who keeps it from that */
    bool speaks;          /* its last words, or has */
    char *text;           /* owned: TEXT_MOST */
};

/* ---- the trail ---- */

static tally_trail *trail_of(const tally_comm *c)
{
    return c->watch ? &c->watch->trail : NULL;
}

void tally_watch_step(tally_comm *c, uint64_t step)
{
    tally_trail *t = trail_of(c);

    if (!t) return;
    pthread_mutex_lock(&t->lock);
    t->step = step;
    pthread_mutex_unlock(&t->lock);
}

/* From inside another collective, one may start at another time on each rank. */
void tally_watch_begin(tally_comm *c, tally_task *t)
{
    bool of_all = !t->of_some && !c->advancing && c->watch && c == c->watch->comm;

    if (!c->watch || !t->what) return;
    t->place = tally_trail_begin(
        &c->watch->trail,
        (tally_act){
            .what = t->what, .unit = t->unit, .tag = t->tag, .amount = t->amount},
        of_all);
}

void tally_watch_end(tally_comm *c, tally_task *t)
{
    if (c->watch && t->place) tally_trail_end(&c->watch->trail, t->place);
    t->place = 0;
}

void tally_watch_wait(const tally_comm *c, int peer, int tag)
{
    if (!c->watch || !c->watch->has_thread) return;
    /* Ranks of a comm that was split have other numbers. */
    tally_trail_wait(&c->watch->trail, c == c->watch->comm ? peer : TALLY_ANY, tag);
}

void tally_watch_go_on(const tally_comm *c)
{
    if (c->watch && c->watch->has_thread) tally_trail_go_on(&c->watch->trail);
}

void tally_watch_sum(const tally_comm *c, uint64_t *number, uint64_t *sum)
{
    tally_trail *t = trail_of(c);

    *number = *sum = 0;
    if (!t) return;
    pthread_mutex_lock(&t->lock);
    *number = t->number;
    *sum = t->sum;
    pthread_mutex_unlock(&t->lock);
}

const char *tally_watch_host(const tally_comm *c, int rank)
{
    const tally_watch *w = c->watch;

    return w && w->peers && c->nodes > 1 ? w->peers[rank].host : NULL;
}

static void ring(const tally_watch *w)
{
    if (write(w->bell[1], "", 1) < 0) errno = 0; /* it looks in a moment anyway */
}

bool tally_watch_ask(const tally_comm *c)
{
    tally_watch *w = c->watch;

    if (!w || !w->has_thread) return false;
    atomic_store(&w->asked, true);
    ring(w);
    return true;
}

/* The thread may itself be held up: by a callback, or by whoever reads its table. */
void tally_watch_last_words(const tally_comm *c)
{
    tally_watch *w = c->watch;

    if (!w || !w->has_thread || pthread_equal(pthread_self(), w->thread)) return;
    if (atomic_exchange(&w->dying, true)) return;
    ring(w);
    for (int k = 0; k < LAST_MS && !atomic_load(&w->has_spoken); k++)
        poll(NULL, 0, 1);
}

/* ---- what this rank tells ---- */

static void print_act(const tally_watch *w, const tally_act *act,
                      char text[TALLY_ACT_TEXT])
{
    char name[48] = "";
    size_t used;

    tally_act_print(act, text, TALLY_ACT_TEXT);
    used = strlen(text);
    if (w->terms.name) w->terms.name(w->terms.context, act->tag, name, sizeof name);
    if (name[0]) tally_text_append(text, TALLY_ACT_TEXT, &used, " (%s)", name);
}

size_t tally_watch_recent(const tally_comm *c, tally_act *acts, size_t most)
{
    return tally_trail_recent(&c->watch->trail, acts, most);
}

void tally_watch_describe(const tally_comm *c, const tally_act *act,
                          char text[TALLY_ACT_TEXT])
{
    print_act(c->watch, act, text);
}

static void fill_row(tally_watch *w, tally_row *row)
{
    tally_act acts[TALLY_ROW_ACTS];
    tally_trail *t = &w->trail;
    size_t count = tally_trail_recent(t, acts, TALLY_ROW_ACTS);
    double now = tally_trail_now();
    tally_pause pause = tally_trail_pause(t);

    memset(row, 0, sizeof *row);
    row->apart = 1;
    for (size_t k = 0; k < count; k++) {
        if (acts[k].ended <= 0) row->apart = 0;
        row->acts[k].number = acts[k].number;
        row->acts[k].signature = acts[k].signature;
        print_act(w, &acts[k], row->acts[k].text);
    }
    pthread_mutex_lock(&t->lock);
    row->answered = 1;
    row->ends = atomic_load(&w->dying);
    row->waits = pause.waits;
    row->peer = pause.peer;
    row->tag = pause.tag;
    row->waited = pause.seconds;
    row->step = t->step;
    row->number = t->number;
    pthread_mutex_unlock(&t->lock);
    if (count) row->idle = now - (acts[0].ended > 0 ? acts[0].ended : acts[0].begun);
}

/* ---- datagrams ---- */

/* What is lost is asked for again.  On its own host a rank is reached without leaving
 * it. */
static void post(tally_watch *w, int to, kind k, purpose why)
{
    const neighbour *p = &w->peers[to];

    w->out.nonce = w->nonce;
    w->out.kind = k;
    w->out.purpose = why;
    w->out.from = w->rank;
    tally_ear_tell(w->socket, &p->ear, strcmp(p->host, w->peers[w->rank].host) == 0,
                   &w->out, k == ANSWER ? sizeof w->out : offsetof(packet, row));
}

static bool receive(tally_watch *w)
{
    ssize_t bytes = recv(w->socket, &w->in, sizeof w->in, 0);

    return bytes >= (ssize_t)offsetof(packet, row) && w->in.nonce == w->nonce &&
           w->in.from >= 0 && w->in.from < w->size &&
           (w->in.kind != ANSWER || bytes == (ssize_t)sizeof w->in);
}

static bool is_leaving(const tally_watch *w)
{
    return atomic_load(&w->leaving);
}

/* Then what is under way is given up. */
static bool must_hurry(const tally_watch *w)
{
    return is_leaving(w) || (atomic_load(&w->dying) && !w->speaks);
}

/* Waits so long for a datagram, or for the bell. */
static bool await_packet(tally_watch *w, int milliseconds)
{
    struct pollfd on[2] = {
        {.fd = w->bell[0], .events = POLLIN},
        {.fd = w->socket,  .events = POLLIN}
    };
    char bytes[64];

    if (poll(on, 2, milliseconds) <= 0) return false;
    if (on[0].revents & POLLIN && read(w->bell[0], bytes, sizeof bytes) < 0)
        return false;
    return on[1].revents & POLLIN && receive(w);
}

/* What is meant for nobody in particular; others go to who waits for them. */
static void serve(tally_watch *w)
{
    purpose why = (purpose)w->in.purpose;

    if (w->in.kind == EXIT) _exit((int)w->in.purpose);
    if (w->in.kind == ALARM && why <= END) {
        if (why > w->due) w->due = why;
        post(w, w->in.from, TAKEN, why);
    }
    if (w->in.kind == ASK) {
        fill_row(w, &w->out.row);
        w->out.survey = w->in.survey;
        post(w, w->in.from, ANSWER, why);
    }
}

/* ---- a survey ---- */

static bool make_room(tally_watch *w)
{
    size_t size = (size_t)w->size;

    if (w->rows) return true;
    w->fates = calloc(size, sizeof *w->fates);
    w->hosts = calloc(size, sizeof *w->hosts);
    w->text = calloc(1, TEXT_MOST);
    w->rows = calloc(size, sizeof *w->rows);
    if (!w->fates || !w->hosts || !w->text || !w->rows) return false;
    for (int r = 0; r < w->size; r++)
        memcpy(w->hosts[r], w->peers[r].host, TALLY_HOST_NAME);
    return true;
}

/* Asks those who have not answered yet; how many are left. */
static int ask_the_rest(tally_watch *w, purpose why, uint32_t survey)
{
    int left = 0;

    for (int r = 0; r < w->size; r++) {
        if (w->rows[r].answered) continue;
        w->out.survey = survey;
        if (left++ % BATCH == BATCH - 1)
            while (await_packet(w, 2))
                serve(w);
        post(w, r, ASK, why);
    }
    return left;
}

/* How many more ranks have answered: 0 or 1. */
static int take_answer(tally_watch *w, uint32_t survey)
{
    if (w->in.kind != ANSWER || w->in.survey != survey) {
        serve(w);
        return 0;
    }
    tally_row *row = &w->rows[w->in.from];
    int more = !row->answered;

    *row = w->in.row;
    for (int k = 0; k < TALLY_ROW_ACTS; k++)
        row->acts[k].text[TALLY_ACT_TEXT - 1] = '\0';
    row->answered = 1;
    return more;
}

/* The state letter of a process of this machine; 0: there is none. */
static char state_of(int32_t pid)
{
    char path[64], line[512], *after = NULL;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    if (fgets(line, sizeof line, file)) after = strrchr(line, ')');
    fclose(file);
    return after && after[1] ? after[2] : 0;
}

static tally_fate look_for(const tally_watch *w, int r)
{
    const neighbour *mine = &w->peers[w->rank], *theirs = &w->peers[r];

    if (!mine->process_space || theirs->process_space != mine->process_space)
        return TALLY_UNKNOWN;
    char state = state_of(theirs->pid);
    if (state == 'T' || state == 't') return TALLY_STOPPED_SHORT;
    return state == 0 || state == 'Z' || state == 'X' ? TALLY_GONE : TALLY_UNKNOWN;
}

/* Whether more may be learnt by waiting: of this machine's processes that do not answer
 * the system knows what became of them. */
static bool look_for_the_rest(tally_watch *w)
{
    bool more = false;

    for (int r = 0; r < w->size; r++) {
        w->fates[r] = w->rows[r].answered ? TALLY_UNKNOWN : look_for(w, r);
        more |= !w->rows[r].answered && w->fates[r] == TALLY_UNKNOWN;
    }
    return more;
}

static void ask_all(tally_watch *w, purpose why)
{
    uint32_t survey = ++w->survey;
    double start = tally_trail_now(),
           most = 1e-3 * (why == LEAVE || why == LAST ? LEAVE_MS : SURVEY_MS);
    int left;

    for (int r = 0; r < w->size; r++)
        w->rows[r].answered = 0;
    fill_row(w, &w->rows[w->rank]);
    do {
        double asked = tally_trail_now();

        left = ask_the_rest(w, why, survey);
        while (left > 0 && tally_trail_now() - asked < 1e-3 * RETRY_MS &&
               !must_hurry(w))
            if (await_packet(w, RETRY_MS / 4)) left -= take_answer(w, survey);
    } while (left > 0 && look_for_the_rest(w) && tally_trail_now() - start < most &&
             !must_hurry(w));
    look_for_the_rest(w);
}

/* ---- what comes of it ---- */

static void say(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t wrote = write(STDERR_FILENO, text, left);

        if (wrote <= 0) return;
        text += wrote;
        left -= (size_t)wrote;
    }
}

static bool all_answer(const tally_watch *w)
{
    for (int r = 0; r < w->size; r++)
        if (!w->rows[r].answered) return false;
    return true;
}

static void end_all(tally_watch *w, tally_status status)
{
    int code = status == TALLY_MISMATCH ? TALLY_MISMATCH : TALLY_NETWORK;

    for (int k = 0; k < 3; k++) {
        for (int r = 0; r < w->size; r++)
            if (r != w->rank) post(w, r, EXIT, (purpose)code);
        poll(NULL, 0, 10);
    }
    _exit(code);
}

static void tell(tally_watch *w, purpose why)
{
    tally_survey s = {
        .size = w->size, .rows = w->rows, .hosts = w->hosts, .fates = w->fates};
    char sentence[1024];
    tally_status status = tally_survey_judge(&s, sentence, sizeof sentence);

    if (must_hurry(w)) return;
    if (why == WARN) {
        if (status && w->terms.stalled) w->terms.stalled(w->terms.observer, sentence);
        return;
    }
    if (why == LEAVE && all_answer(w)) return;
    if (why == END && !status) return; /* long, but nobody waits for it */
    if (why == REPORT && status == TALLY_NETWORK && tally_survey_moves(&s))
        snprintf(sentence, sizeof sentence, "no rank has waited long for another");
    if (why == LAST)
        snprintf(sentence, sizeof sentence,
                 "rank %d ends the run; what each rank does:", w->rank);
    snprintf(w->text, TEXT_MOST, "tally: %s%s\n", sentence,
             why == END ? "; the run ends (--timeout)" : "");
    if (why != LEAVE) tally_survey_print(&s, w->text, TEXT_MOST);
    say(w->text);
    if (why == END) end_all(w, status);
}

/* At most once in a while for each purpose; a report says all that would be said of
 * ranks that cannot leave. */
static bool has_told(const tally_watch *w, purpose why)
{
    double pause = why == WARN ? 0.9 * w->patience : 1, now = tally_trail_now();

    if (why == LEAVE && has_told(w, REPORT)) return true;
    return w->told[why] > 0 && now - w->told[why] < pause;
}

static void lead(tally_watch *w, purpose why)
{
    w->due = NOTHING;
    if (has_told(w, why)) return;
    if (!make_room(w)) return;
    ask_all(w, why);
    tell(w, why);
    w->told[why] = tally_trail_now();
}

/* Has one of the first ranks lead, this one if no other takes it. */
static void raise_alarm(tally_watch *w, purpose why)
{
    for (int r = 0; r < LEADERS && r < w->rank; r++) {
        double start = tally_trail_now();

        post(w, r, ALARM, why);
        while (tally_trail_now() - start < 1e-3 * TAKE_MS && !must_hurry(w)) {
            if (!await_packet(w, RETRY_MS / 4)) continue;
            if (w->in.kind == TAKEN && w->in.from == r) return;
            serve(w);
        }
    }
    if (!must_hurry(w)) lead(w, why);
}

/* Of ranks that end the run at the same time the lowest tells; the others give it the
 * time: they would end it. */
static bool another_speaks(const tally_watch *w)
{
    for (int r = 0; r < w->rank; r++)
        if (w->rows[r].answered && w->rows[r].ends) return true;
    return false;
}

static void speak(tally_watch *w)
{
    w->speaks = true;
    if (make_room(w)) {
        ask_all(w, LAST);
        if (another_speaks(w))
            poll(NULL, 0, RETRY_MS);
        else
            tell(w, LAST);
    }
    atomic_store(&w->has_spoken, true);
}

/* ---- the thread ---- */

/* A rank that was told to end but waits for another, which may be gone. */
static bool ends_in_vain(tally_watch *w)
{
    double now = tally_trail_now();

    if (!tally_stop_requested()) return false;
    if (w->stop_seen <= 0) w->stop_seen = now;
    return now - w->stop_seen > 0.1 && tally_trail_age(&w->trail) > 0.1;
}

static purpose look(tally_watch *w)
{
    double age = tally_trail_age(&w->trail);

    if (w->terms.timeout > 0 && age >= w->terms.timeout) return END;
    if (tally_report_requested()) return REPORT;
    if (!w->left && ends_in_vain(w)) {
        w->left = true;
        return LEAVE;
    }
    return atomic_exchange(&w->asked, false) ? WARN : NOTHING;
}

static void *watch(void *context)
{
    tally_watch *w = context;

    while (!is_leaving(w)) {
        if (await_packet(w, LOOK_MS)) serve(w);
        if (is_leaving(w)) break;
        if (atomic_load(&w->dying) && !w->speaks) speak(w);
        purpose why = look(w);
        if (why) raise_alarm(w, why);
        if (w->due) lead(w, w->due);
    }
    return NULL;
}

/* ---- start and end ---- */

/* Without a socket this rank answers nobody, and is told of as silent. */
static void introduce(tally_watch *w, neighbour *mine)
{
    struct stat space;
    tally_place place;

    gethostname(mine->host, sizeof mine->host - 1);
    mine->pid = (int32_t)getpid();
    /* The first space of processes has the same number on every machine. */
    tally_topology_place(&place);
    if (stat("/proc/self/ns/pid", &space) == 0)
        mine->process_space = place.machine ^ (uint64_t)space.st_ino;
    if (getrandom(&mine->nonce, sizeof mine->nonce, GRND_NONBLOCK) < 0)
        mine->nonce = (uint64_t)(1e9 * tally_trail_now());
    w->socket = tally_ear_open(&mine->ear);
}

static bool has_thread(const tally_comm *c)
{
    return c->size > 1 && !c->ops->spend && c->ops != &tally_comm_self;
}

static tally_status meet(tally_comm *c, tally_watch *w)
{
    neighbour mine = {.pid = 0};
    tally_status status = TALLY_OK;

    introduce(w, &mine);
    w->peers = calloc((size_t)c->size, sizeof *w->peers);
    if (!w->peers) status = TALLY_FAIL(MEMORY, "no memory for %d ranks", c->size);
    status = tally_agree(c, status);
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, w->peers);
    if (!status) w->nonce = w->peers[0].nonce;
    return status;
}

static void let_go(tally_watch *w)
{
    if (w->socket >= 0) close(w->socket);
    for (int k = 0; k < 2; k++)
        if (w->bell[k] >= 0) close(w->bell[k]);
    tally_trail_close(&w->trail);
    free(w->peers);
    free(w->rows);
    free(w->fates);
    free(w->hosts);
    free(w->text);
    free(w);
}

static tally_status start(tally_comm *c, tally_watch *w)
{
    TALLY_TRY(meet(c, w));
    if (pipe2(w->bell, O_CLOEXEC | O_NONBLOCK) != 0)
        return TALLY_FAIL(MEMORY, "no pipe for a watch: %s", strerror(errno));
    int code = tally_thread_start(&w->thread, NULL, watch, w);
    if (code)
        return TALLY_FAIL(MEMORY, "cannot start a thread to watch: %s", strerror(code));
    w->has_thread = true;
    return TALLY_OK;
}

tally_status tally_watch_open(tally_comm *c, const tally_watch_terms *terms)
{
    if (c->watch) {
        c->watch->users++;
        if (c == c->watch->comm) tally_trail_forget(&c->watch->trail);
        return TALLY_OK;
    }
    tally_watch *w = calloc(1, sizeof *w);
    if (!w) return TALLY_FAIL(MEMORY, "no memory to watch a rank");
    w->comm = c;
    w->users = 1;
    w->rank = c->rank;
    w->size = c->size;
    w->patience = c->patience;
    w->terms = *terms;
    w->socket = w->bell[0] = w->bell[1] = -1;
    tally_trail_open(&w->trail);
    tally_status status = has_thread(c) ? start(c, w) : TALLY_OK;
    if (status) {
        let_go(w);
        return status;
    }
    tally_progress_enter(c); /* its thread looks at it */
    c->watch = w;
    tally_progress_leave(c);
    return TALLY_OK;
}

void tally_watch_close(tally_comm *c)
{
    tally_watch *w = c->watch;

    if (!w || --w->users > 0) return;
    tally_progress_enter(c);
    c->watch = NULL;
    tally_progress_leave(c);
    if (w->has_thread) {
        atomic_store(&w->leaving, true);
        ring(w);
        pthread_join(w->thread, NULL);
    }
    let_go(w);
}
