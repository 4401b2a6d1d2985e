/* reference.c — every codec that works in chunks, against its formula one value at a
 * time: the same bytes and the same numbers on every instruction set. */

#include "codec/codec.h"
#include "codec/specs.h"
#include "num/isa.h"
#include "num/random.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 1500, ROUNDS = 24, GUARD = 16, BYTES = 8 * LONGEST + 64 };

typedef struct reference reference;

/* A message and what it decodes to, bit by bit. */
typedef struct said {
    const tally_codec *k;
    tally_piece piece;
    const tally_real *v;
    unsigned char bytes[BYTES];
    size_t size;
    bool finite; /* else decode refuses it */
    tally_real back[LONGEST];
} said;

struct reference {
    const char *spec;
    void (*say)(const reference *r, said *s);
    double a, b, c;
    size_t block;
};

static void put(unsigned char *to, size_t i, unsigned bits, uint64_t code)
{
    for (size_t b = 0; b < bits; b++)
        if (code >> b & 1)
            to[(i * bits + b) / 8] |= (unsigned char)(1 << (i * bits + b) % 8);
}

static size_t bytes_of(size_t count, unsigned bits)
{
    return (count * bits + 7) / 8;
}

static unsigned width_of(size_t codes)
{
    return (unsigned)ceil(log2((double)codes));
}

static double coin(const said *s, size_t i)
{
    size_t c = s->piece.first + i;
    uint64_t pair = tally_random(s->k->own, TALLY_FOR_ROUNDING, s->piece.step, c / 2);

    return (double)(uint32_t)(c % 2 ? pair >> 32 : pair) * 0x1p-32;
}

static void put_scale(said *s, size_t b, float scale)
{
    memcpy(s->bytes + b * sizeof scale, &scale, sizeof scale);
    s->finite = s->finite && isfinite(scale);
}

/* ---- the codecs ---- */

/* Of the values from `first` on, at most `block`: the sum of squares, and the greatest
 * after the last NaN. */
static double squares_of(const said *s, size_t first, size_t block, size_t *n,
                         double *most)
{
    double squares = 0;

    *n = s->piece.count - first < block ? s->piece.count - first : block;
    *most = 0;
    for (size_t i = first; i < first + *n; i++) {
        double x = fabs((double)s->v[i]);

        squares += x * x;
        if (!(x <= *most || isnan(*most))) *most = x;
    }
    return squares;
}

/* a levels; b: by the greatest value. */
static void say_qsgd(const reference *r, said *s)
{
    size_t count = s->piece.count, buckets = (count + r->block - 1) / r->block, n;
    unsigned bits = width_of(2 * (size_t)r->a + 1);
    float norm = 0;

    for (size_t i = 0; i < count; i++) {
        if (i % r->block == 0) {
            double most, squares = squares_of(s, i, r->block, &n, &most);

            norm = (float)(r->b > 0 ? most : sqrt(squares));
            put_scale(s, i / r->block, norm);
        }
        double place = norm > 0 ? r->a * fabs((double)s->v[i]) / (double)norm : 0;
        double code = r->a;

        if (place > 0) {
            if (place > r->a) place = r->a;
            double level = floor(place);
            if (coin(s, i) < place - level) level++;
            code = s->v[i] < 0 ? code - level : code + level;
        }
        put(s->bytes + buckets * sizeof norm, i, bits, (uint64_t)code);
        s->back[i] = (tally_real)((double)norm * (code - r->a) / r->a);
    }
    s->size = buckets * sizeof norm + bytes_of(count, bits);
}

