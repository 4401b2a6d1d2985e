/* timeline.c — what all ranks did when, by one clock, to one file.
 *
 *     rank r    common(t) = t - ahead(t), from two looks at rank 0's clock, one before
 *               training and one after, and a straight line between them
 *     each      the spans of its trace, 512 at a time -> rank 0
 *     rank 0    chrome.c: FILE.partial -> FILE
 *
 * A trainer in lockstep says when the last rank had its gradient; what this rank waited
 * until then was for its peers ("wait"), the rest for bytes ("wire").
 *
 * Spans that begin before some rank has lost one (its ring is full) are left out: from
 * there on the file has everything of everyone. */

#include "run/timeline.h"

#include "tally/tally.h"

#include "base/file.h"
#include "comm/progress.h"
#include "comm/trace.h"
#include "comm/trail.h"
#include "run/chrome.h"
#include "run/config.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPANS_AT_A_TIME = 512 };

/* A look at the common clock: at its own time `at` a rank was so far ahead. */
typedef struct look {
    double at, ahead, error;
} look;

/* What rank 0 must know of a rank before it sees a span. */
typedef struct head {
    look before, after;
    double first, lost; /* common: its earliest span, the latest that it lost */
    char host[64];
} head;

struct tally_timeline {
    tally_trace *trace; /* owned */
    char fresh[TALLY_PATH_MOST];
    look before;
};

/* ---- before training ---- */

static tally_status look_at_clock(tally_comm *c, look *l)
{
    TALLY_TRY(tally_comm_set_clock(c));
    *l = (look){tally_now(c), c->ahead, c->ahead_error};
    return TALLY_OK;
}

/* Written beside the file and removed again: what is there stays until the end. */
static tally_status try_file(const char *path, char fresh[TALLY_PATH_MOST])
{
    tally_file file = {0};
    struct stat facts;

    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
        return TALLY_FAIL(FILE, "trace=%s is there and no regular file", path);
    TALLY_TRY(tally_path(fresh, "%s.partial", path));
    tally_status status = tally_file_create(&file, fresh);
    tally_file_close(&file);
    if (!status) unlink(fresh);
    return status;
}

static void use(tally_comm *c, tally_trace *trace)
{
    tally_progress_enter(c); /* its thread looks at it */
    c->trace = trace;
    tally_progress_leave(c);
}

tally_status tally_timeline_open(tally_run *run)
{
    const tally_config *o = run->options;
    tally_comm *c = run->comm;

    if (!o->trace) return TALLY_OK;
    tally_timeline *t = run->timeline = calloc(1, sizeof *t);
    tally_status status = t ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for a trace");
    if (!status && c->rank == 0) status = try_file(o->trace, t->fresh);
    if (!status) status = tally_trace_open(&t->trace, (size_t)o->trace_spans);
    TALLY_TRY(tally_agree(c, status));
    TALLY_TRY(look_at_clock(c, &t->before));
    use(c, t->trace);
    tally_trace_do(c, "set up");
    return TALLY_OK;
}

void tally_timeline_close(tally_run *run)
{
    if (!run->timeline) return;
    use(run->comm, NULL);
    tally_trace_close(run->timeline->trace);
    free(run->timeline);
    run->timeline = NULL;
}

/* ---- spans, on every rank ---- */

typedef struct teller {
    tally_run *run;
    const tally_trace *trace;
    chrome_file *to; /* NULL: they are sent to rank 0 */
    look before, after;
    double from; /* common: what began before then is left out */
    uint32_t ready_step;
    double ready; /* when the last rank had the gradient of that step */
    chrome_span spans[SPANS_AT_A_TIME];
    size_t count;
    tally_status status;
} teller;

static double ahead_at(look before, look after, double t)
{
    double between = after.at - before.at;
    double share = between > 0 ? (t - before.at) / between : 0;

    return before.ahead + share * (after.ahead - before.ahead);
}

static double common(const teller *t, double time)
{
    return time - ahead_at(t->before, t->after, time);
}

static int tag(void)
{
    return TALLY_TAG(TALLY_STATE, 0);
}

/* A short batch is the last one. */
static void hand_over(teller *t)
{
    tally_request r = {0};

    for (size_t i = 0; t->to && i < t->count; i++)
        chrome_put_span(t->to, &t->spans[i]);
    if (!t->to && !t->status)
        t->status = tally_isend(t->run->comm, 0, tag(), t->spans,
                                t->count * sizeof *t->spans, &r);
    if (!t->to && !t->status) t->status = tally_wait(t->run->comm, &r, NULL);
    t->count = 0;
}

