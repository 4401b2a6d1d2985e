/* coding.h — pushes and replies through --codec. */

#ifndef TALLY_TRAINER_SERVER_CODING_H
#define TALLY_TRAINER_SERVER_CODING_H

#include "tally/run.h"

/* One rank's end of it.  Zeroed: nothing is coded. */
typedef struct tally_coding {
    bool coded;           /* false: --codec fp32, numbers travel as they are */
    tally_codec up, down; /* of pushes, of replies */
    tally_real *room;     /* owned: a slice */
} tally_coding;

/* Whether --codec is one; before anything is opened.  Local. */
tally_status tally_coding_check(const tally_run *run);

/* Whether --codec is more than numbers as they are. */
bool tally_coding_wanted(const tally_run *run);

/* longest, slice: values of the longest piece of a push, and of a reply.  Local. */
tally_status tally_coding_open(tally_coding *c, const tally_run *run, size_t longest,
                               size_t slice);
void tally_coding_close(tally_coding *c);

/* Whether a worker keeps what its pushes leave out. */
bool tally_coding_remembers(const tally_coding *c);

/* Bytes that a piece of a push, or a reply, takes at most; the first reply of a session
 * is numbers as they are, and then what the worker is to remember. */
size_t tally_coding_push_most(const tally_coding *c, size_t count);
size_t tally_coding_reply_most(const tally_coding *c, size_t count);

/* Of a worker: v -> message, v <- v + memory / rate on the way, memory <- what is left
 * out.  memory: NULL, or of the piece, as v is. */
tally_status tally_coding_push(tally_coding *c, tally_piece piece, double rate,
                               tally_real *v, tally_real *memory, void *message,
                               size_t *bytes);

/* Of a server: a message that takes `known`, the weights as the worker knows them,
 * nearer to `target`, and does so here. */
tally_status tally_coding_reply(tally_coding *c, tally_piece piece,
                                const tally_real *target, tally_real *known,
                                void *message, size_t *bytes);

/* known <- known moved by the message of a reply: the same bits on both sides. */
tally_status tally_coding_follow(tally_coding *c, tally_piece piece,
                                 const void *message, size_t bytes, tally_real *known);

#endif
