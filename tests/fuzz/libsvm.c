/* libsvm.c — any bytes as a training and a test file in the format of LIBSVM.
 *
 * Byte 0 chooses the options.  What opens must keep the promises of a source. */

#include "data/libsvm_parse.h"
#include "data/source.h"
#include "fuzz.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    if (count == 0) return 0;
    tally_libsvm o = {.zero_based = bytes[0] & 4};
    tally_source s = {.ops = &tally_source_libsvm, .options = &o};
    tally_table_options table = {
        .classes_most = 5, .features = bytes[0] & 8 ? 9 : 0, .scale = bytes[0] % 4 % 3};

    check_table(&s, table, tally_libsvm_parse, bytes + 1, count - 1);
    return 0;
}
