#include "data/npy.h"

#include "data/archive.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

/* The values of an array with this type, in one byte order and the other. */
static void check_values(const char *descr, const double *values, size_t n)
{
    array a = {"x", descr, n, values};
    size_t count;
    uint8_t *bytes = array_bytes(&a, &count);
    tally_npy npy;

    expect_ok(tally_npy_parse(&npy, "x", bytes, count));
    cr_assert(eq(sz, npy.count, n));
    cr_assert(eq(sz, npy.dimensions, 1));
    for (size_t i = 0; i < n; i++) {
        int64_t whole;

        cr_assert(tally_npy_real(&npy, i) == values[i], "%s: value %zu is %g", descr, i,
                  tally_npy_real(&npy, i));
        if (descr[1] == 'f') continue;
        expect_ok(tally_npy_integer(&npy, i, &whole));
        cr_assert(whole == (int64_t)values[i]);
    }
    free(bytes);
}

Test(npy, every_number_is_read_in_either_byte_order)
{
    static const char *const types[] = {"<i2", ">i2", "<i4", ">i4", "<i8", ">i8"};
    const double halves[] = {-2.5, 0, 0.125, 1e10}, whole[] = {-2, -32768, 0, 32767},
                 bytes[] = {0, 127, 128, 255}, flags[] = {0, 1, 1, 0};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        check_values(types[i], whole, 4);
    check_values("<f8", halves, 4);
    check_values(">f8", halves, 4);
    check_values("<f4", halves, 4);
    check_values(">f4", halves, 4);
    check_values("|u1", bytes, 4);
    check_values(">u8", bytes, 4);
    check_values("|b1", flags, 4);
    check_values("<i8", (const double[]){0}, 0);
}

/* Bit patterns of IEEE 754 binary16, from its table of examples. */
Test(npy, half_precision_is_exact)
{
    static const struct {
        uint16_t bits;
        double value;
    } halves[] = {
        {0x3c00, 1             },
        {0xc000, -2            },
        {0x7bff, 65504         },
        {0x0001, 0x1p-24       },
        {0x03ff, 1023 * 0x1p-24},
        {0x0400, 0x1p-14       },
        {0x3555, 0x1.554p-2    },
        {0x7c00, INFINITY      }
    };

    size_t count;
    uint8_t *bytes = array_with_header(
        "{'descr': '<f2', 'fortran_order': False, 'shape': (9,)}\n", 18, &count);
    uint8_t *values = bytes + count - 18;
    tally_npy a;

    for (size_t i = 0; i < 8; i++)
        memcpy(values + 2 * i, &halves[i].bits, 2);
    memcpy(values + 16, &(uint16_t){0x7e00}, 2);
    expect_ok(tally_npy_parse(&a, "x", bytes, count));
    for (size_t i = 0; i < 8; i++)
        cr_assert(tally_npy_real(&a, i) == halves[i].value, "value %zu", i);
    cr_assert(isnan(tally_npy_real(&a, 8)));
    free(bytes);
}

static void check_header(const char *header, size_t zeros, size_t dimensions)
{
    size_t count;
    uint8_t *bytes = array_with_header(header, zeros, &count);
    tally_npy a;

    expect_ok(tally_npy_parse(&a, "x", bytes, count));
    cr_assert(eq(sz, a.dimensions, dimensions));
    free(bytes);
}

Test(npy, headers_are_read_in_any_order_and_padding)
{
    check_header("{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}\n", 24, 2);
    check_header("{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3,),}   \n",
                 24, 2);
    check_header("{'descr': '<f4', 'fortran_order': False, 'shape': ()}\n", 4, 0);
    check_header("{'descr': '<f4', 'fortran_order': False, 'shape': (7, 0)}\n", 0, 2);
}

