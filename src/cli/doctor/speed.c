/* speed.c — what each machine's processors compute and move; the slowest holds up all.
 *
 * Seconds are those that a rank has had a processor: sharing one is told by ranks.c.
 * What else runs there takes caches and the other half of a core, now and then: a
 * machine is as fast as the best turn of its best rank, and alone it is never slow. */

#include "cli/bench/bench.h"
#include "cli/doctor/doctor.h"
#include "num/gemm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 512, BYTES = 64 << 20 };

static const double slow = 1.5; /* times the median */

typedef struct record {
    double product, copy; /* FLOP/s of one thread; bytes/s */
} record;

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    bench_memory memory = {0};

    tally_gemm_threads(1);
    tally_status status = bench_memory_measure(BYTES, &memory);
    if (!status) status = bench_product_measure(WIDTH, bench_work, &r->product);
    r->copy = memory.copy;
    return tally_agree(d->comm, status);
}

static double rate_of(const record *r, bool products)
{
    return products ? r->product : r->copy;
}

/* Of the machine that rank r is on; 0 when a lower rank is there too. */
static double machine_rate(const doctor *d, const record *all, int r, bool products)
{
    double best = 0;

    for (int q = 0; q < d->comm->size; q++) {
        if (d->bindings[q].place.machine != d->bindings[r].place.machine) continue;
        if (q < r) return 0;
        best = fmax(best, rate_of(&all[q], products));
    }
    return best;
}

/* Over the machines; of two the better one. */
static double median(const doctor *d, const record *all, bool products)
{
    size_t n = 0;
    double *rates = calloc((size_t)d->comm->size, sizeof *rates);
    double middle = rate_of(all, products);

    for (int r = 0; r < d->comm->size && rates; r++) {
        rates[n] = machine_rate(d, all, r, products);
        n += rates[n] > 0;
    }
    if (n > 0) {
        bench_times times = bench_summary(rates, n);

        middle = n == 2 ? times.most : times.median;
    }
    free(rates);
    return middle;
}

static void tell_slow(doctor *d, const record *all, bool products, double middle)
{
    for (int r = 0; r < d->comm->size; r++) {
        double rate = machine_rate(d, all, r, products);
        const char *host = d->places[r].host;
        char fix[256];

        if (rate <= 0 || rate * slow >= middle) continue;
        snprintf(fix, sizeof fix,
                 "leave %s out of the hosts, or let nobody wait for it: --strategy "
                 "async",
                 host);
        doctor_say(d, DOCTOR_WARNING, fix, "%s is a slow one: %.3g %s, others %.3g",
                   host, 1e-9 * rate, products ? "GFLOP/s" : "GB/s copied",
                   1e-9 * middle);
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
               d->comm->size > 1 ? ", at best" : "");
}

const doctor_check tally_check_speed = {
    "speed", "products and memory of a processor; a machine that is slower than others",
    sizeof(record), look, judge};
