/* binding.c — whether ranks starve on few processors while others are idle.
 *
 *     a rank       bound to fewer processors than it has threads
 *     a machine    its ranks, bound to fewer processors together than they have threads
 *
 * Neither is worth a word when the machine, or the container, has no more to give: that
 * is oversubscription, which the user asked for.  mpirun of Open MPI 4 binds one or two
 * ranks to a core each, whatever --threads says; a taskset around mpirun, or a batch
 * system that gives each rank the same processors, does the rest of the harm. */

#include "run/binding.h"

#include "tally/collective.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void unite(tally_units *to, const tally_units *with)
{
    for (int i = 0; i < TALLY_UNITS_WORDS; i++)
        to->words[i] |= with->words[i];
}

tally_crowd tally_binding_crowd(const tally_binding *all, int ranks, uint64_t machine)
{
    tally_crowd c = {.ranks = 0};
    tally_units bound = {{0}}, allowed = {{0}};
    int near = 0;

    for (int r = 0; r < ranks; r++) {
        if (all[r].place.machine != machine) continue;
        c.ranks++;
        c.threads += all[r].threads;
        if (all[r].near > 0 && (near == 0 || all[r].near < near)) near = all[r].near;
        if (all[r].threads > c.most_threads) c.most_threads = all[r].threads;
        unite(&bound, &all[r].place.bound);
        unite(&allowed, &all[r].place.allowed);
    }
    c.apart = near > 0 && near < c.ranks;
    c.bound = tally_units_count(&bound);
    c.allowed = tally_units_count(&allowed);
    return c;
}

/* A place of no processors is one that could not be told. */
static bool is_starved(const tally_crowd *c, size_t bound, uint64_t threads)
{
    return bound > 0 && bound < threads && bound < c->allowed;
}

/* The flag that gives each rank its own processors, or all of them when they are few.
 */
static void name_flag(const tally_crowd *c, tally_launcher launcher, char *text,
                      size_t most)
{
    unsigned long long each = c->most_threads;
    bool fits = each * (unsigned long long)c->ranks <= c->allowed && !c->apart;

    switch (launcher) {
    case TALLY_OPEN_MPI:
        if (fits)
            snprintf(text, most,
                     "start with mpirun --bind-to core --map-by slot:PE=%llu", each);
        else
            snprintf(text, most, "start with mpirun --bind-to none%s",
                     (size_t)c->ranks > c->allowed ? " --oversubscribe" : "");
        return;
    case TALLY_HYDRA:
        if (fits)
            snprintf(text, most, "start with mpiexec -bind-to core:%llu", each);
        else
            snprintf(text, most, "start with mpiexec -bind-to none");
        return;
    case TALLY_SRUN:
        snprintf(text, most, "start with srun --cpus-per-task=%llu%s", each,
                 fits ? "" : " --cpu-bind=none");
        return;
    case TALLY_NO_LAUNCHER:
    case TALLY_OTHER_LAUNCHER:
        break;
    }
    snprintf(text, most, "let it use more of them (taskset -c), or use --threads 1");
}

static tally_crowd crowd_of(const tally_binding *all, int ranks, int r)
{
    return tally_binding_crowd(all, ranks, all[r].place.machine);
}

bool tally_binding_starves(const tally_binding *all, int ranks, tally_launcher launcher,
                           tally_advice *advice)
{
    for (int r = 0; r < ranks; r++) {
        tally_crowd c = crowd_of(all, ranks, r);
        size_t own = tally_units_count(&all[r].place.bound);

        if (!is_starved(&c, own, all[r].threads)) continue;
        advice->rank = r;
        name_flag(&c, launcher, advice->fix, sizeof advice->fix);
        snprintf(advice->said, sizeof advice->said,
                 "rank %d is bound to %zu of %zu processors and has %llu threads", r,
                 own, c.allowed, (unsigned long long)all[r].threads);
        return true;
    }
    for (int r = 0; r < ranks; r++) {
        tally_crowd c = crowd_of(all, ranks, r);

        if (!is_starved(&c, c.bound, c.threads)) continue;
        advice->rank = r;
        name_flag(&c, launcher, advice->fix, sizeof advice->fix);
        snprintf(advice->said, sizeof advice->said,
                 "%d ranks are bound to %zu of %zu processors, the others are idle",
                 c.ranks, c.bound, c.allowed);
        return true;
    }
    return false;
}

