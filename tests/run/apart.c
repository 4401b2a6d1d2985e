/* apart.c — ranks without a common file system: each is given a path of its own. */

#include "base/file.h"
#include "run/example.h"
#include "support/expect.h"

#include <stdlib.h>

static const char *path_of(const char *top, int rank)
{
    return below(top, rank < 2 ? "a" : "b");
}

static tally_status save_apart(tally_comm *c, void *context)
{
    const run *r = context;

    return example_save(c, path_of(r->out, c->rank), r->resume, r->first, r->last);
}

static tally_status load_apart(tally_comm *c, void *context)
{
    run *r = context;
    uint64_t step, skipped;
    tally_status status = example_load(c, path_of(r->out, c->rank), &step, &skipped);

    if (c->rank == 0) {
        r->step = step;
        r->skipped = skipped;
    }
    return status;
}

Test(apart, every_file_system_gets_its_ranks_and_the_shared_files)
{
    const char *top = example_directory(), *a = below(top, "a/checkpoints"),
               *b = below(top, "b/checkpoints");
    run r = {.out = top, .first = 1, .last = 2};
    char *one, *other;
    size_t n;

    expect_ok(tally_launch("sim:ranks=3", save_apart, &r));
    expect_ok(tally_launch("sim:ranks=3", load_apart, &r));
    cr_assert(eq(u64, r.step, 2));
    cr_assert(tally_file_exists(below(a, "step-000000000002/rank-00001.safetensors")));
    cr_assert(tally_file_exists(below(b, "step-000000000002/rank-00002.safetensors")));
    cr_assert(
        not(tally_file_exists(below(b, "step-000000000002/rank-00001.safetensors"))));
    expect_ok(
        tally_file_read(below(a, "step-000000000002/manifest.json"), 9999, &one, &n));
    expect_ok(
        tally_file_read(below(b, "step-000000000002/manifest.json"), 9999, &other, &n));
    cr_assert(eq(str, one, other));
    free(one);
    free(other);
    example_remove(top);
}

Test(apart, a_kill_between_two_renames_goes_back_to_what_all_have)
{
    const char *top = example_directory();
    run r = {.out = top, .first = 1, .last = 2};

    expect_ok(tally_launch("sim:ranks=3", save_apart, &r));
    cr_assert(tally_directory_remove(below(top, "b/checkpoints/step-000000000002")));
    expect_ok(tally_launch("sim:ranks=3", load_apart, &r));
    cr_assert(eq(u64, r.step, 1));
    cr_assert(eq(u64, r.skipped, 1));
    r = (run){.out = top, .resume = true, .first = 2, .last = 2};
    expect_ok(tally_launch("sim:ranks=3", save_apart, &r));
    expect_ok(tally_launch("sim:ranks=3", load_apart, &r));
    cr_assert(eq(u64, r.step, 2));
    cr_assert(eq(u64, r.skipped, 0));
    example_remove(top);
}

/* The second file system loses its folder of checkpoints between open and save. */
static tally_status break_one(tally_comm *c, void *top)
{
    example e;
    tally_folder *folder = NULL;
    const char *checkpoints = below(path_of(top, c->rank), "checkpoints");
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, path_of(top, c->rank), false);
    if (!status && c->rank == 2 && tally_directory_remove(checkpoints))
        status = tally_file_replace(checkpoints, "", 0);
    example_set(&e, 1, c->rank);
    if (!status)
        status =
            refused(tally_folder_save(folder, &e.what, 2), TALLY_FILE, "b/checkpoints");
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(apart, a_failure_on_one_file_system_leaves_nothing_on_the_other)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=3", break_one, (void *)top));
    expect_steps(below(top, "a"), 0, NULL);
    expect_no_partial(below(top, "a"));
    example_remove(top);
}

static tally_status drift(tally_comm *c, void *top)
{
    example e;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, path_of(top, c->rank), false);
    example_set(&e, 1, c->rank);
    if (c->rank == 2) *(unsigned char *)&e.what.w[3] ^= 1;
    if (!status)
        status = refused(tally_folder_save(folder, &e.what, 2), TALLY_MISMATCH,
                         "weights differ from those of rank 0");
    example_set(&e, 1, c->rank);
    if (c->rank == 2) *(unsigned char *)e.rule.at[3] ^= 1;
    if (!status)
        status = refused(tally_folder_save(folder, &e.what, 2), TALLY_MISMATCH,
                         "shared state differs");
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(apart, ranks_that_drifted_apart_are_not_saved)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=3", drift, (void *)top));
    expect_steps(below(top, "a"), 0, NULL);
    expect_steps(below(top, "b"), 0, NULL);
    example_remove(top);
}

static tally_status save_strangers(tally_comm *c, void *top)
{
    return example_save(c, below(top, c->rank ? "b" : "a"), false, 1, 1);
}

static tally_status load_strangers(tally_comm *c, void *top)
{
    uint64_t step, skipped;

    return refused(example_load(c, below(top, c->rank ? "b" : "a"), &step, &skipped),
                   TALLY_FILE, "belongs to another run than that of rank 0");
}

static tally_status load_without_first(tally_comm *c, void *top)
{
    uint64_t step, skipped;

    return refused(example_load(c, path_of(top, c->rank), &step, &skipped), TALLY_FILE,
                   "holds a checkpoint of step 2 here, and none on the disk of rank 0");
}

Test(apart, no_run_starts_anew_over_checkpoints_that_rank_0_lacks)
{
    const char *top = example_directory();
    run r = {.out = top, .first = 1, .last = 2};
    static const uint64_t both[] = {2, 1};

    expect_ok(tally_launch("sim:ranks=3", save_apart, &r));
    cr_assert(tally_directory_remove(below(top, "a/checkpoints/step-000000000001")));
    cr_assert(tally_directory_remove(below(top, "a/checkpoints/step-000000000002")));
    expect_ok(tally_file_replace(below(top, "a/manifest.json"), "{}", 2));
    expect_ok(tally_launch("sim:ranks=3", load_without_first, (void *)top));
    expect_steps(below(top, "b"), 2, both);
    example_remove(top);
}

static tally_status save_first(tally_comm *c, void *out)
{
    return example_save(c, out, false, 1, 1);
}

Test(apart, checkpoints_of_two_runs_do_not_mix)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=2", save_strangers, (void *)top));
    example_remove(below(top, "b"));
    expect_ok(tally_launch("sim:ranks=3", save_first, (void *)below(top, "b")));
    expect_ok(tally_launch("sim:ranks=2", load_strangers, (void *)top));
    example_remove(top);
}
