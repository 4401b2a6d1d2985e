/* codec.h — numbers to few bytes, and back.
 *
 * A codec turns a piece of a vector into a message and a message into the numbers that
 * it stands for: Q(v) = decode(encode(v)).  Messages hold numbers in the order of bytes
 * of the machine; the ranks of a run are of one kind.
 *
 *     size        known before anything is sent: exact, or for codecs whose messages
 *                 depend on the values (`variable`) a bound
 *     unbiased    the mean of Q(v) over the codec's coins is v, up to the rounding of
 *                 a float; a biased codec wants error feedback around it
 *     distortion  mean |Q(v) - v|^2 <= distortion |v|^2, for every finite v
 *     summable    messages of the same piece from different ranks may be added as
 *                 arrays of tally_real: the sum decodes to the sum
 *
 * A codec keeps nothing from one message to the next: what must survive (error memory)
 * is its caller's.  Coins are a function of (seed, stream, step, coordinate). */

#ifndef TALLY_CODEC_H
#define TALLY_CODEC_H

#include "tally/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a message is about.  Both sides must know it: it is not sent. */
typedef struct tally_piece {
    uint64_t step;
    size_t first; /* coordinate of the first value in its vector */
    size_t count;
} tally_piece;

typedef struct tally_codec tally_codec;

typedef struct tally_codec_ops {
    tally_about about;
    const char *bytes; /* the size as a formula of n values, for people: "4 n" */
    bool biased, variable, summable;
    tally_status (*open)(tally_codec *k); /* optional: inner, sized by k->most; may
                                             change k->biased by its options */
    size_t (*bound)(const tally_codec *k, size_t count);
    double (*distortion)(const tally_codec *k, size_t count); /* INFINITY: no promise */
    /* v: piece.count values.  Never fails on values: what is not finite shows up when
     * the message is decoded. */
    tally_status (*encode)(tally_codec *k, tally_piece piece, const tally_real *v,
                           void *bytes, size_t *size);
    /* Any bytes: values, or TALLY_FORMAT.  The size has been checked against bound. */
    tally_status (*decode)(tally_codec *k, tally_piece piece, const void *bytes,
                           size_t size, tally_real *v);
    void (*close)(tally_codec *k); /* optional */
} tally_codec_ops;

struct tally_codec {
    const tally_codec_ops *ops;
    void *options;   /* owned */
    bool biased;     /* with these options */
    size_t most;     /* values of the longest piece */
    uint64_t common; /* the seed of choices that all streams make alike */
    uint64_t own;    /* the seed of this stream's coins */
    void *inner;
};

extern TALLY_API const tally_family tally_codec_family;
TALLY_API tally_status tally_register_codec(const tally_codec_ops *ops);

/* spec    "grid:bits=8,low=-1,high=1"
 * most    values of the longest piece; later calls allocate nothing
 * seed    the same on all ranks
 * stream  who speaks, so that two speakers toss coins of their own: the rank, say
 *
 * Local.  A codec is used by one thread at a time. */
TALLY_API tally_status tally_codec_open(tally_codec *k, const char *spec, size_t most,
                                        uint64_t seed, uint64_t stream);
TALLY_API void tally_codec_close(tally_codec *k);

/* Bytes of the message of `count` values: exact unless k->ops->variable, else the most
 * there can be.  0 for no values. */
TALLY_API size_t tally_codec_bound(const tally_codec *k, size_t count);

/* bytes   room for tally_codec_bound bytes, aligned to 8
 * *size   how many were written */
TALLY_API tally_status tally_codec_encode(tally_codec *k, tally_piece piece,
                                          const tally_real *v, void *bytes,
                                          size_t *size);

/* bytes  aligned to 8; any content
 * v      piece.count values; undefined after a failure
 *
 * Returns TALLY_FORMAT for a message that encode cannot have written from finite
 * values: of a wrong size, with a code that is none, with a scale that is not finite.
 */
TALLY_API tally_status tally_codec_decode(tally_codec *k, tally_piece piece,
                                          const void *bytes, size_t size,
                                          tally_real *v);

/* v <- Q(v), what a receiver would read, in place; room as for encode. */
TALLY_API tally_status tally_codec_round(tally_codec *k, tally_piece piece,
                                         tally_real *v, void *room);

#ifdef __cplusplus
}
#endif
#endif
