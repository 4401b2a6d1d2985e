/* coins.c — the coins of a codec: two from each random number, by the coordinate.
 *
 * The lower half of number c / 2 is for coordinate c when it is even, the upper half
 * when it is odd: a function of seed, stream, step and coordinate, whatever the pieces
 * are.  Compiled for each instruction set (num/isa.h). */

#include "codec/codec.h"
#include "num/random.h"

#include <assert.h>
#include <string.h>

void tally_codec_coins(const tally_codec *k, tally_piece piece, size_t i, size_t n,
                       uint32_t *coin)
{
    uint64_t random[TALLY_CHUNK / 2 + 1];
    uint32_t half[TALLY_CHUNK + 2];
    size_t c = piece.first + i, pairs = (c % 2 + n + 1) / 2;

    assert(n <= TALLY_CHUNK);
    tally_random_run(k->own, TALLY_FOR_ROUNDING, piece.step, c / 2, pairs, random);
    for (size_t j = 0; j < pairs; j++) {
        half[2 * j] = (uint32_t)random[j];
        half[2 * j + 1] = (uint32_t)(random[j] >> 32);
    }
    memcpy(coin, half + c % 2, n * sizeof *coin);
}
