/* powersgd.c — sums of low-rank factors instead of sums of matrices.
 *
 *     for each weight matrix M (rows × columns, others are sent as they are):
 *     M_r = g_r + e_r
 *     P   <- sum over ranks of M_r Q          one all-reduce for all P and the rest
 *     P   <- orthogonalise(P)
 *     Q   <- sum over ranks of M_r^T P        one all-reduce for all Q
 *     a   =  P Q^T
 *     e_r <- M_r - a / n                      error memory, of what was agreed
 *
 * Vogels, Karimireddy, Jaggi, PowerSGD: Practical Low-Rank Gradient Compression for
 * Distributed Optimization, 2019, arXiv:1905.13727, Algorithms 1 and 2: one step of
 * subspace iteration a training step, from the Q of the step before (warm start), from
 * random normal numbers at first.  Linear, so messages are summed on their way.  A
 * matrix that factors would not shorten is sent as it is.
 *
 * A gradient of less rank, or none at all, leaves columns of Q zero.  They are drawn
 * anew: from nothing the iteration would never find them again.
 *
 * Error memory is in units of updates (see gather.c).  A rank's gradient carries the
 * weight 1 / n of its share, so sums are means and a / n is what its own part became.
 *
 * Sent: two sums, of rank (rows + columns) numbers per matrix in all.  4 rank rows
 * columns flops per matrix, twice.  State: e, a vector private to the rank; Q, the same
 * on every rank.  It needs all of the gradient at once. */

#include "exchange/exchange.h"
#include "num/gemm.h"
#include "num/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct powersgd {
    uint64_t rank;
    bool warm;
} powersgd;

