/* allocations.c — after its first steps a run allocates nothing.
 *
 *     allocations COMM FROM OPTION=VALUE...
 *
 * trains on the digits and counts, on all ranks of this process, the calls of malloc
 * and its kin that come from Tally's own objects between steps FROM and 50: the linker
 * hands those to the __wrap functions below, and leaves those of shared libraries (MPI,
 * BLAS) alone. */

#include "tally/tally.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TO = 50 };

static atomic_ulong calls;

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
int __real_posix_memalign(void **p, size_t alignment, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
char *__real_strdup(const char *s);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
int __wrap_posix_memalign(void **p, size_t alignment, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __real_realloc(p, n);
}

int __wrap_posix_memalign(void **p, size_t alignment, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __real_posix_memalign(p, alignment, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    atomic_fetch_add(&calls, 1);
    return __real_aligned_alloc(alignment, n);
}

char *__wrap_strdup(const char *s)
{
    atomic_fetch_add(&calls, 1);
    return __real_strdup(s);
}

/* What one process counted. */
typedef struct tale {
    char **words; /* "option=value", ended by NULL */
    uint64_t from;
    unsigned long before, after;
} tale;

/* A trainer calls this on every rank: the observer would see rank 0 alone. */
static tally_status count(tally_run *run, const tally_score *score, double rate,
                          bool stop)
{
    tale *t = run->observer.context;

    (void)score, (void)rate, (void)stop;
    if (run->step == t->from) t->before = atomic_load(&calls);
    if (run->step == TO) t->after = atomic_load(&calls);
    return TALLY_OK;
}

static tally_status set_words(tally_run *run, char **words)
{
    for (; *words; words++) {
        char name[32];
        size_t length = strcspn(*words, "=");

        snprintf(name, sizeof name, "%.*s", (int)length, *words);
        TALLY_TRY(tally_run_set(run, name, *words + length + 1));
    }
    return TALLY_OK;
}

static tally_status train(tally_comm *comm, void *context)
{
    tale *t = context;
    tally_run run = {.observer = {.context = t}};

    TALLY_TRY(tally_run_set(&run, "model", "mlp:hidden=24"));
    TALLY_TRY(tally_run_set(&run, "batch", "4"));
    TALLY_TRY(tally_run_set(&run, "bucket", "1"));
    TALLY_TRY(tally_run_set(&run, "rate", "0.001"));
    TALLY_TRY(tally_run_set(&run, "steps", "52"));
    TALLY_TRY(set_words(&run, t->words));
    TALLY_TRY(tally_run_open(&run, comm));
    run.after_step = count;
    TALLY_TRY(tally_run_train(&run));
    tally_run_close(&run);
    return TALLY_OK;
}

int main(int argc, char *argv[])
{
    if (argc < 3) return 2;
    tale t = {.words = argv + 3, .from = strtoull(argv[2], NULL, 10)};
    tally_status status = tally_launch(argv[1], train, &t);

    if (status) {
        fprintf(stderr, "%s\n%s", tally_error_sentence(), tally_error_trace());
        return (int)status;
    }
    if (t.before == 0) return fputs("nothing was counted\n", stderr), 1;
    if (t.after == t.before) return 0;
    fprintf(stderr, "%s on %s: %lu allocations between steps %s and %d\n",
            argc > 3 ? argv[3] : "", argv[1], t.after - t.before, argv[2], TO);
    return 1;
}
