/* coding.c — pushes and replies through a codec, against the dullest code, and over
 * every codec that there is. */

#include "trainer/server/coding.h"

#include "run/example.h"
#include "support/errand.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sign, by hand ---- */

enum { WORKERS = 4, BATCH = 2, STEPS = 6, PUSHES = WORKERS * STEPS, D = ERRAND_LENGTH };

static double same_speed(int rank, uint64_t call)
{
    (void)rank, (void)call;
    return 1e-3;
}

/* q <- mean |p| sign(p), sign(0) = +1; the mean as a float, as it travels. */
static void read_as_signs(const double *p, double *q)
{
    double sum = 0;

    for (size_t k = 0; k < D; k++)
        sum += fabs(p[k]);
    for (size_t k = 0; k < D; k++)
        q[k] = (p[k] < 0 ? -1 : 1) * (double)(float)(sum / D);
}

/* Workers of one speed come by in turn; v[m] is what worker m was sent last, memory[m]
 * what its pushes left out. */
static void walk_dully(const errand *e, double rate, double *w)
{
    static double v[WORKERS][D], memory[WORKERS][D];
    tally_source source = {.train_count = e->rows};
    tally_sampler s;
    uint64_t rows[BATCH];
    double p[D], q[D];
    tally_real at[D];

    expect_ok(tally_sampler_open(&s, &source, 1, 0, BATCH, WORKERS));
    for (size_t m = 0; m < WORKERS; m++)
        memcpy(v[m], w, sizeof v[m]);
    for (size_t i = 0; i < PUSHES; i++) {
        size_t m = i % WORKERS;
        size_t n = tally_sampler_train(&s, i / WORKERS, (int)m, rows);

        for (size_t k = 0; k < D; k++)
            at[k] = (tally_real)v[m][k];
        errand_gradient(at, rows, n, 1.0 / (double)n, p);
        for (size_t k = 0; k < D; k++)
            p[k] += memory[m][k] / rate;
        read_as_signs(p, q);
        for (size_t k = 0; k < D; k++) {
            memory[m][k] = rate * (p[k] - q[k]);
            w[k] -= rate * q[k];
            p[k] = w[k] - v[m][k];
        }
        read_as_signs(p, q);
        for (size_t k = 0; k < D; k++)
            v[m][k] += q[k];
    }
}

/* Weights below 1 are rounded a few times per update, and a rounding is carried on. */
Test(coding, signs_both_ways_with_memories_of_what_they_leave_out)
{
    double w[D], allowed = PUSHES * 32 * (sizeof(tally_real) == 4 ? 6e-8 : 1.2e-16);
    errand e = {.rows = 24,
                .settings =
                    "trainer=server rule=sgd rate=0.25 batch=2 steps=6 codec=sign",
                .delay = same_speed};

    expect_ok(errand_run(&e, "sim:ranks=5"));
    for (size_t k = 0; k < D; k++)
        w[k] = (double)e.rank[1].call[0].at[k];
    walk_dully(&e, 0.25, w);
    for (size_t k = 0; k < D; k++)
        cr_assert(epsilon_eq(dbl, (double)e.rank[0].w[k], w[k], allowed), "weight %zu",
                  k);
    /* 10 words of signs and a float, but for the first reply to each worker; the last
     * four pushes get none. */
    cr_assert(eq(u64, e.rank[0].tale.bytes_pushed, PUSHES * 84));
    cr_assert(eq(u64, e.rank[0].tale.bytes_replied,
                 WORKERS * D * sizeof(tally_real) + (PUSHES - WORKERS) * 84));
    errand_close(&e);
}

/* ---- every codec ---- */

static const tally_about *codec_at(size_t i)
{
    return tally_family_at(&tally_codec_family, i);
}

static double gap(const tally_real *v, const tally_real *w)
{
    double sum = 0;

    for (size_t k = 0; k < D; k++)
        sum += ((double)w[k] - (double)v[k]) * ((double)w[k] - (double)v[k]);
    return sqrt(sum);
}

/* Replies take what the worker knows to weights that stand still, noisy codecs too; as
 * near as the grid's steps of 1/128 allow, for weights up to 1/16. */
Test(coding, replies_arrive_at_the_weights)
{
    for (size_t i = 0; codec_at(i); i++) {
        char name[64];
        tally_config o = {.codec = name, .seed = 3};
        tally_comm comm = {.rank = 0, .size = 2};
        tally_run session = {.options = &o, .comm = &comm};
        tally_coding server = {0}, worker = {0};
        tally_real w[D], v[D] = {0}, same[D] = {0};

        snprintf(name, sizeof name, "%s", codec_at(i)->name);
        if (strcmp(name, "fp32") == 0) continue;
        if (strcmp(name, "two_bit") == 0) strcat(name, ":threshold=0.001");
        for (size_t k = 0; k < D; k++)
            w[k] = (tally_real)errand_x(k % 64, k);
        expect_ok(tally_coding_open(&server, &session, D, D));
        comm.rank = 1;
        expect_ok(tally_coding_open(&worker, &session, D, D));
        void *message = tally_allocate(tally_coding_reply_most(&server, D), 1);
        double before = gap(v, w);
        for (uint64_t t = 0; t < 600; t++) {
            tally_piece piece = {t, 0, D};
            size_t bytes;

            expect_ok(tally_coding_reply(&server, piece, w, v, message, &bytes));
            expect_ok(tally_coding_follow(&worker, piece, message, bytes, same));
            cr_assert(memcmp(v, same, sizeof v) == 0, "%s: reply %llu", name,
                      (unsigned long long)t);
        }
        cr_assert(lt(dbl, gap(v, w), 0.1 * before), "%s", name);
        free(message);
        tally_coding_close(&server);
        tally_coding_close(&worker);
    }
}

