/* rows.c — what several aggregates do with rows: sort columns, measure distances. */

#include "aggregate/aggregate.h"

#include <math.h>
#include <string.h>

/* One exchange of neighbours for TALLY_BLOCK columns at once.  Both values are chosen
 * before either is stored: else gcc 12 makes a branch of it, not vector code. */
static void order(tally_real *restrict low, tally_real *restrict high)
{
    for (size_t i = 0; i < TALLY_BLOCK; i++) {
        tally_real x = low[i], y = high[i];
        tally_real least = y < x ? y : x, most = y < x ? x : y;

        low[i] = least;
        high[i] = most;
    }
}

/* Insertion by exchanges: n (n - 1) / 2 of them, which suits the tens of rows there
 * are. */
void tally_rows_sort(tally_aggregate *a, const tally_rows *rows, size_t at, size_t n)
{
    for (size_t r = 0; r < rows->n; r++) {
        tally_real *row = a->block + r * TALLY_BLOCK;

        memcpy(row, rows->at[r] + at, n * sizeof *row);
        for (size_t i = n; i < TALLY_BLOCK; i++)
            row[i] = 0;
        for (size_t k = r; k > 0; k--)
            order(a->block + (k - 1) * TALLY_BLOCK, a->block + k * TALLY_BLOCK);
    }
}

/* Four sums at a time: double, so that near rows of great length keep their distance.
 */
static double square_distance(const tally_real *x, const tally_real *y, size_t n)
{
    double sum[4] = {0};
    size_t i = 0;

    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) {
            double off = (double)x[i + k] - (double)y[i + k];

            sum[k] += off * off;
        }
    for (; i < n; i++)
        sum[0] += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

tally_status tally_rows_distances(const tally_rows *rows, double *d)
{
    size_t n = rows->n, pairs = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            d[pairs++] = square_distance(rows->at[i], rows->at[j], rows->count);
    TALLY_TRY(rows->sum(rows->context, d, pairs));
    /* From the last pair backwards: no entry lands on a pair that is still to move. */
    for (size_t i = n; i-- > 0;) {
        for (size_t j = n; j-- > i + 1;) {
            double square = d[--pairs];

            d[i * n + j] = isfinite(square) ? square : (double)INFINITY;
        }
    }
    for (size_t i = 0; i < n; i++) {
        d[i * n + i] = 0;
        for (size_t j = 0; j < i; j++)
            d[i * n + j] = d[j * n + i];
    }
    return TALLY_OK;
}

tally_status tally_rows_norms(const tally_rows *rows, const tally_real *centre,
                              double *norm)
{
    for (size_t i = 0; i < rows->n; i++)
        norm[i] = square_distance(rows->at[i], centre, rows->count);
    TALLY_TRY(rows->sum(rows->context, norm, rows->n));
    for (size_t i = 0; i < rows->n; i++)
        norm[i] = isfinite(norm[i]) ? sqrt(norm[i]) : (double)INFINITY;
    return TALLY_OK;
}

void tally_rows_mix(const tally_rows *rows, const double *weight, tally_real *result)
{
    for (size_t i = 0; i < rows->count; i++)
        result[i] = 0;
    for (size_t r = 0; r < rows->n; r++) {
        const tally_real *restrict row = rows->at[r];
        tally_real *restrict to = result;
        const tally_real w = (tally_real)weight[r];

        if (weight[r] <= 0) continue;
        for (size_t i = 0; i < rows->count; i++)
            to[i] += w * row[i];
    }
}

/* ---- Krum's score ---- */

static void insert(double *sorted, size_t count, double x)
{
    for (; count > 0 && sorted[count - 1] > x; count--)
        sorted[count] = sorted[count - 1];
    sorted[count] = x;
}

void tally_krum_scores(const double *d, const bool *alive, size_t n, size_t f,
                       double *score, double *room)
{
    size_t living = 0;

    for (size_t i = 0; i < n; i++)
        living += !alive || alive[i];
    size_t near = living > f + 3 ? living - f - 2 : 1;

    for (size_t i = 0; i < n; i++) {
        size_t others = 0;

        score[i] = (double)INFINITY;
        if (alive && !alive[i]) continue;
        for (size_t j = 0; j < n; j++)
            if (j != i && (!alive || alive[j])) insert(room, others++, d[i * n + j]);
        score[i] = 0;
        for (size_t j = 0; j < near && j < others; j++)
            score[i] += room[j];
    }
}

size_t tally_krum_best(const double *score, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (score[i] < score[best]) best = i;
    return best;
}
