/* store.c — what a server does with gradients: its slice of the weights, and the rule.
 *
 *     alone      tau = version - version that g was taken at
 *                g <- g brought forward by tau updates           compensate.c
 *                w <- rule(w, g) at the present rate s(tau)      staleness.c
 *                version + 1
 *     gathered   w <- rule(w, gain (g_0 + g_1 + ...)), in the order of the parts
 *
 * A push moves its slice as a whole or not at all.  Memory besides the weights and the
 * rule's state: two vectors of the slice per worker, what it pushes and what it was
 * sent; a third when gradients are gathered.  Work per push: that of the rule, one
 * look for values that are not finite, one copy of the slice. */

#include "base/status.h"
#include "trainer/server/local.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8192 }; /* values; a multiple of 64 */

static uint64_t parts_of(const tally_store *s)
{
    return (uint64_t)s->count;
}

uint64_t tally_store_step(const tally_store *s)
{
    return s->tickets.settled / parts_of(s);
}

uint64_t tally_store_slowest(const tally_store *s)
{
    uint64_t slowest = UINT64_MAX;

    for (int m = 0; m < s->count; m++) {
        const tally_seat *p = &s->seats[m];

        if (p->presence != LOST && p->clock < slowest) slowest = p->clock;
    }
    return slowest == UINT64_MAX ? 0 : slowest;
}

/* ---- moving the weights ---- */

static double rate_now(const tally_store *s)
{
    uint64_t step = tally_store_step(s);

    return tally_schedule_rate(&s->run->schedule,
                               step < s->run->steps ? step : s->run->steps - 1);
}

/* Block by block, so that the weights are copied while they are in the cache.  g and
 * copy: of the slice; copy: NULL or where the weights go. */
static tally_status move(tally_store *s, tally_step t, tally_real *g, tally_real *copy)
{
    tally_run *run = s->run;
    size_t most = run->rule.ops->whole ? s->slice.count : BLOCK;
    double norm;

    t.number = s->version + 1;
    if (run->clip.ops && tally_clip_scope_of(&run->clip) == TALLY_CLIP_AGREED)
        TALLY_TRY(run->clip.ops->bound(&run->clip, g, s->slice.count, &norm));
    for (size_t done = 0; done < s->slice.count; done += most) {
        size_t left = s->slice.count - done;
        tally_span block = {s->slice.first + done, left < most ? left : most};

        TALLY_TRY(tally_rule_apply(&run->rule, &t, block, s->live,
                                   (tally_view){.values = g - s->slice.first},
                                   s->room));
        if (copy)
            memcpy(copy + done, s->live + block.first, block.count * sizeof *copy);
    }
    return TALLY_OK;
}

static void count_staleness(tally_store *s, const tally_seat *p, uint64_t tau)
{
    size_t bin = tau < TALLY_STALENESS_MOST ? (size_t)tau : TALLY_STALENESS_MOST - 1;

    s->tale->pushes++;
    s->tale->staleness[bin]++;
    s->tale->staleness_sum += (double)tau;
    if (tau > s->tale->staleness_most) s->tale->staleness_most = tau;
    p->tale->pushes++;
    p->tale->staleness += (double)tau;
}

void tally_store_drop(tally_store *s, tally_seat *p)
{
    s->tale->dropped++;
    p->tale->dropped++;
}

static void add_score(tally_score *to, const tally_score *from)
{
    to->loss_sum += from->loss_sum;
    to->correct += from->correct;
    to->count += from->count;
}

/* The loss of a turn, in equal shares to the steps that it ends. */
void tally_store_count(tally_store *s, tally_seat *p)
{
    uint64_t first = tally_store_step(s);
    const tally_score *score = &p->push.score;

    count_staleness(s, p, s->version++ - p->push.version);
    tally_tickets_settle(&s->tickets, p->push.ticket);
    uint64_t ended = tally_store_step(s) - first;
    uint64_t n = ended < 1 ? 1 : ended < SCORES_KEPT / 2 ? ended : SCORES_KEPT / 2;
    for (uint64_t k = 0; k < n; k++) {
        tally_score share = {.loss_sum = score->loss_sum / (double)n,
                             .correct = score->correct / n + (k < score->correct % n),
                             .count = score->count / n + (k < score->count % n)};

        add_score(&s->scores[(first + k) % SCORES_KEPT], &share);
    }
}