/* a: deviations that values are clipped to. */
static void say_ternary(const reference *r, said *s)
{
    static const unsigned power[] = {1, 3, 9, 27, 81};
    size_t count = s->piece.count, blocks = (count + r->block - 1) / r->block, n;
    unsigned char *to = s->bytes + blocks * sizeof(float);
    float scale = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned trit = 0;

        if (i % r->block == 0) {
            double most, squares = squares_of(s, i, r->block, &n, &most);
            double sigma = sqrt(squares / (double)n);

            scale = (float)(r->a > 0 && most > r->a * sigma ? r->a * sigma : most);
            put_scale(s, i / r->block, scale);
        }
        if (coin(s, i) * (double)scale < fabs((double)s->v[i]))
            trit = s->v[i] < 0 ? 2 : 1;
        to[i / 5] += (unsigned char)(power[i % 5] * trit);
        s->back[i] = (tally_real)(trit == 0 ? 0 : trit == 1 ? scale : -scale);
    }
    s->size = blocks * sizeof scale + (count + 4) / 5;
}

static void say_natural(const reference *r, said *s)
{
    (void)r;
    for (size_t i = 0; i < s->piece.count; i++) {
        float x = (float)s->v[i], power = 0;
        int exponent = 255;

        if (isfinite(x)) {
            exponent = x != 0 ? ilogbf(x) + 127 : 0;
            if (exponent < 0) exponent = 0;
            float least = exponent ? ldexpf(1, exponent - 127) : 0;
            float step = exponent ? least : 0x1p-126f;
            double share = ((double)fabsf(x) - (double)least) / (double)step;

            if (exponent < 254 && floor(coin(s, i) * 0x1p23) < share * 0x1p23)
                exponent++;
            power = exponent ? ldexpf(1, exponent - 127) : 0;
        }
        s->finite = s->finite && exponent < 255;
        put(s->bytes, i, 9, (uint64_t)exponent | (signbit(x) ? 256 : 0));
        s->back[i] = (tally_real)(signbit(x) ? -power : power);
    }
    s->size = bytes_of(s->piece.count, 9);
}

/* a the lowest, b the highest of c levels. */
static void say_grid(const reference *r, said *s)
{
    double step = (r->b - r->a) / (r->c - 1);
    unsigned bits = width_of((size_t)r->c);

    for (size_t i = 0; i < s->piece.count; i++) {
        double code = floor(((double)s->v[i] - r->a) / step + 0.5);

        if (!(code > 0)) code = 0;
        if (code > r->c - 1) code = r->c - 1;
        put(s->bytes, i, bits, (uint64_t)code);
        s->back[i] = (tally_real)(r->a + code * step);
    }
    s->size = bytes_of(s->piece.count, bits);
}

/* grid:set=-1x0x0.5x4 */
static void say_listed(const reference *r, said *s)
{
    static const double set[] = {-1, 0, 0.5, 4};

    (void)r;
    for (size_t i = 0; i < s->piece.count; i++) {
        double x = (double)s->v[i];
        size_t code = (size_t)(x >= -0.5) + (x >= 0.25) + (x >= 2.25);

        put(s->bytes, i, 2, code);
        s->back[i] = (tally_real)set[code];
    }
    s->size = bytes_of(s->piece.count, 2);
}

/* a: the scale.  Steps are 2^-24 below 2^-14 and 2^-10 of the power of two above;
 * nearbyint rounds to even. */
static void say_fp16(const reference *r, said *s)
{
    for (size_t i = 0; i < s->piece.count; i++) {
        float x = (float)s->v[i] * (float)r->a, size = fabsf(x);
        int exponent = isfinite(x) && size >= 0x1p-14f ? ilogbf(x) : -14;
        double steps = nearbyint(ldexp((double)size, 10 - exponent));
        unsigned h = 0x7e00;

        if (!isnan(x)) h = 0x7c00;
        if (isfinite(x) && size < 65520)
            h = (unsigned)((exponent + 14) << 10) + (unsigned)steps;
        put(s->bytes, i, 16, h | (signbit(x) ? 0x8000 : 0));
        float back = (float)ldexp(steps, exponent - 10);
        if (h == 0x7c00) back = INFINITY;
        if (h == 0x7e00) back = NAN;
        s->back[i] = (tally_real)((signbit(x) ? -back : back) * (float)(1 / r->a));
    }
    s->size = 2 * s->piece.count;
}

