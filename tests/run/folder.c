#include "run/folder.h"

#include "base/file.h"
#include "run/example.h"
#include "support/expect.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static tally_status open_and_close(tally_comm *c, void *path)
{
    tally_folder *folder;

    TALLY_TRY(tally_folder_open(&folder, c, path, false));
    bool same = strcmp(tally_folder_path(folder), path) == 0;
    tally_folder_close(folder);
    return same ? TALLY_OK : TALLY_FAIL(DIVERGED, "the path is another");
}

static tally_status describe(tally_comm *c, void *path)
{
    tally_folder *folder;

    TALLY_TRY(tally_folder_open(&folder, c, path, false));
    tally_status status = tally_folder_describe(folder, "{\"a\": 1}\n");
    tally_folder_close(folder);
    return status;
}

static size_t count_entries(const char *path)
{
    DIR *directory = opendir(path);
    size_t n = 0;

    cr_assert(directory != NULL);
    while (readdir(directory))
        n++;
    closedir(directory);
    return n - 2;
}

Test(folder, opening_makes_it_and_leaves_lock_and_checkpoints_alone)
{
    const char *top = example_directory(), *out = below(top, "a/b");

    expect_ok(tally_launch("sim:ranks=3", open_and_close, (void *)out));
    cr_assert(eq(sz, count_entries(out), 2));
    cr_assert(tally_file_exists(below(out, "lock")));
    expect_ok(tally_launch("self", open_and_close, (void *)out));
    example_remove(top);
}

static tally_status open_twice(tally_comm *c, void *path)
{
    tally_folder *folder, *second;

    TALLY_TRY(tally_folder_open(&folder, c, path, false));
    tally_status status =
        refused(tally_folder_open(&second, c, path, false), TALLY_BUSY, "another run");
    tally_folder_close(folder);
    if (!status && second) status = TALLY_FAIL(DIVERGED, "a failed open left a folder");
    return status;
}

Test(folder, a_folder_in_use_is_refused_on_every_rank)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=3", open_twice, (void *)top));
    example_remove(top);
}

Test(folder, a_folder_with_a_run_is_refused_with_advice)
{
    const char *top = example_directory();
    char advice[300];

    snprintf(advice, sizeof advice, "go on with --resume %s", top);
    expect_ok(tally_launch("self", describe, (void *)top));
    expect_fail(tally_launch("sim:ranks=2", open_and_close, (void *)top), BUSY, advice);
    unlink(below(top, "manifest.json"));
    expect_ok(tally_launch("self", open_and_close, (void *)top));
    expect_ok(tally_directory_make(below(top, "checkpoints/step-000000000001")));
    expect_fail(tally_launch("self", open_and_close, (void *)top), BUSY, advice);
    example_remove(top);
}

static tally_status resume(tally_comm *c, void *path)
{
    tally_folder *folder;

    TALLY_TRY(tally_folder_open(&folder, c, path, true));
    tally_folder_close(folder);
    return TALLY_OK;
}

Test(folder, resuming_needs_a_run)
{
    const char *top = example_directory();

    expect_fail(tally_launch("sim:ranks=2", resume, (void *)below(top, "none")), FILE,
                "there is no such folder");
    cr_assert(not(tally_file_exists(below(top, "none"))));
    expect_fail(tally_launch("sim:ranks=2", resume, (void *)top), FILE,
                "it holds no run");
    unlink(below(top, "lock"));
    rmdir(below(top, "checkpoints"));
    expect_ok(tally_launch("self", describe, (void *)top));
    expect_ok(tally_launch("sim:ranks=2", resume, (void *)top));
    example_remove(top);
}

Test(folder, what_a_kill_left_is_removed)
{
    const char *top = example_directory(),
               *partial = below(top, "checkpoints/step-000000000005.partial"),
               *seen = below(top, ".seen-0123456789abcdef-00001");

    expect_ok(tally_directory_make(partial));
    expect_ok(tally_file_replace(below(partial, "weights.safetensors"), "torn", 4));
    expect_ok(tally_file_replace(seen, "", 0));
    expect_ok(tally_launch("sim:ranks=2", open_and_close, (void *)top));
    cr_assert(not(tally_file_exists(partial)));
    cr_assert(not(tally_file_exists(seen)));
    example_remove(top);
}

Test(folder, what_cannot_be_removed_is_named)
{
    const char *top = example_directory();

    expect_ok(tally_directory_make(
        below(top, "checkpoints/step-000000000005.partial/somebody's")));
    expect_fail(tally_launch("self", open_and_close, (void *)top), FILE,
                "step-000000000005.partial");
    example_remove(top);
}

Test(folder, a_folder_that_cannot_be_made_is_named)
{
    const char *top = example_directory(), *file = below(top, "file");

    expect_ok(tally_file_replace(file, "", 0));
    expect_fail(tally_launch("sim:ranks=2", open_and_close, (void *)below(file, "out")),
                FILE, "file");
    example_remove(top);
}

Test(folder, a_folder_that_cannot_be_written_is_named)
{
    if (geteuid() == 0) cr_skip_test("root may write everywhere");
    const char *top = example_directory(), *out = below(top, "out");

    expect_ok(tally_directory_make(below(out, "checkpoints")));
    cr_assert(eq(int, chmod(out, 0500), 0));
    expect_fail(tally_launch("sim:ranks=2", open_and_close, (void *)out), FILE, out);
    cr_assert(eq(int, chmod(out, 0700), 0));
    example_remove(top);
}

Test(folder, the_description_is_read_back)
{
    const char *top = example_directory();
    char *text;

    expect_fail(tally_folder_description(top, &text), FILE, "manifest.json");
    expect_ok(tally_launch("sim:ranks=3", describe, (void *)top));
    expect_ok(tally_folder_description(top, &text));
    cr_assert(eq(str, text, "{\"a\": 1}\n"));
    free(text);
    example_remove(top);
}

Test(folder, closing_nothing_is_fine)
{
    tally_folder_close(NULL);
}
