/* codec.c — the family of codecs, and what every one of them shares. */

#include "codec/codec.h"

#include "num/random.h"

#include <assert.h>
#include <math.h>

static const tally_about *const *const compiled[] = TALLY_EACH_ISA(tally_codec_members);

const tally_family tally_codec_family = {
    .name = "codec",
    .flag = "--codec",
    .brief = "numbers to few bytes, and back",
    .members = tally_codec_members,
};

tally_status tally_register_codec(const tally_codec_ops *ops)
{
    if (!ops->bytes || !ops->bound || !ops->distortion || !ops->encode || !ops->decode)
        return TALLY_FAIL(OPTION,
                          "codec %s lacks bytes, bound, distortion, encode or decode",
                          ops->about.name);
    return tally_family_register(&tally_codec_family, &ops->about);
}

tally_status tally_codec_open(tally_codec *k, const char *spec, size_t most,
                              uint64_t seed, uint64_t stream)
{
    const tally_about *about;

    *k = (tally_codec){.most = most, .common = seed};
    k->own = tally_random(seed, TALLY_FOR_ROUNDING, UINT64_MAX, stream);
    TALLY_TRY(tally_family_open(&tally_codec_family, spec, &about, &k->options));
    k->ops = (const tally_codec_ops *)tally_isa_twin(about, compiled);
    k->biased = k->ops->biased;
    if (k->ops->open) TALLY_TRY(k->ops->open(k));
    return TALLY_OK;
}

void tally_codec_close(tally_codec *k)
{
    if (!k->ops) return;
    if (k->ops->close) k->ops->close(k);
    tally_options_close(&k->ops->about, k->options);
    *k = (tally_codec){0};
}

size_t tally_codec_bound(const tally_codec *k, size_t count)
{
    return count ? k->ops->bound(k, count) : 0;
}

tally_status tally_codec_encode(tally_codec *k, tally_piece piece, const tally_real *v,
                                void *bytes, size_t *size)
{
    assert(piece.count <= k->most && (uintptr_t)bytes % 8 == 0);
    *size = 0;
    if (piece.count == 0) return TALLY_OK;
    TALLY_TRY(k->ops->encode(k, piece, v, bytes, size));
    assert(k->ops->variable ? *size <= k->ops->bound(k, piece.count)
                            : *size == k->ops->bound(k, piece.count));
    return TALLY_OK;
}

tally_status tally_codec_decode(tally_codec *k, tally_piece piece, const void *bytes,
                                size_t size, tally_real *v)
{
    size_t bound = tally_codec_bound(k, piece.count);

    assert(piece.count <= k->most && (uintptr_t)bytes % 8 == 0);
    if (k->ops->variable ? size > bound : size != bound)
        return TALLY_FAIL(FORMAT,
                          "codec %s: a message of %zu bytes for %zu values, expected "
                          "%s%zu",
                          k->ops->about.name, size, piece.count,
                          k->ops->variable ? "at most " : "", bound);
    if (piece.count == 0) return TALLY_OK;
    TALLY_TRY(k->ops->decode(k, piece, bytes, size, v));
    return TALLY_OK;
}

tally_status tally_codec_round(tally_codec *k, tally_piece piece, tally_real *v,
                               void *room)
{
    size_t size;

    TALLY_TRY(tally_codec_encode(k, piece, v, room, &size));
    TALLY_TRY(tally_codec_decode(k, piece, room, size, v));
    return TALLY_OK;
}

size_t tally_codec_share(double share, size_t count)
{
    double kept = ceil(share * (double)count);

    return kept < 1 ? 1 : kept < (double)count ? (size_t)kept : count;
}

tally_status tally_codec_check_scale(const tally_codec *k, size_t block, double scale)
{
    if (isfinite(scale) && scale >= 0) return TALLY_OK;
    return TALLY_FAIL(FORMAT, "codec %s: scale %zu is %g, expected a finite one >= 0",
                      k->ops->about.name, block, scale);
}