static bool same_units(const tally_binding *a, const tally_binding *b)
{
    return a->place.machine == b->place.machine &&
           memcmp(&a->place.bound, &b->place.bound, sizeof a->place.bound) == 0;
}

bool tally_binding_collides(const tally_binding *all, int ranks,
                            tally_launcher launcher, tally_advice *advice)
{
    for (int r = 0; r < ranks; r++) {
        tally_crowd c = crowd_of(all, ranks, r);
        size_t own = tally_units_count(&all[r].place.bound);
        char units[64];

        if (own == 0 || own == c.allowed || c.threads > c.allowed) continue;
        for (int q = 0; q < r; q++) {
            if (!same_units(&all[q], &all[r]) || own >= all[q].threads + all[r].threads)
                continue;
            advice->rank = q;
            name_flag(&c, launcher, advice->fix, sizeof advice->fix);
            tally_units_print(&all[r].place.bound, units, sizeof units);
            snprintf(advice->said, sizeof advice->said,
                     "ranks %d and %d are bound to the same processor%s %s", q, r,
                     own > 1 ? "s" : "", units);
            return true;
        }
    }
    return false;
}

bool tally_binding_idles(const tally_binding *all, int ranks, tally_launcher launcher,
                         tally_advice *advice)
{
    for (int r = 0; r < ranks; r++) {
        tally_crowd c = crowd_of(all, ranks, r);

        if (c.bound == 0 || 2 * c.bound > c.allowed || c.threads > c.bound) continue;
        c.most_threads = c.allowed / c.bound; /* for each core that it has now */
        advice->rank = r;
        name_flag(&c, launcher, advice->fix, sizeof advice->fix);
        snprintf(
            advice->said, sizeof advice->said,
            "%d rank%s bound to %zu of %zu processors and start%s as many threads: "
            "the others are idle",
            c.ranks, c.ranks > 1 ? "s are" : " is", c.bound, c.allowed,
            c.ranks > 1 ? "" : "s");
        return true;
    }
    return false;
}

bool tally_binding_wanders(const tally_binding *all, int ranks, tally_launcher launcher,
                           tally_advice *advice)
{
    for (int r = 0; r < ranks; r++) {
        tally_crowd c = crowd_of(all, ranks, r);
        size_t own = tally_units_count(&all[r].place.bound);

        if (c.ranks < 2 || c.apart || own < c.allowed || c.threads > c.allowed)
            continue;
        advice->rank = r;
        name_flag(&c, launcher, advice->fix, sizeof advice->fix);
        snprintf(advice->said, sizeof advice->said,
                 "%d ranks may each use all %zu processors, and wander", c.ranks,
                 c.allowed);
        return true;
    }
    return false;
}

/* One rank of one thread has nothing to gain; simulated ranks take turns. */
static bool is_beyond_doubt(const tally_comm *c, uint64_t threads)
{
    return (c->size == 1 && threads <= 1) || strcmp(c->ops->about.name, "sim") == 0;
}

size_t tally_run_threads(const tally_run *run)
{
    uint64_t asked = run->options->threads;

    return asked ? (size_t)asked : tally_topology_threads(run->comm->node_size);
}

tally_status tally_binding_check(const tally_run *run)
{
    tally_comm *c = run->comm;
    tally_binding mine = {.threads = tally_run_threads(run), .near = c->node_size};
    tally_advice advice;
    char sentence[sizeof advice.said + sizeof advice.fix + 4];

    if (is_beyond_doubt(c, mine.threads)) return TALLY_OK;
    if (!tally_topology_place(&mine.place)) mine.place.bound = (tally_units){{0}};
    tally_binding *all = calloc((size_t)c->size, sizeof *all);
    tally_status status = tally_agree(
        c, all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d bindings", c->size));
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status &&
        tally_binding_starves(all, c->size, tally_launcher_kind(getenv), &advice) &&
        advice.rank == c->rank && run->observer.warned) {
        snprintf(sentence, sizeof sentence, "%s: %s", advice.said, advice.fix);
        run->observer.warned(run->observer.context, sentence);
    }
    free(all);
    return status;
}
