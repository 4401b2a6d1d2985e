/* mailbox.h — matching sends with receives, for ranks that live in one process. */

#ifndef TALLY_COMM_MAILBOX_H
#define TALLY_COMM_MAILBOX_H

#include "tally/comm.h"

/* One send, or one receive, until its owner has been told that it is done. */
typedef struct tally_letter tally_letter;

/* The data of a buffered send: 2^size bytes follow. */
typedef struct tally_copy {
    struct tally_copy *next; /* among the spare of its size */
    size_t size;
    unsigned char at[];
} tally_copy;

struct tally_letter {
    tally_letter *next, *older; /* in its mailbox or among the spare; in the desk */
    int context;                /* which comm: those split from one share mailboxes */
    int peer, tag;              /* peer: who sends; TALLY_ANY until it is matched */
    int owner;                  /* whose request this is */
    const void *data;           /* send: what */
    void *room;                 /* receive: where to */
    size_t bytes;               /* send: length; receive: most, then what came */
    tally_copy *copy;           /* owned: a buffered send's data; NULL: it has none */
    bool matched, too_long;     /* too_long: more came than the receive had room for */
    double time;                /* sim: when it is done; INFINITY until that is known */
    double left;                /* sim: when a send's last byte leaves */
    bool awaited;               /* sim: its owner is blocked on it */
    unsigned asked;             /* sim: tests that found it not done */
};

enum { TALLY_COPY_SIZES = 64 };

/* Letters and copies are recycled; all of them are freed at the end, whoever still
 * holds them. */
typedef struct tally_desk {
    tally_letter *all, *spare;
    tally_copy *copies[TALLY_COPY_SIZES]; /* spare ones, by size */
} tally_desk;

/* A blank letter that *r holds from now on; NULL when memory ran out. */
tally_letter *tally_letter_open(tally_desk *desk, tally_request *r);
void tally_letter_close(tally_desk *desk, tally_letter *letter);
void tally_desk_close(tally_desk *desk);

/* The letter that r holds; NULL: it is done already. */
tally_letter *tally_letter_of(const tally_request *r);
void tally_letter_let_go(tally_request *r); /* r holds none any more */

/* Sends and receives of one rank that nobody has matched yet, oldest first. */
typedef struct tally_mailbox {
    tally_letter *sends, *receives;
} tally_mailbox;

/* Matches a send with the oldest receive that fits, copies the data over and returns
 * that receive; else keeps the send and returns NULL. */
tally_letter *tally_mailbox_send(tally_mailbox *m, tally_letter *send);

/* The other way round: the oldest send that fits, or NULL and the receive is kept. */
tally_letter *tally_mailbox_receive(tally_mailbox *m, tally_letter *receive);

/* Takes an unmatched letter out again. */
void tally_mailbox_remove(tally_mailbox *m, const tally_letter *letter);

/* Lets a kept send outlive its data: copies them.  Returns TALLY_MEMORY, and the send
 * is out again. */
tally_status tally_mailbox_buffer(tally_mailbox *m, tally_desk *desk,
                                  tally_letter *send);

/* A matched letter's request is done: fills *note, gives the letter back.  Fails with
 * TALLY_NETWORK when more came than the receive had room for. */
tally_status tally_letter_finish(tally_desk *desk, tally_request *r, tally_note *note);

#endif
