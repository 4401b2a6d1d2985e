/* csv.c — any bytes as a training and a test file of comma-separated values.
 *
 * Byte 0 chooses the options.  What opens must keep the promises of a source. */

#include "data/csv_parse.h"
#include "data/source.h"
#include "fuzz.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    char name[] = "y", number[] = "2";

    if (count == 0) return 0;
    tally_csv o = {.label = bytes[0] & 8 ? number : name,
                   .header = !(bytes[0] & 32),
                   .separator = bytes[0] & 16 ? 3 : 0};
    tally_source s = {.ops = &tally_source_csv, .options = &o};
    tally_table_options table = {
        .classes_most = 5, .words = true, .scale = bytes[0] % 4 % 3};

    check_table(&s, table, tally_csv_parse, bytes + 1, count - 1);
    return 0;
}
