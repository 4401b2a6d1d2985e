/* Numbers of tables that programs read. */

#include "cli/table.h"

#include "support/expect.h"

#include <math.h>

static const cli_column columns[] = {
    {"bytes", "bytes", 12, 0},
    {"us",    "us",    9,  1},
    {NULL,    NULL,    0,  0},
};

static json_t *row_of(double bytes, double us)
{
    cli_table t;

    cli_table_open(&t, CLI_JSON, columns);
    cli_table_number(&t, bytes);
    cli_table_number(&t, us);
    json_t *rows = cli_table_take(&t), *row = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    cli_table_close(&t);
    return row;
}

Test(table, counts_are_whole_and_measures_are_not)
{
    json_t *row = row_of(4294967296.0, 3);

    cr_assert(eq(int, json_typeof(json_object_get(row, "bytes")), JSON_INTEGER));
    cr_assert(eq(llong, json_integer_value(json_object_get(row, "bytes")), 4294967296));
    cr_assert(eq(int, json_typeof(json_object_get(row, "us")), JSON_REAL));
    json_decref(row);
}

Test(table, means_of_counts_keep_their_fraction_and_nothing_is_null)
{
    json_t *row = row_of(50186.5, (double)NAN);

    cr_assert(eq(dbl, json_real_value(json_object_get(row, "bytes")), 50186.5));
    cr_assert(eq(int, json_typeof(json_object_get(row, "us")), JSON_NULL));
    json_decref(row);
}
