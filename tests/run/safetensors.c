#include "run/safetensors.h"

#include "run/example.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A file in memory: header as given, then `bytes` bytes of data. */
static char *make(const char *header, size_t bytes, size_t *n)
{
    uint64_t length = strlen(header);
    char *file = calloc(1, 8 + length + bytes);

    cr_assert(file != NULL);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    *n = 8 + length + bytes;
    return file;
}

static tally_status parse(const char *header, size_t bytes)
{
    size_t n;
    char *file = make(header, bytes, &n);
    tally_safetensors t;
    tally_status status = tally_safetensors_parse(&t, "x", file, n);

    tally_safetensors_close(&t);
    free(file);
    return status;
}

#define F32(shape, first, end)                                                         \
    "{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" first "," end "]}"

Test(safetensors, whole_headers_are_accepted)
{
    expect_ok(parse("{}", 0));
    expect_ok(parse("{}      ", 0));
    expect_ok(parse("{\"a\":" F32("[2,3]", "0", "24") "}", 24));
    expect_ok(parse("{\"a\":" F32("[]", "0", "4") "}", 4));
    expect_ok(parse("{\"a\":" F32("[0,5]", "0", "0") "}", 0));
    expect_ok(
        parse("{\"b\":" F32("[1]", "4", "8") ",\"a\":" F32("[1]", "0", "4") "}", 8));
    expect_ok(
        parse("{\"a\":" F32("[1]", "0", "4") ",\"z\":" F32("[0]", "4", "4") "}", 4));
    expect_ok(parse("{\"__metadata__\":{\"format\":\"pt\"}}", 0));
    expect_ok(
        parse("{\"a\":{\"data_offsets\":[0,3],\"shape\":[3],\"dtype\":\"BOOL\"}}", 3));
    expect_ok(
        parse("{\"a\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]}}", 6));
    expect_ok(
        parse("{\"a\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}", 2));
}

static const struct {
    const char *header;
    size_t bytes;
    const char *words;
} bad[] = {
    {"",                                                                                   0,                                                        "start with {"                                                                                          },
    {" {}",                                                                                0,                                                        "start with {"                                                                                          },
    {"[]",                                                                                 0,                                                        "start with {"                                                                                          },
    {"{}\n",                                                                               0,                                                        "end with }"                                                                                            },
    {"{",                                                                                  0,                                                        "end with }"                                                                                            },
    {"{}}",                                                                                0,                                                        "not JSON"                                                                                              },
    {"{\"a\":1,}",                                                                         0,                                                        "not JSON"                                                                                              },
    {"{\"\xff\":1}",                                                                       0,                                                        "not JSON"                                                                                              },
    {"{\"__metadata__\":{},\"__metadata__\":{}}",                                          0,                                                        "duplicate"                                                                                             },
    {"{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}",                                       0,                                                        "duplicate"                                                                                             },
    {"{\"a\":" F32("[1]",                                                                  "0",                                                      "4") ",\"a\":" F32("[1]",                                                                                 "4", "8") "}", 8, "duplicate"},
    {"{\"__metadata__\":[]}",                                                                            0,                                                                                                                                   "not an object"                                                                                                                                                                                                                               },
    {"{\"__metadata__\":{\"a\":1}}",                                                              0,                                          "not a string"},
    {"{\"a\":[[[[[]]]]]}",                                                       0,                                                 "nests deeper"                                                                                                 },
    {"{\"a\":1}",                                                                 0,                                                                  "tensor a is not an object"                                                                                                           },
    {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}",                                                                          4,                                                                 "a has no dtype"                                                                            },
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}",                                     4,                   "a has no shape"                                          },
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}",                                 4,                                                    "a has no data_offsets"                                                                                                                         },
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}",                                          4,
     "fields other than"                                                                                              },
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
     4,                         "duplicate"                                                                                                                                                                                                                                     },
    {"{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "unknown dtype F33"                                                                                                                                                                                                                  },
    {"{\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}}",                   4,                                                                          "unknown dtype"                                                                                                                                                                                                                                     },
    {"{\"a\":" F32("1",                         "0",                                                              "4") "}",                                                                              4, "shape that is no array"},
    {"{\"a\":" F32("[-1]",                                                                    "0",                                                                                                 "4") "}",                                                                                                                                    4, "dimension 0"},
    {"{\"a\":" F32("[1,1.0]",                                                            "0",                                                                                                                    "4") "}",                                                                                                                                                                                                         4, "dimension 1"},
    {"{\"a\":" F32("[1e0]",                                                                            "0",                                   "4") "}",4, "dimension 0"},
    {"{\"a\":" F32("[\"1\"]",                                                              "0",                                                        "4") "}",                                     4, "dimension 0"},
    {"{\"a\":" F32("[0,9007199254740993]",                                                                       "0",                                                                                                                               "0") "}",                                                                                                                                                                                                                   0, "dimension 1"},
    {"{\"a\":" F32("[99999999999999999999]",                                                                            "0",                                                                                                 "4") "}",                                                                                                                                                                                                  4, "not JSON"},
    {"{\"a\":" F32("[9007199254740992,9007199254740992]",                                                              "0",                                                      "4") "}",                                                                                               4,
     "more values"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}",                                                                       2,
     "inside a byte"                                                                                                                                                                                                   },
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",                                                                            4,
     "two whole numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\"04\"}}",                                               4,
     "two whole numbers"                        },
    {"{\"a\":" F32("[1]",                                                                          "0",                                                                                                                                  "4.0") "}",                                                                                                                                                                                        4, "two whole numbers"},
    {"{\"a\":" F32("[1]",                                                                            "-4",                                                                              "0") "}",                                                                                                                                                                                                                                            4, "two whole numbers"},
    {"{\"a\":" F32("[1]",                    "4",     "0") "}",                                                                                                                                                                                                                                          4, "do not lie in"},
    {"{\"a\":" F32("[2]",                     "0", "8") "}",                                                                                                                                                                                                                                      4, "do not lie in"},
    {"{\"a\":" F32("[2]",                  "0",                           "4") "}",                                                                                                                                                                                                                                      4, "ask for 8"},
    {"{\"a\":" F32("[1]",                                                                  "0",                                              "4") ",\"b\":" F32("[1]",           "0", "4") "}", 4, "overlap"},
    {"{\"a\":" F32("[1]",                                                                 "4",                                                                                                                         "8") "}",                                                                                                                                                                                                               8, "hole"},
    {"{\"a\":" F32("[1]",                                                                            "0",                                                      "4") ",\"b\":" F32("[1]","8", "12") "}", 12,
     "tensor b starts at 8"},
    {"{\"a\":" F32("[1]",                                                                  "0",                                                                                                    "4") "}",                                                                                                                                                                                                5, "1 bytes follow"},
    {"{}",                                                                     1,                                                                                                                             "1 bytes follow"                                                                                                                                                                                                                  },
};

