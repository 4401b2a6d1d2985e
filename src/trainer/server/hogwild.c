/* hogwild.c — no server: the ranks of one node move shared weights without a lock.
 *
 *     rank m, until all tickets are taken:
 *         k   <- the next ticket                            one atomic addition
 *         v   <- w, value by value, while others write
 *         g   <- grad f(v; rows of k)
 *         u   <- v moved by g                               --rule, each rank its own
 *         w_i <- w_i + (u_i - v_i), value by value, while others write
 *
 * Recht, Re, Wright, Niu, Hogwild!: A Lock-Free Approach to Parallelizing Stochastic
 * Gradient Descent, NIPS 2011, section 3.  Its analysis is of sparse gradients; dense
 * ones, as here, meet on every weight.
 *
 * What races, on purpose: the loads and stores of `read_weights` and `add_step`.  v may
 * mix weights of many moments, and of two ranks that add to one weight at once one
 * addition may be lost.  Both go through relaxed atomic loads and stores of one value
 * each, so no value is ever torn, and the program has no data race in the sense of C11
 * (nor for ThreadSanitizer).  Everything else that ranks share is atomic, or written by
 * one rank and read after a message of it.
 *
 * Sent: nothing but a word at the end; through memory 4 d values per gradient.  The
 * order of ranks decides under mpirun; on simulated ranks all is reproducible.  What
 * the rule keeps is each rank's own and starts anew after a resume.  A rank that dies
 * ends the run.  Staleness: gradients that others added between v and the addition. */

#include "base/status.h"
#include "base/stop.h"
#include "comm/trace.h"
#include "trainer/nap.h"
#include "trainer/report.h"
#include "trainer/server/server.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_WITH_HOGS = 4 };

/* At the start of the window; then a slot for each rank, then the weights. */
typedef struct board {
    _Alignas(64) uint64_t next;    /* ticket */
    _Alignas(64) uint64_t done;    /* tickets, in no order */
    _Alignas(64) uint64_t in_vain; /* gradients that were not finite, in a row */
    _Alignas(64) uint32_t stop;
} board;

/* Sums since the start, written by one rank. */
typedef struct slot {
    _Alignas(64) double loss_sum;
    uint64_t correct, count;
} slot;

/* A rank's last word. */
typedef struct farewell {
    tally_worker_tale worker;
    uint64_t staleness[TALLY_STALENESS_MOST], staleness_most;
} farewell;

typedef struct hog {
    tally_run *run;
    tally_window *window; /* owned: this rank's hold on it */
    board *board;
    slot *slots;
    tally_real *shared;           /* the weights of all */
    tally_real *v, *u, *g, *room; /* owned */
    uint64_t *rows;               /* owned */
    uint64_t steps;               /* gradients of this rank */
    double begun;                 /* tally_now at the first */
    tally_score reported;         /* of all ranks, so far */
    farewell mine, *others;       /* others: owned, on rank 0 */
    tally_request never;
    tally_request *words, **listed; /* owned, on rank 0 */
} hog;

/* ---- the races ---- */

static void read_weights(hog *h)
{
    for (size_t i = 0; i < h->run->f->layout.length; i++)
        __atomic_load(&h->shared[i], &h->v[i], __ATOMIC_RELAXED);
}

static void add_step(hog *h)
{
    for (size_t i = 0; i < h->run->f->layout.length; i++) {
        tally_real w;

        __atomic_load(&h->shared[i], &w, __ATOMIC_RELAXED);
        w += h->u[i] - h->v[i];
        __atomic_store(&h->shared[i], &w, __ATOMIC_RELAXED);
    }
}

static void add_score(slot *mine, const tally_score *score)
{
    slot sum = {.loss_sum = mine->loss_sum + score->loss_sum,
                .correct = mine->correct + score->correct,
                .count = mine->count + score->count};

    __atomic_store(&mine->loss_sum, &sum.loss_sum, __ATOMIC_RELAXED);
    __atomic_store(&mine->correct, &sum.correct, __ATOMIC_RELAXED);
    __atomic_store(&mine->count, &sum.count, __ATOMIC_RELAXED);
}

