/* loops.c — each loop against the dullest one, and the same bits on every instruction
 * set. */

#include "num/isa.h"
#include "support/expect.h"
#include "trainer/admm/admm.h"
#include "trainer/admm/small.h"

#include <math.h>

/* No multiple of a vector or of four rows. */
enum { ROWS = 7, WIDTH = 37, COUNT = ROWS * WIDTH };

static const admm_size size = {ROWS, WIDTH};

/* What the loops read, and what each of them writes. */
typedef struct bench {
    tally_real y[COUNT], z[COUNT], q[COUNT], p[COUNT], u[COUNT], b[WIDTH];
    tally_real added[COUNT], r[COUNT], f[COUNT], solved[COUNT];
    tally_real pulled[COUNT], agreed[COUNT], climbed[COUNT];
    double dot, distance, lean, columns[WIDTH];
} bench;

static void fill_bench(bench *t)
{
    small_fill(t->y, COUNT, 3, 2);
    small_fill(t->z, COUNT, 4, 2);
    small_fill(t->q, COUNT, 5, 2);
    small_fill(t->p, COUNT, 6, 2);
    small_fill(t->u, COUNT, 7, 1);
    small_fill(t->b, WIDTH, 8, 1);
}

static const admm_branch branch = {
    (tally_real)0.25, /* slope */
    1,                /* hold */
    1,                /* near */
};

static void run_loops(bench *t)
{
    const admm_loops *loops = admm_loops_used();
    tally_real rho = (tally_real)0.7, nu = (tally_real)0.1;

    memcpy(t->added, t->y, sizeof t->y);
    memcpy(t->solved, t->z, sizeof t->z);
    memcpy(t->pulled, t->y, sizeof t->y);
    memcpy(t->climbed, t->u, sizeof t->u);
    for (size_t j = 0; j < WIDTH; j++)
        t->columns[j] = 5;
    t->dot = loops->dot(COUNT, t->y, t->z);
    t->distance = loops->distance(COUNT, t->y, t->z);
    t->lean = loops->lean(COUNT, t->u, t->y, t->z);
    loops->add_columns(size, t->y, t->columns);
    loops->add(COUNT, rho, t->z, t->added);
    loops->residual(size, nu, t->y, t->b, t->z, t->r);
    loops->activate(COUNT, branch.slope, t->z, t->f);
    loops->solve(size, branch, t->y, t->b, t->q, t->solved);
    loops->pull(COUNT, rho, (admm_cut){t->p, t->q, t->u}, t->pulled);
    loops->agree(COUNT, (admm_weights){nu, rho}, (admm_sides){t->p, t->u, t->f},
                 t->agreed);
    loops->climb(COUNT, rho, t->p, t->q, t->climbed);
}

Test(admm_loops, every_instruction_set_has_the_same_bits)
{
    static bench portable, wide; /* zeros where there is padding */

    fill_bench(&portable);
    fill_bench(&wide);
    tally_isa_use(TALLY_PORTABLE);
    run_loops(&portable);
    for (int isa = TALLY_PORTABLE + 1; isa <= (int)tally_isa_best(); isa++) {
        tally_isa_use((tally_isa)isa);
        run_loops(&wide);
        cr_assert(memcmp(&portable, &wide, sizeof wide) == 0, "%s",
                  tally_isa_name((tally_isa)isa));
    }
}

/* A value is rounded a few times, at numbers below 10. */
static void expect_near(const char *name, size_t i, double is, double should)
{
    double room = sizeof(tally_real) == sizeof(double) ? 1e-14 : 1e-5;

    cr_assert(fabs(is - should) <= room, "%s %zu: %.17g, expected %.17g", name, i, is,
              should);
}

static double relu(double z)
{
    return z > 0 ? z : (double)branch.slope * z;
}

Test(admm_loops, values_are_those_of_plain_loops)
{
    static bench t;
    double rho = (double)(tally_real)0.7, nu = (double)(tally_real)0.1;

    fill_bench(&t);
    run_loops(&t);
    for (size_t i = 0; i < COUNT; i++) {
        double y = (double)t.y[i], z = (double)t.z[i], q = (double)t.q[i];
        double p = (double)t.p[i], u = (double)t.u[i], b = (double)t.b[i % WIDTH];

        expect_near("add", i, (double)t.added[i], y + rho * z);
        expect_near("residual", i, (double)t.r[i], nu * (y + b - z));
        expect_near("activate", i, (double)t.f[i], relu(z));
        expect_near("pull", i, (double)t.pulled[i], y + u + rho * (p - q));
        expect_near("agree", i, (double)t.agreed[i],
                    (rho * p + u + nu * relu(z)) / (rho + nu));
        expect_near("climb", i, (double)t.climbed[i], u + rho * (p - q));
    }
}

Test(admm_loops, sums_are_those_of_plain_loops)
{
    static bench t;
    double dot = 0, distance = 0, lean = 0, columns[WIDTH] = {0};

    fill_bench(&t);
    run_loops(&t);
    for (size_t i = 0; i < COUNT; i++) {
        double y = (double)t.y[i], z = (double)t.z[i];

        dot += y * z;
        distance += (y - z) * (y - z);
        lean += (double)t.u[i] * (y - z);
        columns[i % WIDTH] += y;
    }
    /* Sums of 259 doubles below 16. */
    cr_assert(fabs(t.dot - dot) < 1e-10);
    cr_assert(fabs(t.distance - distance) < 1e-10);
    cr_assert(fabs(t.lean - lean) < 1e-10);
    for (size_t j = 0; j < WIDTH; j++)
        cr_assert(fabs(t.columns[j] - 5 - columns[j]) < 1e-12);
}
