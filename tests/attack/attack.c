/* attack.c — each attack against its definition, on simulated ranks. */

#include "tally/attack.h"

#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH = 400, RANKS = 7, MOST = 64 };

/* What every rank said in one step, and how long it took. */
typedef struct scene {
    const char *spec;
    uint64_t seed, steps;
    tally_real said[RANKS][LENGTH];
    bool lied[RANKS];
    double seconds[RANKS];
} scene;

static tally_real honest_value(int rank, uint64_t step, size_t i)
{
    return (tally_real)(sin((double)i) + 0.1 * rank +
                        0.01 * cos((double)(i * i)) * rank + (double)step);
}

static tally_status say(tally_comm *c, void *context)
{
    static const size_t length = LENGTH;
    scene *s = context;
    tally_layout layout = {0};
    tally_real honest[LENGTH], *said = NULL;
    tally_attack a;

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    tally_status status = tally_attack_open(&a, s->spec, c);
    if (!status) status = tally_attack_prepare(&a, &layout, s->seed);
    double begin = tally_now(c);
    for (uint64_t step = 0; !status && step <= s->steps; step++) {
        for (size_t i = 0; i < LENGTH; i++)
            honest[i] = honest_value(c->rank, step, i);
        status = tally_attack_say(&a, step, honest, &said);
    }
    s->seconds[c->rank] = tally_now(c) - begin;
    s->lied[c->rank] = said != honest;
    for (size_t i = 0; !status && i < LENGTH; i++) {
        s->said[c->rank][i] = said[i];
        if (honest[i] != honest_value(c->rank, s->steps, i))
            status = TALLY_FAIL(MISMATCH, "the honest vector was changed");
    }
    tally_attack_close(&a);
    tally_layout_close(&layout);
    return status;
}

static scene play(const char *spec, uint64_t steps)
{
    static scene s;

    s = (scene){.spec = spec, .seed = 1, .steps = steps};
    expect_ok(tally_launch("sim:ranks=7", say, &s));
    return s;
}

/* Mean and deviation of value i of those that are not 4 and 6. */
static void moments(size_t i, uint64_t step, double *mean, double *deviation)
{
    double squares = 0;

    *mean = 0;
    for (int r = 0; r < RANKS; r++)
        if (r != 4 && r != 6) *mean += (double)honest_value(r, step, i) / 5;
    for (int r = 0; r < RANKS; r++) {
        double off = (double)honest_value(r, step, i) - *mean;

        if (r != 4 && r != 6) squares += off * off / 5;
    }
    *deviation = sqrt(squares);
}

/* Rank 4 and 6 say what `lie` makes of the case, all others the truth. */
static void check(const char *spec, double (*lie)(int rank, size_t i))
{
    scene s = play(spec, 2);

    for (int r = 0; r < RANKS; r++) {
        for (size_t i = 0; i < LENGTH; i++) {
            double truth = (double)honest_value(r, 2, i);
            double want = r == 4 || r == 6 ? lie(r, i) : truth;

            cr_assert(
                epsilon_eq(dbl, (double)s.said[r][i], want, 2e-6 * (1 + fabs(want))),
                "%s: rank %d, value %zu", spec, r, i);
        }
    }
}

static double flipped(int rank, size_t i)
{
    return -1.5 * (double)honest_value(rank, 2, i);
}

static double none(int rank, size_t i)
{
    (void)rank, (void)i;
    return 0;
}

/* n = 7, f = 2: s = 4 - 2 = 2, z = Phi^-1(3 / 5) = 0.2533. */
static double little(int rank, size_t i)
{
    double mean, deviation;

    (void)rank;
    moments(i, 2, &mean, &deviation);
    return mean - 0.2533471 * deviation;
}

static double three_deviations(int rank, size_t i)
{
    double mean, deviation;

    (void)rank;
    moments(i, 2, &mean, &deviation);
    return mean - 3 * deviation;
}

static double against(int rank, size_t i)
{
    double mean, deviation;

    (void)rank;
    moments(i, 2, &mean, &deviation);
    return -0.5 * mean;
}

static double of_rank_1(int rank, size_t i)
{
    (void)rank;
    return (double)honest_value(1, 2, i);
}

static double of_step_0(int rank, size_t i)
{
    return (double)honest_value(rank, 0, i);
}

static double of_now(int rank, size_t i)
{
    return (double)honest_value(rank, 2, i);
}

Test(attack, liars_say_what_their_papers_say)
{
    check("sign_flip:ranks=4x6,factor=1.5", flipped);
    check("zero:ranks=4x6", none);
    check("alie:ranks=4x6", little);
    check("alie:ranks=4x6,z=3", three_deviations);
    check("ipm:ranks=4x6,epsilon=0.5", against);
    check("mimic:ranks=4x6,of=1", of_rank_1);
    check("replay:ranks=4x6,age=100", of_step_0);
    check("replay:ranks=4x6,age=2", of_now);
}

