/* conformance.c — what every codec promises, over every member and every length. */

#include "tally/codec.h"

#include "codec/specs.h"
#include "num/isa.h"
#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { LONGEST = 5000, SEED = 3, CANARY = 0xa5, GUARD = 64 };

/* A codec, values of one kind, and room with a guard behind the message. */
typedef struct bench {
    const char *spec;
    tally_codec k;
    tally_piece piece;
    tally_real *v, *back; /* owned, as is bytes */
    unsigned char *bytes;
    size_t bound, size;
} bench;

static void fill(bench *b, int kind, size_t count)
{
    b->piece = (tally_piece){.step = 7, .first = 128, .count = count};
    b->bound = tally_codec_bound(&b->k, count);
    for (size_t i = 0; i < count; i++)
        b->v[i] = codec_value(kind, i);
    memset(b->bytes, CANARY, b->bound + GUARD);
}

static void set_up(bench *b, const char *spec, uint64_t stream)
{
    *b = (bench){.spec = spec};
    expect_ok(tally_codec_open(&b->k, spec, LONGEST, SEED, stream));
    b->v = tally_allocate(LONGEST, sizeof *b->v);
    b->back = tally_allocate(LONGEST, sizeof *b->back);
    b->bytes = tally_allocate(tally_codec_bound(&b->k, LONGEST) + GUARD, 1);
}

static void tear_down(bench *b)
{
    tally_codec_close(&b->k);
    free(b->v);
    free(b->back);
    free(b->bytes);
}

static void encode(bench *b)
{
    expect_ok(tally_codec_encode(&b->k, b->piece, b->v, b->bytes, &b->size));
}

static void decode(bench *b)
{
    expect_ok(tally_codec_decode(&b->k, b->piece, b->bytes, b->size, b->back));
}

static double square(const tally_real *v, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sum;
}

static void each_case(void (*check)(bench *b))
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;

        set_up(&b, codec_spec_at(s), 0);
        for (size_t n = 0; codec_length_at(n); n++) {
            for (int kind = 0; kind < CODEC_VALUES; kind++) {
                fill(&b, kind, codec_length_at(n));
                check(&b);
            }
        }
        tear_down(&b);
    }
}

static void check_size(bench *b)
{
    encode(b);
    cr_assert(b->k.ops->variable ? b->size <= b->bound : b->size == b->bound,
              "%s: %zu bytes for %zu values, said %zu", b->spec, b->size,
              b->piece.count, b->bound);
    for (size_t i = b->size; i < b->bound + GUARD; i++)
        cr_assert(b->bytes[i] == CANARY, "%s writes byte %zu of a message of %zu",
                  b->spec, i, b->size);
}

Test(codec, the_size_is_known_before_and_nothing_is_written_beyond)
{
    each_case(check_size);
}

Test(codec, no_values_take_no_bytes)
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;

        set_up(&b, codec_spec_at(s), 0);
        cr_assert(eq(sz, tally_codec_bound(&b.k, 0), 0));
        encode(&b);
        cr_assert(eq(sz, b.size, 0));
        decode(&b);
        tear_down(&b);
    }
}

/* The same piece gives the same bytes, whatever came in between; decoding it twice
 * gives the same bits. */
static void check_repeats(bench *b)
{
    size_t count = b->piece.count;
    unsigned char *first = malloc(b->bound + 1);
    tally_real *values = malloc((count + 1) * sizeof *values);

    encode(b);
    memcpy(first, b->bytes, b->size);
    size_t size = b->size;
    decode(b);
    memcpy(values, b->back, count * sizeof *values);
    b->piece.step++;
    encode(b);
    b->piece.step--;
    encode(b);
    cr_assert(b->size == size && memcmp(first, b->bytes, size) == 0,
              "%s does not repeat its bytes", b->spec);
    decode(b);
    cr_assert(memcmp(values, b->back, count * sizeof *values) == 0,
              "%s does not repeat its values", b->spec);
    free(first);
    free(values);
}

Test(codec, a_message_is_a_function_of_seed_step_and_values)
{
    each_case(check_repeats);
}

