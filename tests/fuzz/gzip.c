/* gzip.c — any bytes as a file: unpacked or refused, never more than deflate's ratio
 * allows. */

#include "data/file.h"
#include "fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    tally_data_file f = {0};
    tally_status status = tally_data_file_unpack(&f, "input", bytes, count);

    assert(status == TALLY_OK || status == TALLY_FORMAT);
    assert(status != TALLY_OK || f.count <= count * 1032);
    if (status) assert(*tally_error_sentence());
    tally_data_file_close(&f);
    return 0;
}
