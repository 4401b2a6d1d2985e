/* speed.c — what each rank's processor computes and moves; the slowest holds up all.
 *
 * Seconds are those that a rank has had a processor: sharing one is told by ranks.c. */

#include "cli/bench/bench.h"
#include "cli/doctor/doctor.h"
#include "num/gemm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 512, ROUNDS = 8, BYTES = 64 << 20 };

static const double slow = 1.5; /* times the median */

typedef struct record {
    double product, copy; /* FLOP/s of one thread; bytes/s */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    size_t n = (size_t)WIDTH * WIDTH;
    tally_real *a = calloc(n, sizeof *a), *b = calloc(n, sizeof *b),
               *c = calloc(n, sizeof *c);
    bench_memory memory = {0};
    tally_status status =
        a && b && c ? bench_memory_measure(BYTES, &memory)
                    : TALLY_FAIL(MEMORY, "no memory for a product of %d rows", WIDTH);

    tally_gemm_threads(1);
    for (int k = 0; k < ROUNDS && !status; k++) {
        double begin = bench_work();

        tally_gemm_nn((tally_product){WIDTH, WIDTH, WIDTH}, a, b, false, c);
        double rate = 2.0 * WIDTH * WIDTH * WIDTH / (bench_work() - begin);
        if (k > 0) r->product = fmax(r->product, rate); /* the first wakes it up */
    }
    r->copy = memory.copy;
    free(a);
    free(b);
    free(c);
    return tally_agree(d->comm, status);
}

/* Of two ranks the better one is the measure. */
static double median(const doctor *d, const record *all, bool products)
{
    size_t n = (size_t)d->comm->size;
    double *rates = calloc(n, sizeof *rates);
    double middle = products ? all->product : all->copy;

    for (size_t r = 0; r < n && rates; r++)
        rates[r] = products ? all[r].product : all[r].copy;
    if (rates) {
        bench_times times = bench_summary(rates, n);

        middle = n == 2 ? times.most : times.median;
    }
    free(rates);
    return middle;
}

static void tell_slow(doctor *d, const record *all, bool products, double middle)
{
    for (int r = 0; r < d->comm->size; r++) {
        double rate = products ? all[r].product : all[r].copy;
        char fix[256], who[96];

        if (rate * slow >= middle) continue;
        snprintf(fix, sizeof fix,
                 "leave %s out of the hosts, or let nobody wait for it: --strategy "
                 "async",
                 d->places[r].host);
        doctor_say(d, DOCTOR_WARNING, fix, "%s is a slow one: %.3g %s, the %s has %.3g",
                   cli_places_name(d->comm, d->places, r, who), 1e-9 * rate,
                   products ? "GFLOP/s" : "GB/s copied",
                   d->comm->size == 2 ? "other" : "median", 1e-9 * middle);
        return;
    }
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    double product = median(d, r, true), copy = median(d, r, false);

    tell_slow(d, r, true, product);
    tell_slow(d, r, false, copy);
    doctor_say(d, DOCTOR_OK, NULL,
               "a processor computes %.3g GFLOP/s (%dx%dx%d) and copies %.3g GB/s%s",
               1e-9 * product, WIDTH, WIDTH, WIDTH, 1e-9 * copy,
               d->comm->size > 1 ? ", in the median" : "");
}

const doctor_check tally_check_speed = {
    "speed", "products and memory of a processor; a rank that is slower than others",
    sizeof(record), look, judge};