static const struct malformed {
    const char *header, *words;
    size_t zeros;
} malformed[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n",                        "demand 8",                 7},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n",                        "demand 8",                 9},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",                          "a newline",                8},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x\n",                      "a newline",                8},
    {"{'descr': '<f4', 'fortran_order': False}\n",                                       "lacks shape",              8},
    {"{'descr': '<f4', 'descr': '<f4'}\n",                                               "descr twice",              8},
    {"{'descr': '<f4', 'order': False}\n",                                               "a key 'order'",            8},
    {"{'descr': '<f4' 'fortran_order': False}\n",                                        "a comma",                  8},
    {"{'descr' '<f4'}\n",                                                                "a colon",                  8},
    {"{descr: '<f4'}\n",                                                                 "in quotes",                8},
    {"{'descr: <f4}\n",                                                                  "without escapes",          8},
    {"{'desc\\x72': '<f4'}\n",                                                           "escapes",                  8},
    {"['descr']\n",                                                                      "expected {",               8},
    {"{'descr': '|O', 'shape': (1,)}\n",                                                 "never unpickled",          8},
    {"{'descr': '<U4', 'shape': (1,)}\n",                                                "text",                     8},
    {"{'descr': '|V2', 'shape': (1,)}\n",                                                "structures",               2},
    {"{'descr': [('a', '<f4')]}\n",                                                      "structures",               8},
    {"{'descr': '<c8'}\n",                                                               "complex",                  8},
    {"{'descr': '<M8[s]'}\n",                                                            "dates",                    8},
    {"{'descr': '<f3'}\n",                                                               "no number that is read",   8},
    {"{'descr': '|f4'}\n",                                                               "no number that is read",   8},
    {"{'descr': 'f4'}\n",                                                                "not one like '<f4'",       8},
    {"{'descr': '<f4', 'fortran_order': 1}\n",                                           "True or False",            8},
    {"{'shape': (2}\n",                                                                  "comma between dimensions", 8},
    {"{'shape': (2)}\n",                                                                 "a comma as in (3,)",       8},
    {"{'shape': (-2,)}\n",                                                               "decimal digits",           8},
    {"{'shape': (3L,)}\n",                                                               "comma between dimensions", 8},
    {"{'shape': [2]}\n",                                                                 "in parentheses",           8},
    {"{'shape': (99999999999999999999,)}\n",                                             "2^64 or more",             8},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}\n",
     "more than can be addressed",                                                                                   8},
    {"{'descr': '|b1', 'fortran_order': False, 'shape': (0, 9223372036854775807)}\n",
     "bytes of values",                                                                                              8},
    {"{'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}\n",
     "more than 32 dimensions",                                                                                      8},
};

Test(npy, malformed_headers_are_refused)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        size_t count;
        uint8_t *bytes =
            array_with_header(malformed[i].header, malformed[i].zeros, &count);
        tally_npy a;

        expect_fail(tally_npy_parse(&a, "x", bytes, count), FORMAT, malformed[i].words);
        free(bytes);
    }
}

Test(npy, truncated_and_foreign_bytes_are_refused)
{
    static const double values[] = {1, 2};
    array of = {"x", "<f8", 2, values};
    size_t count;
    uint8_t *bytes = array_bytes(&of, &count);
    tally_npy a;

    for (size_t n = 0; n < count; n++) {
        uint8_t *part = malloc(n + 1); /* so that sanitizers see a read beyond it */

        memcpy(part, bytes, n);
        expect_fail(tally_npy_parse(&a, "x", part, n), FORMAT, "x");
        free(part);
    }
    bytes[6] = 4;
    expect_fail(tally_npy_parse(&a, "x", bytes, count), FORMAT, "version 4.0");
    bytes[6] = 2; /* whose length has 32 bits */
    expect_fail(tally_npy_parse(&a, "x", bytes, count), FORMAT, "inside its header");
    bytes[0] = 'N';
    expect_fail(tally_npy_parse(&a, "x", bytes, count), FORMAT, "93 \"NUMPY\"");
    free(bytes);
}

Test(npy, values_of_another_kind_are_refused)
{
    size_t count;
    int64_t value;
    tally_npy a;
    uint8_t *bytes = array_with_header(
        "{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}\n", 8, &count);

    bytes[count - 1] = 0x80;
    expect_ok(tally_npy_parse(&a, "x", bytes, count));
    expect_fail(tally_npy_integer(&a, 0, &value), FORMAT, "2^63 or more");
    a.kind = 'f';
    expect_fail(tally_npy_integer(&a, 0, &value), FORMAT, "expected integers");
    free(bytes);
    bytes = array_with_header(
        "{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}\n", 1, &count);
    bytes[count - 1] = 2;
    expect_fail(tally_npy_parse(&a, "x", bytes, count), FORMAT, "no boolean");
    free(bytes);
}