/* Whether what a push leaves is what its reply will hold. */
static bool copies(const tally_store *s, const tally_seat *p)
{
    return p->push.pulls && !s->run->rule.ops->place && !s->coding.coded;
}

tally_status tally_store_apply(tally_store *s, tally_seat *p)
{
    uint64_t tau = s->version - p->push.version;
    const tally_server *o = s->run->trainer_options;
    tally_step t = {.rate = rate_now(s) * tally_staleness_factor(o, tau),
                    .staleness = tau};

    if (tally_tickets_settled(&s->tickets, p->push.ticket)) {
        tally_store_drop(s, p);
        return TALLY_OK;
    }
    tally_compensate(s, p);
    TALLY_TRY(move(s, t, p->inbox, copies(s, p) ? p->sent : NULL));
    tally_store_count(s, p);
    if (copies(s, p)) p->holds = s->version;
    return TALLY_OK;
}

/* ---- gradients of a step together ---- */

bool tally_store_has_part(const tally_store *s, const tally_seat *p)
{
    return p->dealt <= tally_store_step(s) || s->tickets.again_count > 0;
}

int tally_store_present(const tally_store *s)
{
    int present = 0;

    for (int m = 0; m < s->count; m++)
        present += s->seats[m].presence != LOST;
    return present;
}

/* The parts of lost workers that the step cannot do without are dealt to others. */
static void cover_for_lost(tally_store *s)
{
    int missing = s->consistency->need(s) - tally_store_present(s);
    uint64_t first = tally_store_step(s) * parts_of(s);

    if (s->tickets.settled == s->tickets.end) return;
    for (int m = 0; m < s->count && missing > 0; m++) {
        if (s->seats[m].presence != LOST || s->has[m]) continue;
        tally_tickets_give_back(&s->tickets, first + (uint64_t)m);
        missing--;
    }
}

/* part[0] <- gain (((g_0 + g_1) + g_2) + ...) over the parts that are there. */
static tally_real *add_parts(tally_store *s, tally_real gain)
{
    int first = 0;

    while (!s->has[first])
        first++;
    tally_real *sum = s->part[first];
    for (int k = first + 1; k < s->count; k++) {
        const tally_real *g = s->part[k];

        for (size_t i = 0; s->has[k] && i < s->slice.count; i++)
            sum[i] += g[i];
    }
    for (size_t i = 0; gain > 1 && i < s->slice.count; i++)
        sum[i] *= gain;
    return sum;
}

static tally_status finish_step(tally_store *s)
{
    uint64_t step = tally_store_step(s);
    tally_score *score = &s->scores[step % SCORES_KEPT];
    tally_step t = {.rate = rate_now(s)};

    for (int k = 0; k < s->count; k++)
        if (s->has[k]) add_score(score, &s->part_score[k]);
    TALLY_TRY(
        move(s, t, add_parts(s, (tally_real)s->count / (tally_real)s->have), NULL));
    s->version++;
    for (int k = 0; k < s->count; k++) {
        tally_tickets_settle(&s->tickets, step * parts_of(s) + (uint64_t)k);
        s->has[k] = false;
    }
    s->have = 0;
    cover_for_lost(s);
    return TALLY_OK;
}

static bool is_late(const tally_store *s, const tally_seat *p)
{
    return tally_tickets_settled(&s->tickets, p->push.ticket) ||
           s->has[p->push.ticket % parts_of(s)];
}

