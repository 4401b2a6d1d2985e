/* conformance.c — what every attack promises: the honest say the truth, nobody's own
 * vector is changed, and a study can be repeated. */

#include "tally/attack.h"

#include "num/random.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

enum { LENGTH = 130, RANKS = 5, STEPS = 4 };

typedef struct scene {
    const char *spec;
    tally_real said[RANKS][STEPS][LENGTH];
} scene;

static tally_status play(tally_comm *c, void *context)
{
    static const size_t length = LENGTH;
    scene *s = context;
    tally_layout layout = {0};
    tally_real honest[LENGTH], truth[LENGTH], *said;
    tally_attack a;

    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_attack_open(&a, s->spec, c));
    TALLY_TRY(tally_attack_prepare(&a, &layout, 9));
    tally_status status = TALLY_OK;
    for (uint64_t step = 0; !status && step < STEPS; step++) {
        for (size_t i = 0; i < LENGTH; i++)
            honest[i] = (tally_real)tally_random_uniform(
                2, TALLY_FOR_TESTS, step * RANKS + (uint64_t)c->rank, i);
        memcpy(truth, honest, sizeof truth);
        status = tally_attack_say(&a, step, honest, &said);
        if (!status && memcmp(truth, honest, sizeof truth) != 0)
            status = TALLY_FAIL(MISMATCH, "rank %d's own vector was changed", c->rank);
        if (!status && !a.lies && said != honest)
            status =
                TALLY_FAIL(MISMATCH, "honest rank %d says something else", c->rank);
        if (!status) memcpy(s->said[c->rank][step], said, sizeof honest);
    }
    tally_attack_close(&a);
    tally_layout_close(&layout);
    return status;
}

Test(attack, every_one_leaves_the_honest_alone_and_repeats)
{
    static scene first, again;
    const tally_about *about;

    for (size_t k = 0; (about = tally_family_at(&tally_attack_family, k)); k++) {
        char spec[64];

        snprintf(spec, sizeof spec, "%s:ranks=1x4", about->name);
        first.spec = again.spec = spec;
        expect_ok(tally_launch("sim:ranks=5", play, &first));
        expect_ok(tally_launch("sim:ranks=5", play, &again));
        cr_assert(memcmp(first.said, again.said, sizeof first.said) == 0, "%s", spec);
    }
}

Test(attack, none_is_nobody)
{
    static scene s = {.spec = "none"};

    expect_ok(tally_launch("sim:ranks=5", play, &s));
}
