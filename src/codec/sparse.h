/* sparse.h — the message of codecs that send some values and where they stand.
 *
 * c floats, then their indices in ascending order, ceil(log2 n) bits each. */

#ifndef TALLY_CODEC_SPARSE_H
#define TALLY_CODEC_SPARSE_H

#include "tally/codec.h"

/* Bytes of c entries among n values. */
size_t tally_sparse_bytes(size_t c, size_t n);

/* Writes v[index[0]], ..., v[index[c - 1]]; index ascends. */
void tally_sparse_write(const tally_real *v, const size_t *index, size_t c, size_t n,
                        void *bytes);

/* v[0 .. n) <- the entries, 0 elsewhere.  Refuses indices that do not ascend or lie
 * beyond n, and values that are not finite. */
tally_status tally_sparse_read(const tally_codec *k, const void *bytes, size_t c,
                               size_t n, tally_real *v);

#endif
