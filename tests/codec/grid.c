#include "tally/codec.h"

#include "codec/specs.h"
#include "support/expect.h"

#include <math.h>

enum { N = 5000 };

static void open_grid(tally_codec *k, const char *spec)
{
    expect_ok(tally_codec_open(k, spec, N, 1, 0));
}

/* The level nearest to x among all, by looking at each; half-way goes up. */
static double nearest(const double *level, size_t m, double x)
{
    double best = level[0];

    for (size_t c = 1; c < m; c++)
        if (fabs(level[c] - x) <= fabs(best - x)) best = level[c];
    return best;
}

static void check_nearest(const char *spec, const double *level, size_t m)
{
    static tally_real v[N], back[N];
    static uint64_t room[N];
    tally_codec k;

    open_grid(&k, spec);
    for (size_t i = 0; i < N; i++)
        back[i] = v[i] = 8 * codec_value(1, i);
    expect_ok(tally_codec_round(&k, (tally_piece){.count = N}, back, room));
    for (size_t i = 0; i < N; i++) {
        double want = nearest(level, m, (double)v[i]);

        cr_assert(eq(dbl, (double)back[i], (double)(tally_real)want), "%s: %.9g", spec,
                  (double)v[i]);
    }
    tally_codec_close(&k);
}

Test(grid, takes_the_nearest_level)
{
    static double level[256];

    for (int c = 0; c < 22; c++)
        level[c] = c - 1; /* pdADMM-G-Q's set */
    check_nearest("grid:levels=22,low=-1,high=20", level, 22);
    for (int c = 0; c < 256; c++)
        level[c] = -1 + c / 64.0;
    check_nearest("grid:bits=8,low=-1,high=2.984375", level, 256);
    /* 3.9 / 255 is raised to 1 / 64. */
    check_nearest("grid:bits=8,low=-1,high=2.9,power=true", level, 256);
    check_nearest("grid:set=-1x0x0.5x4", (const double[]){-1, 0, 0.5, 4}, 4);
}

/* 100 levels from -1 to 2: their step is no float, but they come back the same. */
Test(grid, what_lies_on_the_grid_travels_exactly)
{
    static const char *const specs[] = {
        "grid:levels=1000,low=-1,high=2", "grid:bits=16,low=0,high=0.1",
        "grid:bits=1,low=-3,high=7", "grid:set=-1.1x1e-9x0.3x5",
        "grid:bits=16,low=-100,high=100,power=true"};

    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        static tally_real v[N], again[N];
        static uint64_t room[N];
        tally_codec k;

        open_grid(&k, specs[s]);
        for (size_t i = 0; i < N; i++)
            v[i] = 3 * codec_value(0, i);
        expect_ok(tally_codec_round(&k, (tally_piece){.count = N}, v, room));
        memcpy(again, v, sizeof v);
        expect_ok(tally_codec_round(&k, (tally_piece){.count = N}, again, room));
        cr_assert(memcmp(v, again, sizeof v) == 0, "%s", specs[s]);
        tally_codec_close(&k);
    }
}

/* ceil(bits n / 8): the exact size of a cut of pdADMM-G-Q, 5 bits for 22 levels. */
Test(grid, bytes_are_packed_bits)
{
    tally_codec k;

    open_grid(&k, "grid:levels=22,low=-1,high=20");
    cr_assert(eq(sz, tally_codec_bound(&k, 1), 1));
    cr_assert(eq(sz, tally_codec_bound(&k, 8), 5));
    cr_assert(eq(sz, tally_codec_bound(&k, 1001), 626));
    tally_codec_close(&k);
    open_grid(&k, "grid:bits=1");
    cr_assert(eq(sz, tally_codec_bound(&k, 65), 9));
    tally_codec_close(&k);
}

Test(grid, refuses_codes_and_bits_that_are_none)
{
    const unsigned char beyond[] __attribute__((aligned(8))) = {22};
    const unsigned char padding[] __attribute__((aligned(8))) = {0x20};
    tally_real v;
    tally_codec k;

    open_grid(&k, "grid:levels=22,low=-1,high=20");
    expect_fail(tally_codec_decode(&k, (tally_piece){.count = 1}, beyond, 1, &v),
                FORMAT, "value 0 has code 22 of 22 levels");
    expect_fail(tally_codec_decode(&k, (tally_piece){.count = 1}, padding, 1, &v),
                FORMAT, "bits are set beyond the 1 values");
    tally_codec_close(&k);
}

static void refuse(const char *spec, const char *words)
{
    tally_codec k;

    expect_fail(tally_codec_open(&k, spec, N, 1, 0), OPTION, words);
    tally_codec_close(&k);
}

Test(grid, options_that_make_no_sense_are_refused)
{
    refuse("grid:low=1,high=1", "low=1 is not below high=1");
    refuse("grid:bits=17", "bits=17 is not in [1, 16]");
    refuse("grid:levels=1", "1 levels, expected 2 to 65536");
    refuse("grid:set=1", "1 levels, expected 2 to 65536");
    refuse("grid:set=1x2x", "is not numbers");
    refuse("grid:set=-1.1x0.3x1e-9", "does not ascend");
    refuse("grid:set=1xnan", "is not numbers");
    refuse("grid:bits=16,low=1,high=1.0000000000000002", "do not fit");
}
