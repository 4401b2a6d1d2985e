#include "data/npz.h"

#include "data/archive.h"
#include "data/scratch.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(npz, .init = scratch_open, .fini = scratch_close);

static void check_small(const char *name)
{
    tally_npz z;
    tally_npy a;
    bool found;

    expect_ok(tally_npz_read(&z, scratch_path(name)));
    cr_assert(eq(sz, z.count, SMALL_GRAPH_ARRAYS));
    for (size_t i = 0; i < z.count; i++) {
        expect_ok(tally_npz_find(&z, small_graph[i].key, &a, &found));
        cr_assert(found && a.count == small_graph[i].count);
        for (size_t k = 0; k < a.count; k++)
            cr_assert(tally_npy_real(&a, k) == small_graph[i].values[k]);
    }
    expect_ok(tally_npz_find(&z, "nothing", &a, &found));
    cr_assert(not(found));
    tally_npz_close(&z);
    tally_npz_close(&z);
}

Test(npz, arrays_are_read_stored_or_deflated)
{
    archive_write("a.npz", small_graph, SMALL_GRAPH_ARRAYS, 0);
    check_small("a.npz");
    archive_write("b.npz", small_graph, SMALL_GRAPH_ARRAYS, 1);
    check_small("b.npz");
}

/* The whole file, which the caller frees. */
static uint8_t *slurp(const char *name, size_t *count)
{
    FILE *file = fopen(scratch_path(name), "rb");
    uint8_t *bytes = malloc(1 << 16);

    *count = fread(bytes, 1, 1 << 16, file);
    cr_assert(0 < *count && *count < 1 << 16);
    fclose(file);
    return bytes;
}

static tally_status unpack(const uint8_t *bytes, size_t count)
{
    uint8_t *copy = malloc(count + 1); /* so that sanitizers see a read beyond it */
    tally_npz z;

    memcpy(copy, bytes, count);
    tally_status status = tally_npz_unpack(&z, "x.npz", copy, count);
    tally_npz_close(&z);
    free(copy);
    return status;
}

Test(npz, every_truncation_is_refused)
{
    size_t count;

    archive_write("a.npz", small_split, SMALL_SPLIT_ARRAYS, 1);
    uint8_t *bytes = slurp("a.npz", &count);
    for (size_t n = 1; n < count; n++)
        expect_fail(unpack(bytes, n), FORMAT, "x.npz");
    expect_ok(unpack(bytes, count));
    free(bytes);
}

/* A flipped byte is refused, or it is one that says nothing about the arrays (a time, a
 * version, an attribute): then the same arrays are read. */
static void check_flip(const uint8_t *bytes, size_t count, const tally_npz *want)
{
    tally_npz z;
    tally_status status = tally_npz_unpack(&z, "x.npz", bytes, count);

    if (status) {
        cr_assert(status == TALLY_FORMAT, "%s", tally_error_sentence());
    } else {
        cr_assert(eq(sz, z.count, want->count));
        for (size_t i = 0; i < z.count; i++) {
            cr_assert(eq(sz, z.members[i].count, want->members[i].count));
            cr_assert(memcmp(z.members[i].bytes, want->members[i].bytes,
                             z.members[i].count) == 0);
        }
    }
    tally_npz_close(&z);
}

Test(npz, every_flipped_byte_is_refused_or_harmless)
{
    for (int deflated = 0; deflated < 2; deflated++) {
        tally_npz want;
        size_t count;

        archive_write("a.npz", small_split, SMALL_SPLIT_ARRAYS, deflated);
        uint8_t *bytes = slurp("a.npz", &count);
        expect_ok(tally_npz_unpack(&want, "x.npz", bytes, count));
        for (size_t i = 0; i < count; i++) {
            uint8_t bit = (uint8_t)(1 << i % 8);

            bytes[i] ^= bit;
            check_flip(bytes, count, &want);
            bytes[i] ^= bit;
        }
        tally_npz_close(&want);
        free(bytes);
    }
}

static tally_status read_file_named(const char *name)
{
    size_t count;
    array a = small_graph[0];
    uint8_t *bytes = array_bytes(&a, &count);
    tally_npz z;

    archive_write_files("a.npz", &name, 1, bytes, count);
    free(bytes);
    tally_status status = tally_npz_read(&z, scratch_path("a.npz"));
    tally_npz_close(&z);
    return status;
}

Test(npz, names_that_are_no_keys_are_refused)
{
    expect_ok(read_file_named("adj_data.npy"));
    expect_fail(read_file_named("adj_data.txt"), FORMAT, "holds \"adj_data.txt\"");
    expect_fail(read_file_named("../x.npy"), FORMAT, "holds \"../x.npy\"");
    expect_fail(read_file_named("/x.npy"), FORMAT, "holds \"/x.npy\"");
    expect_fail(read_file_named("a\\x.npy"), FORMAT, "holds");
    expect_fail(read_file_named("..npy"), FORMAT, "holds");
    expect_fail(read_file_named(".npy"), FORMAT, "holds");
}

Test(npz, what_is_no_archive_is_refused)
{
    tally_npz z;

    expect_fail(unpack((const uint8_t *)"PK", 2), FORMAT, "x.npz is no archive");
    expect_fail(unpack((const uint8_t *)"\x93NUMPY", 6), FORMAT, "x.npz is no archive");
    expect_fail(tally_npz_read(&z, scratch_path("none")), FILE, "cannot open");
    tally_npz_close(&z);
    expect_fail(tally_npz_read(&z, scratch_path("")), FILE, "is a folder");
    tally_npz_close(&z);
    scratch_write("empty", "", 0);
    expect_fail(tally_npz_read(&z, scratch_path("empty")), FORMAT, "is empty");
    tally_npz_close(&z);
}

Test(npz, an_array_that_is_none_is_refused_when_asked_for)
{
    static const char *const name[] = {"x.npy"};
    tally_npz z;
    tally_npy a;
    bool found;

    archive_write_files("a.npz", name, 1, (const uint8_t *)"hello", 5);
    expect_ok(tally_npz_read(&z, scratch_path("a.npz")));
    expect_fail(tally_npz_find(&z, "x", &a, &found), FORMAT,
                "a.npz: x does not start as an array of NumPy");
    tally_npz_close(&z);
}

/* The announced size at offset `at` of the central header. */
static void set_size(uint8_t *bytes, size_t count, size_t at, uint32_t size)
{
    size_t directory = count;

    while (memcmp(bytes + --directory, "PK\x01\x02", 4) != 0)
        ;
    memcpy(bytes + directory + at, &size, 4);
}

Test(npz, hostile_sizes_are_refused_before_anything_is_allocated)
{
    static const double one[] = {1};
    array a = {"x", "<i8", 1, one};
    size_t count;

    archive_write("a.npz", &a, 1, 1);
    uint8_t *bytes = slurp("a.npz", &count);
    set_size(bytes, count, 24, 0xfffffff0); /* unpacked */
    expect_fail(unpack(bytes, count), FORMAT, "x.npz");
    free(bytes);
}
