/* attack.c — the family of attacks: who lies, what liars know, and when they speak. */

#include "attack/attack.h"

#include "num/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUM_NUMBER = 2 }; /* of the control channel */

static const tally_about *const members[] = {
#define ATTACK(name) &tally_attack_##name.about,
#include "attack/list.def"
#undef ATTACK
    NULL};

const tally_family tally_attack_family = {
    .name = "attack",
    .flag = "--attack",
    .brief = "what ranks that lie say, for studies; none: nobody lies",
    .members = members,
};

tally_status tally_register_attack(const tally_attack_ops *ops)
{
    const tally_option *first = ops->about.options;

    if (!first || !first->name || strcmp(first->name, "ranks") != 0 || first->offset)
        return TALLY_FAIL(OPTION, "attack %s does not begin with the option ranks",
                          ops->about.name);
    return tally_family_register(&tally_attack_family, &ops->about);
}

/* ---- who lies ---- */

static bool is_liar(const tally_attack *a, int rank)
{
    const tally_sizes *ranks = a->options;

    for (size_t i = 0; i < ranks->count; i++)
        if (ranks->at[i] == (uint64_t)rank) return true;
    return false;
}

static tally_status check_ranks(tally_attack *a)
{
    const tally_sizes *ranks = a->options;
    const char *name = a->ops->about.name;

    for (int r = 0; r < a->comm->size; r++)
        a->liars += is_liar(a, r);
    for (size_t i = 0; i < ranks->count; i++)
        if (ranks->at[i] >= (uint64_t)a->comm->size)
            return TALLY_FAIL(OPTION, "attack %s: there is no rank %llu among %d", name,
                              (unsigned long long)ranks->at[i], a->comm->size);
    if (a->liars == 0)
        return TALLY_FAIL(OPTION, "attack %s: nobody lies; say who, such as ranks=0x2",
                          name);
    if (a->liars == (size_t)a->comm->size)
        return TALLY_FAIL(OPTION, "attack %s: all %d ranks lie, expected one honest",
                          name, a->comm->size);
    return TALLY_OK;
}

tally_status tally_attack_open(tally_attack *a, const char *spec, tally_comm *comm)
{
    const tally_about *about;

    *a = (tally_attack){.comm = comm};
    if (strcmp(spec, "none") == 0) return TALLY_OK;
    TALLY_TRY(tally_family_open(&tally_attack_family, spec, &about, &a->options));
    a->ops = (const tally_attack_ops *)about;
    TALLY_TRY(check_ranks(a));
    a->lies = is_liar(a, comm->rank);
    return a->ops->check ? a->ops->check(a) : TALLY_OK;
}

tally_status tally_attack_prepare(tally_attack *a, const tally_layout *layout,
                                  uint64_t seed)
{
    bool looks;

    if (!a->ops) return TALLY_OK;
    looks = a->ops->insight != TALLY_OWN;
    a->length = layout->length;
    a->own = tally_random(seed, TALLY_FOR_ATTACK, UINT64_MAX, (uint64_t)a->comm->rank);
    TALLY_TRY(tally_state_open(&a->state, a->ops->about.slots, layout));
    a->said = tally_allocate(a->length, sizeof *a->said);
    if (looks) a->mean = tally_allocate(a->length, sizeof *a->mean);
    if (looks) a->deviation = tally_allocate(a->length, sizeof *a->deviation);
    if (!a->said || (looks && (!a->mean || !a->deviation)))
        return TALLY_FAIL(MEMORY, "no memory for lies of %zu values", a->length);
    if (!looks) return TALLY_OK;
    return tally_sum_open(&a->sum, a->comm, TALLY_CONTROL, SUM_NUMBER, TALLY_SUM_RING,
                          a->length);
}

