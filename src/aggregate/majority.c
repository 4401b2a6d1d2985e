/* majority.c — the sign that most rows have, coordinate by coordinate.
 *
 *     a_i = sign(sum over r of sign(u_r,i)),   sign(0) = 0, a tie is 0
 *
 * Bernstein, Zhao, Azizzadenesheli, Anandkumar, signSGD with Majority Vote, 2018,
 * arXiv:1810.05291, Algorithm 1, on numbers; the exchange `vote` is the same on bits,
 * at 1/32 of the bytes.  No f to set: fewer than half of the rows never decide alone.
 */

#include "aggregate/aggregate.h"

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    (void)a;
    for (size_t i = 0; i < rows->count; i++) {
        int votes = 0;

        for (size_t r = 0; r < rows->n; r++)
            votes += (rows->at[r][i] > 0) - (rows->at[r][i] < 0);
        result[i] = (tally_real)((votes > 0) - (votes < 0));
    }
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_majority = {
    .about = {.name = "majority",
              .brief = "the sign that most ranks have",
              .paper = "Bernstein et al. 2018, arXiv:1810.05291"},
    .needs = "n >= 1; robust while liars < n / 2",
    .robust = true,
    .combine = combine,
};
