/* exchange.c — every exchange of tests/exchange/cases.c under mpirun. */

#include "exchange/cases.h"

#include <stdio.h>

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
    return TALLY_OK;
}

int main(void)
{
    tally_status status = tally_launch("mpi", run_all, NULL);

    if (status)
        fprintf(stderr, "FAIL %s\n%s", tally_error_sentence(), tally_error_trace());
    return (int)status;
}
