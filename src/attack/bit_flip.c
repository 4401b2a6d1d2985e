/* bit_flip.c — bits of a message turned over on its way: a faulty wire or memory.
 *
 *     with probability `chance` a message of a liar has `bits` bits flipped, at places
 *     that (seed, rank, step, length) decide
 *
 * For --exchange gather, whose messages are bytes of a codec: some are refused, some
 * are numbers that nobody said. */

#include "attack/attack.h"
#include "num/random.h"

#include <stddef.h>

typedef struct bit_flip {
    tally_sizes ranks;
    double chance;
    uint64_t bits;
} bit_flip;

static const tally_option options[] = {
    TALLY_LIARS(bit_flip),
    TALLY_OPTION(REAL, bit_flip, chance, "1", "[0, 1]", "that a message is spoilt"),
    TALLY_OPTION(COUNT, bit_flip, bits, "1", "[1, 1e6]", "bits flipped in it"),
    TALLY_END,
};

static void tamper(tally_attack *a, uint64_t step, void *bytes, size_t size)
{
    const bit_flip *o = a->options;
    unsigned char *at = bytes;
    uint64_t seed = tally_random(a->own, TALLY_FOR_ATTACK, step, size);

    if (tally_random_uniform(seed, TALLY_FOR_ATTACK, step, 0) >= o->chance) return;
    for (uint64_t k = 1; k <= o->bits; k++) {
        uint64_t bit = tally_random(seed, TALLY_FOR_ATTACK, step, k) % (8 * size);

        at[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

const tally_attack_ops tally_attack_bit_flip = {
    .about = {.name = "bit_flip",
              .brief = "bits of messages turned over on their way",
              .paper = "",
              .options = options,
              .options_size = sizeof(bit_flip)},
    .tamper = tamper,
};