static const tally_option options[] = {
    TALLY_OPTION(COUNT, powersgd, rank, "4", "[1, 1024]", "columns of the factors"),
    TALLY_OPTION(FLAG, powersgd, warm, "true", NULL,
                 "start from the factor of the step before, not from chance"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"error", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    {"q",     TALLY_SHARED,  TALLY_OWN_LENGTH },
    TALLY_END
};

enum { ERROR, FACTORS };

/* A tensor: a matrix with factors of `rank` columns, or with rank 0 as it is. */
typedef struct part {
    size_t first, rows, columns, rank;
    size_t p, q; /* where its P (or it itself) and its Q start */
} part;

typedef struct factors {
    part *parts; /* owned: one a tensor */
    size_t p_length, q_length;
    tally_real *p; /* owned: all P, and what is sent as it is */
    tally_real *v; /* the caller's: M_r, then a */
    double rate;
    tally_sum p_sum, q_sum;
} factors;

/* ---- which matrices ---- */

static part part_of(const tally_tensor *t, size_t rank)
{
    part m = {.first = t->span.first, .rows = 1, .columns = t->span.count};

    if (t->dimensions < 2 || t->span.count == 0) return m;
    m.rows = t->shape[0];
    m.columns = t->span.count / m.rows;
    m.rank = rank < m.rows ? rank : m.rows;
    if (m.columns < m.rank) m.rank = m.columns;
    if (m.rank * (m.rows + m.columns) >= m.rows * m.columns) m.rank = 0;
    return m;
}

static size_t p_values(const part *m)
{
    return m->rank ? m->rows * m->rank : m->rows * m->columns;
}

static size_t q_values(const part *m)
{
    return m->columns * m->rank;
}

void tally_powersgd_lengths(const tally_layout *layout, size_t rank, size_t *p,
                            size_t *q)
{
    *p = *q = 0;
    for (size_t k = 0; k < layout->count; k++) {
        part m = part_of(&layout->tensors[k], rank);

        *p += p_values(&m);
        *q += q_values(&m);
    }
}

static void lay_out(const tally_exchange *x, factors *f)
{
    const powersgd *o = x->options;

    for (size_t k = 0; k < x->layout->count; k++) {
        part *m = &f->parts[k];

        *m = part_of(&x->layout->tensors[k], (size_t)o->rank);
        m->p = f->p_length;
        m->q = f->q_length;
        f->p_length += p_values(m);
        f->q_length += q_values(m);
    }
}

static void draw(const tally_exchange *x, uint64_t step, tally_real *q, size_t length)
{
    for (size_t i = 0; i < length; i += 2) {
        double pair[2];

        tally_random_normal(x->seed, TALLY_FOR_FACTORS, step, i / 2, pair);
        q[i] = (tally_real)pair[0];
        if (i + 1 < length) q[i + 1] = (tally_real)pair[1];
    }
}

/* Columns of the factors that are zero start from chance again, as at first; the same
 * ones on every rank. */
static void revive(const tally_exchange *x, uint64_t step, const part *m)
{
    tally_real *q = (tally_real *)x->state.at[FACTORS] + m->q;

    for (size_t j = 0; j < m->rank; j++) {
        bool zero = true;

        for (size_t i = 0; zero && i < m->columns; i++)
            zero = q[i * m->rank + j] == 0;
        for (size_t i = 0; zero && i < m->columns; i++) {
            double pair[2];

            tally_random_normal(x->seed, TALLY_FOR_FACTORS, step + 1,
                                m->q + i * m->rank + j, pair);
            q[i * m->rank + j] = (tally_real)pair[0];
        }
    }
}

static tally_status open_sum(tally_exchange *x, tally_sum *sum, int number,
                             size_t length)
{
    tally_sum_algorithm how = tally_sum_resolve(x->comm, TALLY_SUM_AUTO, length);

    if (how == TALLY_SUM_NATIVE || how == TALLY_SUM_SHM) x->certainty = TALLY_MODELLED;
    return tally_sum_open(sum, x->comm, x->channel, number, how, length);
}

static tally_status open(tally_exchange *x)
{
    factors *f = calloc(1, sizeof *f);

    x->inner = f;
    if (!f) return TALLY_FAIL(MEMORY, "no memory for exchange powersgd");
    f->parts = calloc(x->layout->count + 1, sizeof *f->parts);
    if (!f->parts)
        return TALLY_FAIL(MEMORY, "no memory for %zu factors", x->layout->count);
    lay_out(x, f);
    f->p = tally_allocate(f->p_length, sizeof *f->p);
    if (!f->p)
        return TALLY_FAIL(MEMORY, "no memory for factors of %zu values", f->p_length);
    TALLY_TRY(tally_state_resize(&x->state, FACTORS, f->q_length));
    draw(x, 0, x->state.at[FACTORS], f->q_length);
    TALLY_TRY(open_sum(x, &f->p_sum, 0, f->p_length));
    return open_sum(x, &f->q_sum, 1, f->q_length);
}

/* ---- one step ---- */

static tally_status start(tally_exchange *x, size_t k, uint64_t step, tally_view v)
{
    const powersgd *o = x->options;
    factors *f = x->inner;
    const tally_real *error = x->state.at[ERROR];
    tally_real *q = x->state.at[FACTORS];

    (void)k;
    f->v = v.values;
    f->rate = x->rate > 0 ? x->rate : 1;
    if (!o->warm) draw(x, step, q, f->q_length);
    for (size_t i = 0; i < x->layout->length; i++)
        f->v[i] += error[i] * (tally_real)(1 / f->rate);
    for (size_t t = 0; t < x->layout->count; t++) {
        const part *m = &f->parts[t];

        if (o->warm) revive(x, step, m);
        if (m->rank)
            tally_gemm_nn((tally_product){m->rows, m->rank, m->columns},
                          f->v + m->first, q + m->q, false, f->p + m->p);
        else
            memcpy(f->p + m->p, f->v + m->first, m->rows * m->columns * sizeof *f->p);
    }
    return tally_sum_start(&f->p_sum, f->p, f->p_length);
}

/* Modified Gram and Schmidt, column by column; a column that depends on those before it
 * becomes zero.  p: rows × r. */
static void orthogonalise(tally_real *p, size_t rows, size_t r)
{
    for (size_t j = 0; j < r; j++) {
        double before = 0, norm = 0;

        for (size_t i = 0; i < rows; i++)
            before += (double)p[i * r + j] * (double)p[i * r + j];
        for (size_t k = 0; k < j; k++) {
            double dot = 0;

            for (size_t i = 0; i < rows; i++)
                dot += (double)p[i * r + j] * (double)p[i * r + k];
            for (size_t i = 0; i < rows; i++)
                p[i * r + j] -= (tally_real)dot * p[i * r + k];
        }
        for (size_t i = 0; i < rows; i++)
            norm += (double)p[i * r + j] * (double)p[i * r + j];
        bool depends = !(norm > 1e-10 * before);

        for (size_t i = 0; i < rows; i++)
            p[i * r + j] =
                depends ? 0 : (tally_real)((double)p[i * r + j] / sqrt(norm));
    }
}

static tally_status sum_second_factors(tally_exchange *x)
{
    factors *f = x->inner;
    tally_real *q = x->state.at[FACTORS];

    for (size_t t = 0; t < x->layout->count; t++) {
        const part *m = &f->parts[t];

        if (!m->rank) continue;
        orthogonalise(f->p + m->p, m->rows, m->rank);
        tally_gemm_tn((tally_product){m->columns, m->rank, m->rows}, f->v + m->first,
                      f->p + m->p, false, q + m->q);
    }
    if (f->q_length == 0) return TALLY_OK; /* no matrix is worth factors */
    TALLY_TRY(tally_sum_start(&f->q_sum, q, f->q_length));
    return tally_sum_wait(&f->q_sum);
}

/* e first holds a, then what a left out. */
static void take_apart(tally_exchange *x, const part *m)
{
    const factors *f = x->inner;
    tally_real *e = (tally_real *)x->state.at[ERROR] + m->first, *v = f->v + m->first;
    const tally_real *q = x->state.at[FACTORS];
    const tally_real share = (tally_real)(1 / (double)x->comm->size);
    const tally_real rate = (tally_real)f->rate;

    tally_gemm_nt((tally_product){m->rows, m->columns, m->rank}, f->p + m->p, q + m->q,
                  false, e);
    for (size_t i = 0; i < m->rows * m->columns; i++) {
        tally_real a = e[i];

        e[i] = rate * (v[i] - share * a);
        v[i] = a;
    }
}

static tally_status finish(tally_exchange *x, size_t k, tally_view *agreed)
{
    factors *f = x->inner;

    (void)k;
    TALLY_TRY(tally_sum_wait(&f->p_sum));
    TALLY_TRY(sum_second_factors(x));
    for (size_t t = 0; t < x->layout->count; t++) {
        const part *m = &f->parts[t];

        if (m->rank)
            take_apart(x, m);
        else
            memcpy(f->v + m->first, f->p + m->p, m->rows * m->columns * sizeof *f->p);
    }
    *agreed = (tally_view){.values = f->v};
    return TALLY_OK;
}

/* Values [from, to) of what stands for a matrix: its P, then its Q. */
static void bill_part(const tally_billed *of, int to, const part *m, tally_span values)
{
    size_t weights = m->rows * m->columns;
    size_t all = m->rank ? m->rank * (m->rows + m->columns) : weights;
    size_t end = values.first + values.count, bytes = values.count * sizeof(tally_real);
    size_t stood_for = end * weights / all - values.first * weights / all;

    tally_bill_add(of->bill, to, (tally_span){m->first, weights},
                   (tally_bytes){stood_for * sizeof(tally_real), bytes, bytes});
}

/* Where `values` meet `count` of them that begin at `at`, counted from there. */
static tally_span meet(tally_span values, size_t at, size_t count)
{
    size_t first = values.first > at ? values.first : at;
    size_t end = values.first + values.count;

    if (end > at + count) end = at + count;
    return end > first ? (tally_span){first - at, end - first} : (tally_span){0, 0};
}

static void bill_first(void *context, int to, tally_span values, uint64_t bytes)
{
    const tally_billed *of = context;
    const tally_exchange *x = of->owner;
    const factors *f = x->inner;

    (void)bytes;
    for (size_t t = 0; t < x->layout->count; t++) {
        const part *m = &f->parts[t];
        tally_span s = meet(values, m->p, m->rows * (m->rank ? m->rank : m->columns));

        if (s.count) bill_part(of, to, m, s);
    }
}

static void bill_second(void *context, int to, tally_span values, uint64_t bytes)
{
    const tally_billed *of = context;
    const tally_exchange *x = of->owner;
    const factors *f = x->inner;

    (void)bytes;
    for (size_t t = 0; t < x->layout->count; t++) {
        const part *m = &f->parts[t];
        tally_span s = meet(values, m->q, m->columns * m->rank);

        s.first += m->rows * m->rank;
        if (s.count) bill_part(of, to, m, s);
    }
}

static void wire(const tally_exchange *x, size_t k, uint64_t step, tally_bill *bill)
{
    const factors *f = x->inner;
    tally_billed of = {bill, x->plan[k], x};

    (void)step;
    tally_sum_tell(x->comm, f->p_sum.algorithm, f->p_length, bill_first, &of);
    tally_sum_tell(x->comm, f->q_sum.algorithm, f->q_length, bill_second, &of);
}

static void close(tally_exchange *x)
{
    factors *f = x->inner;

    if (!f) return;
    if (f->p_sum.task.comm) tally_sum_close(&f->p_sum);
    if (f->q_sum.task.comm) tally_sum_close(&f->q_sum);
    free(f->parts);
    free(f->p);
    free(f);
}

const tally_exchange_ops tally_exchange_powersgd = {
    .about = {.name = "powersgd",
              .brief = "sums of low-rank factors, with error memory",
              .paper = "Vogels et al. 2019, arXiv:1905.13727",
              .options = options,
              .options_size = sizeof(powersgd),
              .slots = slots},
    .bytes = "two all-reduces: of rank x rows values a matrix and of every value that\n"
             "is sent as it is, and of rank x columns values a matrix",
    .form = TALLY_NUMBERS,
    .whole = true,
    .open = open,
    .start = start,
    .finish = finish,
    .wire = wire,
    .close = close,
};
