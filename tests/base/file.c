#include "base/file.h"

#include "run/example.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

Test(file, the_stamp_is_that_of_what_is_on_disk)
{
    const char *folder = example_directory(), *path = below(folder, "x");
    tally_file f = {0};
    char *bytes;
    size_t n;

    expect_ok(tally_file_create(&f, path));
    expect_ok(tally_file_write(&f, "abc", 3));
    expect_ok(tally_file_write(&f, NULL, 0));
    expect_ok(tally_file_write(&f, "defg", 4));
    expect_ok(tally_file_finish(&f));
    cr_assert(eq(u64, f.stamp.bytes, 7));
    cr_assert(eq(u64, f.stamp.xxh3, XXH3_64bits("abcdefg", 7)));
    tally_file_close(&f);
    expect_ok(tally_file_read(path, 7, &bytes, &n));
    cr_assert(eq(sz, n, 7));
    cr_assert(eq(str, bytes, "abcdefg"));
    free(bytes);
    example_remove(folder);
}

Test(file, a_write_that_does_not_fit_says_where)
{
    const char *folder = example_directory();
    tally_file f = {0};

    expect_ok(tally_file_create(&f, below(folder, "x")));
    limit_files(5);
    expect_fail(tally_file_write(&f, "abcdefg", 7), FILE, "at byte 5: File too large");
    tally_file_close(&f);
    example_remove(folder);
}

Test(file, replacing_that_fails_keeps_the_old_text)
{
    const char *folder = example_directory(), *path = below(folder, "x");
    char *bytes;
    size_t n;

    expect_ok(tally_file_replace(path, "old", 3));
    limit_files(2);
    expect_fail(tally_file_replace(path, "new", 3), FILE, "x.new");
    cr_assert(not(tally_file_exists(below(folder, "x.new"))));
    expect_ok(tally_file_read(path, 10, &bytes, &n));
    cr_assert(eq(str, bytes, "old"));
    free(bytes);
    example_remove(folder);
}

Test(file, pieces_are_written_one_after_the_other)
{
    const char *folder = example_directory(), *path = below(folder, "x");
    const tally_file_piece pieces[] = {
        {"ab",  2},
        {NULL,  0},
        {"cde", 3}
    };
    char fresh[TALLY_PATH_MOST], *bytes;
    size_t n;

    snprintf(fresh, sizeof fresh, "%s.other", path);
    expect_ok(tally_file_replace_pieces(path, fresh, pieces, 3));
    cr_assert(not(tally_file_exists(fresh)));
    expect_ok(tally_file_read(path, 10, &bytes, &n));
    cr_assert(eq(str, bytes, "abcde"));
    free(bytes);
    limit_files(4);
    expect_fail(tally_file_replace_pieces(path, fresh, pieces, 3), FILE, "at byte 4");
    cr_assert(not(tally_file_exists(fresh)));
    example_remove(folder);
}

Test(file, what_is_no_file_of_that_size_is_not_read)
{
    const char *folder = example_directory(), *path = below(folder, "x");
    char *bytes;
    size_t n;

    expect_fail(tally_file_read(path, 10, &bytes, &n), FILE, "No such file");
    expect_fail(tally_file_read(folder, 10, &bytes, &n), FILE, "not a regular file");
    cr_assert(eq(int, mkfifo(path, 0600), 0));
    expect_fail(tally_file_read(path, 10, &bytes, &n), FILE, "not a regular file");
    cr_assert(eq(int, unlink(path), 0));
    expect_ok(tally_file_replace(path, "abcd", 4));
    expect_fail(tally_file_read(path, 3, &bytes, &n), FILE, "at most 3");
    cr_assert(eq(ptr, bytes, NULL));
    example_remove(folder);
}

Test(file, directories_are_made_with_those_above_them)
{
    const char *folder = example_directory();

    expect_ok(tally_directory_make(below(folder, "a/b/c")));
    expect_ok(tally_directory_make(below(folder, "a/b/c/")));
    cr_assert(tally_file_exists(below(folder, "a/b/c")));
    expect_ok(tally_file_replace(below(folder, "a/x"), "", 0));
    expect_fail(tally_directory_make(below(folder, "a/x")), FILE, "a/x");
    expect_fail(tally_directory_make(below(folder, "a/x/y")), FILE, "a/x");
    expect_fail(tally_directory_make(""), FILE, "empty");
    example_remove(folder);
}

Test(file, directories_are_removed_with_their_files)
{
    const char *folder = example_directory();

    expect_ok(tally_directory_make(below(folder, "a")));
    expect_ok(tally_file_replace(below(folder, "a/x"), "", 0));
    cr_assert(tally_directory_remove(below(folder, "a")));
    cr_assert(tally_directory_remove(below(folder, "a")));
    expect_ok(tally_directory_make(below(folder, "a/b")));
    cr_assert(not(tally_directory_remove(below(folder, "a"))));
    example_remove(folder);
}

Test(file, a_path_that_is_too_long_is_refused)
{
    char path[TALLY_PATH_MOST], name[2 * TALLY_PATH_MOST];

    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect_fail(tally_path(path, "%s", name), FILE, "longer than 4095");
}