static void read_score(const slot *from, tally_score *sum)
{
    slot now;

    __atomic_load(&from->loss_sum, &now.loss_sum, __ATOMIC_RELAXED);
    __atomic_load(&from->correct, &now.correct, __ATOMIC_RELAXED);
    __atomic_load(&from->count, &now.count, __ATOMIC_RELAXED);
    sum->loss_sum += now.loss_sum;
    sum->correct += now.correct;
    sum->count += now.count;
}

/* ---- a gradient ---- */

static void count_staleness(hog *h, uint64_t tau)
{
    farewell *mine = &h->mine;

    mine->worker.pushes++;
    mine->worker.staleness += (double)tau;
    mine->staleness[tau < TALLY_STALENESS_MOST ? tau : TALLY_STALENESS_MOST - 1]++;
    if (tau > mine->staleness_most) mine->staleness_most = tau;
}

/* A look for a message that never comes: simulated ranks whose clocks are behind go
 * first, and MPI gets on. */
static tally_status let_others_go_first(hog *h)
{
    bool done;

    return tally_test(h->run->comm, &h->never, &done, NULL);
}

static tally_status compute(hog *h, uint64_t ticket, tally_step t, tally_score *score)
{
    tally_run *run = h->run;
    const tally_server *o = run->trainer_options;
    tally_samples s = tally_ticket_samples(run, ticket, h->rows);
    const tally_real *at;
    tally_real *said;
    double norm, begin = tally_now(run->comm), declared = 0;

    tally_trace_turn(run->comm->trace, "gradient", begin);
    double busy = trainer_busy(run->comm), lingered = run->attack.lingered;
    trainer_nap(run->comm, o->nap);
    TALLY_TRY(tally_rule_place(&run->rule, &t, h->v, h->room, &at));
    TALLY_TRY(run->f->ops->gradient(run->f, at, s, h->g, (tally_listener){0}, score));
    if (run->f->ops->cost && run->comm->ops->spend)
        declared = run->f->ops->cost(run->f, s).flops / o->flops;
    tally_spend(run->comm, declared);
    if (run->clip.ops)
        TALLY_TRY(run->clip.ops->bound(&run->clip, h->g, run->f->layout.length, &norm));
    run->attack.worked = o->nap + declared + trainer_busy(run->comm) - busy;
    TALLY_TRY(tally_attack_say(&run->attack, h->steps, h->g, &said));
    double end = tally_now(run->comm);
    tally_trace_turn(run->comm->trace, "apply", end);
    h->mine.worker.computing += end - begin;
    h->mine.worker.starved += trainer_starved(run->comm, begin, busy,
                                              o->nap + run->attack.lingered - lingered);
    return let_others_go_first(h);
}

static tally_status move(hog *h, tally_step t)
{
    tally_run *run = h->run;
    tally_span all = {0, run->f->layout.length};
    tally_view v = {.values = h->g};

    memcpy(h->u, h->v, all.count * sizeof *h->u);
    TALLY_TRY(tally_rule_propose(&run->rule, &t, all, h->g, &v));
    TALLY_TRY(tally_rule_apply(&run->rule, &t, all, h->u, v, h->room));
    add_step(h);
    return TALLY_OK;
}

/* A gradient that is not finite moves nothing, and its rows count as done. */
static tally_status refuse(hog *h)
{
    uint64_t most = REFUSALS_MOST * (uint64_t)h->run->comm->size;

    h->mine.worker.refused++;
    __atomic_fetch_add(&h->board->done, 1, __ATOMIC_RELEASE);
    if (__atomic_add_fetch(&h->board->in_vain, 1, __ATOMIC_RELAXED) < most)
        return TALLY_OK;
    return TALLY_FAIL(DIVERGED,
                      "%llu gradients in a row were not finite; try a lower --rate, "
                      "--warmup or --clip norm:max=1",
                      (unsigned long long)most);
}

