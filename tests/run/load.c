#include "base/file.h"
#include "run/checkpoint.h"
#include "run/example.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- files that are not what was written ---- */

static tally_status save_two(tally_comm *c, void *out)
{
    return example_save(c, out, false, 1, 2);
}

static tally_status expect_first(tally_comm *c, void *out)
{
    uint64_t step, skipped;

    TALLY_TRY(example_load(c, out, &step, &skipped));
    if (step != 1 || skipped != 1)
        return TALLY_FAIL(DIVERGED, "step %llu was loaded", (unsigned long long)step);
    return TALLY_OK;
}

static const char *const names[] = {"manifest.json", "weights.safetensors",
                                    "state.safetensors", "rank-00000.safetensors",
                                    "rank-00002.safetensors"};

enum { NAMES = sizeof names / sizeof *names };

static const char *newest(const char *top, const char *name)
{
    return below(below(top, "checkpoints/step-000000000002"), name);
}

/* Not tally_file_replace: the file is altered where it is. */
static void put(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    cr_assert(file != NULL);
    cr_assert(eq(sz, fwrite(bytes, 1, n, file), n));
    cr_assert(eq(int, fclose(file), 0));
}

Test(load, a_torn_file_sends_all_ranks_to_the_checkpoint_before)
{
    const char *top = example_directory();
    char *bytes;
    size_t n;

    expect_ok(tally_launch("sim:ranks=3", save_two, (void *)top));
    for (int i = 0; i < NAMES; i++) {
        char path[TALLY_PATH_MOST];

        snprintf(path, sizeof path, "%s", newest(top, names[i]));
        expect_ok(tally_file_read(path, 10000, &bytes, &n));
        for (size_t length = 0; length < n; length += 1 + length / 4) {
            put(path, bytes, length);
            expect_ok(tally_launch("sim:ranks=3", expect_first, (void *)top));
        }
        put(path, bytes, n - 1);
        expect_ok(tally_launch("sim:ranks=3", expect_first, (void *)top));
        put(path, bytes, n + 1); /* the NUL behind it */
        expect_ok(tally_launch("sim:ranks=3", expect_first, (void *)top));
        unlink(path);
        expect_ok(tally_launch("sim:ranks=3", expect_first, (void *)top));
        put(path, bytes, n);
        free(bytes);
    }
    example_remove(top);
}

Test(load, a_flipped_bit_sends_all_ranks_to_the_checkpoint_before)
{
    const char *top = example_directory();
    char *bytes;
    size_t n;

    expect_ok(tally_launch("sim:ranks=3", save_two, (void *)top));
    for (int i = 0; i < NAMES; i++) {
        char path[TALLY_PATH_MOST];

        snprintf(path, sizeof path, "%s", newest(top, names[i]));
        expect_ok(tally_file_read(path, 10000, &bytes, &n));
        for (size_t bit = 0; bit < 8 * n; bit += n / 4) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            put(path, bytes, n);
            expect_ok(tally_launch("sim:ranks=3", expect_first, (void *)top));
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        }
        put(path, bytes, n);
        free(bytes);
    }
    example_remove(top);
}

static tally_status tell_why(tally_comm *c, void *out)
{
    example e;
    char why[1024], little[8];
    uint64_t skipped = 0;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, true);
    if (!status)
        status = tally_folder_load(folder, &e.what, &skipped, little, sizeof little);
    if (!status) status = tally_folder_load(folder, &e.what, &skipped, why, sizeof why);
    if (!status && (skipped != 1 || !strstr(why, "rank 1") ||
                    !strstr(why, "rank-00001.safetensors is not what was written")))
        status = TALLY_FAIL(DIVERGED, "why: %s", why);
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

static void flip_in(const char *path)
{
    char *bytes;
    size_t n;

    expect_ok(tally_file_read(path, 10000, &bytes, &n));
    bytes[n - 1] ^= 1;
    put(path, bytes, n);
    free(bytes);
}

Test(load, every_rank_is_told_what_was_wrong_with_the_newest)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=3", save_two, (void *)top));
    flip_in(newest(top, "rank-00001.safetensors"));
    expect_ok(tally_launch("sim:ranks=3", tell_why, (void *)top));
    example_remove(top);
}

static tally_status expect_none(tally_comm *c, void *out)
{
    uint64_t step, skipped;

    TALLY_TRY(refused(example_load(c, out, &step, &skipped), TALLY_FILE,
                      "holds no whole checkpoint (2 are not)"));
    return skipped == 2 ? TALLY_OK : TALLY_FAIL(DIVERGED, "not two were skipped");
}

Test(load, when_none_is_whole_it_fails)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=2", save_two, (void *)top));
    flip_in(newest(top, "state.safetensors"));
    flip_in(below(top, "checkpoints/step-000000000001/weights.safetensors"));
    expect_ok(tally_launch("sim:ranks=2", expect_none, (void *)top));
    example_remove(top);
}

