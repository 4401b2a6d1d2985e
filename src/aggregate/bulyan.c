/* bulyan.c — rows that Krum chooses, then the values nearest to their median.
 *
 *     S   <- theta = n - 2 f rows by Krum, each chosen among those that are left
 *     a_i =  mean of the theta - 2 f values of S nearest to the median of S at i
 *
 * El Mhamdi, Guerraoui, Rouault, The Hidden Vulnerability of Distributed Learning in
 * Byzantium, 2018, arXiv:1802.07927, section 4; n >= 4 f + 3.  Among m rows left Krum
 * looks at m - f - 2 neighbours, at least one (the paper's count reaches none at the
 * end).  Distances are measured once: n (n - 1) / 2 of them. */

#include "aggregate/aggregate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct bulyan {
    uint64_t f;
} bulyan;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, bulyan, f, "1", "[0, 1e6]", "ranks that may lie"),
    TALLY_END,
};

/* What of the rows is chosen. */
typedef struct choice {
    bool *alive;         /* owned: not chosen yet */
    tally_real **chosen; /* owned: theta rows */
} choice;

static tally_status check(const tally_aggregate *a)
{
    const bulyan *o = a->options;

    if (a->n >= 4 * o->f + 3) return TALLY_OK;
    return TALLY_FAIL(OPTION,
                      "aggregate bulyan: n=%zu rows with f=%llu, needs n >= 4 f + 3",
                      a->n, (unsigned long long)o->f);
}

static tally_sums sums(const tally_aggregate *a)
{
    return (tally_sums){.length = a->n * (a->n - 1) / 2, .rounds = 1};
}

static tally_status open(tally_aggregate *a)
{
    choice *c = calloc(1, sizeof *c);

    a->inner = c;
    if (!c) return TALLY_FAIL(MEMORY, "no memory for bulyan");
    c->alive = tally_allocate(a->n, sizeof *c->alive);
    c->chosen = calloc(a->n, sizeof *c->chosen);
    if (!c->alive || !c->chosen) return TALLY_FAIL(MEMORY, "no memory for bulyan");
    return TALLY_OK;
}

static void close(tally_aggregate *a)
{
    choice *c = a->inner;

    if (!c) return;
    free(c->alive);
    free(c->chosen);
    free(c);
}

/* Chooses theta rows; those that stay are not moved. */
static tally_status choose(tally_aggregate *a, const tally_rows *rows, size_t theta)
{
    const bulyan *o = a->options;
    choice *c = a->inner;
    size_t n = rows->n;
    double *d = a->room, *score = d + n * n, *room = score + n;

    TALLY_TRY(tally_rows_distances(rows, d));
    memset(c->alive, true, n);
    for (size_t k = 0; k < theta; k++) {
        tally_krum_scores(d, c->alive, n, o->f, score, room);
        size_t best = tally_krum_best(score, n);

        while (!c->alive[best]) /* all that are left are infinite */
            best = (best + 1) % n;
        c->alive[best] = false;
        c->chosen[k] = rows->at[best];
    }
    return TALLY_OK;
}

/* column: theta sorted values, TALLY_BLOCK apart.  The nearest to the median lie side
 * by side: the farther end is dropped until they are left. */
static tally_real mean_near_median(const tally_real *column, size_t theta, size_t beta)
{
    size_t low = 0, high = theta - 1;
    double left = (double)column[(theta - 1) / 2 * TALLY_BLOCK];
    double right = (double)column[theta / 2 * TALLY_BLOCK];
    double median = (left + right) / 2, sum = 0;

    while (high - low + 1 > beta) {
        double below = median - (double)column[low * TALLY_BLOCK];
        double above = (double)column[high * TALLY_BLOCK] - median;

        if (below > above)
            low++;
        else
            high--;
    }
    for (size_t r = low; r <= high; r++)
        sum += (double)column[r * TALLY_BLOCK];
    return (tally_real)(sum / (double)beta);
}

static tally_status combine(tally_aggregate *a, const tally_rows *rows,
                            tally_real *result)
{
    const bulyan *o = a->options;
    const choice *c = a->inner;
    size_t theta = rows->n - 2 * o->f, beta = theta - 2 * o->f;
    tally_rows chosen = *rows;

    TALLY_TRY(choose(a, rows, theta));
    chosen.n = theta;
    chosen.at = c->chosen;
    for (size_t at = 0; at < rows->count; at += TALLY_BLOCK) {
        size_t left = rows->count - at, n = left < TALLY_BLOCK ? left : TALLY_BLOCK;

        tally_rows_sort(a, &chosen, at, n);
        for (size_t i = 0; i < n; i++)
            result[at + i] = mean_near_median(a->block + i, theta, beta);
    }
    return TALLY_OK;
}

const tally_aggregate_ops tally_aggregate_bulyan = {
    .about = {.name = "bulyan",
              .brief = "rows that Krum chooses, then values nearest to their median",
              .paper = "El Mhamdi et al. 2018, arXiv:1802.07927",
              .options = options,
              .options_size = sizeof(bulyan)},
    .needs = "n >= 4 f + 3",
    .sums = sums,
    .robust = true,
    .check = check,
    .open = open,
    .combine = combine,
    .close = close,
};
