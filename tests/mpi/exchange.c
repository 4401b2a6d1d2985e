/* exchange.c — every exchange of tests/exchange/cases.c under mpirun. */

#include "exchange/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 200064, SPAN = 150016 };

static tally_status exchange_once(tally_comm *c, const char *spec, bool in_place,
                                  tally_real *v)
{
    static const size_t length = LENGTH;
    static const tally_span plan[] = {
        {0,    SPAN         },
        {SPAN, LENGTH - SPAN}
    };
    tally_layout layout = {0};
    tally_exchange x = {.in_place = in_place};

    for (size_t i = 0; i < LENGTH; i++)
        v[i] = (tally_real)sin((double)i + 0.3 * c->rank);
    TALLY_TRY(tally_layout_add(&layout, "w", TALLY_WEIGHT, 1, &length));
    TALLY_TRY(tally_exchange_open(&x, spec, c, &layout, plan, 2, 1));
    tally_status status = tally_exchange_all(&x, 0, v);
    tally_exchange_close(&x);
    tally_layout_close(&layout);
    return status;
}

/* Through shared memory, and in it, the sum is that of `ordered`, bit for bit. */
static tally_status same_bits(tally_comm *c)
{
    tally_real *ordered = calloc(2 * LENGTH, sizeof *ordered);

    if (!ordered) return TALLY_FAIL(MEMORY, "no memory for two vectors");
    tally_real *shared = ordered + LENGTH;
    tally_status status = exchange_once(c, "ordered", false, ordered);
    for (int in_place = 0; !status && in_place < 2; in_place++) {
        status = exchange_once(c, "allreduce:algorithm=shm", in_place, shared);
        if (!status && memcmp(shared, ordered, LENGTH * sizeof *shared) != 0)
            status =
                TALLY_FAIL(MISMATCH, "shm and ordered differ, in place: %d", in_place);
    }
    free(ordered);
    return status;
}

static tally_status run_all(tally_comm *c, void *context)
{
    static const size_t shapes[][2] = {
        {1,    0  },
        {65,   64 },
        {1000, 128}
    };

    (void)context;
    for (size_t s = 0; exchange_spec_at(s); s++) {
        for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
            exchange_case one = {exchange_spec_at(s), shapes[k][0], shapes[k][1]};

            TALLY_TRY(tally_agree(c, exchange_case_run(c, &one)));
        }
    }
    return tally_agree(c, same_bits(c));
}

int main(void)
{
    tally_status status = tally_launch("mpi", run_all, NULL);

    if (status)
        fprintf(stderr, "FAIL %s\n%s", tally_error_sentence(), tally_error_trace());
    return (int)status;
}
