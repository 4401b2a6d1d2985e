/* ledger.c — bytes by tensor and link: predicted in bills, counted by the comm.
 *
 *     bill     wire() of the exchange, message by message: rank, coordinates, bytes
 *     count    of the comm, by span and link: the number of a collective, modulo the
 *              spans, is its span
 *     ledger   predicted = the bills of all steps; counted = what a span's messages
 *              came to, in the proportions of the bill
 *
 * Nothing of this is done while a run computes, but for one addition a message. */

#include "tally/exchange.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEDGER_NUMBER = 3 /* of the control channel, where lockstep has 1 and replicas 2 */
};

const char *tally_certainty_name(tally_certainty certainty)
{
    static const char *const names[] = {"exact", "modelled", "at most"};

    return names[certainty];
}

/* total part / whole, rounded down; exact when whole divides total or is below 2^32. */
static uint64_t share(uint64_t total, uint64_t part, uint64_t whole)
{
    if (part == whole) return total;
    uint64_t each = total / whole, rest = total % whole;

    return each * part +
           (uint64_t)((long double)rest * (long double)part / (long double)whole);
}

/* ---- bills ---- */

static void enter(tally_bytes *row, tally_bytes bytes, uint64_t times)
{
    row->logical += times * bytes.logical;
    row->encoded += times * bytes.encoded;
    row->sent += times * bytes.sent;
}

/* Of bytes about `whole` coordinates those about [from, to) of them. */
static tally_bytes cut(tally_bytes all, uint64_t from, uint64_t to, uint64_t whole)
{
    return (tally_bytes){
        .logical = share(all.logical, to, whole) - share(all.logical, from, whole),
        .encoded = share(all.encoded, to, whole) - share(all.encoded, from, whole),
        .sent = share(all.sent, to, whole) - share(all.sent, from, whole),
    };
}

static size_t end_of(tally_span s)
{
    return s.first + s.count;
}

void tally_bill_add(tally_bill *bill, int to, tally_span about, tally_bytes bytes)
{
    tally_link link = tally_comm_link(bill->comm, to);

    enter(&bill->sum[link], bytes, bill->times);
    if (!bill->each || about.count == 0) return;
    const tally_tensor *tensors = bill->layout->tensors,
                       *t = tally_layout_tensor(bill->layout, about.first);
    for (; t < tensors + bill->layout->count && t->span.first < end_of(about); t++) {
        size_t from = t->span.first > about.first ? t->span.first : about.first;
        size_t end = end_of(t->span) < end_of(about) ? end_of(t->span) : end_of(about);

        enter(&bill->each[t - tensors][link],
              cut(bytes, from - about.first, end - about.first, about.count),
              bill->times);
    }
}

void tally_bill_values(void *context, int to, tally_span about, uint64_t bytes)
{
    const tally_billed *of = context;

    about.first += of->span.first;
    tally_bill_add(of->bill, to, about, (tally_bytes){bytes, bytes, bytes});
}

/* ---- ledgers ---- */

/* What span k sends in steps [from, to). */
static void predict(const tally_exchange *x, size_t k, uint64_t from, uint64_t to,
                    tally_bill *bill)
{
    uint64_t unsettled = x->settled > from ? x->settled - from : 0;

    bill->times = unsettled < to - from ? unsettled : to - from;
    if (bill->times) x->ops->wire(x, k, from, bill);
    bill->times = to - from - bill->times;
    if (bill->times) x->ops->wire(x, k, x->settled, bill);
}

/* Enters what span k sends over a link: the tensors' parts of the bill, and of what was
 * counted. */
static void post(tally_ledger *l, const tally_bill *bill, tally_link link,
                 uint64_t counted)
{
    uint64_t billed = bill->sum[link].sent, before = 0;

    for (size_t t = 0; t < l->count && billed; t++) {
        const tally_bytes *row = &bill->each[t][link];
        tally_entry *e = &l->at[t][link];
        uint64_t mine =
            share(counted, before + row->sent, billed) - share(counted, before, billed);

        e->logical += row->logical;
        e->encoded += row->sent ? share(row->encoded, mine, row->sent) : row->encoded;
        e->predicted += row->sent;
        e->counted += mine;
        before += row->sent;
    }
    if (!billed) l->at[0][link].counted += counted; /* nobody expected it */
}

tally_status tally_exchange_ledger(const tally_exchange *x, uint64_t from, uint64_t to,
                                   tally_ledger *l)
{
    size_t n = x->layout->count;

    *l = (tally_ledger){.certainty = x->certainty,
                        .at = calloc(n ? n : 1, sizeof *l->at)};
    tally_bill bill = {.comm = x->comm,
                       .layout = x->layout,
                       .each = calloc(n ? n : 1, sizeof *bill.each)};
    if (!l->at || !bill.each) {
        free(bill.each);
        return TALLY_FAIL(MEMORY, "no memory for the ledger of %zu tensors", n);
    }
    l->count = n;
    for (size_t k = 0; k < x->plan_count; k++) {
        memset(bill.each, 0, n * sizeof *bill.each);
        memset(bill.sum, 0, sizeof bill.sum);
        predict(x, k, from, to, &bill);
        for (int link = 0; link < TALLY_LINKS; link++)
            post(l, &bill, (tally_link)link, x->counted[k][link]);
    }
    free(bill.each);
    return TALLY_OK;
}

uint64_t tally_exchange_wire(const tally_exchange *x, uint64_t step)
{
    tally_bill bill = {.comm = x->comm, .layout = x->layout, .times = 1};

    for (size_t k = 0; k < x->plan_count; k++)
        x->ops->wire(x, k, step, &bill);
    return bill.sum[TALLY_NEAR].sent + bill.sum[TALLY_AWAY].sent;
}

static void add(tally_entry *e, const tally_entry *more)
{
    e->logical += more->logical;
    e->encoded += more->encoded;
    e->predicted += more->predicted;
    e->counted += more->counted;
}

tally_entry tally_ledger_sum(const tally_ledger *l, tally_link link)
{
    tally_entry sum = {0};

    for (size_t t = 0; t < l->count; t++)
        add(&sum, &l->at[t][link]);
    return sum;
}

/* Up a binomial tree. */
tally_status tally_ledger_gather(tally_ledger *l, tally_comm *c)
{
    const int tag = TALLY_TAG(TALLY_CONTROL, LEDGER_NUMBER);
    size_t n = l->count * TALLY_LINKS, bytes = n * sizeof **l->at;
    tally_entry *mine = l->at[0], *theirs = malloc(bytes ? bytes : 1);
    tally_status status =
        theirs ? TALLY_OK
               : TALLY_FAIL(MEMORY, "no memory for %zu bytes of ledger", bytes);
    tally_request r = {0};
    int reach = 1;

    status = tally_agree(c, status);
    for (; !status && reach < c->size && !(c->rank & reach); reach <<= 1) {
        if (c->rank + reach >= c->size) continue;
        status = tally_irecv(c, c->rank + reach, tag, theirs, bytes, &r);
        if (!status) status = tally_wait(c, &r, NULL);
        for (size_t i = 0; !status && i < n; i++)
            add(&mine[i], &theirs[i]);
    }
    if (!status && c->rank)
        status = tally_isend(c, c->rank - reach, tag, mine, bytes, &r);
    if (!status) status = tally_wait(c, &r, NULL);
    free(theirs);
    return status;
}

void tally_ledger_close(tally_ledger *l)
{
    free(l->at);
    *l = (tally_ledger){0};
}
