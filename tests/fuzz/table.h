/* table.h — a text format read as training and as test file, and what came of it. */

#ifndef TEST_FUZZ_TABLE_H
#define TEST_FUZZ_TABLE_H

#include "data/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static inline void check_rows_of(const tally_source *s, tally_split split, size_t count)
{
    tally_real *x = malloc(s->features * sizeof *x);
    int32_t label;

    assert(x);
    for (uint64_t row = 0; row < count; row++) {
        assert(s->ops->fetch(s, split, &row, 1, x, &label) == TALLY_OK);
        assert(label >= 0 && (size_t)label < s->classes);
        for (size_t i = 0; i < s->features; i++)
            assert(isfinite(x[i]));
    }
    free(x);
}

/* The bytes must end where the fuzzer's do: reading past them is then seen. */
static inline void check_table(tally_source *s, tally_table_options o,
                               tally_reader read, const uint8_t *bytes, size_t count)
{
    const size_t wide = 100000; /* dense rows beyond this only cost time */
    tally_reading file = {.name = "input", .bytes = bytes, .count = count};
    tally_status status;

    if (o.features == 0 && o.scale) { /* how wide is it? */
        int scale = o.scale;

        o.scale = 0;
        status = tally_table_read(s, o, read, file, (tally_reading){0});
        if (!status && s->features <= wide) o.scale = scale;
        tally_table_close(s);
    }
    status = tally_table_read(s, o, read, file, file);
    if (status) {
        assert(status == TALLY_FORMAT || status == TALLY_OPTION);
        assert(*tally_error_sentence());
    } else if (s->features <= wide) {
        assert(s->classes >= 2 && s->train_count == s->test_count);
        check_rows_of(s, TALLY_TRAIN, s->train_count);
        check_rows_of(s, TALLY_TEST, s->test_count);
    }
    tally_table_close(s);
}

#endif
