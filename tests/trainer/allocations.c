/* allocations.c — after its first steps a run allocates nothing.
 *
 *     allocations COMM EXCHANGE RULE
 *
 * trains on the digits and counts, on all ranks of this process, the calls of malloc
 * and its kin that come from Tally's own objects between steps 20 and 50: the linker
 * hands those to the __wrap functions below, and leaves those of shared libraries (MPI,
 * BLAS) alone. */

#include "tally/tally.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { FROM = 20, TO = 50 };

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
    const char *exchange, *rule;
    unsigned long before, after;
} tale;

/* A trainer calls this on every rank: the observer would see rank 0 alone. */
static tally_status count(tally_run *run, const tally_score *score, double rate,
                          bool stop)
{
    tale *t = run->observer.context;

    (void)score, (void)rate, (void)stop;
    if (run->step == FROM) t->before = atomic_load(&calls);
    if (run->step == TO) t->after = atomic_load(&calls);
    return TALLY_OK;
}

static tally_status train(tally_comm *comm, void *context)
{
    tale *t = context;
    tally_run run = {.observer = {.context = t}};

    TALLY_TRY(tally_run_set(&run, "exchange", t->exchange));
    TALLY_TRY(tally_run_set(&run, "rule", t->rule));
    TALLY_TRY(tally_run_set(&run, "model", "mlp:hidden=24"));
    TALLY_TRY(tally_run_set(&run, "batch", "4"));
    TALLY_TRY(tally_run_set(&run, "bucket", "1"));
    TALLY_TRY(tally_run_set(&run, "rate", "0.001"));
    TALLY_TRY(tally_run_set(&run, "steps", "52"));
    TALLY_TRY(tally_run_open(&run, comm));
    run.after_step = count;
    TALLY_TRY(tally_run_train(&run));
    tally_run_close(&run);
    return TALLY_OK;
}

int main(int argc, char *argv[])
{
    if (argc != 4) return 2;
    tale t = {.exchange = argv[2], .rule = argv[3]};
    tally_status status = tally_launch(argv[1], train, &t);

    if (status) {
        fprintf(stderr, "%s\n%s", tally_error_sentence(), tally_error_trace());
        return (int)status;
    }
    if (t.before == 0) return fputs("nothing was counted\n", stderr), 1;
    if (t.after == t.before) return 0;
    fprintf(stderr, "%s on %s: %lu allocations between steps %d and %d\n", t.exchange,
            argv[1], t.after - t.before, FROM, TO);
    return 1;
}