static tally_status keep(tally_store *s, tally_seat *p)
{
    uint64_t part = p->push.ticket % parts_of(s);
    tally_real *mine = p->inbox;

    if (p->near) {
        memcpy(s->part[part], p->inbox, s->slice.count * sizeof *p->inbox);
    } else {
        p->inbox = s->part[part];
        s->part[part] = mine;
    }
    s->part_score[part] = p->push.score;
    s->has[part] = true;
    s->have++;
    return s->have < s->consistency->need(s) ? TALLY_OK : finish_step(s);
}

tally_status tally_store_gather(tally_store *s, tally_seat *p)
{
    if (is_late(s, p)) {
        tally_store_drop(s, p);
        return TALLY_OK;
    }
    count_staleness(s, p, s->version - p->push.version);
    return keep(s, p);
}

tally_status tally_store_gather_nothing(tally_store *s, tally_seat *p)
{
    if (is_late(s, p)) return TALLY_OK;
    memset(p->inbox, 0, s->slice.count * sizeof *p->inbox);
    p->push.score = (tally_score){0};
    return keep(s, p);
}

/* ---- tickets ---- */

bool tally_store_deal(tally_store *s, tally_seat *p)
{
    uint64_t step = tally_store_step(s);
    bool others_deal = s->index > 0;

    if (s->tickets.settled == s->tickets.end) return others_deal;
    if (!s->consistency->need)
        return others_deal || tally_tickets_deal(&s->tickets, &p->ticket);
    if (p->dealt > step) return tally_tickets_deal_again(&s->tickets, &p->ticket);
    p->ticket = step * parts_of(s) + (uint64_t)(p - s->seats);
    p->dealt = step + 1;
    return true;
}

void tally_store_lose(tally_store *s, tally_seat *p)
{
    p->presence = LOST;
    p->tale->lost = true;
    s->tale->lost++;
    tally_tickets_give_back(&s->tickets, p->ticket);
    if (s->consistency->need) cover_for_lost(s);
}

/* It goes on with the ticket that it holds; its clock must not hold the others up. */
void tally_store_welcome(tally_store *s, tally_seat *p)
{
    uint64_t slowest = tally_store_slowest(s);

    p->presence = WORKING;
    p->tale->lost = false;
    s->tale->lost--;
    s->tale->returned++;
    if (p->clock < slowest) p->clock = slowest;
    p->dealt = tally_store_step(s) + 1;
}

/* ---- open and close ---- */

/* State that all ranks hold in lockstep, and here the servers alone. */
static bool shares_state(const tally_rule *rule)
{
    for (size_t i = 0; i < rule->state.count; i++)
        if (rule->state.slots[i].sharing == TALLY_SHARED) return true;
    return false;
}

static tally_status check(const tally_store *s)
{
    const tally_run *run = s->run;

    if (run->rule.ops->propose && shares_state(&run->rule))
        return TALLY_FAIL(OPTION,
                          "rule %s proposes from what all ranks hold, which workers do "
                          "not: use trainer lockstep",
                          run->rule.ops->about.name);
    if (s->servers == 1) return TALLY_OK;
    if (run->rule.ops->whole)
        return TALLY_FAIL(
            OPTION,
            "rule %s needs the whole vector at once: trainer server takes "
            "servers=1 with it",
            run->rule.ops->about.name);
    if (run->clip.ops && tally_clip_scope_of(&run->clip) == TALLY_CLIP_AGREED)
        return TALLY_FAIL(OPTION,
                          "clip with scope=agreed needs the whole vector at once: use "
                          "servers=1 or scope=local");
    return TALLY_OK;
}

/* Those of a worker on this node are in memory that it sees too. */
static void open_vectors(tally_store *s, tally_seat *p)
{
    tally_real *gradient = tally_near_gradient(s->near, p->rank);

    p->near = gradient != NULL;
    p->piece_count = p->near ? 0 : s->piece_count;
    if (p->near) {
        p->inbox = gradient + s->slice.first;
        p->sent = tally_near_weights(s->near, p->rank) + s->slice.first;
    } else {
        p->inbox = tally_allocate(s->slice.count + 1, sizeof *p->inbox);
        p->sent = tally_allocate(s->slice.count + 1, sizeof *p->sent);
    }
}

