/* The ledger against a comm that writes down, value by value, what leaves a vector; and
 * against accounts worked out by hand. */

#include "comm/comm.h"
#include "exchange/exchange.h"
#include "support/expect.h"

#include <stdlib.h>
#include <string.h>

/* Layout: a 3 x 5 matrix, 20 values, a 30 x 4 matrix, 7 values. */
enum { RANKS = 6, TENSORS = 4, LENGTH = 15 + 20 + 120 + 7, STEPS = 3 };

static const size_t ends[TENSORS] = {15, 35, 155, 162};

static tally_status lay_out(tally_layout *layout)
{
    TALLY_TRY(tally_layout_add(layout, "a", TALLY_WEIGHT, 2, (size_t[]){3, 5}));
    TALLY_TRY(tally_layout_add(layout, "b", TALLY_BIAS, 1, (size_t[]){20}));
    TALLY_TRY(tally_layout_add(layout, "c", TALLY_WEIGHT, 2, (size_t[]){30, 4}));
    return tally_layout_add(layout, "d", TALLY_BIAS, 1, (size_t[]){7});
}

/* ---- a comm that writes down where messages come from ---- */

static tally_comm_ops scribe;

static struct { /* of each rank: its vector, and bytes that left it */
    const unsigned char *vector;
    uint64_t sent[TENSORS][2];
} book[RANKS];

static tally_status write_down(tally_comm *c, int to, int tag, const void *p, size_t n,
                               tally_request *r)
{
    const unsigned char *from = p;

    for (size_t i = 0; i < n && tag / 4096 == TALLY_EXCHANGE; i++) {
        size_t at = (size_t)(from + i - book[c->rank].vector) / sizeof(tally_real),
               t = 0;

        while (t < TENSORS - 1 && at >= ends[t])
            t++;
        book[c->rank].sent[t][to / 2 != c->rank / 2]++; /* two ranks a node */
    }
    return tally_comm_sim.isend(c, to, tag, p, n, r);
}

typedef struct inner {
    tally_body body;
    void *context;
} inner;

static tally_status with_scribe(tally_comm *c, void *context)
{
    const inner *of = context;

    c->ops = &scribe;
    return of->body(c, of->context);
}

static tally_status launch(const void *options, tally_body body, void *context)
{
    inner of = {body, context};

    return tally_comm_sim.launch(options, with_scribe, &of);
}

static void hire(void)
{
    scribe = tally_comm_sim;
    scribe.about.name = "scribe";
    scribe.isend = write_down;
    scribe.launch = launch;
    expect_ok(tally_register_comm(&scribe));
    memset(book, 0, sizeof book);
}

/* Spans that end inside tensors. */
static const tally_span plan[] = {
    {0,   64          },
    {64,  64          },
    {128, LENGTH - 128}
};

