/* links.c — how long a message takes between each two hosts; one slow link slows all.
 *
 * One pair at a time, 8 bytes and 256 KiB, at best; the fastest pair is what the others
 * are held against.  Of many hosts a part of the pairs, spread over all. */

#include "cli/bench/links.h"

#include "tally/collective.h"

#include "cli/doctor/doctor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MOST = 28, SIZES = 2 };

static const size_t sizes[SIZES] = {8, 256 << 10};
static const double slow = 10; /* times the fastest pair */

typedef struct record {
    double seconds[PAIRS_MOST][SIZES]; /* 0: another rank has it */
} record;

typedef struct pair {
    int first, second; /* ranks */
} pair;

/* The first ranks of two hosts; returns how many. */
static int list_pairs(const doctor *d, pair pairs[PAIRS_MOST])
{
    int hosts = d->comm->topology->count, all = hosts * (hosts - 1) / 2, seen = 0,
        kept = 0, wanted = all < PAIRS_MOST ? all : PAIRS_MOST;

    for (int step = 1; step < hosts; step++)
        for (int a = 0; a + step < hosts; a++, seen++)
            if (kept < wanted && seen >= (int)((long)kept * all / wanted))
                pairs[kept++] = (pair){doctor_leader(d, a), doctor_leader(d, a + step)};
    return kept;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    pair pairs[PAIRS_MOST];
    int count = list_pairs(d, pairs);
    unsigned char *ball = calloc(sizes[SIZES - 1], 1);
    tally_status status = tally_agree(
        d->comm, ball ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for a message"));

    for (int p = 0; p < count; p++)
        for (int k = 0; k < SIZES && !status; k++) {
            bench_times times = {0};

            status = bench_links_ping(d->comm, pairs[p].first, pairs[p].second, ball,
                                      sizes[k], &times);
            r->seconds[p][k] = times.least;
            if (!status) status = tally_barrier(d->comm);
        }
    free(ball);
    return status;
}

/* The host that is an end of every link that is so much slower than the least; -1. */
static int find_culprit(const doctor *d, const pair *pairs, const double *seconds,
                        int count, double bound)
{
    for (int node = 0; node < d->comm->topology->count; node++) {
        int with = 0, slow_with = 0, slow_all = 0;

        for (int p = 0; p < count; p++) {
            bool ends = pairs[p].first == doctor_leader(d, node) ||
                        pairs[p].second == doctor_leader(d, node);

            with += ends;
            slow_with += ends && seconds[p] >= bound;
            slow_all += seconds[p] >= bound;
        }
        if (with > 1 && slow_with == with && slow_all == with) return node;
    }
    return -1;
}

static void tell(doctor *d, const pair *pairs, const double *seconds, int count,
                 size_t bytes)
{
    double least = (double)INFINITY, most = 0;
    int worst = 0;

    for (int p = 0; p < count; p++) {
        least = fmin(least, seconds[p]);
        if (seconds[p] > most) most = seconds[p], worst = p;
    }
    const char *first = d->places[pairs[worst].first].host,
               *second = d->places[pairs[worst].second].host;
    int culprit = find_culprit(d, pairs, seconds, count, slow * least);
    const char *at = culprit >= 0 ? d->places[doctor_leader(d, culprit)].host : second;
    char fix[256];

    snprintf(fix, sizeof fix,
             "leave %s out of the hosts, or look at its link: ethtool, ip -s link; "
             "tally bench net measures on",
             at);
    doctor_say(d, DOCTOR_WRONG, fix,
               "%zu bytes between %s and %s take %.3g ms, %.0f times what the fastest "
               "pair takes (%.3g ms)%s%s",
               bytes, first, second, 1e3 * most, most / least, 1e3 * least,
               culprit >= 0 ? "; so do all links of " : "", culprit >= 0 ? at : "");
}

static void judge(doctor *d, const void *all)
{
    const record *records = all;
    pair pairs[PAIRS_MOST];
    int count = list_pairs(d, pairs);
    double seconds[SIZES][PAIRS_MOST], least[SIZES], most[SIZES];

    if (count == 0) return;
    for (int k = 0; k < SIZES; k++) {
        least[k] = (double)INFINITY;
        most[k] = 0;
        for (int p = 0; p < count; p++) {
            seconds[k][p] = records[pairs[p].first].seconds[p][k];
            least[k] = fmin(least[k], seconds[k][p]);
            most[k] = fmax(most[k], seconds[k][p]);
        }
    }
    /* Long messages tell more: a short one may just have met a busy processor. */
    if (most[1] >= slow * least[1])
        tell(d, pairs, seconds[1], count, sizes[1]);
    else if (most[0] >= slow * least[0])
        tell(d, pairs, seconds[0], count, sizes[0]);
    else
        doctor_say(d, DOCTOR_OK, NULL,
                   "%d pair%s of hosts: 8 bytes in %.3g to %.3g us, 256 KiB in %.3g to "
                   "%.3g ms",
                   count, count > 1 ? "s" : "", 1e6 * least[0], 1e6 * most[0],
                   1e3 * least[1], 1e3 * most[1]);
}

const doctor_check tally_check_links = {
    "links", "messages between hosts; a link that is slower than the others",
    sizeof(record), look, judge};
