/* sparse.c — some values and where they stand. */

#include "codec/sparse.h"

#include "codec/pack.h"

#include <math.h>
#include <string.h>

size_t tally_sparse_bytes(size_t c, size_t n)
{
    return c * sizeof(float) + tally_packed_bytes(c, tally_packed_bits(n));
}

void tally_sparse_write(const tally_real *v, const size_t *index, size_t c, size_t n,
                        void *bytes)
{
    const unsigned bits = tally_packed_bits(n);
    tally_packer packer = {.to = (unsigned char *)bytes + c * sizeof(float)};

    for (size_t j = 0; j < c; j++) {
        float x = (float)v[index[j]];

        memcpy((unsigned char *)bytes + j * sizeof x, &x, sizeof x);
        tally_pack(&packer, index[j], bits);
    }
    tally_pack_end(&packer);
}

tally_status tally_sparse_read(const tally_codec *k, const void *bytes, size_t c,
                               size_t n, tally_real *v)
{
    const unsigned bits = tally_packed_bits(n);
    const unsigned char *from = bytes;
    tally_unpacker unpacker = {.from = from + c * sizeof(float)};
    size_t least = 0; /* that the next index may be */

    for (size_t i = 0; i < n; i++)
        v[i] = 0;
    for (size_t j = 0; j < c; j++) {
        size_t i = tally_unpack(&unpacker, bits);
        float x;

        memcpy(&x, from + j * sizeof x, sizeof x);
        if (i < least || i >= n)
            return TALLY_FAIL(FORMAT,
                              "codec %s: entry %zu stands at %zu, expected %zu to %zu",
                              k->ops->about.name, j, i, least, n - 1);
        if (!isfinite(x))
            return TALLY_FAIL(FORMAT, "codec %s: entry %zu is not finite",
                              k->ops->about.name, j);
        v[i] = (tally_real)x;
        least = i + 1;
    }
    if (!tally_unpack_ended(&unpacker))
        return TALLY_FAIL(FORMAT, "codec %s: bits are set beyond the %zu entries",
                          k->ops->about.name, c);
    return TALLY_OK;
}