static double stagger(int rank, uint64_t call)
{
    return 1e-3 * (1 + rank % 3) + 1e-4 * (double)(call * 7 % 5);
}

static void run_coded(errand *e, const char *codec, const char *rest, const char *comm)
{
    static char settings[512];

    snprintf(settings, sizeof settings,
             "rule=sgd rate=0.1 batch=2 bucket=1 codec=%s %s", codec, rest);
    *e = (errand){.rows = 40, .settings = settings, .delay = stagger};
    expect_ok(errand_run(e, comm));
}

/* Not one is left out by servers that hold slices, or by gradients that are gathered;
 * and the same seed gives the same bits. */
Test(coding, every_codec_learns_with_every_role)
{
    static const char *const rests[] = {
        "epochs=12 trainer=server", "epochs=12 trainer=server:servers=2",
        "epochs=12 trainer=server:servers=all consistency=ssp:bound=1",
        "epochs=12 trainer=server consistency=bsp"};

    for (size_t i = 0; codec_at(i); i++) {
        const char *codec = codec_at(i)->name;
        errand a, b, start;

        run_coded(&start, "fp32", "steps=1 trainer=server", "sim:ranks=5");
        run_coded(&a, codec, rests[i % 4], "sim:ranks=5");
        run_coded(&b, codec, rests[i % 4], "sim:ranks=5");
        cr_assert(memcmp(a.rank[0].w, b.rank[0].w, sizeof a.rank[0].w) == 0, "%s",
                  codec);
        cr_assert(lt(dbl, a.rank[0].result.test_loss, start.rank[0].result.test_loss),
                  "%s, %s", codec, rests[i % 4]);
        cr_assert(eq(u64, a.rank[0].tale.refused, 0), "%s", codec);
        errand_close(&a);
        errand_close(&b);
        errand_close(&start);
    }
}

/* One weight in fifty travels; without memories the others would hardly move. */
Test(coding, what_is_left_out_arrives_later)
{
    errand whole, part, none;

    run_coded(&none, "fp32", "steps=1 trainer=server", "sim:ranks=4");
    run_coded(&whole, "fp32", "epochs=30 trainer=server", "sim:ranks=4");
    run_coded(&part, "topk:k=0.02", "epochs=30 trainer=server", "sim:ranks=4");
    double gained = none.rank[0].result.test_loss - whole.rank[0].result.test_loss;
    cr_assert(lt(dbl, 0.9 * gained,
                 none.rank[0].result.test_loss - part.rank[0].result.test_loss));
    errand_close(&whole);
    errand_close(&part);
    errand_close(&none);
}

/* What is not finite is refused as ever, and is not remembered. */
Test(coding, a_push_that_is_not_finite_is_refused_once)
{
    static const char *const codecs[] = {"bf16", "sign", "topk"};

    for (size_t i = 0; i < 3; i++) {
        char settings[128];
        errand e = {.rows = 20, .settings = settings, .bad_rank = 2, .bad_step = 3};

        snprintf(settings, sizeof settings,
                 "trainer=server batch=1 epochs=2 rate=0.05 rule=sgd codec=%s",
                 codecs[i]);
        expect_ok(errand_run(&e, "sim:ranks=5"));
        cr_assert(eq(u64, e.rank[0].tale.refused, 1), "%s", codecs[i]);
        cr_assert(eq(u64, e.rank[0].tale.pushes, 39), "%s", codecs[i]);
        errand_close(&e);
    }
}

/* A run of `steps`, saved after every fifth; the newest checkpoint goes when `older`.
 */
static void save_run(const char *out, const char *server, int steps, bool older)
{
    char rest[256], newest[512];
    errand e;

    snprintf(rest, sizeof rest,
             "trainer=server%s consistency=bsp steps=%d "
             "checkpoint_every=5 out=%s",
             server, steps, out);
    run_coded(&e, "sign", rest, "sim:ranks=5");
    errand_close(&e);
    snprintf(newest, sizeof newest, "%s/checkpoints/step-%012d", out, steps);
    if (older) example_remove(newest);
}

/* Saved at its end, and on its way, where every worker had been answered already. */
Test(coding, a_run_goes_on_with_all_that_was_left_out)
{
    static const char *const servers[] = {"", ":servers=2", ":servers=all"};

    for (int i = 0; i < 6; i++) {
        const char *out = example_directory();
        char rest[256];
        errand whole, resumed;

        snprintf(rest, sizeof rest, "trainer=server%s consistency=bsp steps=12",
                 servers[i / 2]);
        run_coded(&whole, "sign", rest, "sim:ranks=5");
        save_run(out, servers[i / 2], i % 2 ? 7 : 5, i % 2);
        static char settings[512];
        snprintf(settings, sizeof settings,
                 "rule=sgd rate=0.1 batch=2 bucket=1 codec=sign %s", rest);
        resumed =
            (errand){.rows = 40, .settings = settings, .delay = stagger, .resume = out};
        expect_ok(errand_run(&resumed, "sim:ranks=5"));
        cr_assert(eq(u64, resumed.rank[0].result.steps, 12));
        cr_assert(
            eq(u64, resumed.rank[0].steps_per_epoch, whole.rank[0].steps_per_epoch));
        cr_assert(memcmp(whole.rank[0].w, resumed.rank[0].w, sizeof whole.rank[0].w) ==
                      0,
                  "%s, case %d", rest, i);
        errand_close(&whole);
        errand_close(&resumed);
        example_remove(out);
    }
}

Test(coding, a_codec_that_there_is_not_is_refused)
{
    errand e = {.rows = 20, .settings = "trainer=server codec=singn"};

    expect_fail(errand_run(&e, "sim:ranks=3"), OPTION, "did you mean sign?");
    errand_close(&e);
}
