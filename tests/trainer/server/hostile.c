/* hostile.c — a worker that pushes nonsense: refused, counted and named, and the others
 * train on. */

#include "num/random.h"
#include "support/errand.h"
#include "support/expect.h"
#include "trainer/server/server.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTILE = 3, ROOM = 8192 };

/* How a push is spoiled: bytes of its first piece, of its note, and what stands there.
 */
typedef struct spoiling {
    const char *codec;
    int piece_longer; /* bytes more, or less, than a push has */
    int note_longer;
    void (*spoil)(tally_push *note, tally_real *g);
    const char *words;
} spoiling;

static void nothing(tally_push *note, tally_real *g)
{
    (void)note, (void)g;
}

static void noise(tally_push *note, tally_real *g)
{
    unsigned char *bytes = (unsigned char *)g;

    (void)note;
    for (size_t i = 0; i < ERRAND_LENGTH * sizeof *g; i++)
        bytes[i] = (unsigned char)tally_random(7, TALLY_FOR_TESTS, 0, i);
    memset(bytes, 0xff,
           128); /* scales that are not finite, places that there are not */
}

static void other_rows(tally_push *note, tally_real *g)
{
    (void)g;
    note->ticket++;
}

static void other_model(tally_push *note, tally_real *g)
{
    (void)g;
    note->layout ^= 1;
}

static void from_the_future(tally_push *note, tally_real *g)
{
    (void)g;
    note->version = UINT64_MAX;
}

static void infinite(tally_push *note, tally_real *g)
{
    (void)note;
    g[17] = (tally_real)INFINITY;
}

static void lossy(tally_push *note, tally_real *g)
{
    (void)g;
    note->score.loss_sum = (double)NAN;
}

static void boastful(tally_push *note, tally_real *g)
{
    (void)g;
    note->score.count = note->score.correct = UINT64_MAX / 2;
}

static void timeless(tally_push *note, tally_real *g)
{
    (void)g;
    note->computing = (double)NAN;
}

static const spoiling spoilings[] = {
    {"fp32", -4, 0,  nothing,         "has a piece or a note of another length"},
    {"fp32", 0,  -8, nothing,         "has a piece or a note of another length"},
    {"fp32", 0,  0,  other_rows,      "is of rows that it was not given"       },
    {"fp32", 0,  0,  other_model,     "is of another model"                    },
    {"fp32", 0,  0,  from_the_future, "is of weights that there are not yet"   },
    {"fp32", 0,  0,  infinite,        "holds values that are not finite"       },
    {"fp32", 0,  0,  lossy,           "has a loss that is not finite"          },
    {"fp32", 0,  0,  boastful,        "has a score of more rows"               },
    {"fp32", 0,  0,  timeless,        "has times that cannot be"               },
    {"sign", 0,  0,  noise,           "is nothing that the codec writes"       },
    {"sign", -8, 0,  nothing,         "is nothing that the codec writes"       },
    {"qsgd", 0,  0,  noise,           "is nothing that the codec writes"       },
    {"topk", 0,  0,  noise,           "is nothing that the codec writes"       },
    {"bf16", 0,  0,  noise,           "holds values that are not finite"       },
};

static const spoiling *now; /* one run at a time */
static unsigned named;
static uint64_t pushed;

static void warned(void *context, const char *sentence)
{
    (void)context;
    if (strstr(sentence, "rank 3") && strstr(sentence, now->words)) named++;
}

/* Speaks the protocol of worker.c with a server of one slice and one piece. */
static tally_status push(tally_run *run, const tally_reply *reply, size_t bytes)
{
    static tally_real g[ROOM];

    struct {
        tally_push note;
        unsigned char more[512];
    } out = {
        .note = {.layout = tally_layout_hash(&run->f->layout),
                 .ticket = reply->ticket,
                 .version = reply->version,
                 .pulls = 1,
                 .score = {.loss_sum = 1, .count = 1}}
    };

    tally_request sent[2] = {{0}};

    memset(g, 0, sizeof g);
    now->spoil(&out.note, g);
    TALLY_TRY(tally_isend(run->comm, 0, TALLY_TAG(TALLY_EXCHANGE, TAG_PIECE), g,
                          (size_t)((long)bytes + now->piece_longer), &sent[0]));
    TALLY_TRY(tally_isend(run->comm, 0, TALLY_TAG(TALLY_EXCHANGE, TAG_PUSH), &out,
                          (size_t)((long)sizeof out.note + now->note_longer),
                          &sent[1]));
    for (int k = 0; k < 2; k++)
        TALLY_TRY(tally_wait(run->comm, &sent[k], NULL));
    pushed++;
    return TALLY_OK;
}

static tally_status be_hostile(tally_run *run)
{
    static tally_real w[ROOM];
    tally_coding coding;
    tally_request weights = {0}, note = {0};
    tally_reply reply = {0};

    TALLY_TRY(tally_agree(run->comm, TALLY_OK));
    TALLY_TRY(tally_coding_open(&coding, run, ERRAND_LENGTH, ERRAND_LENGTH));
    size_t bytes = tally_coding_push_most(&coding, ERRAND_LENGTH);
    tally_coding_close(&coding);
    while (!reply.end) {
        TALLY_TRY(tally_irecv(run->comm, 0, TALLY_TAG(TALLY_EXCHANGE, TAG_WEIGHTS), w,
                              sizeof w, &weights));
        TALLY_TRY(tally_irecv(run->comm, 0, TALLY_TAG(TALLY_EXCHANGE, TAG_REPLY),
                              &reply, sizeof reply, &note));
        TALLY_TRY(tally_wait(run->comm, &note, NULL));
        if (reply.end) {
            tally_abandon(run->comm, &weights);
            weights.active = false;
            break;
        }
        TALLY_TRY(tally_wait(run->comm, &weights, NULL));
        tally_spend(run->comm, 1e-3);
        TALLY_TRY(push(run, &reply, bytes));
    }
    return TALLY_OK;
}

static tally_status train(errand *e, tally_run *run)
{
    (void)e;
    return run->comm->rank == HOSTILE ? be_hostile(run) : tally_run_train(run);
}

static double same_speed(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1e-3;
}

static void expect_refused(const spoiling *spoiled, const char *consistency)
{
    char settings[160];
    errand e = {.rows = 40,
                .settings = settings,
                .delay = same_speed,
                .observer = {.warned = warned},
                .use = train};

    now = spoiled;
    named = 0;
    pushed = 0;
    snprintf(
        settings, sizeof settings,
        "trainer=server consistency=%s rule=sgd rate=0.05 batch=1 epochs=2 codec=%s",
        consistency, spoiled->codec);
    expect_ok(errand_run(&e, "sim:ranks=5"));
    const errand_rank *r = &e.rank[0];
    cr_assert(le(u64, 5, pushed), "%s: %s", consistency, spoiled->words);
    cr_assert(eq(u64, r->tale.refused, pushed), "%s: %s", consistency, spoiled->words);
    cr_assert(eq(u64, r->worker[HOSTILE - 1].refused, pushed));
    cr_assert(eq(uint, named, 3), "%s: %s", consistency, spoiled->words);
    cr_assert(eq(u64, r->tale.pushes + r->tale.refused, 80));
    for (size_t i = 0; i < ERRAND_LENGTH; i++)
        cr_assert(isfinite((double)r->w[i]));
    errand_close(&e);
}

Test(hostile, nonsense_is_refused_counted_and_named)
{
    for (size_t i = 0; i < sizeof spoilings / sizeof *spoilings; i++) {
        expect_refused(&spoilings[i], "async");
        expect_refused(&spoilings[i], "bsp");
    }
}
