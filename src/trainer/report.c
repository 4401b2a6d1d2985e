/* report.c — the small record that every rank sends all others once a step. */

#include "trainer/report.h"

#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#ifdef TALLY_DOUBLE
typedef uint64_t word;
static const word magnitude = UINT64_MAX >> 1, infinity = (word)0x7ff << 52;
#else
typedef uint32_t word;
static const word magnitude = UINT32_MAX >> 1, infinity = (word)0xff << 23;
#endif

/* By their bits, which vectorises: the magnitude of what is not finite is that of
 * infinity or above, and reaches the sign when the distance from infinity to the sign
 * is added. */
bool tally_all_finite(const tally_real *v, size_t n)
{
    word seen = 0;

    for (size_t i = 0; i < n; i++) {
        word bits;

        memcpy(&bits, v + i, sizeof bits);
        seen |= (bits & magnitude) + (magnitude + 1 - infinity);
    }
    return (seen & ~magnitude) == 0;
}

uint32_t first_bad_tensor(const tally_layout *layout, const tally_real *v)
{
    for (size_t t = 0; t < layout->count; t++) {
        tally_span s = layout->tensors[t].span;

        if (!tally_all_finite(v + s.first, s.count)) return (uint32_t)t + 1;
    }
    return 0;
}

void step_report_fill(step_report *mine, const tally_layout *layout,
                      const tally_real *w, const tally_real *g,
                      const tally_score *score)
{
    mine->score = *score;
    mine->bad_loss = isfinite(score->loss_sum) ? 0u : 1u;
    mine->bad_tensor = mine->bad_weights = 0;
    if (!mine->bad_loss) return;
    mine->bad_tensor = first_bad_tensor(layout, w);
    mine->bad_weights = mine->bad_tensor ? 1u : 0u;
    if (!mine->bad_tensor) mine->bad_tensor = first_bad_tensor(layout, g);
}

bool step_report_agrees(const step_report *all, int size)
{
    for (int r = 1; r < size; r++)
        if (all[r].collectives != all[0].collectives ||
            all[r].signatures != all[0].signatures)
            return false;
    return true;
}

static tally_status diverged(const step_report *bad, int rank, uint64_t step,
                             const tally_layout *layout)
{
    char sentence[512], tensor[128] = "every tensor is finite still";
    double loss = isnan(bad->score.loss_sum) ? (double)NAN : bad->score.loss_sum;

    if (bad->bad_tensor)
        snprintf(tensor, sizeof tensor, "first tensor not finite: %s of the %s",
                 layout->tensors[bad->bad_tensor - 1].name,
                 bad->bad_weights ? "weights" : "gradient");
    snprintf(
        sentence, sizeof sentence,
        "rank %d: the loss of step %llu is %g (%s); try a lower --rate, --warmup or "
        "--clip norm:max=1",
        rank, (unsigned long long)step, loss, tensor);
    return tally_error_adopt(TALLY_FAIL(DIVERGED, "%s", sentence), sentence);
}

tally_status step_report_read(const step_report *all, int size, uint64_t step,
                              const tally_layout *layout, step_verdict *verdict)
{
    *verdict = (step_verdict){.ready = all[0].ready};
    for (int r = 0; r < size; r++) {
        verdict->score.loss_sum += all[r].score.loss_sum;
        verdict->score.correct += all[r].score.correct;
        verdict->score.count += all[r].score.count;
        verdict->stop |= all[r].stop != 0;
        if (all[r].ready > verdict->ready) verdict->ready = all[r].ready;
    }
    for (int r = 0; r < size; r++)
        if (all[r].bad_loss) return diverged(&all[r], r, step, layout);
    return TALLY_OK;
}
