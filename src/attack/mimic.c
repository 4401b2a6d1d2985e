/* mimic.c — what one honest rank says: its data count several times, the others' less.
 *
 *     say  g of rank `of`
 *
 * Karimireddy, He, Jaggi, Byzantine-Robust Learning on Heterogeneous Datasets via
 * Bucketing, 2020, arXiv:2006.09365, section 3 (there the victim is chosen by its
 * direction).  Not a single value lies outside the honest ones. */

#include "attack/attack.h"

#include <stddef.h>
#include <string.h>

typedef struct mimic {
    tally_sizes ranks;
    uint64_t of;
} mimic;

static const tally_option options[] = {
    TALLY_LIARS(mimic),
    TALLY_OPTION(COUNT, mimic, of, "0", "[0, 1e6]", "the rank that is copied"),
    TALLY_END,
};

static tally_status check(const tally_attack *a)
{
    const mimic *o = a->options;

    if (o->of >= (uint64_t)a->comm->size)
        return TALLY_FAIL(OPTION,
                          "attack mimic: there is no rank %llu among %d to copy",
                          (unsigned long long)o->of, a->comm->size);
    return TALLY_OK;
}

static int victim(const tally_attack *a)
{
    return (int)((const mimic *)a->options)->of;
}

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    (void)step;
    memcpy(said, a->mean, a->length * sizeof *said);
}

const tally_attack_ops tally_attack_mimic = {
    .about = {.name = "mimic",
              .brief = "what one honest rank says",
              .paper = "Karimireddy et al. 2020, arXiv:2006.09365",
              .options = options,
              .options_size = sizeof(mimic)},
    .insight = TALLY_VICTIM,
    .check = check,
    .victim = victim,
    .lie = lie,
};
