#include "tally/rule.h"

#include "num/bits.h"
#include "support/expect.h"

#include <math.h>

static tally_layout one_tensor(size_t d)
{
    tally_layout layout = {0};

    expect_ok(tally_layout_add(&layout, "x", TALLY_WEIGHT, 1, &d));
    return layout;
}

Test(rule, a_wrong_name_gets_the_nearest_one)
{
    tally_layout layout = one_tensor(1);
    tally_rule r;

    expect_fail(tally_rule_open(&r, "adan", &layout), OPTION, "did you mean adam?");
    tally_rule_close(&r);
    expect_fail(tally_rule_open(&r, "adam:beta2=1.5", &layout), OPTION,
                "rule adam: beta2=1.5 is not in [0, 1)");
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

Test(rule, close_accepts_a_zeroed_rule)
{
    tally_rule r = {0};

    tally_rule_close(&r);
    tally_rule_close(&r);
}

Test(rule, damping_belongs_to_one_form_of_momentum)
{
    tally_layout layout = one_tensor(1);
    tally_rule r;

    expect_fail(tally_rule_open(&r, "momentum:form=ema,damp=0.1", &layout), OPTION,
                "damp=0.1 is for form=buffer alone");
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

Test(rule, place_is_the_weights_themselves_without_a_verb_of_its_own)
{
    tally_layout layout = one_tensor(2);
    tally_step t = {.number = 1, .rate = 1};
    tally_real w[2] = {1, 2}, room[2];
    const tally_real *at;
    tally_rule r;

    expect_ok(tally_rule_open(&r, "sgd", &layout));
    expect_ok(tally_rule_place(&r, &t, w, room, &at));
    cr_assert(at == w);
    tally_rule_close(&r);

    expect_ok(tally_rule_open(&r, "nesterov:form=lookahead", &layout));
    expect_ok(tally_rule_place(&r, &t, w, room, &at));
    cr_assert(at == room);
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

Test(rule, a_rule_that_proposes_nothing_proposes_its_gradient)
{
    tally_layout layout = one_tensor(2);
    tally_step t = {.number = 1, .rate = 1};
    tally_real g[2] = {1, 2};
    uint64_t bits[1], mask[1];
    tally_view v = {.bits = bits, .mask = mask};
    tally_rule r;

    expect_ok(tally_rule_open(&r, "sgd", &layout));
    expect_ok(tally_rule_propose(&r, &t, (tally_span){0, 2}, g, &v));
    cr_assert(v.values == g);
    cr_assert(v.bits == NULL);
    cr_assert(v.mask == NULL);
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

static tally_status keep_still(tally_rule *r, const tally_step *t, tally_span s,
                               tally_real *w, tally_view agreed)
{
    (void)r, (void)t, (void)s, (void)w, (void)agreed;
    return TALLY_OK;
}

Test(rule, a_program_adds_its_own)
{
    static const tally_rule_ops still = {
        .about = {.name = "still", .brief = "stays", .paper = ""},
          .apply = keep_still
    };
    static const tally_rule_ops empty = {
        .about = {.name = "empty", .brief = "nothing", .paper = ""}
    };
    tally_layout layout = one_tensor(1);
    tally_rule r;

    expect_fail(tally_register_rule(&empty), OPTION, "rule empty has no apply");
    expect_ok(tally_register_rule(&still));
    expect_fail(tally_register_rule(&still), OPTION, "rule still is already there");
    expect_ok(tally_rule_open(&r, "still", &layout));
    tally_rule_close(&r);
    tally_layout_close(&layout);
}

/* The sequence is cached by step number: a step back gives what it gave before. */
Test(rule, nesterov_convex_may_go_back_in_time)
{
    tally_layout layout = one_tensor(1);
    tally_real w[1] = {1}, room[1], at_five = 0;
    const tally_real *at;
    tally_rule r;

    expect_ok(tally_rule_open(&r, "nesterov:form=convex", &layout));
    ((tally_real *)r.state.at[0])[0] = 1;
    for (size_t round = 0; round < 2; round++) {
        for (uint64_t n = 1; n <= 9; n++) {
            tally_step t = {.number = n, .rate = 1};

            expect_ok(tally_rule_place(&r, &t, w, room, &at));
            if (n != 5) continue;
            cr_assert(round == 0 || at[0] == at_five);
            at_five = at[0];
        }
    }
    tally_rule_close(&r);
    tally_layout_close(&layout);
}