static tally_status take_ticket(hog *h, uint64_t ticket)
{
    tally_run *run = h->run;
    uint64_t parts = (uint64_t)run->workers, rank = (uint64_t)run->comm->rank, done;
    tally_step t = {.number = ++h->steps,
                    .rate = tally_schedule_rate(&run->schedule, ticket / parts)};
    tally_score score = {0};

    tally_trace_do(run->comm, "pull");
    tally_trace_step(run->comm->trace, h->steps);
    uint64_t before = __atomic_load_n(&h->board->done, __ATOMIC_ACQUIRE);
    read_weights(h);
    TALLY_TRY(compute(h, ticket, t, &score));
    if (!tally_all_finite(h->g, run->f->layout.length)) return refuse(h);
    TALLY_TRY(move(h, t));
    __atomic_store_n(&h->board->in_vain, 0, __ATOMIC_RELAXED);
    add_score(&h->slots[rank], &score);
    done = __atomic_fetch_add(&h->board->done, 1, __ATOMIC_RELEASE);
    count_staleness(h, done - before);
    return TALLY_OK;
}

/* ---- steps, on rank 0 ---- */

static tally_status snapshot(tally_run *run)
{
    hog *h = run->held;

    for (size_t i = 0; i < run->f->layout.length; i++)
        __atomic_load(&h->shared[i], &run->w[i], __ATOMIC_RELAXED);
    return TALLY_OK;
}

/* What came in since the last report, in equal shares for the steps that are due. */
static tally_score take_score(hog *h, uint64_t steps)
{
    tally_score sum = {0}, *old = &h->reported;

    for (int r = 0; r < h->run->comm->size; r++)
        read_score(&h->slots[r], &sum);
    tally_score share = {.loss_sum = (sum.loss_sum - old->loss_sum) / (double)steps,
                         .correct = (sum.correct - old->correct) / steps,
                         .count = (sum.count - old->count) / steps};
    old->loss_sum += share.loss_sum;
    old->correct += share.correct;
    old->count += share.count;
    return share;
}

/* What rank 0 alone knows is not agreed on by all ranks. */
static tally_status observe(hog *h, const tally_score *score, double rate, bool stop)
{
    tally_error error;

    h->run->spent.steps = tally_now(h->run->comm) - h->begun;
    tally_status status = h->run->after_step(h->run, score, rate, stop);

    if (status) __atomic_store_n(&h->board->stop, 1, __ATOMIC_RELAXED);
    if (!status || status == TALLY_STOPPED || h->run->crew == h->run->comm)
        return status;
    tally_error_save(&error);
    return tally_fail(status, __FILE__, __LINE__, __func__, "%s", error.sentence);
}

/* Each step that is done: as many gradients as there are ranks, whosever they are. */
static tally_status report(hog *h)
{
    tally_run *run = h->run;
    uint64_t done = __atomic_load_n(&h->board->done, __ATOMIC_ACQUIRE);

    if (run->comm->rank != 0) return TALLY_OK;
    for (uint64_t due = done / (uint64_t)run->workers; run->step < due;) {
        tally_score score = take_score(h, due - run->step);
        double rate = tally_schedule_rate(&run->schedule, run->step++);

        TALLY_TRY(observe(h, &score, rate, false));
    }
    return TALLY_OK;
}

/* ---- the loop ---- */

static bool is_stopped(hog *h)
{
    if (tally_stop_requested() || h->run->enough)
        __atomic_store_n(&h->board->stop, 1, __ATOMIC_RELAXED);
    return __atomic_load_n(&h->board->stop, __ATOMIC_RELAXED) != 0;
}