static tally_status open_seat(tally_store *s, int m)
{
    tally_seat *p = &s->seats[m];

    p->rank = s->run->comm->size - s->count + m;
    p->presence = PARKED;
    p->holds = UINT64_MAX;
    p->dealt = s->run->step;
    p->ticket = s->tickets.first + (uint64_t)m;
    p->tale = &s->tale->worker[m];
    p->tale->rank = p->rank;
    open_vectors(s, p);
    p->pieces = calloc(s->piece_count + 1, sizeof *p->pieces);
    if (s->consistency->need)
        s->part[m] = tally_allocate(s->slice.count + 1, sizeof **s->part);
    if (!p->inbox || !p->sent || !p->pieces || (s->consistency->need && !s->part[m]))
        return TALLY_FAIL(MEMORY, "no memory for the gradients of %d workers",
                          s->count);
    return TALLY_OK;
}

static tally_status open_slice(tally_store *s)
{
    tally_run *run = s->run;

    s->slices = calloc((size_t)s->servers, sizeof *s->slices);
    s->pieces = calloc(run->plan_count, sizeof *s->pieces);
    if (!s->slices || !s->pieces)
        return TALLY_FAIL(MEMORY, "no memory for %d slices", s->servers);
    tally_slices(&run->f->layout, s->servers, s->slices);
    s->slice = s->slices[s->index];
    s->piece_count =
        tally_slice_pieces(run->plan, run->plan_count, s->slice, s->pieces);
    return TALLY_OK;
}

tally_status tally_store_open(tally_store *s, tally_run *run, const tally_near *near)
{
    size_t length = run->f->layout.length;

    *s = (tally_store){.run = run,
                       .near = near,
                       .consistency = tally_consistency_of(run),
                       .servers = run->holders,
                       .index = run->comm->rank,
                       .count = run->workers,
                       .first_step = run->step};
    uint64_t parts = parts_of(s);
    TALLY_TRY(check(s));
    TALLY_TRY(open_slice(s));
    TALLY_TRY(tally_tale_open(run));
    s->tale = run->result.tale;
    s->version = run->step * (s->consistency->need ? 1 : parts);
    const tally_local_ops *local = s->consistency->local;
    uint64_t turn = local ? local->turn(run->consistency_options) : 1;
    TALLY_TRY(tally_tickets_open(&s->tickets, run->step * parts, run->steps * parts,
                                 turn, 2 * (size_t)parts));
    const tally_server *o = run->trainer_options;
    TALLY_TRY(tally_arrivals_open(&s->arrivals, o->record, o->replay, s->count));
    s->live = tally_allocate(length, sizeof *s->live);
    s->room = tally_allocate(length, sizeof *s->room);
    s->seats = calloc((size_t)parts, sizeof *s->seats);
    s->part = calloc((size_t)parts, sizeof *s->part);
    s->has = calloc((size_t)parts, sizeof *s->has);
    s->part_score = calloc((size_t)parts, sizeof *s->part_score);
    if (!s->live || !s->room || !s->seats || !s->part || !s->has || !s->part_score)
        return TALLY_FAIL(MEMORY, "no memory for a server of %zu weights", length);
    memcpy(s->live, run->w, length * sizeof *s->live);
    for (int m = 0; m < s->count; m++)
        TALLY_TRY(open_seat(s, m));
    return TALLY_OK;
}

void tally_store_close(tally_store *s)
{
    for (int m = 0; s->seats && m < s->count; m++) {
        if (!s->seats[m].near) {
            free(s->seats[m].inbox);
            free(s->seats[m].sent);
        }
        free(s->seats[m].pieces);
        if (s->part) free(s->part[m]);
    }
    tally_tickets_close(&s->tickets);
    tally_arrivals_close(&s->arrivals);
    free(s->seats);
    free(s->part);
    free(s->has);
    free(s->part_score);
    free(s->live);
    free(s->room);
    free(s->pieces);
    free(s->slices);
    *s = (tally_store){0};
}