static void say_two_bit(const reference *r, said *s)
{
    const tally_real t = (tally_real)r->a;

    for (size_t i = 0; i < s->piece.count; i++) {
        tally_real x = s->v[i];

        put(s->bytes, i, 2, x >= t ? 1 : x <= -t ? 2 : 0);
        s->back[i] = x >= t ? t : x <= -t ? -t : 0;
    }
    s->size = bytes_of(s->piece.count, 2);
}

static size_t above(const said *s, double t, size_t most, size_t *index)
{
    size_t c = 0;

    for (size_t i = 0; i < s->piece.count; i++) {
        if (fabs((double)s->v[i]) <= t) continue;
        if (c < most) index[c] = i;
        c++;
    }
    return c;
}

/* a: the threshold; b: the share that is sent at most. */
static void say_threshold(const reference *r, said *s)
{
    size_t n = s->piece.count, index[LONGEST];
    size_t most = (size_t)fmax(ceil(r->b * (double)n), 1);
    double t = r->a;
    uint64_t c = above(s, t, most, index);
    unsigned bits = n > 2 ? width_of(n) : 1;

    while (c > most && t < 1e300) {
        t = t > 0 ? t * 1.3 : 1e-45;
        uint64_t fewer = above(s, t, most, index);
        if (fewer == 0) break;
        c = fewer;
    }
    if (c > most) c = most;
    memcpy(s->bytes, &c, sizeof c);
    for (size_t j = 0; j < c; j++) {
        float x = (float)s->v[index[j]];

        put_scale(s, 2 + j, x);
        put(s->bytes + 8 + c * sizeof x, j, bits, index[j]);
        s->back[index[j]] = (tally_real)x;
    }
    s->size = 8 + c * sizeof(float) + bytes_of(c, bits);
}

static const reference references[] = {
    {.spec = "qsgd",                       .say = say_qsgd,    .a = 7,                            .block = 512                   },
    {.spec = "qsgd:levels=1,bucket=64",    .say = say_qsgd,    .a = 1,                            .block = 64                    },
    {.spec = "qsgd:levels=127,bucket=100", .say = say_qsgd,    .a = 127,                          .block = 100                   },
    {.spec = "qsgd:levels=32767,bucket=7", .say = say_qsgd,    .a = 32767,                        .block = 7                     },
    {.spec = "qsgd:norm=inf,bucket=1000",
     .say = say_qsgd,
     .a = 7,
     .b = 1,
     .block = 1000},
    {.spec = "ternary",                                    .say = say_ternary,                                      .a = 2.5,                  .block = 1024   },
    {.spec = "ternary:clip=0,block=7",                                    .say = say_ternary,                       .a = 0,   .block = 7  },
    {.spec = "ternary:clip=1,block=100",                                    .say = say_ternary,                     .a = 1, .block = 100   },
    {.spec = "natural",                                    .say = say_natural                                     },
    {.spec = "grid",                     .say = say_grid,            .a = -1,                  .b = 1,         .c = 256},
    {.spec = "grid:bits=1",                .say = say_grid,    .a = -1,           .b = 1,                          .c = 2},
    {.spec = "grid:bits=3,low=-0.1",                                    .say = say_grid,                         .a = -0.1,                           .b = 1,                                          .c = 8},
    {.spec = "grid:bits=16",                              .say = say_grid,                                                .a = -1,        .b = 1,      .c = 65536},
    {.spec = "grid:levels=22,high=20",                              .say = say_grid,                                      .a = -1,                                                            .b = 20,      .c = 22},
    {.spec = "grid:set=-1x0x0.5x4",                             .say = say_listed  },
    {.spec = "fp16",.say = say_fp16,       .a = 1                                                               },
    {.spec = "fp16:scale=1024",                                    .say = say_fp16,                              .a = 1024},
    {.spec = "two_bit",                    .say = say_two_bit, .a = 0.5                          },
    {.spec = "threshold",                .say = say_threshold,         .a = 0.001,.b = 0.1                                                          },
    {.spec = "threshold:threshold=0.5,most=1",                .say = say_threshold,           .a = 0.5,                          .b = 1},
    {.spec = "threshold:threshold=0,most=0.01",
     .say = say_threshold,
     .a = 0,
     .b = 0.01                                                    },
};

