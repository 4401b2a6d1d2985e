/* alie.c — a little is enough: as far from the mean as goes unnoticed.
 *
 *     say  mu - z sigma,   mu, sigma: mean and deviation of the honest at each value
 *     z = Phi^-1((n - f - s) / (n - f)),   s = floor(n / 2 + 1) - f
 *
 * Baruch, Baruch, Goldberg, A Little Is Enough: Circumventing Defenses For Distributed
 * Learning, 2019, arXiv:1902.06156, Algorithm 3.  All liars say the same; so near to
 * the mean, a liar is often nearer to it than most of the honest. */

#include "attack/attack.h"

#include <math.h>
#include <stddef.h>

typedef struct alie {
    tally_sizes ranks;
    double z;
} alie;

static const tally_option options[] = {
    TALLY_LIARS(alie),
    TALLY_OPTION(REAL, alie, z, "0", "(-inf, inf)",
                 "deviations from the mean; 0: the paper's for n and f"),
    TALLY_END,
};

/* Phi^-1(p) by bisection; p in (0, 1). */
static double normal_quantile(double p)
{
    double low = -10, high = 10;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (erfc(-middle / sqrt(2)) / 2 < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static double deviations(double n, double f)
{
    double s = floor(n / 2 + 1) - f, p = (n - f - s) / (n - f);

    if (p <= 0 || s <= 0) return p <= 0 ? 0 : normal_quantile(0.999);
    return normal_quantile(p);
}

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    const alie *o = a->options;
    const tally_real z =
        (tally_real)(o->z > 0 || o->z < 0
                         ? o->z
                         : deviations((double)a->comm->size, (double)a->liars));

    (void)step;
    for (size_t i = 0; i < a->length; i++)
        said[i] = a->mean[i] - z * a->deviation[i];
}

const tally_attack_ops tally_attack_alie = {
    .about = {.name = "alie",
              .brief = "a little off the mean of the honest, which is enough",
              .paper = "Baruch et al. 2019, arXiv:1902.06156",
              .options = options,
              .options_size = sizeof(alie)},
    .insight = TALLY_MOMENTS,
    .lie = lie,
};