void tally_attack_close(tally_attack *a)
{
    if (!a->ops) return;
    if (a->sum.task.comm) tally_sum_close(&a->sum);
    tally_state_close(&a->state);
    tally_options_close(&a->ops->about, a->options);
    free(a->said);
    free(a->mean);
    free(a->deviation);
    *a = (tally_attack){0};
}

/* ---- labels ---- */

/* Training labels y become classes - 1 - y; the rest is as it is. */
static tally_status fetch_flipped(const tally_source *s, tally_split split,
                                  const uint64_t *rows, size_t n, tally_real *x,
                                  int32_t *label)
{
    const tally_source *honest = s->inner;

    TALLY_TRY(honest->ops->fetch(honest, split, rows, n, x, label));
    for (size_t i = 0; split == TALLY_TRAIN && i < n; i++)
        label[i] = (int32_t)s->classes - 1 - label[i];
    return TALLY_OK;
}

static const tally_source_ops flipped = {
    .about = {.name = "flipped", .brief = "labels as a liar sees them", .paper = ""},
    .fetch = fetch_flipped,
};

const tally_source *tally_attack_source(tally_attack *a, const tally_source *honest)
{
    union {
        const tally_source *from;
        void *to;
    } inner = {honest};

    if (!a->lies || !a->ops->flips_labels) return honest;
    a->twisted = *honest;
    a->twisted.ops = &flipped;
    a->twisted.options = NULL;
    a->twisted.inner = inner.to;
    return &a->twisted;
}

/* ---- what liars know ---- */

static tally_status add_up(tally_attack *a, tally_real *v)
{
    TALLY_TRY(tally_sum_start(&a->sum, v, a->length));
    TALLY_TRY(tally_sum_wait(&a->sum));
    return TALLY_OK;
}

/* Two passes, the mean first: the deviation of near values survives. */
static tally_status learn_moments(tally_attack *a, const tally_real *v)
{
    const tally_real per = (tally_real)(1 / (double)((size_t)a->comm->size - a->liars));

    for (size_t i = 0; i < a->length; i++)
        a->mean[i] = a->lies ? 0 : v[i] * per;
    TALLY_TRY(add_up(a, a->mean));
    for (size_t i = 0; i < a->length; i++)
        a->deviation[i] = a->lies ? 0 : (v[i] - a->mean[i]) * (v[i] - a->mean[i]) * per;
    TALLY_TRY(add_up(a, a->deviation));
    for (size_t i = 0; i < a->length; i++)
        a->deviation[i] = (tally_real)sqrt((double)a->deviation[i]);
    return TALLY_OK;
}

static tally_status learn_victim(tally_attack *a, const tally_real *v)
{
    bool me = a->ops->victim(a) == a->comm->rank;

    for (size_t i = 0; i < a->length; i++)
        a->mean[i] = me ? v[i] : 0;
    return add_up(a, a->mean);
}

/* ---- when they speak ---- */

/* Simulated ranks are charged the time; others sleep. */
static void linger(tally_attack *a, double seconds)
{
    struct timespec pause = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};

    if (!(seconds > 0)) return;
    if (a->comm->ops->spend)
        tally_spend(a->comm, seconds);
    else
        nanosleep(&pause, NULL);
    a->lingered += seconds;
}

tally_status tally_attack_say(tally_attack *a, uint64_t step, tally_real *honest,
                              tally_real **said)
{
    *said = honest;
    if (!a->ops) return TALLY_OK;
    if (a->ops->insight == TALLY_MOMENTS) TALLY_TRY(learn_moments(a, honest));
    if (a->ops->insight == TALLY_VICTIM) TALLY_TRY(learn_victim(a, honest));
    if (!a->lies) return TALLY_OK;
    if (a->ops->delay) linger(a, a->ops->delay(a, step));
    if (!a->ops->lie) return TALLY_OK;
    memcpy(a->said, honest, a->length * sizeof *honest);
    a->ops->lie(a, step, a->said);
    *said = a->said;
    return TALLY_OK;
}
