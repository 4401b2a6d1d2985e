/* products.c — the libraries of products, their kernels and threads.
 *
 * Threads that are more than processors take turns, and a sum that waits for the last
 * of them takes as many times as long. */

#include "base/text.h"
#include "cli/doctor/doctor.h"
#include "num/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"};

enum { VARIABLES = sizeof variables / sizeof *variables, VALUE = 32 };

typedef struct record {
    char libraries[160], core[32], forced[VALUE]; /* forced: OPENBLAS_CORETYPE */
    char values[VARIABLES][VALUE];                /* "": it is not set */
    bool lags;
    unsigned threads;
} record;

static void copy_variable(const char *name, char value[VALUE])
{
    const char *found = getenv(name);

    snprintf(value, VALUE, "%s", found ? found : "");
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;

    tally_gemm_describe(r->libraries, sizeof r->libraries);
    snprintf(r->core, sizeof r->core, "%s", tally_gemm_core());
    r->lags = tally_gemm_lags();
    copy_variable("OPENBLAS_CORETYPE", r->forced);
    for (int k = 0; k < VARIABLES; k++)
        copy_variable(variables[k], r->values[k]);
    r->threads = (unsigned)tally_topology_threads(d->comm->node_size);
    return TALLY_OK;
}

/* A list of numbers, as OpenMP has it, counts by its first. */
static bool is_number(const char *text)
{
    return strspn(text, "0123456789,") == strlen(text) && atoi(text) > 0;
}

static void judge_variables(doctor *d, const record *all)
{
    char who[96], fix[192];

    for (int r = 0; r < d->comm->size; r++)
        for (int k = 0; k < VARIABLES; k++) {
            const char *value = all[r].values[k];

            if (!value[0] || is_number(value)) continue;
            doctor_fix_variable(d, variables[k], "1", fix);
            doctor_say(d, DOCTOR_WARNING, fix, "%s: %s=%s is no number of threads",
                       cli_places_name(d->comm, d->places, r, who), variables[k],
                       value);
            return;
        }
}

/* Of one thread a rank it is the ranks that are too many: ranks.c. */
static void judge_threads(doctor *d)
{
    char fix[192], value[24], who[96];

    for (int r = 0; r < d->comm->size; r++) {
        tally_crowd c = tally_binding_crowd(d->bindings, d->comm->size,
                                            d->bindings[r].place.machine);
        size_t processors = doctor_processors(d, r);
        size_t each = processors / (size_t)c.ranks;

        if (c.most_threads <= 1 || c.threads <= processors || !processors) continue;
        snprintf(value, sizeof value, "%zu", each > 0 ? each : 1);
        doctor_fix_variable(d, variables[0], value, fix);
        doctor_say(
            d, DOCTOR_WRONG, fix,
            "the products of %d rank%s want %llu threads in all, but the machine "
            "of %s has %zu processor%s",
            c.ranks, tally_text_plural((uint64_t)c.ranks),
            (unsigned long long)c.threads, cli_places_name(d->comm, d->places, r, who),
            processors, tally_text_plural(processors));
        return;
    }
}

static void judge(doctor *d, const void *all)
{
    const record *r = all;
    char fix[192], who[96];

    for (int i = 0; i < d->comm->size; i++) {
        if (!r[i].lags) continue;
        doctor_fix_variable(d, "OPENBLAS_CORETYPE", "SkylakeX", fix);
        doctor_say(d, DOCTOR_WARNING, fix,
                   "%s: products leave AVX-512 idle: OpenBLAS takes its kernels for "
                   "%s%s",
                   cli_places_name(d->comm, d->places, i, who), r[i].core,
                   r[i].forced[0] ? ", as OPENBLAS_CORETYPE says" : "");
        break;
    }
    for (int i = 1; i < d->comm->size; i++) {
        if (strcmp(r[i].libraries, r[0].libraries) == 0) continue;
        doctor_fix_variable(d, "OPENBLAS_CORETYPE", r[0].core, fix);
        doctor_say(d, DOCTOR_WARNING, fix,
                   "%s has %s, rank 0 %s: their bits may differ",
                   cli_places_name(d->comm, d->places, i, who), r[i].libraries,
                   r[0].libraries);
        break;
    }
    judge_variables(d, r);
    judge_threads(d);
    doctor_say(d, DOCTOR_OK, NULL, "%s%s%s, %u thread%s a rank", r->libraries,
               r->forced[0] ? ", OPENBLAS_CORETYPE=" : "", r->forced, r->threads,
               tally_text_plural(r->threads));
}

const doctor_check tally_check_products = {
    "products", "OpenBLAS and oneDNN, their kernels, threads and variables",
    sizeof(record), look, judge};
