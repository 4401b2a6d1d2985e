/* rule.c — the family of rules, and the verbs that a rule leaves out. */

#include "rule/rule.h"

#include "num/bits.h"

#include <assert.h>
#include <string.h>

static const tally_about *const *const compiled[] = TALLY_EACH_ISA(tally_rule_members);

const tally_family tally_rule_family = {
    .name = "rule",
    .flag = "--rule",
    .brief = "how an agreed vector moves the weights",
    .members = tally_rule_members,
};

tally_status tally_register_rule(const tally_rule_ops *ops)
{
    if (!ops->apply) return TALLY_FAIL(OPTION, "rule %s has no apply", ops->about.name);
    return tally_family_register(&tally_rule_family, &ops->about);
}

tally_status tally_rule_open(tally_rule *r, const char *spec,
                             const tally_layout *layout)
{
    const tally_about *about;

    *r = (tally_rule){.layout = layout};
    TALLY_TRY(tally_family_open(&tally_rule_family, spec, &about, &r->options));
    r->ops = (const tally_rule_ops *)tally_isa_twin(about, compiled);
    TALLY_TRY(tally_state_open(&r->state, about->slots, layout));
    if (r->ops->open) TALLY_TRY(r->ops->open(r));
    return TALLY_OK;
}

void tally_rule_close(tally_rule *r)
{
    if (r->ops && r->ops->close) r->ops->close(r);
    tally_state_close(&r->state);
    if (r->ops) tally_options_close(&r->ops->about, r->options);
    *r = (tally_rule){0};
}

tally_status tally_rule_place(tally_rule *r, const tally_step *t, const tally_real *w,
                              tally_real *room, const tally_real **at)
{
    *at = w;
    if (!r->ops->place) return TALLY_OK;
    *at = room;
    return r->ops->place(r, t, w, room);
}

/* A rule that wrote bits took the values away; else the bits were not wanted. */
tally_status tally_rule_propose(tally_rule *r, const tally_step *t, tally_span s,
                                tally_real *g, tally_view *v)
{
    assert(!r->ops->whole || (s.first == 0 && s.count == r->layout->length));
    v->values = g;
    if (r->ops->propose) TALLY_TRY(r->ops->propose(r, t, s, g, v));
    if (v->values) v->bits = v->mask = NULL;
    return TALLY_OK;
}

tally_status tally_rule_apply(tally_rule *r, const tally_step *t, tally_span s,
                              tally_real *w, tally_view agreed, tally_real *room)
{
    assert(!r->ops->whole || (s.first == 0 && s.count == r->layout->length));
    if (agreed.bits && !r->ops->takes_bits) {
        tally_bits_expand(agreed.bits, agreed.mask, s, agreed.scale, room);
        agreed = (tally_view){.values = room};
    }
    return r->ops->apply(r, t, s, w, agreed);
}