static tally_status work(hog *h)
{
    uint64_t end = h->run->steps * (uint64_t)h->run->workers;

    while (!is_stopped(h)) {
        uint64_t ticket = __atomic_fetch_add(&h->board->next, 1, __ATOMIC_RELAXED);

        if (ticket >= end) return TALLY_OK;
        TALLY_TRY(take_ticket(h, ticket));
        TALLY_TRY(report(h));
    }
    return TALLY_OK;
}

/* Rank 0 hears the last word of each, and reports while it waits. */
static tally_status hear_all(hog *h)
{
    tally_comm *c = h->run->comm;
    double most = PATIENCE_WITH_HOGS * h->run->options->patience, since = tally_now(c);
    uint64_t seen = 0;
    int left = c->size - 1;

    while (left > 0) {
        uint64_t done = __atomic_load_n(&h->board->done, __ATOMIC_ACQUIRE);
        int which;

        TALLY_TRY(tally_wait_some(c, h->listed, (size_t)c->size - 1,
                                  tally_now(c) + most / 16, &which, NULL));
        left -= which >= 0;
        TALLY_TRY(report(h));
        if (which >= 0 || done != seen) since = tally_now(c);
        seen = done;
        if (tally_now(c) - since > most)
            return TALLY_FAIL(NETWORK,
                              "%d of %d ranks have added no gradient for %.3g s: with "
                              "consistency hogwild a run does not go on without them",
                              left, c->size, most);
    }
    return TALLY_OK;
}

static tally_status say_farewell(hog *h)
{
    tally_comm *c = h->run->comm;
    tally_request sent = {0};

    tally_trace_do(c, "wait");
    if (c->rank == 0) return hear_all(h);
    TALLY_TRY(tally_isend(c, 0, TALLY_TAG(TALLY_CONTROL, TAG_STEP), &h->mine,
                          sizeof h->mine, &sent));
    return tally_wait(c, &sent, NULL);
}

static void add_to_tale(tally_tale *tale, int rank, const farewell *f)
{
    tale->worker[rank] = f->worker;
    tale->worker[rank].rank = rank;
    tale->pushes += f->worker.pushes;
    tale->refused += f->worker.refused;
    tale->staleness_sum += f->worker.staleness;
    if (f->staleness_most > tale->staleness_most)
        tale->staleness_most = f->staleness_most;
    for (size_t i = 0; i < TALLY_STALENESS_MOST; i++)
        tale->staleness[i] += f->staleness[i];
}

static tally_status sum_up(hog *h, uint64_t first)
{
    tally_run *run = h->run;
    tally_result *result = &run->result;

    if (run->comm->rank != 0) return TALLY_OK;
    add_to_tale(result->tale, 0, &h->mine);
    for (int r = 1; r < run->comm->size; r++)
        add_to_tale(result->tale, r, &h->others[r - 1]);
    if (run->step < run->steps) TALLY_TRY(observe(h, &(tally_score){0}, 0, true));
    TALLY_TRY(snapshot(run));
    result->seconds = tally_now(run->comm) - h->begun;
    if (run->step > first)
        result->step_median_seconds = result->seconds / (double)(run->step - first);
    return tally_tale_tell(run);
}

/* ---- open and close ---- */

static size_t weights_at(const tally_comm *c)
{
    return sizeof(board) + (size_t)c->size * sizeof(slot);
}

static tally_status open_room(hog *h)
{
    tally_run *run = h->run;
    size_t length = run->f->layout.length, others = (size_t)run->comm->size;

    h->v = tally_allocate(length, sizeof *h->v);
    h->u = tally_allocate(length, sizeof *h->u);
    h->g = tally_allocate(length, sizeof *h->g);
    h->room = tally_allocate(length, sizeof *h->room);
    h->rows = tally_allocate(run->sampler.batch, sizeof *h->rows);
    h->others = calloc(others, sizeof *h->others);
    h->words = calloc(others, sizeof *h->words);
    h->listed = calloc(others, sizeof *h->listed);
    if (!h->v || !h->u || !h->g || !h->room || !h->rows || !h->others || !h->words ||
        !h->listed)
        return TALLY_FAIL(MEMORY, "no memory for the gradient of %zu weights", length);
    return tally_tale_open(run);
}

