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

/* Constant once it is in the list, but for `busy` and the addresses in `memory`. */
typedef struct compiled {
    struct compiled *next;
    atomic_bool busy;
    tally_gemm like; /* whatever a, b and c are */
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    dnnl_exec_arg_t memory[4]; /* a, b, c and the room */
    void *room;                /* owned: where the primitive packs its factors */
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

bool tally_onednn_sgemm(const tally_gemm *g)
{
    dnnl_dim_t rows = (dnnl_dim_t)g->p.rows, columns = (dnnl_dim_t)g->p.columns;

    if (g->p.inner == 0) return false; /* it would leave c as it is */
    int before = set_threads(1);
    dnnl_status_t status = dnnl_sgemm(
        g->turn == TALLY_TN ? 'T' : 'N', g->turn == TALLY_NT ? 'T' : 'N', rows, columns,
        (dnnl_dim_t)g->p.inner, 1, g->a, (dnnl_dim_t)g->row_a, g->b,
        (dnnl_dim_t)g->row_b, g->add ? 1 : 0, g->c, (dnnl_dim_t)g->row_c);

    set_threads(before);
    return status == dnnl_success;
}

static bool is_alike(const tally_gemm *g, const tally_gemm *h)
{
    return g->turn == h->turn && g->p.rows == h->p.rows &&
           g->p.columns == h->p.columns && g->p.inner == h->p.inner &&
           g->row_a == h->row_a && g->row_b == h->row_b && g->row_c == h->row_c &&
           g->add == h->add;
}

/* rows × columns floats; in memory it is `turned` or not, in rows of length `row`. */
static bool describe(dnnl_memory_desc_t *d, size_t rows, size_t columns, size_t row,
                     bool turned)
{
    dnnl_dims_t size = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    dnnl_dims_t step = {turned ? 1 : (dnnl_dim_t)row, turned ? (dnnl_dim_t)row : 1};

    return !dnnl_memory_desc_init_by_strides(d, 2, size, dnnl_f32, step);
}

static bool describe_primitive(const tally_gemm *g, dnnl_memory_desc_t memory[3],
                               dnnl_primitive_attr_t attributes,
                               dnnl_primitive_desc_t *d)
{
    dnnl_matmul_desc_t matmul;
    dnnl_post_ops_t after = NULL;
    bool done =
        describe(&memory[0], g->p.rows, g->p.inner, g->row_a, g->turn == TALLY_TN) &&
        describe(&memory[1], g->p.inner, g->p.columns, g->row_b, g->turn == TALLY_NT) &&
        describe(&memory[2], g->p.rows, g->p.columns, g->row_c, false) &&
        !dnnl_post_ops_create(&after) &&
        (!g->add || !dnnl_post_ops_append_sum(after, 1)) &&
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

    if (!describe_primitive(&k->like, memory, attributes, d)) return false;
    for (size_t i = 0; i < 3; i++) {
        k->memory[i].arg = names[i];
        if (dnnl_memory_create(&k->memory[i].memory, &memory[i], engine,
                               DNNL_MEMORY_NONE))
            return false;
    }
    const dnnl_memory_desc_t *room =
        dnnl_primitive_desc_query_md(*d, dnnl_query_scratchpad_md, 0);

    /* Ours, because ours has huge pages. */
    k->room = tally_allocate(dnnl_memory_desc_get_size(room), 1);
    k->memory[3].arg = DNNL_ARG_SCRATCHPAD;
    return k->room &&
           !dnnl_memory_create(&k->memory[3].memory, room, engine, k->room) &&
           !dnnl_stream_create(&k->stream, engine, dnnl_stream_default_flags) &&
           !dnnl_primitive_create(&k->primitive, *d);
}

static void discard(compiled *k)
{
    for (size_t i = 0; i < 4; i++)
        dnnl_memory_destroy(k->memory[i].memory);
    dnnl_stream_destroy(k->stream);
    free(k->room);
    free(k);
}

/* A new one, which the caller holds; NULL when memory runs out. */
static compiled *compile(const tally_gemm *g)
{
    compiled *k = calloc(1, sizeof *k);
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t d = NULL;

    if (!k) return NULL;
    k->like = *g;
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
static compiled *take(const tally_gemm *g)
{
    for (compiled *k = atomic_load(&list); k; k = k->next) {
        bool idle = false;

        if (is_alike(&k->like, g) &&
            atomic_compare_exchange_strong(&k->busy, &idle, true))
            return k;
    }
    return compile(g);
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

bool tally_onednn_matmul(const tally_gemm *g)
{
    int before = set_threads(1);
    compiled *k = take(g);
    bool done = k && point(k->memory[0].memory, g->a) &&
                point(k->memory[1].memory, g->b) && point(k->memory[2].memory, g->c) &&
                !dnnl_primitive_execute(k->primitive, k->stream, 4, k->memory) &&
                !dnnl_stream_wait(k->stream);

    if (k) atomic_store(&k->busy, false);
    set_threads(before);
    return done;
}
