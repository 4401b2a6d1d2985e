/* idx_parse.c — an IDX file in memory: its dimensions, and where its bytes are.
 *
 *     00 00 | type | D | D dimensions, 32 bits each, big-endian | values, row-major
 *
 * LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998: "the IDX
 * file format".  Type 08 is an unsigned byte, the one type of pixels and labels; the
 * others are named and refused.  There is no padding, no checksum and no trailer, so
 * the length of the file is checked to the byte. */

#include "data/idx_parse.h"

#include <stdbool.h>

enum { UNSIGNED_BYTE = 0x08, MAGIC = 4 };

static const char *type_name(uint8_t type)
{
    switch (type) {
    case UNSIGNED_BYTE:
        return "unsigned bytes";
    case 0x09:
        return "signed bytes";
    case 0x0b:
        return "16-bit integers";
    case 0x0c:
        return "32-bit integers";
    case 0x0d:
        return "32-bit floats";
    case 0x0e:
        return "64-bit floats";
    default:
        return NULL;
    }
}

/* 03 08 00 00: a header that a little-endian program wrote as one number. */
static bool is_swapped(const uint8_t *b)
{
    return b[3] == 0 && b[2] == 0 && type_name(b[1]) && b[0] >= 1 &&
           b[0] <= TALLY_IDX_DIMENSIONS_MOST;
}

static tally_status check_magic(const char *name, const uint8_t *b, size_t count)
{
    if (count < MAGIC)
        return TALLY_FAIL(
            FORMAT, "%s ends at byte %zu, expected an IDX header of at least 8 bytes",
            name, count);
    if (is_swapped(b))
        return TALLY_FAIL(FORMAT,
                          "%s: bytes 0 to 3 are %02x %02x 00 00, an IDX header in the "
                          "wrong byte order, expected 00 00 %02x %02x",
                          name, b[0], b[1], b[1], b[0]);
    if (b[0] || b[1])
        return TALLY_FAIL(FORMAT,
                          "%s: bytes 0 to 3 are %02x %02x %02x %02x, which is no IDX, "
                          "expected 00 00 08 and the number of dimensions",
                          name, b[0], b[1], b[2], b[3]);
    if (!type_name(b[2]))
        return TALLY_FAIL(FORMAT, "%s: byte 2 is %02x, no type of IDX, expected 08",
                          name, b[2]);
    if (b[2] != UNSIGNED_BYTE)
        return TALLY_FAIL(FORMAT, "%s: byte 2 is %02x, %s, expected 08, unsigned bytes",
                          name, b[2], type_name(b[2]));
    if (b[3] < 1 || b[3] > TALLY_IDX_DIMENSIONS_MOST)
        return TALLY_FAIL(FORMAT, "%s: byte 3 is %u dimensions, expected 1 to %d", name,
                          b[3], TALLY_IDX_DIMENSIONS_MOST);
    return TALLY_OK;
}

/* Fills the shape; *total <- its product. */
static tally_status read_shape(tally_idx *idx, const char *name, const uint8_t *bytes,
                               size_t *total)
{
    *total = 1;
    for (size_t i = 0; i < idx->dimensions; i++) {
        size_t at = MAGIC + 4 * i;
        const uint8_t *b = bytes + at;
        uint32_t n = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
                     (uint32_t)b[3];

        if (n == 0)
            return TALLY_FAIL(FORMAT,
                              "%s: byte %zu: dimension %zu is 0, expected 1 or more",
                              name, at, i);
        if (*total > SIZE_MAX / n)
            return TALLY_FAIL(FORMAT,
                              "%s: byte %zu: dimension %zu is %u, and the product is "
                              "more than can be addressed",
                              name, at, i, n);
        idx->shape[i] = n;
        *total *= n;
    }
    return TALLY_OK;
}

tally_status tally_idx_parse(tally_idx *idx, const char *name, const uint8_t *bytes,
                             size_t count)
{
    size_t total;

    TALLY_TRY(check_magic(name, bytes, count));
    *idx = (tally_idx){.dimensions = bytes[3], .offset = MAGIC + 4 * (size_t)bytes[3]};
    if (count < idx->offset)
        return TALLY_FAIL(
            FORMAT, "%s ends at byte %zu, inside its header, expected %zu bytes of it",
            name, count, idx->offset);
    TALLY_TRY(read_shape(idx, name, bytes, &total));
    if (count - idx->offset < total)
        return TALLY_FAIL(FORMAT,
                          "%s ends at byte %zu, %zu bytes short: its dimensions demand "
                          "%zu after the header of %zu",
                          name, count, total - (count - idx->offset), total,
                          idx->offset);
    if (count - idx->offset > total)
        return TALLY_FAIL(FORMAT,
                          "%s: %zu bytes too many from byte %zu: its dimensions demand "
                          "%zu after the header of %zu",
                          name, count - idx->offset - total, idx->offset + total, total,
                          idx->offset);
    idx->values = bytes + idx->offset;
    return TALLY_OK;
}
