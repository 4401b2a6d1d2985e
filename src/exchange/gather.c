/* gather.c — every rank's vector through a codec, and all of them through an aggregate.
 *
 *     p_r = g_r + e_r                 e_r: what earlier messages left out (memory)
 *     send encode(p_r)                --codec;   q_r = decode of it, the same to all
 *     e_r <- p_r - q_r
 *     a   = aggregate(n q_0, ..., n q_n-1)       --aggregate; the mean's is the sum
 *
 *     form     who aggregates                  a rank sends (B(c): bytes of c values)
 *     sharded  rank r the shard r, then to     B(d) (n-1)/n, and the result as often
 *              all
 *     all      everyone everything             (n-1) B(d)
 *     sum      messages are added as they      2 (n-1)/n B(d); randk and randblock
 *              are
 *     auto     sum where it works with the mean, else what sends less
 *
 *     memory   e_r in units of updates: p = g + e / rate, e <- rate (p - q)
 *     none     for unbiased codecs
 *     error    Seide et al. 2014; Karimireddy et al., Error Feedback Fixes SignSGD,
 *              2019, arXiv:1901.09847, Algorithm 2
 *     dgc      u <- beta u + g,  p = v + u,  v <- p - q,  u_i <- 0 where q_i is sent:
 *              Lin, Han, Mao, Wang, Dally, Deep Gradient Compression, 2017,
 *              arXiv:1712.01887, Algorithm 2 (momentum correction, factor masking); for
 *              --rule sgd
 *     auto     error for biased codecs
 *
 *     back=coded   the owner of a shard answers through the codec as well, with an
 *                  error memory of its own, E:
 *                  u = a + E / rate, send Q(u), E <- rate (u - Q(u)).
 *                  Tang et al., 1-bit Adam, 2021, arXiv:2102.02888, Algorithm 1.
 *
 *     warmup=T     the first T steps send floats both ways; memories begin after them
 *
 * A message that is refused counts as infinite for a robust aggregate, which drops it;
 * any other fails.  Aggregates that measure whole vectors (Krum, ...) turn off spans;
 * with form=sharded their partial sums travel as one small record per round.
 *
 * A liar among the owners of shards answers what it likes: honest aggregation is
 * assumed (docs/aggregates.md).
 *
 * State: e (u), E: a vector each, private to a rank.  Bit-reproducible for the same
 * ranks and plan. */

#include "aggregate/aggregate.h"
#include "codec/memory.h"
#include "exchange/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct gather {
    int form, back, memory;
    double beta;
    uint64_t bucket, warmup;
} gather;

enum { SHARDED, ALL, SUM, AUTO_FORM };

enum { FULL, CODED };

enum { NONE, ERROR, DGC, AUTO_MEMORY };

