/* server.c — asynchronous training through a parameter server.
 *
 *     servers=S     ranks 0 .. S-1 serve a slice of the weights each, the others work
 *     servers=all   every rank serves a slice and works
 *     consistency hogwild   none serves: all work on weights in shared memory
 *
 * Workers compute gradients of batches that server 0 deals; servers move the weights as
 * --consistency says.  A straggler slows down only itself.  Li et al., Scaling
 * Distributed Machine Learning with the Parameter Server, OSDI 2014; Dean et al., Large
 * Scale Distributed Deep Networks, NIPS 2012.  The parts: server/server.h.
 *
 * Sent: d values to and fro per gradient; a lone server moves 2 M d for M workers, with
 * servers=all each rank as much as in a ring.  Reproducible on simulated ranks; with
 * mpi the order in which gradients arrive decides, except with bsp, whose weights are
 * those of lockstep with exchange ordered. */

#include "trainer/server/local.h"

#include <stdlib.h>
#include <string.h>

enum { NEAR_SHARED, NEAR_MESSAGES };

static const tally_option options[] = {
    TALLY_OPTION(
        TEXT, tally_server, servers, "1", NULL,
        "ranks that only serve, the first ones; or all: each serves and works"),
    TALLY_OPTION(REAL, tally_server, flops, "1e11", "(0, inf)",
                 "a rank's speed in FLOP/s; read by simulated comms only"),
    TALLY_OPTION(REAL, tally_server, nap, "0", "[0, 3600]",
                 "seconds of sleep before each gradient, to stand for computing"),
    TALLY_OPTION(CHOICE, tally_server, near, "shared", "shared|messages",
                 "how ranks of a node pass gradients and weights"),
    TALLY_OPTION(CHOICE, tally_server, damp, "none", "none|inverse|polynomial|hinge",
                 "how the rate falls with the staleness of a gradient"),
    TALLY_OPTION(REAL, tally_server, power, "0.5", "(0, inf)",
                 "damp=polynomial: the exponent; damp=hinge: the slope"),
    TALLY_OPTION(COUNT, tally_server, after, "4", NULL,
                 "damp=hinge: staleness up to which nothing is damped"),
    TALLY_OPTION(CHOICE, tally_server, compensate, "none", "none|constant|adaptive",
                 "DC-ASGD: bring gradients forward to where the weights are now"),
    TALLY_OPTION(REAL, tally_server, lambda, "0.04", "[0, inf)",
                 "how far; the paper has 0.04 when constant, 2 when adaptive"),
    TALLY_OPTION(REAL, tally_server, keep, "0.95", "[0, 1)",
                 "compensate=adaptive: share of the old mean square kept"),
    TALLY_OPTION(TEXT, tally_server, record, NULL, NULL,
                 "a file to write the order of arrival to; servers=1"),
    TALLY_OPTION(TEXT, tally_server, replay, NULL, NULL,
                 "a file with an order of arrival to follow; servers=1"),
    TALLY_END,
};

static tally_status roles(tally_run *run)
{
    const tally_server *o = run->trainer_options;
    int size = run->comm->size;
    char *end;

    if (tally_consistency_of(run)->train) {
        run->holders = 1;
        return TALLY_OK;
    }
    if (strcmp(o->servers, "all") == 0) return TALLY_OK;
    long servers = strtol(o->servers, &end, 10);
    if (*end || end == o->servers || servers < 1)
        return TALLY_FAIL(OPTION,
                          "trainer server: servers=%s is neither a number of ranks nor "
                          "all",
                          o->servers);
    if (servers >= size)
        return TALLY_FAIL(
            OPTION,
            "trainer server: servers=%ld of %d rank%s leaves none to work; "
            "start more ranks, or use servers=all",
            servers, size, size == 1 ? "" : "s");
    run->holders = (int)servers;
    run->workers = size - (int)servers;
    return TALLY_OK;
}

/* What is for gradients that come alone means nothing where they are gathered. */
static tally_status open(tally_run *run)
{
    const tally_server *o = run->trainer_options;

    if ((o->damp || o->compensate) && tally_consistency_of(run)->need)
        return TALLY_FAIL(
            OPTION,
            "trainer server: consistency %s adds gradients of the present "
            "step, of which none is stale: leave out damp and compensate",
            run->consistency->name);
    if ((o->record || o->replay) && run->holders > 1)
        return TALLY_FAIL(
            OPTION,
            "trainer server: record and replay are for servers=1: each of "
            "%d servers has an order of arrival of its own",
            run->holders);
    const tally_consistency_ops *c = tally_consistency_of(run);
    TALLY_TRY(tally_coding_check(run));
    TALLY_TRY(tally_local_check(run));
    if (c->check) TALLY_TRY(c->check(run));
    return tally_recall_open(run);
}

static tally_status take_part(tally_run *run, tally_store *s, bool serves, bool works)
{
    if (serves) TALLY_TRY(tally_store_start(s));
    if (works) TALLY_TRY(tally_work(run, s->near, serves ? s : NULL));
    if (serves) TALLY_TRY(tally_store_serve(s));
    if (serves) TALLY_TRY(tally_store_finish(s));
    return TALLY_OK;
}

/* What goes through a codec has to be sent, and local steps move the weights that the
 * server goes by. */
static bool may_share(const tally_run *run)
{
    const tally_server *o = run->trainer_options;

    return o->near == NEAR_SHARED && !tally_consistency_of(run)->local &&
           !tally_coding_wanted(run);
}

static tally_status train(tally_run *run)
{
    int rank = run->comm->rank;
    bool serves = rank < run->holders, works = rank >= run->comm->size - run->workers;
    const tally_consistency_ops *c = tally_consistency_of(run);

    if (c->train) return c->train(run);
    tally_near near;
    tally_store s = {.near = &near};
    tally_status status = tally_near_open(&near, run, may_share(run));

    if (!status && serves) status = tally_store_open(&s, run, &near);
    status = tally_agree(run->comm, status);
    run->comm->limit = 0; /* from here on the server says who is lost */
    if (!status) status = take_part(run, &s, serves, works);
    tally_store_hang_up(&s);
    tally_store_close(&s);
    tally_near_close(&near);
    return status;
}

const tally_trainer_ops tally_trainer_server = {
    .about = {.name = "server",
              .brief = "workers push gradients to servers, which move the weights",
              .paper = "Li et al. 2014, Scaling Distributed Machine Learning (OSDI)",
              .options = options,
              .options_size = sizeof(tally_server)},
    .roles = roles,
    .open = open,
    .train = train,
};