static tally_status load_empty(tally_comm *c, void *out)
{
    example e;
    uint64_t skipped;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, false);
    if (!status) status = tally_folder_load(folder, &e.what, &skipped, NULL, 0);
    if (!status && (e.what.ranks != 0 || skipped != 0))
        status = TALLY_FAIL(DIVERGED, "something was loaded from nothing");
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(load, a_folder_without_checkpoints_has_none_to_load)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=2", load_empty, (void *)top));
    example_remove(top);
}

/* What cannot be listed is not empty: a run that went on from step 0 would prune it. */
static tally_status load_unlisted(tally_comm *c, void *out)
{
    const char *checkpoints = below(out, "checkpoints");
    example e;
    uint64_t skipped;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, out, false);
    if (!status && c->rank == 0 && rmdir(checkpoints) == 0) put(checkpoints, "", 0);
    if (!status)
        status = refused(tally_folder_load(folder, &e.what, &skipped, NULL, 0),
                         TALLY_FILE, "cannot list");
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(load, a_folder_that_cannot_be_listed_is_not_empty)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=2", load_unlisted, (void *)top));
    unlink(below(top, "checkpoints"));
    example_remove(top);
}

Test(load, a_checkpoint_under_another_name_is_passed_over)
{
    const char *top = example_directory();

    expect_ok(tally_launch("self", save_two, (void *)top));
    cr_assert(eq(int,
                 rename(below(top, "checkpoints/step-000000000002"),
                        below(top, "checkpoints/step-000000000007")),
                 0));
    expect_ok(tally_launch("self", expect_first, (void *)top));
    example_remove(top);
}

/* ---- checkpoints of another run ---- */

typedef tally_status (*change)(example *e);

typedef struct attempt {
    const char *out;
    change change;
    tally_status status;
    const char *words;
} attempt;

/* Loads into a run that `change` made another one; the run stays as it was. */
static tally_status try_load(tally_comm *c, void *context)
{
    const attempt *a = context;
    example e;
    uint64_t skipped;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, true);

    if (!status) status = tally_folder_open(&folder, c, a->out, true);
    if (!status) status = a->change(&e);
    example_set(&e, 77, c->rank);
    if (!status) status = tally_folder_load(folder, &e.what, &skipped, NULL, 0);
    if (a->status) status = refused(status, a->status, a->words);
    if (!status) status = example_check(&e, a->status ? 77 : 2, c->rank);
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

static tally_status rename_tensor(example *e)
{
    strcpy(e->layout.tensors[1].name, "dense9.bias");
    return TALLY_OK;
}

static tally_status reshape_tensor(example *e)
{
    e->layout.tensors[0].shape[0] = 11;
    e->layout.tensors[0].shape[1] = 7;
    return TALLY_OK;
}

static tally_status change_kind(example *e)
{
    e->layout.tensors[3].kind = TALLY_BIAS;
    return TALLY_OK;
}

static tally_status change_data(example *e)
{
    e->what.data_hash++;
    return TALLY_OK;
}

static tally_status ignore_data(example *e)
{
    e->what.data_hash = 0;
    return TALLY_OK;
}

static tally_status rename_part(example *e)
{
    e->parts[0].name = "other";
    return TALLY_OK;
}

static tally_status rename_own(example *e)
{
    e->parts[1].name = "other";
    return TALLY_OK;
}

static tally_status drop_exchange(example *e)
{
    e->what.part_count = 1;
    return TALLY_OK;
}

static tally_status change_nothing(example *e)
{
    (void)e;
    return TALLY_OK;
}

Test(load, a_checkpoint_of_another_run_is_refused_by_name)
{
    const char *top = example_directory();
    attempt attempts[] = {
        {top, change_nothing, TALLY_OK,       NULL                                 },
        {top, ignore_data,    TALLY_OK,       NULL                                 },
        {top, rename_tensor,  TALLY_MISMATCH,
         "has no dense9.bias, which this run needs"                                },
        {top, reshape_tensor, TALLY_MISMATCH,
         "dense1.weight has the shape [7, 11] there and [11, 7]"                   },
        {top, change_kind,    TALLY_MISMATCH, "in another order, or of other kinds"},
        {top, change_data,    TALLY_MISMATCH,
         "was trained on other data (hash 000000000000dada"                        },
        {top, rename_part,    TALLY_MISMATCH, "has no other.m"                     },
        {top, rename_own,     TALLY_MISMATCH, "has no other.e"                     },
        {top, drop_exchange,  TALLY_MISMATCH, "holds exchange."                    },
    };

    expect_ok(tally_launch("sim:ranks=2", save_two, (void *)top));
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        expect_ok(tally_launch("sim:ranks=2", try_load, &attempts[i]));
    example_remove(top);
}

