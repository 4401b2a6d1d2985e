/* mailbox.c — matching sends with receives, for ranks that live in one process.
 *
 * As in MPI: a receive takes the oldest send that fits its comm, sender and tag, and a
 * send goes to the oldest receive.  Data are copied once when the receive is there
 * first, else twice: a buffered send keeps a copy.  Letters are recycled, and copies by
 * powers of two, so a program that repeats itself stops allocating. */

#include "comm/mailbox.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- copies ---- */

static tally_copy *copy_open(tally_desk *desk, size_t bytes)
{
    size_t size = 0;

    while (size + 1 < TALLY_COPY_SIZES && bytes > (size_t)1 << size)
        size++;
    tally_copy *copy = desk->copies[size];
    if (copy) {
        desk->copies[size] = copy->next;
        return copy;
    }
    copy = malloc(sizeof *copy + ((size_t)1 << size));
    if (copy) copy->size = size;
    return copy;
}

static void copy_close(tally_desk *desk, tally_copy *copy)
{
    if (!copy) return;
    copy->next = desk->copies[copy->size];
    desk->copies[copy->size] = copy;
}

/* ---- letters ---- */

tally_letter *tally_letter_of(const tally_request *r)
{
    tally_letter *letter;

    memcpy(&letter, r->room, sizeof letter);
    return letter;
}

static void hold(tally_request *r, tally_letter *letter)
{
    _Static_assert(sizeof(letter) <= sizeof(r->room), "a request holds a pointer");
    memcpy(r->room, &letter, sizeof letter);
}

void tally_letter_let_go(tally_request *r)
{
    hold(r, NULL);
}

tally_letter *tally_letter_open(tally_desk *desk, tally_request *r)
{
    tally_letter *letter = desk->spare;

    if (letter) {
        tally_letter blank = {.older = letter->older};

        desk->spare = letter->next;
        *letter = blank;
    } else {
        letter = calloc(1, sizeof *letter);
        if (!letter) return NULL;
        letter->older = desk->all;
        desk->all = letter;
    }
    letter->time = (double)INFINITY;
    hold(r, letter);
    return letter;
}

void tally_letter_close(tally_desk *desk, tally_letter *letter)
{
    copy_close(desk, letter->copy);
    letter->copy = NULL;
    letter->next = desk->spare;
    desk->spare = letter;
}

void tally_desk_close(tally_desk *desk)
{
    for (tally_letter *letter = desk->all, *older; letter; letter = older) {
        older = letter->older;
        copy_close(desk, letter->copy);
        free(letter);
    }
    for (size_t size = 0; size < TALLY_COPY_SIZES; size++) {
        for (tally_copy *copy = desk->copies[size], *next; copy; copy = next) {
            next = copy->next;
            free(copy);
        }
    }
    *desk = (tally_desk){0};
}

tally_status tally_letter_finish(tally_desk *desk, tally_request *r, tally_note *note)
{
    tally_letter *letter = tally_letter_of(r);

    if (!letter) return TALLY_OK; /* a buffered send */
    bool too_long = letter->too_long;
    *note = (tally_note){letter->peer, letter->tag, letter->bytes};
    tally_letter_let_go(r);
    tally_letter_close(desk, letter);
    if (!too_long) return TALLY_OK;
    r->active = false;
    return TALLY_FAIL(NETWORK,
                      "the message of %zu bytes from rank %d (tag %d) does not fit "
                      "into %zu",
                      note->bytes, note->peer, note->tag, r->bytes);
}

/* ---- matching ---- */

static bool fits(const tally_letter *send, const tally_letter *receive)
{
    return send->context == receive->context && send->tag == receive->tag &&
           (receive->peer == TALLY_ANY || receive->peer == send->peer);
}

static void deliver(tally_letter *send, tally_letter *receive)
{
    size_t most = receive->bytes;

    receive->too_long = send->bytes > most;
    receive->bytes = send->bytes;
    receive->peer = send->peer;
    receive->matched = send->matched = true;
    if (send->bytes && !receive->too_long)
        memcpy(receive->room, send->data, send->bytes);
}

static void append(tally_letter **list, tally_letter *letter)
{
    while (*list)
        list = &(*list)->next;
    letter->next = NULL;
    *list = letter;
}

tally_letter *tally_mailbox_send(tally_mailbox *m, tally_letter *send)
{
    for (tally_letter **at = &m->receives; *at; at = &(*at)->next) {
        tally_letter *receive = *at;

        if (!fits(send, receive)) continue;
        *at = receive->next;
        deliver(send, receive);
        return receive;
    }
    append(&m->sends, send);
    return NULL;
}

tally_letter *tally_mailbox_receive(tally_mailbox *m, tally_letter *receive)
{
    for (tally_letter **at = &m->sends; *at; at = &(*at)->next) {
        tally_letter *send = *at;

        if (!fits(send, receive)) continue;
        *at = send->next;
        deliver(send, receive);
        return send;
    }
    append(&m->receives, receive);
    return NULL;
}

static void take_out(tally_letter **list, const tally_letter *letter)
{
    for (; *list; list = &(*list)->next) {
        if (*list != letter) continue;
        *list = letter->next;
        return;
    }
}

void tally_mailbox_remove(tally_mailbox *m, const tally_letter *letter)
{
    take_out(&m->sends, letter);
    take_out(&m->receives, letter);
}

tally_status tally_mailbox_buffer(tally_mailbox *m, tally_desk *desk,
                                  tally_letter *send)
{
    send->copy = copy_open(desk, send->bytes);
    if (!send->copy) {
        tally_mailbox_remove(m, send);
        return TALLY_FAIL(MEMORY, "no memory to buffer a message of %zu bytes",
                          send->bytes);
    }
    if (send->bytes) memcpy(send->copy->at, send->data, send->bytes);
    send->data = send->copy->at;
    return TALLY_OK;
}
