#include "data/file.h"

#include "data/scratch.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(file, .init = scratch_open, .fini = scratch_close, .timeout = 60);

static const char text[] = "a sentence, a sentence, a sentence, and a last one";

/* What is refused must leave nothing behind that close cannot free, which the address
 * sanitizer watches. */
static void check_refused(const uint8_t *bytes, size_t count, const char *words)
{
    tally_data_file f = {0};

    expect_fail(tally_data_file_unpack(&f, "X", bytes, count), FORMAT, words);
    tally_data_file_close(&f);
}

static void check_is_text(const char *name)
{
    tally_data_file f = {0};

    expect_ok(tally_data_file_read(&f, scratch_path(name)));
    cr_assert(eq(sz, f.count, sizeof text));
    cr_assert(memcmp(f.bytes, text, sizeof text) == 0);
    cr_assert(eq(str, f.name, (char *)scratch_path(name)));
    tally_data_file_close(&f);
    tally_data_file_close(&f);
}

static void check_unread(const char *path, tally_status status, const char *words)
{
    tally_data_file f = {0};

    cr_assert(eq(int, (int)tally_data_file_read(&f, path), (int)status));
    cr_assert(strstr(tally_error_sentence(), words) != NULL, "\"%s\" lacks \"%s\"",
              tally_error_sentence(), words);
    cr_assert(strstr(tally_error_sentence(), path) != NULL, "\"%s\" lacks the path",
              tally_error_sentence());
    tally_data_file_close(&f);
}

Test(file, plain_bytes_come_as_they_are)
{
    scratch_write("plain", text, sizeof text);
    check_is_text("plain");
}

Test(file, gzip_is_told_by_content_not_by_name)
{
    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);

    scratch_write("packed", packed, count);
    check_is_text("packed");
    scratch_write("plain.gz", text, sizeof text);
    check_is_text("plain.gz");
}

Test(file, what_is_no_file_with_bytes_is_refused)
{
    check_unread(scratch_path("missing"), TALLY_FILE, "cannot open");
    check_unread(scratch_path(""), TALLY_FILE, "is a folder, expected a file");
    scratch_write("empty", "", 0);
    check_unread(scratch_path("empty"), TALLY_FORMAT, "is empty");
    cr_assert(mkfifo(scratch_path("pipe"), 0600) == 0);
    check_unread(scratch_path("pipe"), TALLY_FILE, "is a pipe or device");
    check_unread("/dev/null", TALLY_FILE, "is a pipe or device");
}

/* A sparse file: it has the size and takes no room. */
Test(file, a_file_too_large_is_refused_before_memory_is_taken)
{
    scratch_write("large", "x", 1);
    if (truncate(scratch_path("large"), (off_t)TALLY_DATA_FILE_MOST + 1) != 0)
        cr_skip_test("no sparse file of 16 GiB can be made here");
    check_unread(scratch_path("large"), TALLY_FORMAT, "17179869185 bytes, expected at");
}

/* The kernel says 4096 bytes and gives fewer. */
Test(file, a_file_that_ends_while_it_is_read_is_refused)
{
    const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";

    if (access(path, R_OK) != 0) cr_skip_test("%s is not on this machine", path);
    check_unread(path, TALLY_FILE, "while it was read, expected 4096 bytes");
}

/* May be written alone: open fails for most, read for those who may do anything. */
Test(file, a_file_that_cannot_be_read_is_refused)
{
    const char *path = "/sys/bus/cpu/uevent";

    if (access(path, F_OK) != 0) cr_skip_test("%s is not on this machine", path);
    check_unread(path, TALLY_FILE, "cannot ");
}

Test(file, every_truncation_of_gzip_is_refused)
{
    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);

    for (size_t n = 2; n < count; n++) {
        uint8_t *exact = malloc(n); /* the sanitizer sees a byte read past it */

        memcpy(exact, packed, n);
        check_refused(exact, n, "inside its gzip member");
        free(exact);
    }
    check_refused(packed, 0, "X is empty");
}

/* Byte 2 is the method, byte 3 the flags. */
Test(file, a_broken_gzip_header_is_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *words;
    } cases[] = {
        {2, 7,    "unknown compression method"},
        {3, 0x20, "unknown header flags set"  },
        {3, 0x80, "unknown header flags set"  },
        {3, 0x02, "header crc mismatch"       },
    };

    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t kept = packed[cases[i].at];

        packed[cases[i].at] = cases[i].value;
        check_refused(packed, count, cases[i].words);
        packed[cases[i].at] = kept;
    }
}

Test(file, a_name_that_never_ends_is_refused)
{
    uint8_t packed[4096] = {0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3};

    memset(packed + 10, 'n', 30);
    check_refused(packed, 40, "ends at byte 40, inside its gzip member");
}

/* With flags FEXTRA, FNAME and FCOMMENT, as other programs write them. */
Test(file, optional_fields_of_gzip_are_skipped)
{
    static const uint8_t fields[] = {3, 0, 'x', 'y', 'z', 'n', 0, 'c', 0};
    uint8_t packed[4096], whole[4200];
    size_t count = scratch_pack(text, sizeof text, packed);

    memcpy(whole, packed, 10);
    whole[3] = 4 | 8 | 16;
    memcpy(whole + 10, fields, sizeof fields);
    memcpy(whole + 10 + sizeof fields, packed + 10, count - 10);
    scratch_write("fields", whole, count + sizeof fields);
    check_is_text("fields");
}

Test(file, a_wrong_checksum_or_length_is_refused_with_its_place)
{
    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);
    char words[64];

    packed[count - 8] ^= 1;
    snprintf(words, sizeof words, "the CRC-32 at byte %zu", count - 8);
    check_refused(packed, count, words);
    packed[count - 8] ^= 1;
    packed[count - 1] ^= 1; /* the length now asks for 16 MiB; memory stays bounded */
    snprintf(words, sizeof words, "the length at byte %zu is not %zu", count - 4,
             sizeof text);
    check_refused(packed, count, words);
}

Test(file, a_flipped_bit_anywhere_in_the_data_is_refused)
{
    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);

    for (size_t bit = 10 * 8; bit < count * 8; bit++) {
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        check_refused(packed, count, "X: ");
        packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(file, nothing_may_follow_a_gzip_member)
{
    uint8_t packed[4096];
    size_t count = scratch_pack(text, sizeof text, packed);
    char words[80];

    packed[count] = 'x';
    snprintf(words, sizeof words, "1 bytes of garbage from byte %zu", count);
    check_refused(packed, count + 1, words);
    memcpy(packed + count, packed, count);
    snprintf(words, sizeof words, "a second gzip member starts at byte %zu", count);
    check_refused(packed, 2 * count, words);
}

/* 100,000 zeros pack to about 130 bytes; what follows hides the true length, so the
 * room must grow. */
Test(file, room_grows_when_the_last_bytes_say_too_little)
{
    static const uint8_t zeros[100000];
    uint8_t packed[4096];
    size_t count = scratch_pack(zeros, sizeof zeros, packed);
    tally_data_file f = {0};

    expect_ok(tally_data_file_unpack(&f, "X", packed, count));
    cr_assert(eq(sz, f.count, sizeof zeros));
    cr_assert(memcmp(f.bytes, zeros, sizeof zeros) == 0);
    tally_data_file_close(&f);
    memset(packed + count, 0, 8);
    check_refused(packed, count + 8, "8 bytes of garbage");
}
