/* Faults that `tally bench exchange` must catch, planted in the links and in exchanges.
 */

#include "exchange/exchange.h"

#include "cli/command.h"
#include "comm/comm.h"
#include "support/expect.h"

#include <stdio.h>

/* `tally bench exchange --exchange EXCHANGE --comm COMM ...` */
static tally_status run(const char *exchange, const char *comm)
{
    char words[][64] = {"exchange",   "--sizes", "6000",   "--repeats", "2",
                        "--exchange", "",        "--comm", ""};
    char *pointers[sizeof words / sizeof *words];
    cli_failure failure = {.backtrace = false};

    snprintf(words[6], sizeof words[6], "%s", exchange);
    snprintf(words[8], sizeof words[8], "%s", comm);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        pointers[i] = words[i];
    return cli_bench.run(&failure, sizeof words / sizeof *words, pointers);
}

/* ---- a link that flips a bit ---- */

static tally_comm_ops liar;

typedef struct inner {
    tally_body body;
    void *context;
} inner;

static tally_status send_flipped(tally_comm *c, int to, int tag, const void *p,
                                 size_t n, tally_request *r)
{
    static unsigned char copy[8192];

    if (tag / 4096 != TALLY_EXCHANGE || c->rank != 1)
        return tally_comm_sim.isend(c, to, tag, p, n, r);
    memcpy(copy, p, n);
    copy[n / 2 / 4 * 4 + 3] ^= 0x80; /* the sign of a number; one voter of 64 */
    return tally_comm_sim.isend(c, to, tag, copy, n, r);
}

static tally_status with_liar(tally_comm *c, void *context)
{
    const inner *of = context;

    c->ops = &liar;
    return of->body(c, of->context);
}

static tally_status launch(const void *options, tally_body body, void *context)
{
    inner of = {body, context};

    return tally_comm_sim.launch(options, with_liar, &of);
}

Test(bench_exchange, a_link_that_flips_a_bit_is_caught)
{
    static const char *const exchanges[] = {
        "allreduce:algorithm=ring", "allreduce:algorithm=tree", "ordered", "vote"};
    liar = tally_comm_sim;
    liar.about.name = "liar";
    liar.isend = send_flipped;
    liar.launch = launch;
    expect_ok(tally_register_comm(&liar));
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        expect_ok(run(exchanges[i], "sim:ranks=3"));
        expect_fail(run(exchanges[i], "liar:ranks=3"), MISMATCH, "expected");
        cr_assert(strstr(tally_error_sentence(), exchanges[i]) != NULL);
    }
}

/* ---- exchanges that are not what they say ---- */

static void boast(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    tally_bill real = *bill;

    tally_exchange_ordered.wire(x, k, step, &real);
    bill->sum[TALLY_NEAR].sent += real.sum[TALLY_NEAR].sent / 2;
    bill->sum[TALLY_AWAY].sent += real.sum[TALLY_AWAY].sent / 2;
}

Test(bench_exchange, bytes_that_nobody_promised_are_caught)
{
    static tally_exchange_ops boaster;

    boaster = tally_exchange_ordered;
    boaster.about.name = "boaster";
    boaster.wire = boast;
    expect_ok(tally_register_exchange(&boaster));
    expect_fail(run("boaster", "sim:ranks=3"), MISMATCH, "bytes were sent");
}

static tally_status finish_apart(tally_exchange *x, size_t k, tally_view *agreed)
{
    TALLY_TRY(tally_exchange_ordered.finish(x, k, agreed));
    if (x->comm->rank == 2) agreed->values[x->plan[k].first] += 1;
    return TALLY_OK;
}

Test(bench_exchange, ranks_that_end_apart_are_caught)
{
    static tally_exchange_ops loner;

    loner = tally_exchange_ordered;
    loner.about.name = "loner";
    loner.finish = finish_apart;
    expect_ok(tally_register_exchange(&loner));
    expect_fail(run("loner", "sim:ranks=3"), MISMATCH,
                "rank 2 ends with other values than rank 0");
}
