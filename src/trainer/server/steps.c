/* steps.c — which steps are done, and who is told.
 *
 *     server 0          reports each step in turn, and says so to the other servers
 *     other servers     observe it with server 0, once their slice is as far
 *
 * Steps that are done but not reported wait while one is evaluated. */

#include "base/status.h"
#include "base/stop.h"
#include "trainer/server/serve.h"

/* A failure that only the holders know of is not agreed on by all ranks. */
static tally_status observe(tally_store *s, const tally_score *score, double rate,
                            bool stop)
{
    tally_run *run = s->run;
    tally_error error;

    run->spent.steps = tally_store_now(s) - s->begun;
    s->reporting = true;
    tally_status status = run->after_step(run, score, rate, stop);
    s->reporting = false;
    if (!status || status == TALLY_STOPPED || run->crew == run->comm) return status;
    tally_error_save(&error);
    return tally_fail(status, __FILE__, __LINE__, __func__, "%s", error.sentence);
}

static uint64_t count_pushes(const tally_store *s)
{
    uint64_t sum = 0;

    for (int m = 0; m < s->count; m++)
        sum += s->seats[m].taken;
    return sum;
}

static tally_status tell_servers(tally_store *s, const step_note *note)
{
    tally_comm *c = s->run->comm;

    for (int r = 1; r < s->servers; r++) {
        TALLY_TRY(tally_wait(c, &s->wire->step_out[r], NULL));
        s->wire->steps_sent[r] = *note;
        TALLY_TRY(tally_isend(c, r, TALLY_TAG(TALLY_CONTROL, TAG_STEP),
                              &s->wire->steps_sent[r], sizeof *note,
                              &s->wire->step_out[r]));
    }
    return TALLY_OK;
}

static tally_status report_step(tally_store *s, bool stop)
{
    tally_run *run = s->run;
    step_note note = {.pushes = count_pushes(s), .stop = stop};

    if (!stop) {
        note.score = s->scores[run->step % SCORES_KEPT];
        s->scores[run->step % SCORES_KEPT] = (tally_score){0};
        note.rate = tally_schedule_rate(&run->schedule, run->step);
        run->step++;
    }
    note.step = run->step;
    TALLY_TRY(tell_servers(s, &note));
    return observe(s, &note.score, note.rate, stop);
}

tally_status tally_store_expect_step(tally_store *s)
{
    s->wire->step_due = false;
    return tally_irecv(s->run->comm, 0, TALLY_TAG(TALLY_CONTROL, TAG_STEP),
                       &s->wire->step, sizeof s->wire->step, &s->wire->step_in);
}

/* Of server 0: each step that is done, in turn. */
static tally_status report_steps(tally_store *s)
{
    if ((tally_stop_requested() || s->run->enough) && !s->stopping) {
        s->stopping = true;
        TALLY_TRY(tally_store_reply_to_all(s));
    }
    while (s->run->step < tally_store_step(s))
        TALLY_TRY(report_step(s, false));
    if (!s->stopping || tally_store_anyone_works(s) || s->run->step >= s->run->steps)
        return TALLY_OK;
    TALLY_TRY(tally_recall_collect(s));
    return report_step(s, true);
}

/* Of the other servers: what server 0 said, once our slice is as far.  Whoever waits
 * for us at the end gets weights, so that it can hear of it. */
static tally_status follow_step(tally_store *s)
{
    step_note note = s->wire->step;

    if (!s->wire->step_due) return TALLY_OK;
    if (note.stop && !s->stopping) {
        s->stopping = true;
        TALLY_TRY(tally_store_reply_to_all(s));
    }
    if (count_pushes(s) < note.pushes) return TALLY_OK;
    s->wire->ended = note.end != 0;
    if (note.end) return TALLY_OK;
    s->run->step = note.step;
    TALLY_TRY(tally_store_expect_step(s));
    if (note.stop) TALLY_TRY(tally_recall_collect(s));
    return observe(s, &note.score, note.rate, note.stop != 0);
}

tally_status tally_store_report(tally_store *s)
{
    return tally_store_coordinates(s) ? report_steps(s) : follow_step(s);
}

tally_status tally_store_tell_the_end(tally_store *s)
{
    step_note last = {.step = s->run->step, .pushes = count_pushes(s), .end = 1};

    return tally_store_coordinates(s) ? tell_servers(s, &last) : TALLY_OK;
}
