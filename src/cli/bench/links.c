/* links.c — alpha and beta of every class of links, by ping-pong.
 *
 *     one way      half of a round trip; the median of as many as 20 ms hold
 *     t(n)         = alpha + n beta: Hockney, The communication challenge for MPP, 1994
 *     beta         the median slope between the large sizes: Theil, A rank-invariant
 *                  method of linear and polynomial regression analysis, 1950; Sen,
 *                  Estimates of the regression coefficient based on Kendall's tau, 1968
 *     alpha        t(smallest) - smallest beta
 *
 * A robust line, for times jump where a library changes its protocol, and one bad
 * sample must not bend it; how far the sizes lie from it is told (misfit).  The pairs
 * measured are spread over all that there are, at most PAIRS_MOST of a class.
 *
 * One pair at a time: what many pairs lose to each other is not seen here. */

#include "cli/bench/links.h"

#include "base/text.h"
#include "cli/bench/talk.h"
#include "comm/nodes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MOST = 4, REPEATS_MOST = 200, TAG = TALLY_TAG(TALLY_USER, 0) };

static const double seconds_a_size = 0.02;
static const size_t large = 64 << 10;

typedef struct pair {
    int first, second; /* who sends first */
    bench_link_class class;
} pair;

typedef struct sample { /* one round of one pair */
    double seconds[CLI_SIZES_MOST];
} sample;

typedef struct tour {
    tally_comm *comm;
    const cli_sizes *sizes;
    uint64_t rounds;
    pair pairs[BENCH_LINKS * PAIRS_MOST];
    int count;
    unsigned char *ball; /* owned: of the largest size */
    sample *samples;     /* owned: count × rounds */
    double *one;         /* owned: scratch, one figure of each sample */
} tour;

const char *bench_link_name(bench_link_class k)
{
    return k == BENCH_NODE ? "same node" : "other node";
}

/* ---- the line ---- */

static double median_slope(const cli_sizes *sizes, const double *seconds, size_t least,
                           double *slopes)
{
    size_t n = 0;

    for (size_t i = 0; i < sizes->count; i++)
        for (size_t k = 0; k < sizes->count; k++)
            if (sizes->at[i] >= least && sizes->at[i] < sizes->at[k])
                slopes[n++] =
                    (seconds[k] - seconds[i]) / (double)(sizes->at[k] - sizes->at[i]);
    return n ? bench_summary(slopes, n).median : (double)NAN;
}

bench_line bench_fit(const cli_sizes *sizes, const double *seconds)
{
    double slopes[CLI_SIZES_MOST * CLI_SIZES_MOST / 2];
    double beta = median_slope(sizes, seconds, large, slopes);
    size_t smallest = 0;

    if (isnan(beta)) beta = median_slope(sizes, seconds, 0, slopes);
    for (size_t i = 1; i < sizes->count; i++)
        if (sizes->at[i] < sizes->at[smallest]) smallest = i;
    beta = fmax(beta, 0);
    double alpha = seconds[smallest] - beta * (double)sizes->at[smallest];
    return (bench_line){fmax(alpha, 0), beta};
}

/* ---- who plays ---- */

static bench_link_class class_of(const tally_comm *c, int a, int b)
{
    return c->topology->node[a] == c->topology->node[b] ? BENCH_NODE : BENCH_NETWORK;
}

/* How many pairs of a class there are; keeps some, evenly spread, when told how many.
 */
static int walk_pairs(tour *l, bench_link_class class, int of)
{
    int seen = 0, size = l->comm->size, kept = 0;
    int wanted = of < PAIRS_MOST ? of : PAIRS_MOST;

    for (int a = 0; a < size; a++)
        for (int b = a + 1; b < size; b++) {
            if (class_of(l->comm, a, b) != class) continue;
            if (kept < wanted && seen == (int)((long)kept * of / wanted)) {
                l->pairs[l->count++] = (pair){a, b, class};
                kept++;
            }
            seen++;
        }
    return seen;
}

/* ---- one round of one pair ---- */

/* There and back. */
static tally_status play(const tour *l, int other, bool serves, size_t bytes)
{
    tally_comm *c = l->comm;
    tally_request in = {0}, out = {0};

    TALLY_TRY(tally_irecv(c, other, TAG, l->ball, bytes, &in));
    if (serves) {
        TALLY_TRY(tally_isend(c, other, TAG, l->ball, bytes, &out));
        TALLY_TRY(tally_wait(c, &out, NULL));
        return tally_wait(c, &in, NULL);
    }
    TALLY_TRY(tally_wait(c, &in, NULL));
    TALLY_TRY(tally_isend(c, other, TAG, l->ball, bytes, &out));
    return tally_wait(c, &out, NULL);
}

/* The first game warms up, and says how many there is time for. */
static tally_status serve(const tour *l, int other, size_t bytes, bench_times *one_way)
{
    tally_comm *c = l->comm;
    double times[REPEATS_MOST], begin = tally_now(c);

    TALLY_TRY(play(l, other, true, bytes));
    double fit = seconds_a_size / fmax(tally_now(c) - begin, 1e-9);
    uint64_t repeats =
        c->ops->spend ? 1 : (uint64_t)fmin(fmax(fit, 1), (double)REPEATS_MOST);
    TALLY_TRY(bench_tell(c, other, &repeats, sizeof repeats));
    TALLY_TRY(
        bench_hear(c, other, &repeats, sizeof repeats)); /* the link is free again */
    for (uint64_t i = 0; i < repeats; i++) {
        begin = tally_now(c);
        TALLY_TRY(play(l, other, true, bytes));
        times[i] = (tally_now(c) - begin) / 2;
    }
    *one_way = bench_summary(times, repeats);
    return TALLY_OK;
}

