#include "exchange/exchange.h"

#include "exchange/cases.h"
#include "support/expect.h"

#include <stdlib.h>

/* All take over what rank 0 says: a broadcast where the others wait. */
static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    (void)step, (void)k;
    x->inner = v.values;
    return TALLY_OK;
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    tally_real *values = x->inner;
    tally_span s = x->plan[k];

    agreed->values = values;
    return tally_broadcast(x->comm, 0, values + s.first, s.count * sizeof *values);
}

/* The broadcast goes over the control channel, which is not counted as the exchange. */
static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    (void)x, (void)k, (void)step, (void)bill;
}

static const tally_exchange_ops leader = {
    .about = {.name = "leader", .brief = "rank 0 decides", .paper = ""},
    .start = start,
    .finish = finish,
    .wire = wire,
};

static tally_status follow(tally_comm *c, void *context)
{
    static const size_t length = 100;
    tally_layout layout = {0};
    tally_span plan[] = {
        {0,  64},
        {64, 36}
    };
    tally_exchange x = {0};
    tally_real v[100];

    (void)context;
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, "leader", c, &layout, plan, 2, 1));
    for (size_t i = 0; i < length; i++)
        v[i] = (tally_real)(c->rank * 1000 + (int)i);
    TALLY_TRY(tally_exchange_all(&x, 1, v));
    for (size_t i = 0; i < length; i++)
        if ((int)(v[i] + (tally_real)0.5) != (int)i)
            return TALLY_FAIL(MISMATCH, "rank %d follows nobody", c->rank);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return TALLY_OK;
}

Test(exchange, a_program_adds_its_own)
{
    exchange_case one = {"leader", 1000, 128};

    expect_ok(tally_register_exchange(&leader));
    expect_fail(tally_register_exchange(&leader), OPTION,
                "exchange leader is already there");
    expect_ok(tally_launch("sim:ranks=3", follow, NULL));
    expect_ok(tally_launch("sim:ranks=5", exchange_case_run, &one));
}

Test(exchange, a_wrong_name_gets_the_nearest_one)
{
    expect_fail(tally_launch("self", exchange_case_run,
                             &(exchange_case){.spec = "odered", .length = 3}),
                OPTION, "did you mean ordered?");
}

/* Where there is no shared memory the vector lies anywhere, and in one part. */
static tally_status ask_for_room(tally_comm *c, void *context)
{
    static const size_t length = 100;
    static const tally_span all = {0, 100}, rest = {37, 63};
    tally_layout layout = {0};
    tally_exchange x = {.in_place = true};
    tally_real v[100] = {0}, *room = v;
    tally_view agreed = {.values = v};

    (void)context;
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, "allreduce", c, &layout, &all, 1, 3));
    TALLY_TRY(tally_exchange_room(&x, &room));
    tally_span part = tally_exchange_part(&x, 0, rest, &agreed);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    if (room || part.first != 37 || part.count != 63 || agreed.values != v)
        return TALLY_FAIL(MISMATCH, "room or parts where there is no shared memory");
    return TALLY_OK;
}

Test(exchange, a_vector_has_room_of_its_own_only_in_shared_memory)
{
    expect_ok(tally_launch("self", ask_for_room, NULL));
    expect_ok(tally_launch("sim:ranks=3", ask_for_room, NULL));
}

/* ---- the plan ---- */

enum { LENGTH = 5000, ROUNDS = 4 };

typedef struct comparison {
    const char *spec;
    size_t span;
    tally_real v[ROUNDS][LENGTH]; /* what rank 0 got in each round */
} comparison;

/* Zeros, ties and sums that round: all that a plan might change. */
static tally_status exchange_rounds(tally_comm *c, void *context)
{
    static const size_t length = LENGTH;
    comparison *of = context;
    size_t count = (length + of->span - 1) / of->span;
    tally_span *plan = calloc(count, sizeof *plan);
    tally_layout layout = {0};
    tally_exchange x = {0};
    tally_real v[LENGTH];

    for (size_t k = 0; k < count; k++) {
        size_t first = k * of->span;

        plan[k] =
            (tally_span){first, length - first < of->span ? length - first : of->span};
    }
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, of->spec, c, &layout, plan, count, 3));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < length; i++)
            v[i] = exchange_case_value(c->rank, round, i);
        TALLY_TRY(tally_exchange_all(&x, round, v));
        if (c->rank == 0) memcpy(of->v[round], v, sizeof v);
    }
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    free(plan);
    return TALLY_OK;
}

static void expect_same_bits(const char *spec, const char *comm)
{
    static comparison whole, cut;
    static const size_t spans[] = {64, 640, 4096};

    whole.spec = cut.spec = spec;
    whole.span = LENGTH;
    expect_ok(tally_launch(comm, exchange_rounds, &whole));
    for (size_t k = 0; k < 3; k++) {
        cut.span = spans[k];
        expect_ok(tally_launch(comm, exchange_rounds, &cut));
        cr_assert(memcmp(whole.v, cut.v, sizeof whole.v) == 0,
                  "%s on %s: spans of %zu change the result", spec, comm, spans[k]);
    }
}

Test(exchange, the_plan_changes_no_bit_of_ordered_and_vote)
{
    for (size_t k = 0; exchange_specs[k]; k++) {
        if (strncmp(exchange_specs[k], "allreduce", 9) == 0 ||
            strncmp(exchange_specs[k], "gather", 6) == 0)
            continue;
        expect_same_bits(exchange_specs[k], "sim:ranks=2");
        expect_same_bits(exchange_specs[k], "sim:ranks=5");
    }
}

/* Left to right, each sum rounded: nothing but the ranks' values decides. */
Test(exchange, ordered_adds_in_the_order_of_the_ranks)
{
    static comparison of = {.spec = "ordered", .span = 640};

    expect_ok(tally_launch("sim:ranks=5", exchange_rounds, &of));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LENGTH; i++) {
            tally_real sum = exchange_case_value(0, round, i);

            for (int r = 1; r < 5; r++)
                sum += exchange_case_value(r, round, i);
            cr_assert(memcmp(&sum, &of.v[round][i], sizeof sum) == 0, "value %zu", i);
        }
    }
}
