/* samples.c — a rank's rows: labels everywhere, the samples where layer 1 is. */

#include "base/status.h"
#include "trainer/admm/admm.h"

#include <stdlib.h>

enum { ROWS_AT_A_TIME = 256 };

/* Sources give samples and labels together, so without layer 1 there is room to throw
 * the samples away. */
static tally_status fetch(admm *a, const tally_run *run, const uint64_t *rows,
                          int32_t *label)
{
    const tally_source *s = run->f->source;
    tally_real *room =
        a->x ? NULL : tally_allocate(ROWS_AT_A_TIME * s->features, sizeof *room);
    tally_status status = TALLY_OK;

    if (!a->x && !room) return TALLY_FAIL(MEMORY, "no memory for samples");
    for (size_t i = 0; !status && i < a->n; i += ROWS_AT_A_TIME) {
        size_t n = a->n - i < ROWS_AT_A_TIME ? a->n - i : ROWS_AT_A_TIME;

        status = s->ops->fetch(s, TALLY_TRAIN, rows + i, n,
                               a->x ? a->x + i * s->features : room, label + i);
    }
    free(room);
    return status;
}

tally_status admm_fetch_samples(admm *a, const tally_run *run, tally_span share,
                                int32_t *label)
{
    tally_sampler all = run->sampler;
    uint64_t *rows = tally_allocate((size_t)all.train_count, sizeof *rows);

    if (!rows) return TALLY_FAIL(MEMORY, "no memory for the order of the samples");
    all.size = 1;
    all.batch = all.train_count;
    tally_sampler_train(&all, 0, 0, rows);
    tally_status status = fetch(a, run, rows + share.first, label);
    free(rows);
    TALLY_TRY(status);
    return admm_take_samples(a);
}
