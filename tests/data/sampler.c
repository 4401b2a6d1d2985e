#include "tally/source.h"

#include "support/expect.h"

#include <stdlib.h>

/* Sizes of the training set after the split, samples per rank and step, ranks. */
static const struct {
    size_t count;
    uint64_t batch;
    int size;
} cases[] = {
    {1,    1,   1},
    {1,    1,   8},
    {5,    4,   8},
    {5,    1,   8},
    {7,    7,   1},
    {8,    2,   4},
    {64,   16,  4},
    {65,   16,  4},
    {100,  7,   3},
    {101,  10,  2},
    {1000, 1,   5},
    {1437, 32,  4},
    {1437, 999, 2},
};

enum { CASES = sizeof cases / sizeof *cases };

static tally_sampler sampler(size_t count, uint64_t seed, uint64_t validate,
                             uint64_t batch, int size)
{
    tally_source s = {.train_count = count, .test_count = count / 3 + 1};
    tally_sampler p;

    expect_ok(tally_sampler_open(&p, &s, seed, validate, batch, size));
    return p;
}

Test(shard, blocks_cover_everything_in_order)
{
    for (uint64_t total = 0; total < 50; total++)
        for (int parts = 1; parts < 20; parts++) {
            size_t next = 0, before = SIZE_MAX;

            for (int part = 0; part < parts; part++) {
                tally_span s = tally_shard(total, part, parts);

                cr_assert(eq(sz, s.first, next));
                cr_assert(s.count == total / parts || s.count == total / parts + 1);
                cr_assert(s.count <= before); /* larger first */
                next += s.count;
                before = s.count;
            }
            cr_assert(eq(sz, next, total));
        }
}

Test(shard, does_not_overflow)
{
    tally_span last = tally_shard(UINT64_MAX, 6, 7);

    cr_assert(eq(sz, last.first + last.count, SIZE_MAX));
}

/* Marks the rows of all ranks in one epoch; every step deals what it announces. */
static void mark_epoch(const tally_sampler *p, uint64_t epoch, unsigned char *seen)
{
    uint64_t *rows = malloc(p->batch * sizeof *rows);
    uint64_t steps = tally_sampler_steps(p);

    for (uint64_t step = epoch * steps; step < (epoch + 1) * steps; step++) {
        uint64_t together = 0;
        size_t least = SIZE_MAX, most = 0;

        for (int rank = 0; rank < p->size; rank++) {
            size_t n = tally_sampler_train(p, step, rank, rows);

            cr_assert(n <= p->batch);
            together += n;
            least = n < least ? n : least;
            most = n > most ? n : most;
            for (size_t i = 0; i < n; i++)
                seen[rows[i]]++;
        }
        cr_assert(eq(u64, together, tally_sampler_global(p, step)));
        cr_assert(most - least <= 1);
        cr_assert(lt(u64, 0, together));
    }
    free(rows);
}

Test(sampler, an_epoch_takes_every_row_once)
{
    for (size_t c = 0; c < CASES; c++)
        for (uint64_t validate = 0; validate <= cases[c].count / 4;
             validate += cases[c].count / 4 + 1) {
            tally_sampler p =
                sampler(cases[c].count, 3, validate, cases[c].batch, cases[c].size);
            unsigned char *seen = calloc(cases[c].count, 1);
            size_t taken = 0;

            mark_epoch(&p, 2, seen);
            for (size_t i = 0; i < cases[c].count; i++) {
                cr_assert(seen[i] <= 1, "case %zu: row %zu twice", c, i);
                taken += seen[i];
            }
            cr_assert(eq(sz, taken, cases[c].count - validate));
            free(seen);
        }
}

Test(sampler, steps_are_the_ceiling)
{
    for (size_t c = 0; c < CASES; c++) {
        tally_sampler p = sampler(cases[c].count, 3, 0, cases[c].batch, cases[c].size);
        uint64_t together = cases[c].batch * (uint64_t)cases[c].size;

        cr_assert(eq(u64, tally_sampler_steps(&p),
                     (cases[c].count + together - 1) / together));
    }
}

/* The rows of a step, all ranks one after the other. */
static size_t rows_of_step(const tally_sampler *p, uint64_t step, uint64_t *rows)
{
    size_t n = 0;

    for (int rank = 0; rank < p->size; rank++)
        n += tally_sampler_train(p, step, rank, rows + n);
    return n;
}

Test(sampler, rows_do_not_depend_on_the_number_of_ranks)
{
    tally_sampler one = sampler(1437, 9, 100, 24, 1);

    for (int size = 2; size <= 24; size++) {
        if (24 % size) continue;
        tally_sampler more = sampler(1437, 9, 100, 24 / (uint64_t)size, size);

        cr_assert(eq(u64, tally_sampler_steps(&one), tally_sampler_steps(&more)));
        for (uint64_t step = 0; step < 2 * tally_sampler_steps(&one); step++) {
            uint64_t a[24], b[24];
            size_t n = rows_of_step(&one, step, a);

            cr_assert(eq(sz, n, rows_of_step(&more, step, b)));
            cr_assert(memcmp(a, b, n * sizeof *a) == 0);
        }
    }
}