static const tally_option options[] = {
    TALLY_OPTION(CHOICE, gather, form, "auto", "sharded|all|sum|auto",
                 "who aggregates: owners of shards, everyone, or the sum on its way"),
    TALLY_OPTION(CHOICE, gather, back, "full", "full|coded",
                 "what an owner answers: floats, or through the codec too"),
    TALLY_OPTION(CHOICE, gather, memory, "auto", "none|error|dgc|auto",
                 "what becomes of what a message leaves out"),
    TALLY_OPTION(REAL, gather, beta, "0.9", "[0, 1)",
                 "momentum before compression, memory=dgc"),
    TALLY_OPTION(COUNT, gather, bucket, "1", "[1, 1e6]",
                 "ranks averaged at random before the aggregate sees them"),
    TALLY_OPTION(COUNT, gather, warmup, "0", NULL,
                 "steps that send floats first, before the codec"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"error",    TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    {"velocity", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    {"owner",    TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    TALLY_END
};

/* One span under way. */
typedef struct parcel {
    tally_exchange *x;
    tally_span s;
    uint64_t step;
    double rate;
    tally_codec *up_codec, *back_codec;
    tally_real *v;           /* the caller's, at s.first: p, then what was agreed */
    tally_alltoall up, back; /* ballots to owners; results to all */
    tally_sum sum;
    unsigned char *out;    /* owned: a message per receiver, or one for all */
    unsigned char *answer; /* owned */
    const void **at;       /* owned: size pointers into out */
    size_t *bytes, *most;  /* owned: size each */
} parcel;

typedef struct office {
    parcel *parcels;
    tally_codec codec, back, plain; /* plain: floats, for the warm-up */
    int form, memory;
    tally_real *rows, **row; /* owned: size rows, for one parcel at a time */
    tally_real *result;      /* owned: what an owner makes of them */
    size_t row_count;        /* values that a row has room for */
    tally_gather partial;    /* sums of distances; open when needed */
    tally_real *error, *velocity, *owner; /* the state's; NULL: none */
    tally_slot slots[4];                  /* those that are used */
} office;

/* ---- who owns what ---- */

static tally_span shard(const tally_exchange *x, int rank, size_t count)
{
    return tally_sharded_shard(rank, x->comm->size, count);
}

/* The coordinates that this rank aggregates, counted from the start of the span. */
static tally_span mine(const tally_exchange *x, size_t count)
{
    const office *o = x->inner;

    return o->form == SHARDED ? shard(x, x->comm->rank, count) : (tally_span){0, count};
}

static tally_piece piece_of(const parcel *p, tally_span part)
{
    return (tally_piece){
        .step = p->step, .first = p->s.first + part.first, .count = part.count};
}

static size_t stride(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* ---- bytes ---- */

static size_t summed_values(const tally_exchange *x, size_t count)
{
    const office *o = x->inner;

    return tally_codec_bound(&o->codec, count) / sizeof(tally_real);
}

/* Of a message that is summed: the values stand for the span in equal shares. */
static void bill_sum(void *context, int to, tally_span values, uint64_t bytes)
{
    const tally_billed *of = context;
    const tally_exchange *x = of->owner;
    size_t all = summed_values(x, of->span.count), count = of->span.count;
    size_t first = values.first * count / all;
    size_t end = (values.first + values.count) * count / all;

    tally_bill_add(of->bill, to, (tally_span){of->span.first + first, end - first},
                   (tally_bytes){(end - first) * sizeof(tally_real), bytes, bytes});
}

/* A record from each rank to each, about all coordinates and about no value. */
static void bill_partial(void *context, int to, tally_span records, uint64_t bytes)
{
    const tally_billed *of = context;

    (void)records;
    tally_bill_add(of->bill, to, of->span, (tally_bytes){.sent = bytes});
}

static void bill_partials(const tally_exchange *x, tally_billed *of)
{
    const tally_aggregate *a = &x->aggregator;

    if (!a->ops->sums) return;
    tally_sums sums = a->ops->sums(a);

    for (size_t i = 0; i < sums.rounds; i++)
        tally_gather_tell(x->comm, sums.length * sizeof(double), bill_partial, of);
}

/* A message of codec k to q about a part of the span. */
static void bill_letter(const tally_billed *of, const tally_codec *k, int q,
                        tally_span part)
{
    uint64_t bytes = tally_codec_bound(k, part.count);

    part.first += of->span.first;
    tally_bill_add(of->bill, q, part,
                   (tally_bytes){part.count * sizeof(tally_real), bytes, bytes});
}

static void bill_letters(const tally_exchange *x, int form, int rank, bool warm,
                         tally_billed *of)
{
    const office *o = x->inner;
    const tally_codec *up = warm ? &o->plain : &o->codec;
    const tally_codec *back = warm ? &o->plain : &o->back;
    size_t count = of->span.count;

    for (int q = 0; q < x->comm->size; q++) {
        if (q == rank) continue;
        if (form == ALL) {
            bill_letter(of, up, q, (tally_span){0, count});
        } else {
            bill_letter(of, up, q, shard(x, q, count));
            bill_letter(of, back, q, shard(x, rank, count));
        }
    }
    if (form == SHARDED) bill_partials(x, of);
}

static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    const office *o = x->inner;
    tally_billed of = {bill, x->plan[k], x};
    size_t values = summed_values(x, of.span.count);

    if (o->form != SUM)
        bill_letters(x, o->form, x->comm->rank, step < x->settled, &of);
    else
        tally_sum_tell(x->comm, o->parcels[k].sum.algorithm, values, bill_sum, &of);
}

/* What rank 0 sends in a form, once warm. */
static uint64_t bytes_in(const tally_exchange *x, int form)
{
    tally_bill bill = {.comm = x->comm, .layout = x->layout, .times = 1};

    for (size_t k = 0; k < x->plan_count; k++)
        bill_letters(x, form, 0, false, &(tally_billed){&bill, x->plan[k], x});
    return bill.sum[TALLY_NEAR].sent + bill.sum[TALLY_AWAY].sent;
}

/* The same choice on every rank: what rank 0 would send decides. */
static int choose_form(const tally_exchange *x)
{
    const gather *g = x->options;
    const office *o = x->inner;

    if (g->back == CODED) return SHARDED;
    if (o->codec.ops->summable && x->aggregator.ops == &tally_aggregate_mean &&
        g->warmup == 0)
        return SUM;
    return bytes_in(x, ALL) < bytes_in(x, SHARDED) ? ALL : SHARDED;
}

/* The codec's sentence says what is not finite. */
static tally_status lost(const parcel *p, const char *does)
{
    return TALLY_FAIL(DIVERGED, "step %llu: what rank %d %s is lost: %s",
                      (unsigned long long)p->step + 1, p->x->comm->rank, does,
                      tally_error_sentence());
}

/* ---- memory ---- */

/* v <- p. */
static void add_memory(const tally_exchange *x, const parcel *p)
{
    const office *o = x->inner;
    const tally_real beta = (tally_real)((const gather *)x->options)->beta;

    if (!o->error || p->up_codec == &o->plain) return;
    for (size_t i = 0, c = p->s.first; o->velocity && i < p->s.count; i++, c++)
        p->v[i] = o->velocity[c] = beta * o->velocity[c] + p->v[i];
    tally_memory_add(o->error + p->s.first, p->rate, p->s.count, p->v);
}

/* e <- what the message leaves out.  When that is not finite, a robust aggregate drops
 * or outvotes the message, so nothing of it is remembered; else it is the end. */
static tally_status keep_memory(parcel *p, tally_span part, const void *message,
                                size_t bytes)
{
    const tally_exchange *x = p->x;
    const office *o = x->inner;
    tally_piece piece = piece_of(p, part);
    tally_real *error = o->error + piece.first;
    tally_real *velocity = o->velocity ? o->velocity + piece.first : NULL;
    tally_status status = tally_memory_keep(p->up_codec, piece, message, bytes, p->rate,
                                            p->v + part.first, error, velocity);

    if (status != TALLY_FORMAT) return status;
    if (!x->aggregator.ops->robust) return lost(p, "says");
    tally_error_clear();
    memset(error, 0, part.count * sizeof *error);
    if (velocity) memset(velocity, 0, part.count * sizeof *velocity);
    return TALLY_OK;
}

/* ---- out ---- */

/* Writes the message of one part of the span at `to`. */
static tally_status write_message(parcel *p, tally_span part, unsigned char *to,
                                  size_t *bytes)
{
    tally_exchange *x = p->x;
    office *o = x->inner;
    tally_piece piece = piece_of(p, part);

    TALLY_TRY(tally_codec_encode(p->up_codec, piece, p->v + part.first, to, bytes));
    if (o->error && p->up_codec != &o->plain)
        TALLY_TRY(keep_memory(p, part, to, *bytes));
    if (x->tamper && *bytes) x->tamper(x->tamper_context, p->step, to, *bytes);
    return TALLY_OK;
}

static tally_status write_messages(parcel *p)
{
    const tally_exchange *x = p->x;
    const office *o = x->inner;
    tally_span my = mine(x, p->s.count);
    unsigned char *to = p->out;

    for (int q = 0; q < x->comm->size; q++) {
        tally_span part = shard(x, q, p->s.count);

        p->most[q] = tally_codec_bound(p->up_codec, my.count);
        if (o->form == SHARDED) {
            p->at[q] = to;
            TALLY_TRY(write_message(p, part, to, &p->bytes[q]));
            to += stride(tally_codec_bound(p->up_codec, part.count));
        } else if (q == 0) {
            p->at[0] = to;
            TALLY_TRY(write_message(p, (tally_span){0, p->s.count}, to, &p->bytes[0]));
        } else {
            p->at[q] = p->at[0];
            p->bytes[q] = p->bytes[0];
        }
    }
    return TALLY_OK;
}

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    office *o = x->inner;
    parcel *p = &o->parcels[k];

    p->step = step;
    p->rate = x->rate > 0 ? x->rate : 1;
    bool warm = step < ((const gather *)x->options)->warmup;
    p->up_codec = warm ? &o->plain : &o->codec;
    p->back_codec = warm ? &o->plain : &o->back;
    p->v = v.values + p->s.first;
    add_memory(x, p);
    TALLY_TRY(write_messages(p));
    if (o->form != SUM)
        return tally_alltoall_start(&p->up, &(tally_letters){p->at, p->bytes}, p->most);
    return tally_sum_start(&p->sum, (tally_real *)(void *)p->out,
                           p->bytes[0] / sizeof(tally_real));
}

/* ---- the aggregate ---- */

/* All coordinates are here. */
static tally_status keep_sums(void *context, double *v, size_t m)
{
    (void)context, (void)v, (void)m;
    return TALLY_OK;
}

/* In the order of the ranks, so that all get the same bits. */
static tally_status add_sums(void *context, double *v, size_t m)
{
    office *o = context;
    tally_gather *g = &o->partial;
    size_t length = g->record / sizeof *v;

    TALLY_TRY(tally_gather_start(g, v));
    TALLY_TRY(tally_gather_wait(g));
    for (size_t i = 0; i < m; i++) {
        v[i] = 0;
        for (int r = 0; r < g->task.comm->size; r++)
            v[i] += ((const double *)(const void *)g->all)[(size_t)r * length + i];
    }
    return TALLY_OK;
}

static bool is_finite(const parcel *p)
{
    for (size_t i = 0; i < p->s.count; i++)
        if (!isfinite(p->v[i])) return false;
    return true;
}

/* row <- n q_r, an estimate of the whole gradient. */
static tally_status read_row(parcel *p, tally_span part, int r)
{
    tally_exchange *x = p->x;
    office *o = x->inner;
    tally_real *row = o->row[r];
    tally_status status = tally_codec_decode(p->up_codec, piece_of(p, part),
                                             p->up.letter[r], p->up.bytes[r], row);

    if (status == TALLY_FORMAT && x->aggregator.ops->robust) {
        for (size_t i = 0; i < part.count; i++)
            row[i] = (tally_real)INFINITY;
        return TALLY_OK;
    }
    /* One that is lost itself says so, whosever message it reads first. */
    if (status == TALLY_FORMAT && !is_finite(p)) return lost(p, "says");
    if (status)
        return tally_fail(status, __FILE__, __LINE__, __func__,
                          "message of rank %d: %s", r, tally_error_sentence());
    for (size_t i = 0; i < part.count; i++)
        row[i] *= (tally_real)x->comm->size;
    return TALLY_OK;
}

static tally_status combine(parcel *p, tally_span part, tally_real *result)
{
    tally_exchange *x = p->x;
    office *o = x->inner;
    tally_rows rows = {
        .n = (size_t)x->comm->size,
        .first = p->s.first + part.first,
        .count = part.count,
        .step = p->step,
        .at = o->row,
        .sum = o->form == SHARDED ? add_sums : keep_sums,
        .context = o,
    };

    for (int r = 0; r < x->comm->size; r++)
        TALLY_TRY(read_row(p, part, r));
    return tally_aggregate_combine(&x->aggregator, rows, result);
}

/* E <- what the answer leaves out. */
static tally_status keep_owner(parcel *p, tally_piece piece, size_t bytes)
{
    const office *o = p->x->inner;
    tally_status status =
        tally_memory_keep(p->back_codec, piece, p->answer, bytes, p->rate, o->result,
                          o->owner + piece.first, NULL);

    return status == TALLY_FORMAT ? lost(p, "answers") : status;
}

/* Answers everyone, and itself what the others will read. */
static tally_status answer(parcel *p)
{
    tally_exchange *x = p->x;
    office *o = x->inner;
    tally_span part = mine(x, p->s.count);
    tally_piece piece = piece_of(p, part);
    size_t bytes;

    TALLY_TRY(combine(p, part, o->result));
    bool remembers = o->owner && p->back_codec != &o->plain;
    for (size_t i = 0; remembers && i < part.count; i++)
        o->result[i] += o->owner[piece.first + i] / (tally_real)p->rate;
    TALLY_TRY(tally_codec_encode(p->back_codec, piece, o->result, p->answer, &bytes));
    if (remembers) TALLY_TRY(keep_owner(p, piece, bytes));
    for (int q = 0; q < x->comm->size; q++) {
        p->at[q] = p->answer;
        p->bytes[q] = bytes;
        p->most[q] = tally_codec_bound(p->back_codec, shard(x, q, p->s.count).count);
    }
    return tally_alltoall_start(&p->back, &(tally_letters){p->at, p->bytes}, p->most);
}

/* Partial sums block: they wait for finish, where all ranks meet. */
static tally_status arrived(void *context)
{
    parcel *p = context;
    const office *o = p->x->inner;

    if (o->form == ALL) return combine(p, (tally_span){0, p->s.count}, p->v);
    return p->x->aggregator.ops->sums ? TALLY_OK : answer(p);
}

/* ---- back ---- */

static tally_status read_answers(parcel *p)
{
    tally_exchange *x = p->x;

    for (int q = 0; q < x->comm->size; q++) {
        tally_span part = shard(x, q, p->s.count);

        TALLY_TRY(
            tally_codec_decode(p->back_codec, piece_of(p, part), p->back.letter[q],
                               part.count ? p->back.bytes[q] : 0, p->v + part.first));
    }
    return TALLY_OK;
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    office *o = x->inner;
    parcel *p = &o->parcels[k];
    tally_aggregate *a = &x->aggregator;

    *agreed = (tally_view){.values = p->v - p->s.first};
    if (o->form == SUM) {
        tally_span all = {0, p->s.count};

        TALLY_TRY(tally_sum_wait(&p->sum));
        return tally_codec_decode(&o->codec, piece_of(p, all), p->out, p->bytes[0],
                                  p->v);
    }
    TALLY_TRY(tally_alltoall_wait(&p->up));
    if (o->form == SHARDED) {
        if (a->ops->sums) TALLY_TRY(answer(p));
        TALLY_TRY(tally_alltoall_wait(&p->back));
        TALLY_TRY(read_answers(p));
    }
    if (a->ops->remember) a->ops->remember(a, p->s, agreed->values);
    return TALLY_OK;
}

/* ---- open and close ---- */

static tally_status check_options(const tally_exchange *x)
{
    const gather *g = x->options;
    const office *o = x->inner;

    if (g->form == SUM && !o->codec.ops->summable)
        return TALLY_FAIL(
            OPTION,
            "exchange gather: form=sum adds messages, which those of codec "
            "%s do not bear; randk and randblock do",
            o->codec.ops->about.name);
    if (g->form == SUM && x->aggregator.ops != &tally_aggregate_mean)
        return TALLY_FAIL(OPTION,
                          "exchange gather: form=sum makes a mean, not aggregate %s",
                          x->aggregator.ops->about.name);
    if (g->back == CODED && g->form != SHARDED && g->form != AUTO_FORM)
        return TALLY_FAIL(OPTION,
                          "exchange gather: back=coded is for form=sharded, where "
                          "owners answer");
    if (g->warmup && o->form == SUM)
        return TALLY_FAIL(OPTION, "exchange gather: warmup=%llu is not for form=sum",
                          (unsigned long long)g->warmup);
    if (x->aggregator.ops->sums && x->plan_count > 1)
        return TALLY_FAIL(OPTION,
                          "exchange gather: aggregate %s needs the vector as one span, "
                          "not %zu",
                          x->aggregator.ops->about.name, x->plan_count);
    return TALLY_OK;
}

/* Keeps of the slots those that these options use. */
static tally_status open_state(tally_exchange *x)
{
    office *o = x->inner;
    const gather *g = x->options;
    bool coded = o->form == SHARDED && g->back == CODED && o->back.biased;
    const bool used[] = {o->memory != NONE, o->memory == DGC,
                         coded && o->memory != NONE};
    tally_real **to[] = {&o->error, &o->velocity, &o->owner};
    size_t n = 0;

    for (size_t i = 0; i < 3; i++)
        if (used[i]) o->slots[n++] = slots[i];
    tally_state_close(&x->state);
    TALLY_TRY(tally_state_open(&x->state, o->slots, x->layout));
    n = 0;
    for (size_t i = 0; i < 3; i++)
        if (used[i]) *to[i] = x->state.at[n++];
    return TALLY_OK;
}

/* Bytes of the longest message of `count` values, in the warm-up or after it. */
static size_t most_bytes(const tally_exchange *x, const tally_codec *k, size_t count)
{
    const office *o = x->inner;
    size_t coded = tally_codec_bound(k, count);
    size_t plain = tally_codec_bound(&o->plain, count);
    bool warms = ((const gather *)x->options)->warmup > 0;

    return warms && plain > coded ? plain : coded;
}

/* Room for messages of the parts of a span, each on a cache line of its own. */
static size_t out_bytes(const tally_exchange *x, size_t count)
{
    const office *o = x->inner;
    size_t bytes = 0;

    if (o->form != SHARDED) return stride(most_bytes(x, &o->codec, count));
    for (int q = 0; q < x->comm->size; q++)
        bytes += stride(most_bytes(x, &o->codec, shard(x, q, count).count));
    return bytes;
}

static tally_status open_transport(tally_exchange *x, size_t k)
{
    office *o = x->inner;
    parcel *p = &o->parcels[k];
    size_t count = p->s.count, longest = shard(x, 0, count).count;
    int number = (int)k, back = (int)(x->plan_count + k);

    if (o->form == SUM) {
        size_t values = summed_values(x, count);
        tally_sum_algorithm how = tally_sum_resolve(x->comm, TALLY_SUM_AUTO, values);

        if (how == TALLY_SUM_NATIVE || how == TALLY_SUM_SHM)
            x->certainty = TALLY_MODELLED;
        return tally_sum_open(&p->sum, x->comm, x->channel, number, how, values);
    }
    TALLY_TRY(tally_alltoall_open(&p->up, x->comm, x->channel, number,
                                  most_bytes(x, &o->codec, mine(x, count).count)));
    p->up.arrived = arrived;
    p->up.context = p;
    if (o->form == ALL) return TALLY_OK;
    return tally_alltoall_open(&p->back, x->comm, x->channel, back,
                               most_bytes(x, &o->back, longest));
}

static tally_status open_parcel(tally_exchange *x, size_t k)
{
    office *o = x->inner;
    parcel *p = &o->parcels[k];
    size_t size = (size_t)x->comm->size, count = x->plan[k].count;

    p->x = x;
    p->s = x->plan[k];
    p->out = tally_allocate(out_bytes(x, count), 1);
    p->answer = tally_allocate(most_bytes(x, &o->back, mine(x, count).count), 1);
    p->at = calloc(size, sizeof *p->at);
    p->bytes = calloc(size, sizeof *p->bytes);
    p->most = calloc(size, sizeof *p->most);
    if (!p->out || !p->answer || !p->at || !p->bytes || !p->most)
        return TALLY_FAIL(MEMORY, "no memory for the messages of %zu values", count);
    return open_transport(x, k);
}

static tally_status open_rows(tally_exchange *x)
{
    office *o = x->inner;
    size_t size = (size_t)x->comm->size;

    for (size_t k = 0; k < x->plan_count && o->form != SUM; k++) {
        size_t count = mine(x, x->plan[k].count).count;

        if (count > o->row_count) o->row_count = count;
    }
    o->row = calloc(size, sizeof *o->row);
    o->rows = tally_allocate(size * o->row_count, sizeof *o->rows);
    o->result = tally_allocate(o->row_count, sizeof *o->result);
    if (!o->row || !o->rows || !o->result)
        return TALLY_FAIL(MEMORY, "no memory for %zu vectors of %zu values", size,
                          o->row_count);
    for (size_t r = 0; r < size; r++)
        o->row[r] = o->rows + r * o->row_count;
    return TALLY_OK;
}

static tally_status open_codecs(tally_exchange *x)
{
    const gather *g = x->options;
    office *o = x->inner;
    size_t most = 0;

    for (size_t k = 0; k < x->plan_count; k++)
        if (x->plan[k].count > most) most = x->plan[k].count;
    uint64_t rank = (uint64_t)x->comm->rank, size = (uint64_t)x->comm->size;
    TALLY_TRY(tally_codec_open(&o->codec, x->codec, most, x->seed, rank));
    TALLY_TRY(tally_codec_open(&o->back, g->back == CODED ? x->codec : "fp32", most,
                               x->seed, size + rank));
    TALLY_TRY(tally_codec_open(&o->plain, "fp32", most, x->seed, rank));
    TALLY_TRY(tally_aggregate_open(&x->aggregator, x->aggregate, x->layout,
                                   (size_t)x->comm->size, (size_t)g->bucket, x->seed));
    return TALLY_OK;
}

static tally_status open(tally_exchange *x)
{
    const gather *g = x->options;
    office *o = calloc(1, sizeof *o);

    x->inner = o;
    if (!o) return TALLY_FAIL(MEMORY, "no memory for exchange gather");
    TALLY_TRY(open_codecs(x));
    o->form = g->form == AUTO_FORM ? choose_form(x) : g->form;
    TALLY_TRY(check_options(x));
    o->memory = g->memory != AUTO_MEMORY ? g->memory : o->codec.biased ? ERROR : NONE;
    if (o->codec.ops->variable) x->certainty = TALLY_AT_MOST;
    x->settled = g->warmup;
    TALLY_TRY(open_state(x));
    TALLY_TRY(open_rows(x));
    o->parcels = calloc(x->plan_count, sizeof *o->parcels);
    if (!o->parcels)
        return TALLY_FAIL(MEMORY, "no memory for %zu spans", x->plan_count);
    for (size_t k = 0; k < x->plan_count; k++)
        TALLY_TRY(open_parcel(x, k));
    if (!x->aggregator.ops->sums || o->form != SHARDED) return TALLY_OK;
    return tally_gather_open(&o->partial, x->comm, x->channel, (int)(2 * x->plan_count),
                             x->aggregator.ops->sums(&x->aggregator).length *
                                 sizeof(double));
}

static void close_parcel(parcel *p)
{
    if (p->up.task.comm) tally_alltoall_close(&p->up);
    if (p->back.task.comm) tally_alltoall_close(&p->back);
    if (p->sum.task.comm) tally_sum_close(&p->sum);
    free(p->out);
    free(p->answer);
    free(p->at);
    free(p->bytes);
    free(p->most);
}

static void close(tally_exchange *x)
{
    office *o = x->inner;

    if (!o) return;
    for (size_t k = 0; o->parcels && k < x->plan_count; k++)
        close_parcel(&o->parcels[k]);
    if (o->partial.task.comm) tally_gather_close(&o->partial);
    tally_codec_close(&o->codec);
    tally_codec_close(&o->back);
    tally_codec_close(&o->plain);
    free(o->parcels);
    free(o->rows);
    free(o->row);
    free(o->result);
    free(o);
}

const tally_exchange_ops tally_exchange_gather = {
    .about = {.name = "gather",
              .brief = "any codec and any aggregate, with error memory",
              .paper = "Karimireddy 2019, arXiv:1901.09847; Lin 2017, 1712.01887",
              .options = options,
              .options_size = sizeof(gather),
              .slots = slots},
    .bytes =
        "B(c), R(c): bytes of c values by the codec, and of an answer (4 c, or\n"
        "coded); s(q) = values of rank q's shard, ceil(d / n) at most\n"
        "form=sharded  sum over q != r of B(s(q)) + (n - 1) R(s(r)), and 8 bytes a\n"
        "              partial sum to each other rank where the aggregate has any\n"
        "form=all      (n - 1) B(d)\n"
        "form=sum      an all-reduce of B(d) / 4 values",
    .form = TALLY_NUMBERS,
    .codes = true,
    .open = open,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};
