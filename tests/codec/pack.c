#include "codec/pack.h"

#include "num/random.h"
#include "support/expect.h"

#include <stdlib.h>

enum { MOST = 100, WIDEST = 16 };

static uint64_t draw(uint64_t step, uint64_t index)
{
    return tally_random(13, TALLY_FOR_TESTS, step, index);
}

/* Allocations of just the bytes of a message: a sanitizer sees one too far. */
Test(pack, many_codes_are_packed_as_one_at_a_time)
{
    for (unsigned bits = 1; bits <= WIDEST; bits++) {
        for (size_t n = 1; n <= MOST; n++) {
            size_t size = tally_packed_bytes(n, bits);
            unsigned char *want = malloc(size), *got = malloc(size);
            uint16_t code[MOST], back[MOST + 1];
            tally_packer packer = {.to = want};

            for (size_t i = 0; i < n; i++) {
                code[i] = (uint16_t)(draw(bits * 1000 + n, i) & ((1u << bits) - 1));
                tally_pack(&packer, code[i], bits);
            }
            tally_pack_end(&packer);
            memset(got, 0xa5, size);
            tally_pack_codes(code, n, bits, got);
            cr_assert(memcmp(got, want, size) == 0, "%zu codes of %u bits", n, bits);

            back[n] = 0xa5a5;
            tally_unpack_codes(got, n, bits, back);
            cr_assert(memcmp(back, code, n * sizeof *code) == 0,
                      "%zu codes of %u bits do not come back", n, bits);
            cr_assert(eq(u16, back[n], 0xa5a5));
            free(want);
            free(got);
        }
    }
}

Test(pack, the_rest_of_the_last_byte_is_looked_at)
{
    unsigned char bytes[] = {0xff, 0x0f};

    cr_assert(tally_packed_clear(bytes, 4, 3));
    cr_assert(tally_packed_clear(bytes, 2, 8));
    cr_assert(not(tally_packed_clear(bytes, 3, 3)));
    cr_assert(not(tally_packed_clear(bytes, 11, 1)));
    cr_assert(tally_packed_clear(bytes, 12, 1));
}

Test(pack, the_first_code_beyond_is_found)
{
    uint16_t code[] = {3, 9, 9, 65535};

    cr_assert(eq(sz, tally_code_beyond(code, 4, 8), 1));
    cr_assert(eq(sz, tally_code_beyond(code, 4, 9), 3));
    cr_assert(eq(sz, tally_code_beyond(code, 4, 65535), 4));
    cr_assert(eq(sz, tally_code_beyond(code, 0, 0), 0));
}