/* ---- values, and the comparison ---- */

static uint64_t draw(uint64_t round, uint64_t index)
{
    return tally_random(11, TALLY_FOR_TESTS, round, index);
}

/* Plain numbers; from a third of the rounds on with zeros and numbers at the ends of
 * the range among them, in the last third with infinities and NaN too. */
static void fill(uint64_t round, size_t n, tally_real *v)
{
    static const float special[] = {-0.0f,   0,     1e-45f,   -1e-45f,   1e-39f, -6e-8f,
                                    6.1e-5f, 0.5f,  -0.5f,    65519.9f,  -65520, 1e30f,
                                    -3e38f,  3e38f, INFINITY, -INFINITY, NAN};
    const size_t kinds = round < ROUNDS / 3 ? 0 : round < 2 * ROUNDS / 3 ? 14 : 17;

    for (size_t i = 0; i < n; i++) {
        uint64_t r = draw(round, i);

        v[i] = codec_value((int)(round % CODEC_VALUES), i);
        if (kinds && r % 16 == 0) v[i] = (tally_real)special[(r >> 8) % kinds];
    }
}

static void check(const reference *r, uint64_t round)
{
    static said want;
    static tally_real v[LONGEST], back[LONGEST];
    size_t n = 1 + draw(round, 1u << 20) % LONGEST, size;
    /* Among them odd ones and one at which the index of a coin leaves 32 bits. */
    size_t first =
        round % 4 == 3 ? ((size_t)1 << 33) - 99 : draw(round, 1u << 21) % 999;
    tally_codec k;

    expect_ok(tally_codec_open(&k, r->spec, LONGEST, 1 + round, round % 3));
    unsigned char *bytes = tally_allocate(tally_codec_bound(&k, n) + GUARD, 1);
    want.k = &k;
    want.piece = (tally_piece){.step = round << 29, .first = first, .count = n};
    want.v = v;
    want.finite = true;
    memset(want.bytes, 0, sizeof want.bytes);
    memset(want.back, 0, sizeof want.back);
    fill(round, n, v);
    r->say(r, &want);

    memset(bytes, 0xa5, tally_codec_bound(&k, n) + GUARD);
    expect_ok(tally_codec_encode(&k, want.piece, v, bytes, &size));
    cr_assert(eq(sz, size, want.size), "%s", r->spec);
    for (size_t i = 0; i < size; i++)
        cr_assert(bytes[i] == want.bytes[i],
                  "%s, round %d: byte %zu of %zu for %zu values is %u, expected %u",
                  r->spec, (int)round, i, size, n, bytes[i], want.bytes[i]);
    tally_status status = tally_codec_decode(&k, want.piece, bytes, size, back);
    cr_assert(eq(int, (int)status, want.finite ? TALLY_OK : TALLY_FORMAT));
    if (want.finite) expect_same_bits(r->spec, back, want.back, n);
    free(bytes);
    tally_codec_close(&k);
}

Test(codec, a_chunk_at_a_time_gives_the_bits_of_one_value_at_a_time)
{
    for (int isa = TALLY_PORTABLE; isa <= (int)tally_isa_best(); isa++) {
        tally_isa_use((tally_isa)isa);
        for (size_t r = 0; r < sizeof references / sizeof *references; r++)
            for (uint64_t round = 0; round < ROUNDS; round++)
                check(&references[r], round);
    }
}
