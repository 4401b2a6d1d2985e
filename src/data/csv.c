/* csv.c — rows of numbers with a label, from a file or two of comma-separated values.
 *
 *     csv:train=iris.csv,label=species,scale=standard
 *
 * Plain or gzip.  Labels are whole numbers or words; the sorted distinct ones of the
 * training file are the classes 0, 1, ...  Without a test file there are no test rows
 * and no test figures; --validate holds rows out. */

#include "data/csv_parse.h"
#include "data/source.h"

static const tally_option options[] = {
    TALLY_OPTION(TEXT, tally_csv, train, NULL, NULL, "the training file; required"),
    TALLY_OPTION(TEXT, tally_csv, test, NULL, NULL,
                 "the test file; without it there are no test figures"),
    TALLY_OPTION(TEXT, tally_csv, label, NULL, NULL,
                 "the label's column: its name, or its number from 1; required"),
    TALLY_OPTION(FLAG, tally_csv, header, "true", NULL,
                 "the first line names the columns"),
    TALLY_OPTION(CHOICE, tally_csv, separator, "comma", TALLY_CSV_SEPARATORS,
                 "what stands between fields"),
    TALLY_OPTION(COUNT, tally_csv, classes_most, "1000", "[2, 65536]",
                 "more distinct labels are an error"),
    TALLY_OPTION(CHOICE, tally_csv, scale, "none", TALLY_TABLE_SCALES,
                 TALLY_TABLE_SCALE_HELP),
    TALLY_END,
};

static tally_status open(tally_source *s)
{
    const tally_csv *o = s->options;
    tally_table_options table = {.train = o->train,
                                 .test = o->test,
                                 .classes_most = o->classes_most,
                                 .words = true,
                                 .scale = o->scale};

    if (o->train && (!o->label || !*o->label))
        return TALLY_FAIL(OPTION, "data csv: label is required: the name of a column, "
                                  "or its number from 1");
    return tally_table_open(s, table, tally_csv_parse);
}

const tally_source_ops tally_source_csv = {
    .about = {.name = "csv",
              .brief = "rows of numbers with a label, as comma-separated values",
              .paper = "RFC 4180",
              .options = options,
              .options_size = sizeof(tally_csv)},
    .open = open,
    .fetch = tally_table_fetch,
    .close = tally_table_close,
};