Test(sampler, more_ranks_than_samples_leaves_some_without)
{
    tally_sampler p = sampler(5, 1, 0, 4, 8);
    uint64_t rows[4];

    cr_assert(eq(u64, tally_sampler_steps(&p), 1));
    cr_assert(eq(u64, tally_sampler_global(&p, 0), 5));
    for (int rank = 0; rank < 8; rank++) {
        size_t expected = rank < 5;

        cr_assert(eq(sz, tally_sampler_train(&p, 7, rank, rows), expected));
        cr_assert(eq(u64, tally_sampler_share(&p, TALLY_TRAIN, rank), expected));
    }
}

Test(sampler, order_changes_with_epoch_and_seed_alone)
{
    tally_sampler p = sampler(1000, 5, 0, 100, 1), q = sampler(1000, 6, 0, 100, 1);
    uint64_t a[100], b[100];

    tally_sampler_train(&p, 0, 0, a);
    tally_sampler_train(&p, 0, 0, b);
    cr_assert(memcmp(a, b, sizeof a) == 0);
    tally_sampler_train(&p, 10, 0, b); /* the first step of the next epoch */
    cr_assert(memcmp(a, b, sizeof a) != 0);
    tally_sampler_train(&q, 0, 0, b);
    cr_assert(memcmp(a, b, sizeof a) != 0);
}

/* Marks a split's rows over all ranks, in pieces of three. */
static void mark_split(const tally_sampler *p, tally_split split, unsigned char *seen)
{
    for (int rank = 0; rank < p->size; rank++) {
        uint64_t share = tally_sampler_share(p, split, rank);

        for (uint64_t first = 0; first < share; first += 3) {
            size_t n = share - first < 3 ? share - first : 3;
            uint64_t rows[3];

            tally_sampler_rows(p, split, rank, first, n, rows);
            for (size_t i = 0; i < n; i++)
                seen[rows[i]]++;
        }
    }
}

Test(sampler, held_out_rows_are_apart_from_the_trained_ones)
{
    for (int size = 1; size <= 8; size += 7) {
        tally_sampler p = sampler(1437, 4, 200, 16, size);
        unsigned char trained[1437] = {0}, shared[1437] = {0}, held[1437] = {0};

        mark_epoch(&p, 0, trained);
        mark_split(&p, TALLY_TRAIN, shared);
        mark_split(&p, TALLY_VALIDATE, held);
        for (size_t i = 0; i < 1437; i++) {
            cr_assert(trained[i] + held[i] == 1);
            cr_assert(trained[i] == shared[i]);
        }
    }
}

static void held_out(unsigned char *seen, uint64_t seed, uint64_t batch, int size)
{
    tally_sampler p = sampler(500, seed, 50, batch, size);

    memset(seen, 0, 500);
    mark_split(&p, TALLY_VALIDATE, seen);
}

Test(sampler, held_out_rows_follow_the_seed_alone)
{
    unsigned char a[500], b[500];

    held_out(a, 1, 16, 1);
    held_out(b, 1, 3, 6);
    cr_assert(memcmp(a, b, sizeof a) == 0);
    held_out(b, 2, 16, 1);
    cr_assert(memcmp(a, b, sizeof a) != 0);
}

Test(sampler, test_rows_are_shared_out_once)
{
    for (int size = 1; size < 12; size++) {
        tally_sampler p = sampler(20, 4, 5, 16, size); /* 7 test rows */
        unsigned char seen[7] = {0};

        mark_split(&p, TALLY_TEST, seen);
        for (size_t i = 0; i < 7; i++)
            cr_assert(seen[i] == 1);
    }
}

Test(sampler, batch_0_takes_all_rows_in_one_step)
{
    for (int size = 1; size <= 5; size++) {
        tally_sampler p = sampler(101, 7, 11, 0, size);
        uint64_t rows[90];
        uint8_t seen[101] = {0};
        size_t total = 0;

        cr_assert(eq(u64, tally_sampler_steps(&p), 1));
        for (int r = 0; r < size; r++) {
            size_t n = tally_sampler_train(&p, 0, r, rows);

            for (size_t i = 0; i < n; i++)
                cr_assert(eq(u8, seen[rows[i]]++, 0));
            total += n;
        }
        cr_assert(eq(sz, total, 90));
    }
}

Test(sampler, impossible_wishes_are_refused)
{
    tally_source s = {.train_count = 10};
    tally_sampler p;

    expect_fail(tally_sampler_open(&p, &s, 0, 10, 1, 1), OPTION,
                "validate=10 leaves none of the 10 training rows");
    expect_fail(tally_sampler_open(&p, &s, 0, 11, 1, 1), OPTION, "validate=11");
    expect_fail(tally_sampler_open(&p, &s, 0, 0, UINT64_MAX, 2), OPTION, "batch=");
    expect_fail(tally_sampler_open(&p, &s, 0, 0, 1, 0), OPTION, "0 ranks");
    expect_ok(tally_sampler_open(&p, &s, 0, 9, UINT64_MAX, 1));
    cr_assert(eq(u64, tally_sampler_steps(&p), 1));
    s.train_count = 0;
    expect_fail(tally_sampler_open(&p, &s, 0, 0, 1, 1), OPTION,
                "none of the 0 training rows");
}
