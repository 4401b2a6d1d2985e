/* pack.h — codes of a few bits each, one after the other, lowest bit first. */

#ifndef TALLY_CODEC_PACK_H
#define TALLY_CODEC_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that hold `count` codes of `bits` bits: ceil(count bits / 8). */
static inline size_t tally_packed_bytes(size_t count, unsigned bits)
{
    return count / 8 * bits + (count % 8 * bits + 7) / 8;
}

/* Bits that tell `count` codes apart: ceil(log2 count), at least 1. */
static inline unsigned tally_packed_bits(uint64_t count)
{
    unsigned bits = 1;

    while (bits < 64 && UINT64_C(1) << bits < count)
        bits++;
    return bits;
}

/* ---- many codes of up to 16 bits: pack.c, for each instruction set ---- */

/* Writes tally_packed_bytes(n, bits) bytes; code[i] < 2^bits.  What is left of the last
 * byte is clear.  Calls for 8 k codes each may follow one another. */
void tally_pack_codes(const uint16_t *code, size_t n, unsigned bits, unsigned char *to);

/* The other way round; reads no further. */
void tally_unpack_codes(const unsigned char *from, size_t n, unsigned bits,
                        uint16_t *code);

/* Whether what is left of the last byte is clear. */
static inline bool tally_packed_clear(const unsigned char *from, size_t count,
                                      unsigned bits)
{
    unsigned used = (unsigned)(count % 8) * bits % 8;

    return used == 0 || from[tally_packed_bytes(count, bits) - 1] >> used == 0;
}

/* Where the first code above `most` stands; n: nowhere. */
size_t tally_code_beyond(const uint16_t *code, size_t n, unsigned most);

/* ---- one at a time ---- */

typedef struct tally_packer {
    unsigned char *to;
    uint64_t held;  /* bits that wait for a full byte */
    unsigned count; /* how many, < 8 between calls */
} tally_packer;

/* code < 2^bits, bits <= 56. */
static inline void tally_pack(tally_packer *p, uint64_t code, unsigned bits)
{
    p->held |= code << p->count;
    p->count += bits;
    while (p->count >= 8) {
        *p->to++ = (unsigned char)p->held;
        p->held >>= 8;
        p->count -= 8;
    }
}

/* The rest of the last byte is clear. */
static inline void tally_pack_end(tally_packer *p)
{
    if (p->count) *p->to++ = (unsigned char)p->held;
    p->held = p->count = 0;
}

typedef struct tally_unpacker {
    const unsigned char *from;
    uint64_t held;
    unsigned count;
} tally_unpacker;

/* The next code; the caller knows that the bytes are there. */
static inline uint64_t tally_unpack(tally_unpacker *p, unsigned bits)
{
    while (p->count < bits) {
        p->held |= (uint64_t)*p->from++ << p->count;
        p->count += 8;
    }
    uint64_t code = p->held & ((UINT64_C(1) << bits) - 1);

    p->held >>= bits;
    p->count -= bits;
    return code;
}

/* Whether what is left of the last byte is clear, as the packer leaves it. */
static inline bool tally_unpack_ended(const tally_unpacker *p)
{
    return p->held == 0;
}

#endif
