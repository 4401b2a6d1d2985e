/* libsvm.c — sparse rows from a file or two in the format of LIBSVM, plain or gzip.
 *
 *     libsvm:train=a9a.gz,test=a9a.t.gz
 *
 * The sorted distinct labels of the training file are the classes 0, 1, ...  Without a
 * test file there are no test rows and no test figures; --validate holds rows out. */

#include "data/libsvm_parse.h"
#include "data/source.h"

static const tally_option options[] = {
    TALLY_OPTION(TEXT, tally_libsvm, train, NULL, NULL, "the training file; required"),
    TALLY_OPTION(TEXT, tally_libsvm, test, NULL, NULL,
                 "the test file; without it there are no test figures"),
    TALLY_OPTION(COUNT, tally_libsvm, features, "0", "[0, 2147483647]",
                 "number of features; 0: the largest index of the training file"),
    TALLY_OPTION(FLAG, tally_libsvm, zero_based, "false", NULL,
                 "indices count from 0 instead of 1"),
    TALLY_OPTION(COUNT, tally_libsvm, classes_most, "1000", "[2, 65536]",
                 "more distinct labels are an error"),
    TALLY_OPTION(CHOICE, tally_libsvm, scale, "none", TALLY_TABLE_SCALES,
                 TALLY_TABLE_SCALE_HELP),
    TALLY_END,
};

static tally_status open(tally_source *s)
{
    const tally_libsvm *o = s->options;
    tally_table_options table = {.train = o->train,
                                 .test = o->test,
                                 .features = o->features,
                                 .classes_most = o->classes_most,
                                 .scale = o->scale};

    return tally_table_open(s, table, tally_libsvm_parse);
}

const tally_source_ops tally_source_libsvm = {
    .about = {.name = "libsvm",
              .brief = "sparse rows from text in the format of LIBSVM",
              .paper = "Chang and Lin, LIBSVM, 2011",
              .options = options,
              .options_size = sizeof(tally_libsvm)},
    .open = open,
    .fetch = tally_table_fetch,
    .close = tally_table_close,
};