/* Any receiver reads the same numbers, whatever its own stream. */
Test(codec, another_rank_decodes_the_same)
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b, other;

        set_up(&b, codec_spec_at(s), 0);
        set_up(&other, codec_spec_at(s), 1);
        fill(&b, 0, 1000);
        encode(&b);
        decode(&b);
        expect_ok(tally_codec_decode(&other.k, b.piece, b.bytes, b.size, other.back));
        cr_assert(memcmp(b.back, other.back, 1000 * sizeof *b.back) == 0, "%s", b.spec);
        tear_down(&b);
        tear_down(&other);
    }
}

/* Mean square error over coins, and the square of the mean error. */
static void measure(bench *b, int tries, double *square_of_mean, double *mean_square)
{
    size_t n = b->piece.count;
    double *mean = calloc(n, sizeof *mean);

    *mean_square = *square_of_mean = 0;
    for (int t = 0; t < tries; t++) {
        b->piece.step = 1000 + (uint64_t)t;
        encode(b);
        decode(b);
        for (size_t i = 0; i < n; i++) {
            double off = (double)b->back[i] - (double)b->v[i];

            *mean_square += off * off / tries;
            mean[i] += off / tries;
        }
    }
    for (size_t i = 0; i < n; i++)
        *square_of_mean += mean[i] * mean[i];
    free(mean);
}

/* Tiny values leave the range of narrow formats: they have no place here. */
static void check_statistics(bench *b)
{
    double c = b->k.ops->distortion(&b->k, b->piece.count);
    double all = square(b->v, b->piece.count), bias, error;
    const int tries = b->piece.count > 100 ? 50 : 400;

    if (isinf(c)) return;
    measure(b, tries, &bias, &error);
    /* Coins: the mean over tries of n squares; six deviations of a square that is at
     * most n times its mean would prove nothing, so a factor 2 and the longest vectors
     * do.  Without coins there is nothing to allow for but rounding. */
    double slack = b->piece.count < 100 ? 4 : 1.5;

    cr_assert(error <= c * all * slack, "%s, %zu values: error %g of %g, stated %g",
              b->spec, b->piece.count, error, all, c);
    if (b->k.biased) return;
    cr_assert(bias <= all * (slack * 4 * c / tries + 0x1p-16),
              "%s, %zu values: bias %g of %g, said to be unbiased", b->spec,
              b->piece.count, bias, all);
}

Test(codec, bias_and_distortion_are_as_stated)
{
    each_case(check_statistics);
}

/* Whole and cut messages, and any bytes at all: refused, or numbers. */
static void check_hostile(bench *b)
{
    size_t most = b->bound + 8, n = b->piece.count;

    encode(b);
    for (size_t size = 0; size <= most;
         size += size < 24 || size + 24 > most ? 1 : 37) {
        /* An allocation of just that size: a sanitizer sees one byte too far. */
        unsigned char *cut = tally_allocate(size, 1);
        unsigned char *exact = malloc(size ? size : 1);

        for (size_t i = 0; i < size; i++)
            cut[i] = i < b->size ? b->bytes[i] : 0;
        memcpy(exact, cut, size);
        tally_status status = tally_codec_decode(&b->k, b->piece, exact, size, b->back);
        if (!b->k.ops->variable && size != b->size)
            cr_assert(status == TALLY_FORMAT, "%s takes %zu of %zu bytes", b->spec,
                      size, b->size);
        cr_assert(status == TALLY_OK || status == TALLY_FORMAT);
        for (uint64_t t = 0; t < 8; t++) {
            for (size_t i = 0; i < size; i++)
                exact[i] = (unsigned char)tally_random(n, TALLY_FOR_TESTS, t, i);
            status = tally_codec_decode(&b->k, b->piece, exact, size, b->back);
            cr_assert(status == TALLY_OK || status == TALLY_FORMAT);
        }
        free(cut);
        free(exact);
    }
}

Test(codec, hostile_bytes_are_refused_or_numbers)
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;

        set_up(&b, codec_spec_at(s), 0);
        fill(&b, 1, 65);
        check_hostile(&b);
        fill(&b, 0, 1000);
        check_hostile(&b);
        tear_down(&b);
    }
}