static chrome_span *next(teller *t, double begin, double end, uint64_t step)
{
    if (t->count == SPANS_AT_A_TIME) hand_over(t);
    chrome_span *s = &t->spans[t->count];
    memset(s, 0, sizeof *s);
    s->begin = common(t, begin);
    s->end = common(t, end);
    s->step = step;
    if (s->begin >= t->from) t->count++;
    return s;
}

static void tell_part(teller *t, const tally_trace_span *s, const char *name,
                      double begin, double end)
{
    const tally_layout *layout = &t->run->f->layout;

    if (end <= begin) return;
    chrome_span *to = next(t, begin, end, tally_trace_step_of(t->trace, s));
    snprintf(to->name, sizeof to->name, "%s", name);
    if (s->about)
        snprintf(to->about, sizeof to->about, "%s",
                 tally_layout_tensor(layout, s->about - 1)->name);
}

/* Latest first: when the last rank was ready is noted after what waited for it. */
static void tell_parts(teller *t)
{
    const tally_trace_ring *r = &t->trace->parts;

    for (uint64_t k = r->count; k-- > tally_trace_first(r);) {
        const tally_trace_span *s = tally_trace_at(r, k);
        bool waits = strcmp(s->name, "wire") == 0 && s->step == t->ready_step;
        double until = waits ? fmin(fmax(t->ready, s->begin), s->end) : s->begin;

        if (strcmp(s->name, "ready") == 0) {
            t->ready_step = s->step;
            t->ready = s->begin;
            continue;
        }
        tell_part(t, s, "wait", s->begin, until);
        tell_part(t, s, s->name, until, s->end);
    }
}

/* The lowest lane that is free; ends: of the last span in each, ascending use. */
static int64_t find_lane(double *ends, double begin, double end)
{
    int64_t lane = 0;

    while (ends[lane] > begin)
        lane++;
    ends[lane] = end;
    return lane + 1;
}

/* "exchange 3 (dense1.weight)" */
static void describe(const tally_run *run, const tally_trace_span *s, char *text,
                     size_t most)
{
    size_t number = s->about % TALLY_TAG(1, 0) / 2, used;

    tally_tag_print((int)s->about, text, most);
    used = strlen(text);
    if (s->about / TALLY_TAG(1, 0) == TALLY_EXCHANGE && number < run->plan_count)
        snprintf(text + used, most - used, " (%s)",
                 tally_layout_tensor(&run->f->layout, run->plan[number].first)->name);
}

/* In the order of their beginnings; what never ended lasts until now. */
static void tell_collectives(teller *t, double *ends)
{
    const tally_trace_ring *r = &t->trace->collectives;

    for (uint64_t k = tally_trace_first(r); k < r->count; k++) {
        const tally_trace_span *s = tally_trace_at(r, k);
        double end = isfinite(s->end) ? s->end : t->after.at;
        const tally_trace_amount *of = tally_trace_amount_at(r, k);
        chrome_span *to = next(t, s->begin, end, tally_trace_step_of(t->trace, s));

        to->lane = find_lane(ends, s->begin, end);
        snprintf(to->name, sizeof to->name, "%s %llu %s", s->name,
                 (unsigned long long)of->amount, of->unit);
        describe(t->run, s, to->about, sizeof to->about);
    }
}

static double *make_lanes(const tally_trace *trace)
{
    double *ends = calloc(trace->collectives.room + 1, sizeof *ends);

    for (size_t i = 0; ends && i <= trace->collectives.room; i++)
        ends[i] = -(double)INFINITY;
    return ends;
}

/* ---- together ---- */

static head head_of(const teller *t)
{
    const tally_trace_ring *rings[] = {&t->trace->parts, &t->trace->collectives};
    head h = {.before = t->before,
              .after = t->after,
              .first = (double)INFINITY,
              .lost = -(double)INFINITY};

    gethostname(h.host, sizeof h.host - 1);
    for (int i = 0; i < 2; i++) {
        const tally_trace_ring *r = rings[i];

        if (isfinite(r->lost)) h.lost = fmax(h.lost, common(t, r->lost));
        for (uint64_t k = tally_trace_first(r); k < r->count; k++)
            h.first = fmin(h.first, common(t, tally_trace_at(r, k)->begin));
    }
    return h;
}