Test(safetensors, what_the_format_forbids_is_refused_by_name)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_fail(parse(bad[i].header, bad[i].bytes), FORMAT, bad[i].words);
}

Test(safetensors, lengths_that_do_not_fit_are_refused)
{
    tally_safetensors t;
    uint64_t file[2] = {0, 0};

    expect_fail(tally_safetensors_parse(&t, "x", file, 0), FORMAT, "0 bytes");
    expect_fail(tally_safetensors_parse(&t, "x", file, 7), FORMAT, "7 bytes");
    expect_fail(tally_safetensors_parse(&t, "x", file, 8), FORMAT, "start with {");
    file[0] = 9;
    expect_fail(tally_safetensors_parse(&t, "x", file, 16), FORMAT, "does not fit");
    file[0] = 100000001;
    expect_fail(tally_safetensors_parse(&t, "x", file, 16), FORMAT, "longer than");
    file[0] = UINT64_MAX;
    expect_fail(tally_safetensors_parse(&t, "x", file, 16), FORMAT, "longer than");
}

static void write_example(const char *path)
{
    static const float m[3] = {1, 2, 3};
    static const double t = 0.5;
    static const uint64_t bits[2] = {5, 7};
    const tally_array arrays[] = {
        {"m",     "F32", 1, (size_t[]){3},    m,    sizeof m   },
        {"t",     "F64", 0, NULL,             &t,   sizeof t   },
        {"bits",  "U64", 2, (size_t[]){2, 1}, bits, sizeof bits},
        {"empty", "F32", 1, (size_t[]){0},    NULL, 0          },
    };
    const char *const metadata[] = {"format", "tally", "step", "12", NULL};
    tally_file file = {0};

    expect_ok(tally_file_create(&file, path));
    expect_ok(tally_safetensors_write(&file, arrays, 4, metadata));
    expect_ok(tally_file_finish(&file));
    tally_file_close(&file);
}

Test(safetensors, what_is_written_is_read)
{
    const char *folder = example_directory(), *path = below(folder, "x.safetensors");
    tally_safetensors t;
    char *bytes;
    size_t n;
    uint64_t header;
    double once;

    write_example(path);
    expect_ok(tally_file_read(path, 1000, &bytes, &n));
    expect_ok(tally_safetensors_parse(&t, path, bytes, n));
    memcpy(&header, bytes, 8);
    cr_assert(eq(u64, (8 + header) % 64, 0));
    cr_assert(eq(sz, t.count, 4));
    /* 64-bit types first, so that all start aligned. */
    memcpy(&once, bytes + 8 + header, 8);
    cr_assert(eq(dbl, once, 0.5));
    const tally_array *bits = tally_safetensors_find(&t, "bits");
    cr_assert(eq(sz, bits->dimensions, 2));
    cr_assert(eq(sz, bits->shape[0], 2));
    cr_assert(eq(sz, bits->shape[1], 1));
    cr_assert(eq(sz, bits->bytes, 16));
    cr_assert(eq(str, (char *)tally_safetensors_find(&t, "m")->dtype, "F32"));
    cr_assert(eq(ptr, (void *)tally_safetensors_find(&t, "n"), NULL));
    cr_assert(eq(str, (char *)tally_safetensors_metadata(&t, "format"), "tally"));
    cr_assert(eq(str, (char *)tally_safetensors_metadata(&t, "step"), "12"));
    tally_safetensors_close(&t);
    free(bytes);
    example_remove(folder);
}

Test(safetensors, names_that_cannot_be_written_are_refused)
{
    const char *folder = example_directory(), *path = below(folder, "x.safetensors");
    tally_array arrays[] = {
        {"a", "F32", 1, (size_t[]){0}, NULL, 0},
        {"a", "F32", 1, (size_t[]){0}, NULL, 0},
    };
    const char *const none[] = {NULL};
    tally_file file = {0};

    expect_ok(tally_file_create(&file, path));
    expect_fail(tally_safetensors_write(&file, arrays, 2, none), FORMAT, "two tensors");
    arrays[1].name = "\xff";
    expect_fail(tally_safetensors_write(&file, arrays, 2, none), FORMAT, "not UTF-8");
    tally_file_close(&file);
    example_remove(folder);
}
