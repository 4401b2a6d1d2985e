/* codec.c — any bytes as a message of every codec: refused, or numbers.
 *
 * Byte 0 chooses the codec, byte 1 how many values the message is said to be of. */

#include "tally/codec.h"

#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const tally_about *about;
    tally_real v[MOST];
    size_t members = 0;
    tally_codec k;

    if (count < 2) return 0;
    while (tally_family_at(&tally_codec_family, members))
        members++;
    about = tally_family_at(&tally_codec_family, bytes[0] % members);
    if (tally_codec_open(&k, about->name, MOST, 1, 0) != TALLY_OK) abort();
    tally_piece piece = {.step = 3, .first = 64, .count = (size_t)bytes[1] * 4 + 1};
    size_t size = count - 2;
    uint8_t *message = malloc(size ? size : 1);

    assert(message);
    memcpy(message, bytes + 2, size);
    tally_status status = tally_codec_decode(&k, piece, message, size, v);
    assert(status == TALLY_OK || status == TALLY_FORMAT);
    if (status) assert(*tally_error_sentence());
    free(message);
    tally_codec_close(&k);
    return 0;
}
