/* bits.c — signs to bits and back, and votes counted.
 *
 * Bytes: of the numbers and of the bits, each read or written once. */

#include "num/bits.h"

#include "cli/bench/kernel.h"

#include <stdio.h>
#include <string.h>

static tally_status pack(kernel *k)
{
    tally_bits_pack(k->on->a, kernel_all(), k->on->minus);
    return TALLY_OK;
}

static tally_status pack_masked(kernel *k)
{
    tally_bits_pack_masked(k->on->a, kernel_all(), k->on->minus, k->on->tie);
    return TALLY_OK;
}

static tally_status expand(kernel *k)
{
    tally_bits_expand(k->on->bits[0], NULL, kernel_all(), 1, k->on->c);
    return TALLY_OK;
}

static tally_status count_votes(kernel *k)
{
    const uint64_t *ballots[KERNEL_BALLOTS];
    const size_t *n = k->what;

    for (size_t i = 0; i < *n; i++)
        ballots[i] = k->on->bits[i];
    tally_bits_majority(ballots, *n, tally_bits_words(KERNEL_WEIGHTS), k->on->minus,
                        k->on->tie);
    return TALLY_OK;
}

static tally_status measure(kernel_bench *b, const char *name,
                            tally_status (*run)(kernel *k), double bits, size_t n)
{
    kernel k = {.run = run,
                .on = b,
                .group = "bits",
                .bytes = KERNEL_WEIGHTS * bits / 8,
                .values = KERNEL_WEIGHTS,
                .what = &n};

    snprintf(k.name, sizeof k.name, "%s", name);
    snprintf(k.shape, sizeof k.shape, "%d", KERNEL_WEIGHTS);
    return kernel_measure(&k);
}

tally_status kernel_bits(kernel_bench *b)
{
    const double number = 8 * sizeof(tally_real);
    char name[32];

    TALLY_TRY(measure(b, "pack", pack, number + 1, 0));
    TALLY_TRY(measure(b, "pack_masked", pack_masked, number + 2, 0));
    TALLY_TRY(measure(b, "expand", expand, number + 1, 0));
    for (size_t n = 2; n <= KERNEL_BALLOTS; n *= 2) {
        snprintf(name, sizeof name, "majority of %zu", n);
        TALLY_TRY(measure(b, name, count_votes, (double)n + 2, n));
    }
    return TALLY_OK;
}
