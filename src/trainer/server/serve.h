/* serve.h — what the files of a server's messages share.
 *
 *     serve.c      the loop: waits for what comes first
 *     replies.c    what workers are sent, and when
 *     pushes.c     what is done with what they send
 *     wire.c       room for messages, and letting go of them
 *     steps.c      which steps are done, and who is told
 *     faults.c     who is silent, who speaks again, which pushes are refused
 *     snapshot.c   the weights as they are, for evaluation and checkpoints */

#ifndef TALLY_TRAINER_SERVER_SERVE_H
#define TALLY_TRAINER_SERVER_SERVE_H

#include "trainer/server/server.h"

enum { BEATS_PER_PATIENCE = 4 };

/* Server 0's word that a step is done, or all of them. */
typedef struct step_note {
    uint64_t step;
    uint64_t pushes; /* that it had taken in by then: the others wait for as many */
    double rate;
    tally_score score;
    uint32_t stop, end;
} step_note;

/* Server 0's word that a worker is lost, or back. */
typedef struct loss_note {
    uint64_t taken,
        ticket;     /* pushes of it that server 0 had, and the last one's rows */
    uint64_t clock; /* of it, at server 0 */
    int32_t worker;
    uint32_t back;
} loss_note;

struct tally_wire {
    tally_request **watched; /* owned: room for tally_store_watch_most */
    size_t *whose;           /* owned: beside it; 2 m + (0 push, 1 beat), STEP, LOSS */
    tally_request step_in, *step_out; /* step_out: owned, one per server */
    step_note step, *steps_sent;      /* owned: one per server */
    bool step_due, ended;
    tally_request loss_in, *loss_out; /* loss_out: owned, one per server */
    loss_note loss, *losses_sent;     /* owned: one per server */
    char nothing;                     /* what a heartbeat carries: no bytes of it */
};

double tally_store_now(const tally_store *s);
double tally_store_patience(const tally_store *s);
void tally_store_warn(const tally_store *s, const char *sentence);

/* Whether this is server 0, which deals tickets and reports steps. */
bool tally_store_coordinates(const tally_store *s);
bool tally_store_all_settled(const tally_store *s);
bool tally_store_anyone_works(const tally_store *s);

/* ---- replies.c ---- */

/* Whoever waits and may start does, in the order of the workers.  The end is told to
 * all at once, so that all know of the same losses. */
tally_status tally_store_reply_to_all(tally_store *s);

/* ---- pushes.c ---- */

/* The next piece of p is there, `bytes` of it. */
tally_status tally_store_take_piece(tally_store *s, tally_seat *p, size_t bytes);

/* The note of a near worker comes once all of its gradient is there. */
void tally_store_look_at_all(tally_store *s, tally_seat *p);

/* p's whole push is there: takes it in or refuses it, and replies to whom it frees. */
tally_status tally_store_take_push(tally_store *s, tally_seat *p);

/* ---- wire.c ---- */

tally_status tally_store_open_wire(tally_store *s);

/* ---- steps.c ---- */

/* Posts the receive for server 0's next word. */
tally_status tally_store_expect_step(tally_store *s);

/* Reports the steps that are done: server 0 of itself, the others as it says. */
tally_status tally_store_report(tally_store *s);

/* Of server 0: tells the others that all is done. */
tally_status tally_store_tell_the_end(tally_store *s);

/* ---- faults.c ---- */

/* Tells the workers, when it is time, that this server is there. */
tally_status tally_store_beat(tally_store *s);

/* Takes whoever was silent for longer than --patience for lost. */
tally_status tally_store_look_for_silence(tally_store *s);

/* p has spoken: it is there, perhaps again. */
tally_status tally_store_heard(tally_store *s, tally_seat *p);

/* Of the other servers: posts the receive for server 0's next word on who is lost, and
 * does as it says. */
tally_status tally_store_expect_loss(tally_store *s);
tally_status tally_store_follow_loss(tally_store *s);

/* What is wrong with p's push; NULL: nothing. */
const char *tally_store_find_fault(const tally_store *s, const tally_seat *p);

/* The weights stay as they are; the rows count as done, for another try at them would
 * go as this one did.  Gathered gradients count it as zero. */
tally_status tally_store_refuse(tally_store *s, tally_seat *p, const char *fault);

/* All of a recording that may happen now: a push must have come in first. */
tally_status tally_store_replay(tally_store *s);

/* ---- recall.c: the memories of codecs, in checkpoints ---- */

/* Writes them to the trainer's state. */
void tally_recall_keep(tally_store *s);

/* Whether the checkpoint that this run goes on from knows p: then p->sent and p->left
 * are as they were.  *answered: p->sent is newer than p's last push. */
bool tally_recall_load(tally_store *s, tally_seat *p, bool *answered);

/* Whether p is to say with the push of this ticket what its pushes left out; posts the
 * receive; has `bytes` of it. */
bool tally_recall_is_due(const tally_store *s, uint64_t ticket);
tally_status tally_recall_expect(tally_store *s, tally_seat *p);
void tally_recall_take(tally_store *s, tally_seat *p, size_t bytes);

/* Whether workers are to say so when they are told that the run is stopped, and waits
 * for it, no longer than --patience. */
bool tally_recall_asks_at_the_end(const tally_store *s);
tally_status tally_recall_collect(tally_store *s);

/* ---- snapshot.c ---- */

/* For run->snapshot: run->w and the rule's state on all holders, as they are now. */
tally_status tally_store_snapshot(tally_run *run);

#endif
