/* team.c — ranks that share a block of layers, each with samples of its own.
 *
 * What an update sums over samples is summed over the team as well: the gradient of W
 * and a few scalars.  Everything else belongs to one sample.  Each rank of a team ends
 * with the same bits of W and b. */

#include "trainer/admm/admm.h"

#include <stdlib.h>
#include <string.h>

enum { GRADIENT_NUMBER = 10, SCALARS_NUMBER = 11 }; /* of the exchange channel */

tally_status admm_open_team(admm *a)
{
    size_t longest = 1, widest = 4;

    if (!a->team) return TALLY_OK;
    for (size_t i = 0; i < a->count; i++) {
        const admm_layer *l = &a->layers[i];

        if (l->in * l->out > longest) longest = l->in * l->out;
        if (l->out > widest) widest = l->out;
    }
    a->team_sums = tally_allocate(widest, sizeof *a->team_sums);
    if (!a->team_sums) return TALLY_FAIL(MEMORY, "no memory for sums over a team");
    TALLY_TRY(tally_sum_open(&a->sum, a->team, TALLY_EXCHANGE, GRADIENT_NUMBER,
                             TALLY_SUM_AUTO, longest));
    return tally_gather_open(&a->scalar_sums, a->team, TALLY_EXCHANGE, SCALARS_NUMBER,
                             widest * sizeof(double));
}

void admm_close_team(admm *a)
{
    if (!a->team) return;
    free(a->team_sums);
    tally_sum_close(&a->sum);
    tally_gather_close(&a->scalar_sums);
    tally_comm_close(a->team);
    a->team = NULL;
}

tally_status admm_sum_gradient(admm *a, size_t length)
{
    if (!a->team) return TALLY_OK;
    double begin = tally_now(a->comm);
    TALLY_TRY(tally_sum_start(&a->sum, a->gradient, length));
    TALLY_TRY(tally_sum_wait(&a->sum));
    a->spent.wait += tally_now(a->comm) - begin;
    return TALLY_OK;
}

/* In the order of ranks: the same bits on each. */
tally_status admm_sum_team(admm *a, double *sums, size_t count)
{
    tally_gather *gather = &a->scalar_sums;

    if (!a->team) return TALLY_OK;
    memcpy(a->team_sums, sums, count * sizeof *sums);
    double begin = tally_now(a->comm);
    TALLY_TRY(tally_gather_start(gather, a->team_sums));
    TALLY_TRY(tally_gather_wait(gather));
    a->spent.wait += tally_now(a->comm) - begin;
    memset(sums, 0, count * sizeof *sums);
    for (int r = 0; r < a->team->size; r++) {
        const double *its = (const void *)(gather->all + (size_t)r * gather->record);

        for (size_t i = 0; i < count; i++)
            sums[i] += its[i];
    }
    return TALLY_OK;
}