static json_t *clock_of(const head *h, int rank)
{
    double between = h->after.at - h->before.at;
    double drift = between > 0 ? (h->after.ahead - h->before.ahead) / between : 0;

    return json_pack("{s:i, s:s, s:f, s:f, s:f}", "rank", rank, "host", h->host,
                     "ahead_us", 1e6 * h->before.ahead, "drift_ppm", 1e6 * drift,
                     "error_us", 1e6 * fmax(h->before.error, h->after.error));
}

static char *print_facts(tally_run *run, const head *all)
{
    json_t *clocks = json_array();

    for (int r = 0; r < run->comm->size; r++)
        json_array_append_new(clocks, clock_of(&all[r], r));
    json_t *facts = json_pack(
        "{s:s, s:s, s:i, s:b, s:s, s:o, s:o}", "version", TALLY_VERSION, "comm",
        run->comm->ops->about.name, "ranks", run->comm->size, "simulated",
        run->comm->ops->spend != NULL, "trainer", run->trainer->about.name, "clocks",
        clocks, "options", tally_config_json(run));
    char *text = facts ? json_dumps(facts, JSON_COMPACT) : NULL;
    json_decref(facts);
    return text;
}

/* Listens to the end even when nothing can be written: nobody must wait for us. */
static tally_status receive(teller *t, int rank)
{
    tally_comm *c = t->run->comm;

    do {
        tally_request r = {0};
        tally_note note;

        TALLY_TRY(tally_irecv(c, rank, tag(), t->spans, sizeof t->spans, &r));
        TALLY_TRY(tally_wait(c, &r, &note));
        t->count = note.bytes / sizeof *t->spans;
        for (size_t i = 0; i < t->count; i++)
            chrome_put_span(t->to, &t->spans[i]);
    } while (t->count == SPANS_AT_A_TIME);
    t->count = 0;
    return TALLY_OK;
}

static void tell(teller *t, double *ends)
{
    tell_parts(t);
    tell_collectives(t, ends);
    if (t->count == SPANS_AT_A_TIME) hand_over(t);
    hand_over(t);
}

static tally_status write_file(teller *t, const head *all, double *ends)
{
    tally_run *run = t->run;
    chrome_file *w = t->to;
    char *facts = print_facts(run, all);
    double zero = (double)INFINITY;

    for (int r = 0; r < run->comm->size; r++)
        zero = fmin(zero, fmax(all[r].first, t->from));
    chrome_open(w, run->timeline->fresh, zero, facts);
    free(facts);
    chrome_begin_rank(w, 0, all[0].host);
    tell(t, ends);
    for (int r = 1; r < run->comm->size && !t->status; r++) {
        chrome_begin_rank(w, r, all[r].host);
        t->status = receive(t, r);
    }
    if (!w->status) w->status = t->status; /* then nothing is left of the file */
    return chrome_publish(w, run->options->trace);
}

static tally_status meet(teller *t, head *all, double *ends)
{
    tally_comm *c = t->run->comm;
    head mine = head_of(t);

    TALLY_TRY(tally_gather_all(c, &mine, sizeof mine, all));
    t->from = -(double)INFINITY;
    for (int r = 0; r < c->size; r++)
        t->from = fmax(t->from, all[r].lost);
    if (c->rank == 0) return write_file(t, all, ends);
    tell(t, ends);
    return t->status;
}

tally_status tally_timeline_write(tally_run *run)
{
    tally_comm *c = run->comm;

    if (!run->timeline) return TALLY_OK;
    tally_trace_do(c, NULL);
    tally_trace *trace = run->timeline->trace;
    use(c, NULL);
    teller *t = calloc(1, sizeof *t);
    chrome_file *w = c->rank == 0 ? calloc(1, sizeof *w) : NULL;
    head *all = calloc((size_t)c->size, sizeof *all);
    double *ends = make_lanes(trace);
    bool fine = t && (w || c->rank > 0) && all && ends;
    tally_status status = tally_agree(
        c, fine ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory to write a trace"));

    if (!status) {
        *t = (teller){
            .run = run, .trace = trace, .to = w, .before = run->timeline->before};
        status = look_at_clock(c, &t->after);
    }
    if (!status) status = tally_agree(c, meet(t, all, ends));
    free(ends);
    free(all);
    free(w);
    free(t);
    return status;
}
