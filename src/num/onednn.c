/* onednn.c — products of floats by oneDNN.
 *
 * Two ways: sgemm, which packs its factors at each call, and matmul, a primitive that
 * is compiled for one shape at its first product and then kept for the rest of the
 * process. A kept primitive serves one call at a time; a second thread that wants the
 * same shape at the same moment compiles its own.
 *
 * Threads are those of OpenMP, counted per calling thread: the count that the caller
 * set is put back after each product.  With one thread OpenMP is never entered.
 *
 * State: per shape some KiB of code and of room, until the process ends. */

#include "num/onednn.h"

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the OpenMP runtime that oneDNN is linked with; clang has no <omp.h> for it. */
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int threads);

typedef struct shape {
    tally_turn turn;
    tally_product p;
    bool add;
} shape;

/* Constant once it is in the list, but for `busy` and the addresses in `memory`. */
typedef struct compiled {
    struct compiled *next;
    atomic_bool busy;
    shape shape;
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_exec_arg_t memory[4]; /* a, b, c and room for the primitive itself */
} compiled;

static _Atomic(compiled *) list;
static dnnl_engine_t engine; /* NULL: oneDNN has none here */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_engine(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

/* Below AVX-512 it is no faster than OpenBLAS, and in half of the shapes slower. */
bool tally_onednn_pays(void)
{
    pthread_once(&once, open_engine);
    return engine && (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) ==
                         dnnl_cpu_isa_avx512_core;
}

void tally_onednn_version(char *text, size_t most)
{
    const dnnl_version_t *v = dnnl_version();

    snprintf(text, most, "%d.%d.%d", v->major, v->minor, v->patch);
}

/* Returns the count to put back. */
static int set_threads(int threads)
{
    int before = omp_get_max_threads();

    if (before != threads) omp_set_num_threads(threads);
    return before;
}

bool tally_onednn_sgemm(tally_turn turn, tally_product p, const float *const factors[2],
                        bool add, float *c)
{
    dnnl_dim_t rows = (dnnl_dim_t)p.rows, columns = (dnnl_dim_t)p.columns;
    dnnl_dim_t inner = (dnnl_dim_t)p.inner;
    bool turn_a = turn == TALLY_TN, turn_b = turn == TALLY_NT;

    if (inner == 0) return false; /* it would leave c as it is */
    int before = set_threads(1);
    dnnl_status_t status =
        dnnl_sgemm(turn_a ? 'T' : 'N', turn_b ? 'T' : 'N', rows, columns, inner, 1,
                   factors[0], turn_a ? rows : inner, factors[1],
                   turn_b ? inner : columns, add ? 1 : 0, c, columns);

    set_threads(before);
    return status == dnnl_success;
}

static bool is_same(shape a, shape b)
{
    return a.turn == b.turn && a.p.rows == b.p.rows && a.p.columns == b.p.columns &&
           a.p.inner == b.p.inner && a.add == b.add;
}

/* rows × columns floats; turned: its columns lie one after the other in memory. */
static bool describe(size_t rows, size_t columns, bool turned, dnnl_memory_desc_t *d)
{
    dnnl_dims_t size = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};

    return dnnl_memory_desc_init_by_tag(d, 2, size, dnnl_f32,
                                        turned ? dnnl_ba : dnnl_ab) == dnnl_success;
}

static bool describe_primitive(const shape *s, dnnl_memory_desc_t memory[3],
                               dnnl_primitive_attr_t attributes,
                               dnnl_primitive_desc_t *d)
{
    dnnl_matmul_desc_t matmul;
    dnnl_post_ops_t after = NULL;
    bool done =
        describe(s->p.rows, s->p.inner, s->turn == TALLY_TN, &memory[0]) &&
        describe(s->p.inner, s->p.columns, s->turn == TALLY_NT, &memory[1]) &&
        describe(s->p.rows, s->p.columns, false, &memory[2]) &&
        !dnnl_post_ops_create(&after) &&
        (!s->add || !dnnl_post_ops_append_sum(after, 1)) &&
        !dnnl_primitive_attr_set_post_ops(attributes, after) &&
        !dnnl_primitive_attr_set_scratchpad_mode(attributes,
                                                 dnnl_scratchpad_mode_user) &&
        !dnnl_matmul_desc_init(&matmul, &memory[0], &memory[1], NULL, &memory[2]) &&
        !dnnl_primitive_desc_create(d, &matmul, attributes, engine, NULL);

    dnnl_post_ops_destroy(after);
    return done;
}

static bool build(compiled *k, dnnl_primitive_attr_t attributes,
                  dnnl_primitive_desc_t *d)
{
    static const int names[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    dnnl_memory_desc_t memory[3];

    if (!describe_primitive(&k->shape, memory, attributes, d)) return false;
    for (size_t i = 0; i < 3; i++) {
        k->memory[i].arg = names[i];
        if (dnnl_memory_create(&k->memory[i].memory, &memory[i], engine,
                               DNNL_MEMORY_NONE))
            return false;
    }
    k->memory[3].arg = DNNL_ARG_SCRATCHPAD;
    return !dnnl_memory_create(
               &k->memory[3].memory,
               dnnl_primitive_desc_query_md(*d, dnnl_query_scratchpad_md, 0), engine,
               DNNL_MEMORY_ALLOCATE) &&
           !dnnl_stream_create(&k->stream, engine, dnnl_stream_default_flags) &&
           !dnnl_primitive_create(&k->primitive, *d);
}

static void discard(compiled *k)
{
    for (size_t i = 0; i < 4; i++)
        dnnl_memory_destroy(k->memory[i].memory);
    dnnl_stream_destroy(k->stream);
    free(k);
}

/* A new one, which the caller holds; NULL when memory runs out. */
static compiled *compile(shape s)
{
    compiled *k = calloc(1, sizeof *k);
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t d = NULL;

    if (!k) return NULL;
    k->shape = s;
    atomic_init(&k->busy, true);
    bool done = !dnnl_primitive_attr_create(&attributes) && build(k, attributes, &d);
    dnnl_primitive_desc_destroy(d);
    dnnl_primitive_attr_destroy(attributes);
    if (!done) {
        discard(k);
        return NULL;
    }
    k->next = atomic_load(&list);
    while (!atomic_compare_exchange_weak(&list, &k->next, k))
        continue;
    return k;
}

/* Held by the caller, who clears `busy`. */
static compiled *take(shape s)
{
    for (compiled *k = atomic_load(&list); k; k = k->next) {
        bool idle = false;

        if (is_same(k->shape, s) &&
            atomic_compare_exchange_strong(&k->busy, &idle, true))
            return k;
    }
    return compile(s);
}

/* oneDNN knows no const; what it only reads it leaves alone. */
static bool point(dnnl_memory_t memory, const float *at)
{
    union {
        const float *read;
        void *any;
    } address = {at};

    return !dnnl_memory_set_data_handle(memory, address.any);
}

static bool run(compiled *k, const float *a, const float *b, float *c)
{
    return point(k->memory[0].memory, a) && point(k->memory[1].memory, b) &&
           point(k->memory[2].memory, c) &&
           !dnnl_primitive_execute(k->primitive, k->stream, 4, k->memory) &&
           !dnnl_stream_wait(k->stream);
}

bool tally_onednn_matmul(tally_turn turn, tally_product p,
                         const float *const factors[2], bool add, float *c)
{
    int before = set_threads(1);
    compiled *k = take((shape){turn, p, add});
    bool done = k && run(k, factors[0], factors[1], c);

    if (k) atomic_store(&k->busy, false);
    set_threads(before);
    return done;
}
