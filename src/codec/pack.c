/* pack.c — codes of up to 16 bits, four in a word.
 *
 *     w = c0 | c1 << 16 | c2 << 32 | c3 << 48        as they lie in memory
 *     p = c0 | c1 << b  | (c2 | c3 << b) << 32       pairs moved together
 *     q = c0 | c1 << b  |  c2 << 2b | c3 << 3b       a quad of 4 b bits
 *
 * and back.  Two quads are b bytes, so every eighth code starts a byte whatever b is.
 * Compiled for each instruction set (num/isa.h). */

#include "codec/pack.h"

#include <assert.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the first of four codes must be the lowest of their word");

#define PAIR UINT64_C(0x0000000100000001)

enum { EIGHT_BYTES = 16 }; /* of eight codes, at most */

enum { REST = 8 * EIGHT_BYTES };

static inline uint64_t load(const void *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return word;
}

static inline uint64_t quad_of(const uint16_t *code, unsigned bits)
{
    uint64_t w = load(code);
    uint64_t p = (w & 0xffff * PAIR) | (w >> 16 & 0xffff * PAIR) << bits;

    return (p & 0xffffffff) | p >> 32 << 2 * bits;
}

static inline void spread(uint64_t q, unsigned bits, uint16_t *code)
{
    const uint64_t one = (UINT64_C(1) << bits) - 1, two = (UINT64_C(1) << 2 * bits) - 1;
    uint64_t p = (q & two) | (q >> 2 * bits & two) << 32;
    uint64_t w = (p & one * PAIR) | (p >> bits & one * PAIR) << 16;

    memcpy(code, &w, sizeof w);
}

/* Whole words are stored: what lies beyond the bits of eight codes is overwritten by
 * the next.  The room is EIGHT_BYTES for the last. */
static inline void pack_eights(const uint16_t *code, size_t eights, unsigned bits,
                               unsigned char *to)
{
    for (size_t j = 0; j < eights; j++, code += 8, to += bits) {
        uint64_t high = quad_of(code + 4, bits);
        uint64_t low = quad_of(code, bits) | (bits < 16 ? high << 4 * bits : 0);

        memcpy(to, &low, sizeof low);
        if (bits <= 8) continue;
        high >>= 64 - 4 * bits;
        memcpy(to + sizeof low, &high, sizeof high);
    }
}

static inline void unpack_eights(const unsigned char *from, size_t eights,
                                 unsigned bits, uint16_t *code)
{
    for (size_t j = 0; j < eights; j++, code += 8, from += bits) {
        spread(load(from), bits, code);
        spread(load(from + bits / 2) >> bits % 2 * 4, bits, code + 4);
    }
}

/* Eights of codes that leave EIGHT_BYTES from where the last of them starts.  What the
 * others take is less than EIGHT_BYTES: they go by way of the stack. */
static size_t roomy(size_t n, unsigned bits)
{
    size_t bytes = tally_packed_bytes(n, bits);

    return bytes < EIGHT_BYTES ? 0 : (bytes - EIGHT_BYTES) / bits + 1;
}

void tally_pack_codes(const uint16_t *code, size_t n, unsigned bits, unsigned char *to)
{
    size_t eights = roomy(n, bits), left = n - 8 * eights;
    uint16_t rest[REST] = {0};
    unsigned char bytes[2 * REST];

    assert(bits >= 1 && bits <= 16);
    pack_eights(code, eights, bits, to);
    memcpy(rest, code + 8 * eights, left * sizeof *rest);
    pack_eights(rest, (left + 7) / 8, bits, bytes);
    memcpy(to + eights * bits, bytes, tally_packed_bytes(left, bits));
}

void tally_unpack_codes(const unsigned char *from, size_t n, unsigned bits,
                        uint16_t *code)
{
    size_t eights = roomy(n, bits), left = n - 8 * eights;
    uint16_t rest[REST];
    unsigned char bytes[2 * EIGHT_BYTES] = {0};

    assert(bits >= 1 && bits <= 16);
    unpack_eights(from, eights, bits, code);
    memcpy(bytes, from + eights * bits, tally_packed_bytes(left, bits));
    unpack_eights(bytes, (left + 7) / 8, bits, rest);
    memcpy(code + 8 * eights, rest, left * sizeof *rest);
}

size_t tally_code_beyond(const uint16_t *code, size_t n, unsigned most)
{
    uint16_t greatest = 0;
    size_t i = 0;

    for (size_t j = 0; j < n; j++)
        greatest = code[j] > greatest ? code[j] : greatest;
    if (greatest <= most) return n;
    while (code[i] <= most)
        i++;
    return i;
}