static tally_status give_back(const tour *l, int other, size_t bytes)
{
    uint64_t repeats;

    TALLY_TRY(play(l, other, false, bytes));
    TALLY_TRY(bench_hear(l->comm, other, &repeats, sizeof repeats));
    TALLY_TRY(bench_tell(l->comm, other, &repeats, sizeof repeats));
    for (uint64_t i = 0; i < repeats; i++)
        TALLY_TRY(play(l, other, false, bytes));
    return TALLY_OK;
}

/* Everybody learns what the first of the pair has measured. */
static tally_status take_round(const tour *l, const pair *p, sample *s)
{
    tally_comm *c = l->comm;

    for (size_t i = 0; i < l->sizes->count; i++) {
        bench_times times;

        if (c->rank == p->first) {
            TALLY_TRY(serve(l, p->second, l->sizes->at[i], &times));
            s->seconds[i] = times.median;
        }
        if (c->rank == p->second) TALLY_TRY(give_back(l, p->first, l->sizes->at[i]));
    }
    if (c->rank != p->first) return bench_sleep_until_told(c, p->first, s, sizeof *s);
    for (int r = 0; r < c->size; r++)
        if (r != c->rank) TALLY_TRY(bench_tell(c, r, s, sizeof *s));
    return TALLY_OK;
}

/* ---- the figures ---- */

enum { BETA = -1, ALPHA = -2 }; /* besides the number of a size */

/* l->one <- one figure of each sample of a class; how many. */
static size_t collect(const tour *l, bench_link_class class, int what)
{
    size_t n = 0;

    for (int p = 0; p < l->count; p++) {
        if (l->pairs[p].class != class) continue;
        for (uint64_t r = 0; r < l->rounds; r++) {
            const sample *s = &l->samples[(uint64_t)p * l->rounds + r];
            bench_line line = bench_fit(l->sizes, s->seconds);

            l->one[n++] = what == ALPHA  ? line.alpha
                          : what == BETA ? line.beta
                                         : s->seconds[what];
        }
    }
    return n;
}

static void sum_up(const tour *l, bench_link_class class, bench_link *link)
{
    link->alpha = bench_summary(l->one, collect(l, class, ALPHA));
    link->beta = bench_summary(l->one, collect(l, class, BETA));
    for (size_t i = 0; i < l->sizes->count; i++) {
        link->at[i] = bench_summary(l->one, collect(l, class, (int)i));
        double line = link->alpha.median + link->beta.median * (double)l->sizes->at[i];

        link->misfit = fmax(link->misfit, fabs(link->at[i].median - line) / line);
    }
}

static tally_status open(tour *l, bench_link *of)
{
    size_t largest = 1;

    TALLY_TRY(tally_comm_explore(l->comm));
    for (int k = 0; k < BENCH_LINKS; k++) {
        bench_link_class class = (bench_link_class)k;
        int before = l->count;

        of[k] = (bench_link){.pairs = walk_pairs(l, class, 0)};
        l->count = before;
        walk_pairs(l, class, of[k].pairs);
        of[k].measured = l->count - before;
    }
    for (size_t i = 0; i < l->sizes->count; i++)
        if (l->sizes->at[i] > largest) largest = l->sizes->at[i];
    size_t rounds = (size_t)l->count * l->rounds;
    l->ball = tally_allocate(largest, 1);
    l->samples = calloc(rounds, sizeof *l->samples);
    l->one = calloc(rounds, sizeof *l->one);
    if (!l->ball || !l->samples || !l->one)
        return TALLY_FAIL(MEMORY, "no memory for messages of %zu bytes", largest);
    memset(l->ball, 1, largest);
    return TALLY_OK;
}

static tally_status measure(tour *l)
{
    for (uint64_t r = 0; r < l->rounds; r++)
        for (int p = 0; p < l->count; p++)
            TALLY_TRY(
                take_round(l, &l->pairs[p], &l->samples[(uint64_t)p * l->rounds + r]));
    return TALLY_OK;
}

tally_status bench_links_measure(tally_comm *c, const cli_sizes *sizes, uint64_t rounds,
                                 bench_link of[BENCH_LINKS])
{
    tour l = {.comm = c, .sizes = sizes, .rounds = rounds};

    if (c->size < 2)
        return TALLY_FAIL(OPTION,
                          "one rank has no links to measure: start more, mpirun "
                          "-n 2 tally bench net");
    tally_status status = tally_agree(c, open(&l, of));
    if (!status) status = measure(&l);
    for (int k = 0; !status && k < BENCH_LINKS; k++)
        if (of[k].measured) sum_up(&l, (bench_link_class)k, &of[k]);
    free(l.ball);
    free(l.samples);
    free(l.one);
    return status;
}

tally_status bench_links_ping(tally_comm *c, int first, int second, void *ball,
                              size_t bytes, bench_times *times)
{
    tour l = {.comm = c, .ball = ball};

    if (c->rank == first) return serve(&l, second, bytes, times);
    return c->rank == second ? give_back(&l, first, bytes) : TALLY_OK;
}

bool bench_links_sim(const tally_comm *c, const bench_link of[BENCH_LINKS], char *text,
                     size_t most)
{
    static const char *const ends[BENCH_LINKS] = {"_node", ""};
    const tally_nodes *t = c->topology;
    size_t used = 0;
    bool fits = tally_text_append(text, most, &used, "sim:ranks=%d,node=%d", c->size,
                                  t->count == 1 ? 0 : t->most);

    for (int k = BENCH_LINKS - 1; k >= 0; k--)
        if (of[k].measured)
            fits &= tally_text_append(text, most, &used, ",alpha%s=%.6g,beta%s=%.6g",
                                      ends[k], of[k].alpha.median, ends[k],
                                      of[k].beta.median);
    return fits;
}
