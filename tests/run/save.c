#include "base/file.h"
#include "run/example.h"
#include "support/expect.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

Test(save, what_is_saved_is_loaded_at_any_number_of_ranks)
{
    static const char *const comms[] = {"self", "sim:ranks=1", "sim:ranks=3",
                                        "sim:ranks=8"};

    for (size_t i = 0; i < sizeof comms / sizeof *comms; i++) {
        const char *top = example_directory();

        save(comms[i], top, 1, 3);
        cr_assert(eq(u64, load(comms[i], top), 3));
        expect_no_partial(top);
        example_remove(top);
    }
}

Test(save, the_newest_are_kept)
{
    const char *top = example_directory();

    save("sim:ranks=2", top, 1, 5);
    expect_steps(top, 2, (uint64_t[]){5, 4});
    example_remove(top);
}

Test(save, steps_that_load_passed_over_are_removed)
{
    const char *top = example_directory();

    save("self", top, 1, 3);
    expect_ok(tally_directory_make(below(top, "checkpoints/step-000000000009")));
    save("self", top, 4, 4);
    expect_steps(top, 2, (uint64_t[]){4, 3});
    cr_assert(eq(u64, load("self", top), 4));
    example_remove(top);
}

static tally_status save_twice(tally_comm *c, void *out)
{
    example e;
    tally_folder *folder = NULL;
    uint64_t skipped;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, false);
    example_set(&e, 1, c->rank);
    if (!status) status = tally_folder_save(folder, &e.what, 0);
    example_set(&e, 2, c->rank);
    e.what.step = 1;
    if (!status) status = tally_folder_save(folder, &e.what, 0);
    example_set(&e, 3, c->rank);
    if (!status) status = tally_folder_load(folder, &e.what, &skipped, NULL, 0);
    if (!status) status = example_check(&e, 2, c->rank);
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(save, the_second_save_of_a_step_counts)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=2", save_twice, (void *)top));
    expect_steps(top, 1, (uint64_t[]){1});
    expect_no_partial(top);
    example_remove(top);
}

/* ---- disks that fill up ---- */

/* The lengths of the example's files lie below 2000 bytes; manifest and rank files are
 * the shortest, so that rising limits stop each file of the save in turn. */
Test(save, a_file_that_cannot_grow_stops_the_save_on_every_rank)
{
    const char *top = example_directory();
    size_t failures = 0;

    save("sim:ranks=3", top, 1, 2);
    for (size_t limit = 0; limit < 3000; limit += 100) {
        run r = {.out = top, .resume = true, .first = 3, .last = 3};

        limit_files(limit);
        tally_status status = tally_launch("sim:ranks=3", run_save, &r);
        limit_files(SIZE_MAX);
        if (status == TALLY_OK) break;
        expect_ok(refused(status, TALLY_FILE, "File too large"));
        failures++;
        expect_steps(top, 2, (uint64_t[]){2, 1});
        expect_no_partial(top);
        cr_assert(eq(u64, load("sim:ranks=3", top), 2));
    }
    cr_assert(lt(sz, 3, failures));
    cr_assert(eq(u64, load("sim:ranks=3", top), 3));
    example_remove(top);
}

Test(save, a_full_disk_keeps_the_earlier_checkpoints)
{
    const char *top = example_directory(), *disk = below(top, "disk"),
               *out = below(disk, "out"), *filler = below(disk, "filler");
    char *zeros = calloc(1, 1 << 20);
    run r = {.out = out, .resume = true, .first = 3, .last = 3};
    tally_file f = {0};

    expect_ok(tally_directory_make(disk));
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tally", disk, "tmpfs", 0, "size=128k") != 0) {
        int why = errno;

        example_remove(top);
        cr_skip_test("a small file system cannot be mounted: %s", strerror(why));
    }
    save("sim:ranks=2", out, 1, 2);
    expect_ok(tally_file_create(&f, filler));
    expect_fail(tally_file_write(&f, zeros, 1 << 20), FILE, "No space left");
    tally_file_close(&f);
    expect_fail(tally_launch("sim:ranks=2", run_save, &r), FILE, "No space left");
    expect_steps(out, 2, (uint64_t[]){2, 1});
    cr_assert(eq(u64, load("sim:ranks=2", out), 2));
    cr_assert(eq(int, unlink(filler), 0));
    expect_ok(tally_launch("sim:ranks=2", run_save, &r));
    cr_assert(eq(u64, load("sim:ranks=2", out), 3));
    umount(disk);
    free(zeros);
    example_remove(top);
}