static tally_status compare(tally_comm *c, void *context)
{
    const char *spec = context;
    tally_layout layout = {0};
    tally_exchange x = {0};
    tally_ledger l = {0};
    tally_real v[LENGTH] = {0};

    TALLY_TRY(lay_out(&layout));
    book[c->rank].vector = (const unsigned char *)v;
    TALLY_TRY(tally_exchange_open(&x, spec, c, &layout, plan, 3, 1));
    for (uint64_t step = 0; step < STEPS; step++)
        TALLY_TRY(tally_exchange_all(&x, step, v));
    TALLY_TRY(tally_exchange_ledger(&x, 0, STEPS, &l));
    for (size_t t = 0; t < TENSORS; t++)
        for (int link = 0; link < TALLY_LINKS; link++) {
            uint64_t real = book[c->rank].sent[t][link];
            const tally_entry *e = &l.at[t][link];

            if (e->counted != real || e->predicted != real || e->logical != real ||
                e->encoded != real)
                return TALLY_FAIL(MISMATCH,
                                  "%s, rank %d, tensor %zu, link %d: %llu sent, ledger "
                                  "%llu, predicted %llu",
                                  spec, c->rank, t, link, (unsigned long long)real,
                                  (unsigned long long)e->counted,
                                  (unsigned long long)e->predicted);
        }
    tally_ledger_close(&l);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

static void expect_same(const char *spec)
{
    expect_ok(tally_launch("scribe:ranks=6,node=2", compare, (void *)spec));
}

Test(ledger, every_byte_of_a_ring_has_its_tensor_and_link)
{
    hire();
    expect_same("allreduce:algorithm=ring");
}

Test(ledger, every_byte_by_halving_has_its_tensor_and_link)
{
    hire();
    expect_same("allreduce:algorithm=halving");
}

Test(ledger, every_byte_of_a_tree_has_its_tensor_and_link)
{
    hire();
    expect_same("allreduce:algorithm=tree");
}

Test(ledger, every_byte_of_a_hierarchy_has_its_tensor_and_link)
{
    hire();
    expect_same("allreduce:algorithm=hier");
}

Test(ledger, every_byte_of_ordered_has_its_tensor_and_link)
{
    hire();
    expect_same("ordered");
}

/* ---- by hand: 2 ranks, each on its own node, one span ---- */

typedef struct account {
    const char *exchange, *codec;
    tally_entry rank0[TENSORS]; /* of one step, to the other node */
} account;

static tally_status check_account(tally_comm *c, void *context)
{
    static const tally_span all = {0, LENGTH};
    const account *want = context;
    tally_layout layout = {0};
    tally_exchange x = {.codec = want->codec};
    tally_ledger l = {0};
    tally_real v[LENGTH] = {0};

    TALLY_TRY(lay_out(&layout));
    TALLY_TRY(tally_exchange_open(&x, want->exchange, c, &layout, &all, 1, 1));
    TALLY_TRY(tally_exchange_all(&x, 0, v));
    TALLY_TRY(tally_exchange_ledger(&x, 0, 1, &l));
    for (size_t t = 0; c->rank == 0 && t < TENSORS; t++) {
        const tally_entry *e = &l.at[t][TALLY_AWAY], *w = &want->rank0[t];

        if (e->logical != w->logical * sizeof(tally_real) || e->encoded != w->encoded ||
            e->counted != w->counted || e->predicted != w->counted)
            return TALLY_FAIL(MISMATCH,
                              "%s, tensor %zu: logical %llu, encoded %llu, "
                              "counted %llu",
                              want->exchange, t, (unsigned long long)e->logical,
                              (unsigned long long)e->encoded,
                              (unsigned long long)e->counted);
    }
    tally_ledger_close(&l);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

/* 162 coordinates are 3 words.  Rank 0 owns words 0 and 1: it sends a ballot of 34
 * coordinates in word 2 and a verdict on coordinates [0, 128).  The ballot: 27 of c, 7
 * of d: 5 bytes encoded as 3 (27/34 of 5, down) and 2, 8 sent as 6 and 2.  The verdict,
 * 16 bytes both: 15, 20, 93 of 128 coordinates up to byte 1, 4, 16. */
Test(ledger, a_vote_by_hand)
{
    account a = {
        .exchange = "vote:zero=plus,tie=plus",
        .rank0 = {
                  {15, 1, 0, 1}, {20, 3, 0, 3}, {93 + 27, 12 + 3, 0, 12 + 6}, {7, 2, 0, 2}}
    };

    expect_ok(tally_launch("sim:ranks=2", check_account, &a));
}

/* All of bf16's letters to the other: 2 bytes a value. */
Test(ledger, a_codec_by_hand)
{
    account a = {
        .exchange = "gather:form=all",
        .codec = "bf16",
        .rank0 = {
                  {15, 30, 0, 30}, {20, 40, 0, 40}, {120, 240, 0, 240}, {7, 14, 0, 14}}
    };

    expect_ok(tally_launch("sim:ranks=2", check_account, &a));
}

/* ---- all ranks together ---- */

static tally_status gather(tally_comm *c, void *context)
{
    tally_ledger l = {.count = 2, .at = calloc(2, sizeof *l.at)};
    uint64_t n = (uint64_t)c->size;

    (void)context;
    l.at[0][TALLY_NEAR].counted = 1;
    l.at[1][TALLY_AWAY] = (tally_entry){(uint64_t)c->rank, 2, 3, 4};
    tally_status status = tally_ledger_gather(&l, c);
    tally_entry sum = tally_ledger_sum(&l, TALLY_AWAY);
    bool right = l.at[0][TALLY_NEAR].counted == n && sum.logical == n * (n - 1) / 2 &&
                 sum.encoded == 2 * n && sum.predicted == 3 * n && sum.counted == 4 * n;
    tally_ledger_close(&l);
    TALLY_TRY(status);
    return c->rank || right ? TALLY_OK : TALLY_FAIL(MISMATCH, "of %d ranks", c->size);
}

Test(ledger, rank_0_has_the_sum_of_all)
{
    expect_ok(tally_launch("sim:ranks=1", gather, NULL));
    expect_ok(tally_launch("sim:ranks=4,rendezvous=true", gather, NULL));
    expect_ok(tally_launch("sim:ranks=13", gather, NULL));
}

/* ---- bills ---- */

/* 7 bytes about coordinates 14 to 17 of rank 1's node: one is of a, three are of b. */
static tally_status bill_by_hand(tally_comm *c, void *context)
{
    tally_layout layout = {0};
    tally_bytes each[TENSORS][TALLY_LINKS] = {{{0}}};
    tally_bill bill = {.comm = c, .layout = &layout, .times = 10, .each = each};
    tally_billed of = {
        &bill, {10, 20},
         NULL
    };

    (void)context;
    if (c->rank) return TALLY_OK;
    TALLY_TRY(lay_out(&layout));
    tally_bill_add(&bill, 1, (tally_span){14, 4},
                   (tally_bytes){.encoded = 5, .sent = 7});
    tally_bill_values(&of, 2, (tally_span){4, 4}, 16); /* the same coordinates */
    bool near = each[0][TALLY_NEAR].sent == 10 && each[1][TALLY_NEAR].sent == 60 &&
                each[0][TALLY_NEAR].encoded == 10 &&
                each[1][TALLY_NEAR].encoded == 40 && bill.sum[TALLY_NEAR].sent == 70 &&
                bill.sum[TALLY_NEAR].logical == 0;
    bool away = each[0][TALLY_AWAY].logical == 40 && each[1][TALLY_AWAY].sent == 120 &&
                bill.sum[TALLY_AWAY].encoded == 160 && each[2][TALLY_AWAY].sent == 0;
    tally_layout_close(&layout);
    return near && away ? TALLY_OK : TALLY_FAIL(MISMATCH, "the bill is wrong");
}

Test(ledger, a_message_is_divided_among_tensors)
{
    expect_ok(tally_launch("sim:ranks=3,node=2", bill_by_hand, NULL));
}

Test(ledger, says_how_sure_it_is)
{
    cr_assert(eq(str, (char *)tally_certainty_name(TALLY_EXACT), "exact"));
    cr_assert(eq(str, (char *)tally_certainty_name(TALLY_MODELLED), "modelled"));
    cr_assert(eq(str, (char *)tally_certainty_name(TALLY_AT_MOST), "at most"));
}