/* The mean of 400 deviates of deviation 3 is below 5 * 3 / 20. */
Test(attack, noise_is_each_liars_own)
{
    scene s = play("gaussian:ranks=4x6,deviation=3", 2);
    double mean = 0, square = 0, product = 0;

    for (size_t i = 0; i < LENGTH; i++) {
        mean += (double)s.said[4][i] / LENGTH;
        square += (double)s.said[4][i] * (double)s.said[4][i] / LENGTH;
        product += (double)s.said[4][i] * (double)s.said[6][i] / LENGTH;
    }
    cr_assert(lt(dbl, fabs(mean), 0.75));
    cr_assert(epsilon_eq(dbl, square, 9, 9 * 5 * sqrt(2.0 / LENGTH)));
    cr_assert(lt(dbl, fabs(product), 9 * 5 / sqrt(LENGTH)));
    scene again = play("gaussian:ranks=4x6,deviation=3", 2);
    cr_assert(memcmp(again.said, s.said, sizeof s.said) == 0);
}

Test(attack, what_is_no_number_is_said)
{
    scene s = play("nan:ranks=4x6", 0);

    cr_assert(isnan(s.said[4][0]) != 0);
    cr_assert(isnan(s.said[5][0]) == 0);
    s = play("nan:ranks=4x6,value=inf", 0);
    cr_assert(isinf(s.said[6][LENGTH - 1]) != 0);
}

Test(attack, a_straggler_is_late_and_honest)
{
    scene s = play("straggler:ranks=4,seconds=0.5", 9);

    cr_assert(not(s.lied[4]));
    cr_assert(epsilon_eq(dbl, s.seconds[4], 5, 1e-6));
    cr_assert(epsilon_eq(dbl, s.seconds[3], 0, 1e-6));
    s = play("straggler:ranks=4,seconds=0.5,chance=0.5", 99);
    cr_assert(s.seconds[4] > 10 && s.seconds[4] < 40);
}

/* ---- messages ---- */

static tally_status flip_bits(tally_comm *c, void *context)
{
    static const size_t length = LENGTH;
    size_t *turned = context;
    tally_layout layout = {0};
    unsigned char bytes[MOST] = {0};
    tally_attack a;

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_attack_open(&a, "bit_flip:ranks=1,bits=3,chance=0.5", c));
    TALLY_TRY(tally_attack_prepare(&a, &layout, 1));
    for (uint64_t step = 0; c->rank == 1 && step < 1000; step++) {
        size_t bits = 0;

        memset(bytes, 0, sizeof bytes);
        a.ops->tamper(&a, step, bytes, sizeof bytes);
        for (size_t i = 0; i < 8 * sizeof bytes; i++)
            bits += bytes[i / 8] >> i % 8 & 1;
        turned[bits]++;
    }
    tally_attack_close(&a);
    tally_layout_close(&layout);
    return TALLY_OK;
}

/* Three places of 512: now and then two are the same and cancel, which leaves one. */
Test(attack, bits_of_some_messages_are_flipped)
{
    static size_t turned[8 * MOST + 1];

    expect_ok(tally_launch("sim:ranks=2", flip_bits, turned));
    cr_assert(turned[0] > 400 && turned[0] < 600);
    cr_assert(eq(sz, turned[0] + turned[1] + turned[3], 1000));
    cr_assert(lt(sz, turned[1], 30));
}

/* ---- labels ---- */

static tally_status twist_labels(tally_comm *c, void *context)
{
    uint64_t rows[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    int32_t honest[8], seen[8];
    tally_source source = {0};
    tally_attack a;

    (void)context;
    TALLY_TRY(tally_source_open(&source, "digits"));
    TALLY_TRY(tally_attack_open(&a, "label_flip:ranks=1", c));
    const tally_source *s = tally_attack_source(&a, &source);
    tally_real *x = calloc(8 * source.features, sizeof *x);
    tally_status status = TALLY_OK;
    for (int split = 0; split < 2; split++) {
        tally_split of = split ? TALLY_TEST : TALLY_TRAIN;
        bool turns = c->rank == 1 && of == TALLY_TRAIN;

        TALLY_TRY(source.ops->fetch(&source, of, rows, 8, x, honest));
        TALLY_TRY(s->ops->fetch(s, of, rows, 8, x, seen));
        for (size_t i = 0; i < 8; i++)
            if (seen[i] != (turns ? 9 - honest[i] : honest[i]))
                status = TALLY_FAIL(MISMATCH, "rank %d sees %d for %d", c->rank,
                                    seen[i], honest[i]);
    }
    free(x);
    tally_attack_close(&a);
    tally_source_close(&source);
    return status;
}

Test(attack, a_liars_training_labels_are_flipped)
{
    expect_ok(tally_launch("sim:ranks=2", twist_labels, NULL));
}

/* ---- what is refused ---- */

static void refuse(const char *spec, const char *words)
{
    static scene s;

    s = (scene){.spec = spec};
    expect_fail(tally_launch("sim:ranks=7", say, &s), OPTION, words);
}

Test(attack, options_that_make_no_sense_are_refused)
{
    static const tally_attack_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };

    refuse("sign_flip", "nobody lies");
    refuse("sign_flip:ranks=7", "there is no rank 7 among 7");
    refuse("zero:ranks=0x1x2x3x4x5x6", "all 7 ranks lie");
    refuse("mimic:ranks=1,of=9", "no rank 9 among 7 to copy");
    refuse("sing_flip:ranks=1", "did you mean sign_flip?");
    expect_fail(tally_register_attack(&empty), OPTION,
                "attack empty does not begin with the option ranks");
}