/* Makes the newest checkpoint one of the other precision, as far as its manifest goes.
 */
static void change_precision(const char *top)
{
    const char *path = newest(top, "manifest.json");
    tally_manifest m;
    char *text;
    size_t n;

    expect_ok(tally_file_read(path, 10000, &text, &n));
    expect_ok(tally_manifest_parse(&m, path, text, n));
    free(text);
    strcpy(m.real, strcmp(TALLY_REAL_DTYPE, "F32") == 0 ? "F64" : "F32");
    expect_ok(tally_manifest_print(&m, &text));
    put(path, text, strlen(text));
    free(text);
    tally_manifest_close(&m);
}

Test(load, a_checkpoint_of_the_other_precision_is_refused)
{
    const char *top = example_directory();
    attempt a = {top, change_nothing, TALLY_MISMATCH,
                 "this build computes in " TALLY_REAL_DTYPE};

    expect_ok(tally_launch("sim:ranks=2", save_two, (void *)top));
    change_precision(top);
    expect_ok(tally_launch("sim:ranks=2", try_load, &a));
    example_remove(top);
}

Test(load, state_of_each_rank_needs_as_many_ranks)
{
    const char *top = example_directory();
    attempt a = {top, change_nothing, TALLY_MISMATCH,
                 "holds exchange.e of 4 ranks, each its own; this run has 2 ranks: "
                 "resume with 4"};

    expect_ok(tally_launch("sim:ranks=4", save_two, (void *)top));
    expect_ok(tally_launch("sim:ranks=2", try_load, &a));
    example_remove(top);
}

static tally_status save_shared(tally_comm *c, void *out)
{
    example e;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, false);

    if (!status) status = tally_folder_open(&folder, c, out, false);
    example_set(&e, 5, c->rank);
    if (!status) status = tally_folder_save(folder, &e.what, 2);
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

static tally_status load_shared(tally_comm *c, void *out)
{
    example e;
    uint64_t skipped;
    tally_folder *folder = NULL;
    tally_status status = example_open(&e, false);

    if (!status) status = tally_folder_open(&folder, c, out, true);
    if (!status) status = tally_folder_load(folder, &e.what, &skipped, NULL, 0);
    if (!status) status = example_check(&e, 5, c->rank);
    if (!status && (e.what.step != 5 || e.what.ranks != 3))
        status = TALLY_FAIL(DIVERGED, "step or ranks are others");
    tally_folder_close(folder);
    example_close(&e);
    return status;
}

Test(load, shared_state_alone_goes_to_any_number_of_ranks)
{
    const char *top = example_directory();

    expect_ok(tally_launch("sim:ranks=3", save_shared, (void *)top));
    expect_ok(tally_launch("self", load_shared, (void *)top));
    expect_ok(tally_launch("sim:ranks=7", load_shared, (void *)top));
    example_remove(top);
}

/* ---- weights alone ---- */

Test(load, weights_alone_come_from_a_run_or_from_one_checkpoint)
{
    const char *top = example_directory(), *one = newest(top, ".");
    example e;
    uint64_t step;

    expect_ok(tally_launch("sim:ranks=2", save_two, (void *)top));
    expect_ok(example_open(&e, true));
    expect_ok(tally_folder_weights(top, &e.layout, e.what.w, &step));
    cr_assert(eq(u64, step, 2));
    tally_real *w = e.what.w;
    tally_real got = w[5];
    example_set(&e, 2, 0);
    cr_assert(eq(int, memcmp(&got, &w[5], sizeof got), 0));
    example_set(&e, 77, 0);
    expect_ok(tally_folder_weights(one, &e.layout, w, NULL));
    cr_assert(eq(int, memcmp(&got, &w[5], sizeof got), 0));

    /* Only the weights have to be whole. */
    flip_in(newest(top, "state.safetensors"));
    expect_ok(tally_folder_weights(top, &e.layout, w, &step));
    cr_assert(eq(u64, step, 2));
    flip_in(newest(top, "weights.safetensors"));
    expect_ok(tally_folder_weights(top, &e.layout, w, &step));
    cr_assert(eq(u64, step, 1));
    expect_fail(tally_folder_weights(one, &e.layout, w, &step), CORRUPT, "checksum");
    e.layout.tensors[0].shape[0] = 11;
    expect_fail(tally_folder_weights(top, &e.layout, w, &step), MISMATCH,
                "dense1.weight");
    example_close(&e);
    example_remove(top);
}

Test(load, weights_of_a_folder_without_any_are_refused)
{
    const char *top = example_directory();
    example e;

    expect_ok(example_open(&e, true));
    expect_fail(tally_folder_weights(top, &e.layout, e.what.w, NULL), FILE,
                "neither a run folder");
    example_close(&e);
    example_remove(top);
}
