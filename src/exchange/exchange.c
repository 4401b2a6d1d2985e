/* exchange.c — the family of exchanges, and what every one of them shares. */

#include "exchange/exchange.h"

#include "num/bits.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const tally_about *const members[] = {
#define EXCHANGE(name) &tally_exchange_##name.about,
#include "exchange/list.def"
#undef EXCHANGE
    NULL};

const tally_family tally_exchange_family = {
    .name = "exchange",
    .flag = "--exchange",
    .brief = "how every rank's gradient becomes the one they agree on",
    .members = members,
};

tally_status tally_register_exchange(const tally_exchange_ops *ops)
{
    return tally_family_register(&tally_exchange_family, &ops->about);
}

/* The plan tiles the vector, cut where words of bits are cut. */
static void check_plan(const tally_exchange *x)
{
    size_t at = 0;

    for (size_t k = 0; k < x->plan_count; k++) {
        assert(x->plan[k].first == at && at % 64 == 0);
        at += x->plan[k].count;
    }
    assert(at == x->layout->length);
    (void)at;
}

tally_status tally_exchange_open(tally_exchange *x, const char *spec, tally_comm *comm,
                                 const tally_layout *layout, const tally_span *plan,
                                 size_t plan_count, uint64_t seed)
{
    const tally_about *about;

    *x = (tally_exchange){.codec = x->codec ? x->codec : "fp32",
                          .aggregate = x->aggregate ? x->aggregate : "mean",
                          .in_place = x->in_place,
                          .tamper = x->tamper,
                          .tamper_context = x->tamper_context,
                          .comm = comm,
                          .layout = layout,
                          .plan = plan,
                          .plan_count = plan_count,
                          .seed = seed,
                          .channel = TALLY_EXCHANGE};
    check_plan(x);
    TALLY_TRY(tally_family_open(&tally_exchange_family, spec, &about, &x->options));
    x->ops = (const tally_exchange_ops *)about;
    TALLY_TRY(tally_state_open(&x->state, about->slots, layout));
    x->counted = calloc(plan_count, sizeof *x->counted);
    if (!x->counted)
        return TALLY_FAIL(MEMORY, "no memory for the bytes of %zu spans", plan_count);
    comm->meter[x->channel] = (tally_meter){plan_count, x->counted};
    if (x->ops->open) TALLY_TRY(x->ops->open(x));
    return TALLY_OK;
}

void tally_exchange_close(tally_exchange *x)
{
    if (!x->ops) return;
    if (x->ops->close) x->ops->close(x);
    tally_meter *meter = &x->comm->meter[x->channel];
    if (meter->sent == x->counted) *meter = (tally_meter){0};
    free(x->counted);
    tally_aggregate_close(&x->aggregator);
    tally_state_close(&x->state);
    tally_options_close(&x->ops->about, x->options);
    *x = (tally_exchange){0};
}

static tally_status find_member(const tally_family *family, const char *spec,
                                const tally_about **about)
{
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, ":"), spec);
    return tally_family_find(family, name, about);
}

tally_status tally_exchange_is_whole(const char *spec, const char *aggregate,
                                     bool *whole)
{
    const tally_about *exchange, *member;

    TALLY_TRY(find_member(&tally_exchange_family, spec, &exchange));
    TALLY_TRY(find_member(&tally_aggregate_family, aggregate, &member));
    *whole = ((const tally_exchange_ops *)(const void *)exchange)->whole ||
             (((const tally_exchange_ops *)(const void *)exchange)->codes &&
              ((const tally_aggregate_ops *)(const void *)member)->sums);
    return TALLY_OK;
}

void tally_view_numbers(tally_view view, tally_span s, tally_real *v)
{
    if (view.bits)
        tally_bits_expand(view.bits, view.mask, s, view.scale, v);
    else if (view.values != v)
        memcpy(v + s.first, view.values + s.first, s.count * sizeof *v);
}

tally_status tally_exchange_room(tally_exchange *x, tally_real **v)
{
    *v = NULL;
    return x->in_place && x->ops->room ? x->ops->room(x, v) : TALLY_OK;
}

tally_span tally_exchange_part(const tally_exchange *x, size_t k, tally_span left,
                               tally_view *agreed)
{
    return x->in_place && x->ops->part ? x->ops->part(x, k, left, agreed) : left;
}

tally_status tally_exchange_all(tally_exchange *x, uint64_t step, tally_real *v)
{
    tally_real *at;

    TALLY_TRY(tally_exchange_room(x, &at));
    if (at)
        memcpy(at, v, x->layout->length * sizeof *v);
    else
        at = v;
    for (size_t k = 0; k < x->plan_count; k++)
        TALLY_TRY(x->ops->start(x, k, step, (tally_view){.values = at}));
    for (size_t k = 0; k < x->plan_count; k++) {
        tally_view agreed = {0};

        TALLY_TRY(x->ops->finish(x, k, &agreed));
        for (tally_span left = x->plan[k], s; left.count > 0;
             left.first += s.count, left.count -= s.count) {
            s = tally_exchange_part(x, k, left, &agreed);
            tally_view_numbers(agreed, s, v);
        }
    }
    return TALLY_OK;
}
