/* loops.c — the loops of loops.h.
 *
 * Where a value is one of two, vectors of both are computed and then chosen between;
 * the compiler makes vectors of the other loops. */

#include "trainer/admm/loops.h"

#include "num/lanes.h"

enum { SUM_LANES = 8 };

/* ---- sums ---- */

static double add_lanes(const double *lane)
{
    double sum = 0;

    for (size_t k = 0; k < SUM_LANES; k++)
        sum += lane[k];
    return sum;
}

static double dot(size_t count, const tally_real *a, const tally_real *b)
{
    double lane[SUM_LANES] = {0};
    size_t i = 0;

    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++)
            lane[k] += (double)a[i + k] * (double)b[i + k];
    for (; i < count; i++)
        lane[i % SUM_LANES] += (double)a[i] * (double)b[i];
    return add_lanes(lane);
}

static double square(double x)
{
    return x * x;
}

static double distance(size_t count, const tally_real *a, const tally_real *b)
{
    double lane[SUM_LANES] = {0};
    size_t i = 0;

    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++)
            lane[k] += square((double)a[i + k] - (double)b[i + k]);
    for (; i < count; i++)
        lane[i % SUM_LANES] += square((double)a[i] - (double)b[i]);
    return add_lanes(lane);
}

static double lean(size_t count, const tally_real *u, const tally_real *a,
                   const tally_real *b)
{
    double lane[SUM_LANES] = {0};
    size_t i = 0;

    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (size_t k = 0; k < SUM_LANES; k++)
            lane[k] += (double)u[i + k] * ((double)a[i + k] - (double)b[i + k]);
    for (; i < count; i++)
        lane[i % SUM_LANES] += (double)u[i] * ((double)a[i] - (double)b[i]);
    return add_lanes(lane);
}

/* Four rows a turn: a sum is read and written once for four additions in order. */
static void add_columns(admm_size s, const tally_real *restrict r,
                        double *restrict sums)
{
    size_t i = 0, w = s.width;

    for (; i + 4 <= s.rows; i += 4)
        for (size_t j = 0; j < w; j++) {
            const tally_real *at = r + i * w + j;

            sums[j] = sums[j] + (double)at[0] + (double)at[w] + (double)at[2 * w] +
                      (double)at[3 * w];
        }
    for (; i < s.rows; i++)
        for (size_t j = 0; j < w; j++)
            sums[j] += (double)r[i * w + j];
}

/* ---- values ---- */

static void add(size_t count, tally_real factor, const tally_real *restrict d,
                tally_real *restrict x)
{
    for (size_t i = 0; i < count; i++)
        x[i] += factor * d[i];
}

static void residual(admm_size s, tally_real scale, const tally_real *restrict y,
                     const tally_real *restrict b, const tally_real *restrict z,
                     tally_real *restrict r)
{
    for (size_t i = 0; i < s.rows * s.width; i += s.width)
        for (size_t j = 0; j < s.width; j++)
            r[i + j] = scale * (y[i + j] + b[j] - z[i + j]);
}

static tally_lanes slope_down(tally_lanes z, tally_real slope)
{
    return tally_lanes_choose(z > 0, z, slope * z);
}

static void activate(size_t count, tally_real slope, const tally_real *z, tally_real *f)
{
    for (size_t i = 0; i < count; i += TALLY_LANES)
        tally_lanes_store(slope_down(tally_lanes_load(z + i, count - i), slope), f + i,
                          count - i);
}

/* ---- z ---- */

static tally_lanes solve_lanes(admm_branch f, tally_lanes m, tally_lanes q,
                               tally_lanes old)
{
    tally_lanes zero = {0};
    tally_lanes down =
        (m + f.hold * old + f.slope * q) * (1 / (1 + f.hold + f.slope * f.slope));
    tally_lanes up = (m + f.hold * old + q) * (1 / (2 + f.hold));

    down = tally_lanes_choose(down < 0, down, zero);
    up = tally_lanes_choose(up > 0, up, zero);
    tally_lanes at_down = (down - m) * (down - m) +
                          (q - f.slope * down) * (q - f.slope * down) +
                          f.near * (down - old) * (down - old);
    tally_lanes at_up =
        (up - m) * (up - m) + (q - up) * (q - up) + f.near * (up - old) * (up - old);

    return tally_lanes_choose(at_up < at_down, up, down);
}

static void solve(admm_size s, admm_branch f, const tally_real *y, const tally_real *b,
                  const tally_real *q, tally_real *z)
{
    for (size_t i = 0; i < s.rows * s.width; i += s.width)
        for (size_t j = 0; j < s.width; j += TALLY_LANES) {
            size_t k = i + j, left = s.width - j;
            tally_lanes m =
                tally_lanes_load(y + k, left) + tally_lanes_load(b + j, left);

            tally_lanes_store(solve_lanes(f, m, tally_lanes_load(q + k, left),
                                          tally_lanes_load(z + k, left)),
                              z + k, left);
        }
}

/* ---- the constraint p = q of pdADMM ---- */

static void pull(size_t count, tally_real rho, admm_cut c, tally_real *restrict g)
{
    const tally_real *restrict p = c.p, *restrict q = c.q, *restrict u = c.u;

    for (size_t i = 0; i < count; i++)
        g[i] += u[i] + rho * (p[i] - q[i]);
}

static void agree(size_t count, admm_weights w, admm_sides s, tally_real *restrict q)
{
    const tally_real *restrict p = s.p, *restrict u = s.u, *restrict f = s.f;

    for (size_t i = 0; i < count; i++)
        q[i] = (w.rho * p[i] + u[i] + w.nu * f[i]) / (w.rho + w.nu);
}

static void climb(size_t count, tally_real rho, const tally_real *restrict p,
                  const tally_real *restrict q, tally_real *restrict u)
{
    for (size_t i = 0; i < count; i++)
        u[i] += rho * (p[i] - q[i]);
}

const admm_loops admm_loops_table = {
    .dot = dot,
    .distance = distance,
    .lean = lean,
    .add_columns = add_columns,
    .add = add,
    .residual = residual,
    .activate = activate,
    .solve = solve,
    .pull = pull,
    .agree = agree,
    .climb = climb,
};