/* What is not finite is encoded all the same; its message is numbers or refused. */
Test(codec, special_values_are_encoded)
{
    const tally_real special[] = {(tally_real)NAN,       (tally_real)INFINITY,
                                  -(tally_real)INFINITY, -(tally_real)0.0,
                                  (tally_real)1e-44,     (tally_real)3e38,
                                  -(tally_real)3e38};

    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;

        set_up(&b, codec_spec_at(s), 0);
        for (size_t which = 0; which < sizeof special / sizeof *special; which++) {
            for (size_t place = 0; place < 2; place++) {
                fill(&b, 0, 100);
                b.v[place * 99] = special[which];
                check_size(&b);
                tally_status status =
                    tally_codec_decode(&b.k, b.piece, b.bytes, b.size, b.back);
                cr_assert(status == TALLY_OK || status == TALLY_FORMAT, "%s", b.spec);
            }
        }
        tear_down(&b);
    }
}

/* decode(sum of messages) is the sum of what they decode to, up to the rounding of a
 * sum of three. */
Test(codec, summable_messages_add_up)
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;
        tally_real sum[1000] = {0}, want[1000] = {0};

        set_up(&b, codec_spec_at(s), 0);
        for (int kind = 0; b.k.ops->summable && kind < 3; kind++) {
            fill(&b, kind, 1000);
            encode(&b);
            decode(&b);
            cr_assert(eq(sz, b.size % sizeof *sum, 0));
            for (size_t i = 0; i < b.size / sizeof *sum; i++)
                sum[i] += ((const tally_real *)(const void *)b.bytes)[i];
            for (size_t i = 0; i < 1000; i++)
                want[i] += b.back[i];
        }
        if (b.k.ops->summable) {
            expect_ok(tally_codec_decode(&b.k, b.piece, sum, b.size, b.back));
            for (size_t i = 0; i < 1000; i++)
                cr_assert(fabs((double)(b.back[i] - want[i])) <=
                              4e-7 * fabs((double)want[i]) + 1e-6,
                          "%s: value %zu is %g, expected %g", b.spec, i,
                          (double)b.back[i], (double)want[i]);
        }
        tear_down(&b);
    }
}

Test(codec, rounding_in_place_is_what_a_receiver_reads)
{
    for (size_t s = 0; codec_spec_at(s); s++) {
        bench b;

        set_up(&b, codec_spec_at(s), 0);
        fill(&b, 0, 1000);
        encode(&b);
        decode(&b);
        expect_ok(tally_codec_round(&b.k, b.piece, b.v, b.bytes));
        cr_assert(memcmp(b.v, b.back, 1000 * sizeof *b.v) == 0, "%s", b.spec);
        tear_down(&b);
    }
}

/* The first message of a codec that is opened on this instruction set. */
static void say_on(bench *b, const char *spec, tally_isa isa, int kind, size_t count)
{
    tally_isa_use(isa);
    set_up(b, spec, 0);
    fill(b, kind, count);
    encode(b);
    decode(b);
}

static void check_isa(const char *spec, tally_isa isa, int kind, size_t count)
{
    bench a, b;

    say_on(&a, spec, TALLY_PORTABLE, kind, count);
    say_on(&b, spec, isa, kind, count);
    cr_assert(eq(sz, a.size, b.size), "%s", spec);
    cr_assert(memcmp(a.bytes, b.bytes, a.size) == 0, "%s: %zu values of kind %d", spec,
              count, kind);
    expect_same_bits(spec, b.back, a.back, count);
    tear_down(&a);
    tear_down(&b);
}

Test(codec, every_instruction_set_gives_the_same_bits)
{
    for (size_t s = 0; codec_spec_at(s); s++)
        for (size_t n = 0; codec_length_at(n); n++)
            for (int isa = TALLY_PORTABLE + 1; isa <= (int)tally_isa_best(); isa++)
                for (int kind = 0; kind < CODEC_VALUES; kind++)
                    check_isa(codec_spec_at(s), (tally_isa)isa, kind,
                              codec_length_at(n));
}
