/* memory.c — error feedback: what a message leaves out is part of the next.
 *
 *     p = v + e / rate,   send C(p),   e <- rate (p - Q(p))
 *
 * In units of updates, so that a change of the rate needs no correction.  Karimireddy,
 * Rebjock, Stich, Jaggi, Error Feedback Fixes SignSGD and other Gradient Compression
 * Schemes, 2019, arXiv:1901.09847, Algorithm 2.
 *
 * Some codecs have a message for NaN and infinities (`grid`, `two_bit`).  What they
 * leave out would stay in e for ever, and the value would say the same in each step. */

#include "codec/memory.h"

#include <math.h>

void tally_memory_add(const tally_real *memory, double rate, size_t n, tally_real *v)
{
    const tally_real per_rate = (tally_real)(1 / rate);

    for (size_t i = 0; i < n; i++)
        v[i] += memory[i] * per_rate;
}

tally_status tally_memory_keep(tally_codec *k, tally_piece piece, const void *message,
                               size_t bytes, double rate, const tally_real *v,
                               tally_real *memory, tally_real *velocity)
{
    int finite = true;

    TALLY_TRY(tally_codec_decode(k, piece, message, bytes, memory));
    for (size_t i = 0; i < piece.count; i++) {
        if (velocity && memory[i] != 0) velocity[i] = 0;
        memory[i] = (tally_real)rate * (v[i] - memory[i]);
        finite &= isfinite(memory[i]) != 0;
    }
    if (finite) return TALLY_OK;
    return TALLY_FAIL(FORMAT, "codec %s: what a message leaves out is not finite",
                      k->ops->about.name);
}