static tally_status expect_farewells(hog *h)
{
    tally_comm *c = h->run->comm;

    TALLY_TRY(tally_irecv(c, c->rank, TALLY_TAG(TALLY_CONTROL, TAG_BEAT), NULL, 0,
                          &h->never));
    for (int r = 1; c->rank == 0 && r < c->size; r++) {
        h->listed[r - 1] = &h->words[r - 1];
        TALLY_TRY(tally_irecv(c, r, TALLY_TAG(TALLY_CONTROL, TAG_STEP),
                              &h->others[r - 1], sizeof *h->others, &h->words[r - 1]));
    }
    return TALLY_OK;
}

/* Collective. */
static tally_status open_window(hog *h)
{
    tally_run *run = h->run;
    tally_comm *c = run->comm;
    size_t length = run->f->layout.length;

    TALLY_TRY(tally_share(c, weights_at(c) + length * sizeof *h->shared, &h->window));
    h->board = h->window->base;
    h->slots = (slot *)(h->board + 1);
    h->shared = (tally_real *)(void *)(h->slots + c->size);
    if (c->rank == 0) {
        memcpy(h->shared, run->w, length * sizeof *h->shared);
        h->board->next = h->board->done = run->step * (uint64_t)run->workers;
    }
    return tally_barrier(c);
}

static void close(hog *h)
{
    tally_comm *c = h->run->comm;

    h->run->snapshot = NULL;
    tally_abandon(c, &h->never);
    for (int r = 1; h->words && r < c->size; r++)
        tally_abandon(c, &h->words[r - 1]);
    if (h->window) tally_unshare(c, h->window);
    free(h->v);
    free(h->u);
    free(h->g);
    free(h->room);
    free(h->rows);
    free(h->others);
    free(h->words);
    free(h->listed);
}

static tally_status take_part(hog *h)
{
    uint64_t first = h->run->step;

    h->begun = tally_now(h->run->comm);
    TALLY_TRY(expect_farewells(h));
    TALLY_TRY(work(h));
    TALLY_TRY(say_farewell(h));
    tally_trace_do(h->run->comm, "finish");
    return sum_up(h, first);
}

static tally_status train(tally_run *run)
{
    hog h = {.run = run};
    tally_status status = tally_agree(run->comm, open_room(&h));

    if (!status) status = open_window(&h);
    run->comm->limit = 0;
    run->held = &h;
    run->snapshot = snapshot;
    if (!status) status = take_part(&h);
    close(&h);
    return status;
}

static tally_status check(const tally_run *run)
{
    const tally_server *o = run->trainer_options;

    if (run->comm->nodes > 1)
        return TALLY_FAIL(OPTION,
                          "consistency hogwild shares weights in memory: it is for the "
                          "ranks of one node, not of %d",
                          run->comm->nodes);
    if (strcmp(o->servers, "1") != 0)
        return TALLY_FAIL(OPTION,
                          "consistency hogwild has no servers: leave out servers=%s",
                          o->servers);
    if (o->damp || o->compensate || o->record || o->replay)
        return TALLY_FAIL(OPTION, "consistency hogwild has no server that could damp, "
                                  "compensate, record or replay");
    if (strcmp(run->options->codec, "fp32") != 0)
        return TALLY_FAIL(OPTION,
                          "consistency hogwild sends nothing: codec %s is for messages",
                          run->options->codec);
    return TALLY_OK;
}

const tally_consistency_ops tally_consistency_hogwild = {
    .about = {.name = "hogwild",
              .brief = "no server: one node's ranks move shared weights without a lock",
              .paper = "Recht et al. 2011, Hogwild!"},
    .check = check,
    .train = train,
};
