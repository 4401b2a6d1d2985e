/* evaluate.c — the net's score, by the pipeline: a plain forward pass with W and b.
 *
 *     group 0      fetches rows, its layers      x ->
 *     group g                        its layers       x ->
 *     last group                          its layers, loss
 *
 * Each rank uses the weights of its own layers, so no weight travels; while a group
 * works on some rows the one below works on the next.  The members of a team deal the
 * rows. Bytes: rows x width of the cut x sizeof(tally_real), and 4 a row for the
 * labels. */

#include "model/loss/loss.h"
#include "num/gemm.h"
#include "trainer/admm/admm.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_A_TIME = 256, VALUES_NUMBER = 20, LABELS_NUMBER = 21 /* of STATE */ };

/* Two of each: one is being sent while the other is being filled. */
typedef struct pass {
    tally_real *x, *y;  /* owned: rows × the widest, of a layer's input and output */
    tally_real *out[2]; /* owned: what leaves */
    int32_t *label[2];  /* owned */
    tally_request sent[4]; /* values and labels of each */
    tally_loss loss;
} pass;

static tally_status open_pass(pass *p, const admm *a)
{
    size_t widest = a->layers[0].in;
    bool enough = true;

    for (size_t i = 0; i < a->count; i++)
        if (a->layers[i].out > widest) widest = a->layers[i].out;
    p->x = tally_allocate(ROWS_AT_A_TIME * widest, sizeof *p->x);
    p->y = tally_allocate(ROWS_AT_A_TIME * widest, sizeof *p->y);
    for (int k = 0; k < 2; k++) {
        p->out[k] = tally_allocate(ROWS_AT_A_TIME * widest, sizeof *p->x);
        p->label[k] = tally_allocate(ROWS_AT_A_TIME, sizeof(int32_t));
        enough = enough && p->out[k] && p->label[k];
    }
    if (!enough || !p->x || !p->y)
        return TALLY_FAIL(MEMORY, "no memory to evaluate %d rows", ROWS_AT_A_TIME);
    return tally_loss_open(&p->loss, "cross_entropy");
}

static void close_pass(pass *p)
{
    for (int k = 0; k < 2; k++) {
        free(p->out[k]);
        free(p->label[k]);
    }
    free(p->x);
    free(p->y);
    tally_loss_close(&p->loss);
}

/* p->x <- this rank's layers of p->x. */
static void forward(pass *p, const admm *a, size_t rows)
{
    for (size_t i = 0; i < a->count; i++) {
        const admm_layer *l = &a->layers[i];

        if (l->owner != a->group) continue;
        for (size_t r = 0; r < rows; r++)
            memcpy(p->y + r * l->out, l->b, l->out * sizeof *l->b);
        tally_gemm_nt((tally_product){rows, l->out, l->in}, p->x, l->w, true, p->y);
        for (size_t k = 0; i + 1 < a->count && k < rows * l->out; k++)
            p->y[k] = p->y[k] > 0 ? p->y[k] : l->slope * p->y[k];
        tally_real *swap = p->x;
        p->x = p->y;
        p->y = swap;
    }
}

/* The width of what this group takes, or gives. */
static size_t width_of(const admm *a, bool taken)
{
    size_t width = 0;

    for (size_t i = 0; i < a->count; i++) {
        const admm_layer *l = &a->layers[i];

        if (l->owner != a->group) continue;
        if (taken) return l->in;
        width = l->out;
    }
    return width;
}

static tally_status take(pass *p, admm *a, const tally_run *run, tally_split split,
                         const uint64_t *rows, size_t n, int k)
{
    tally_request r[2] = {{0}};
    bool held_out = split == TALLY_VALIDATE && run->f->source->validate_count == 0;
    int from = admm_peer(a, a->group - 1);

    if (a->group == 0)
        return run->f->source->ops->fetch(
            run->f->source, held_out ? TALLY_TRAIN : split, rows, n, p->x, p->label[k]);
    TALLY_TRY(tally_irecv(a->comm, from, TALLY_TAG(TALLY_STATE, VALUES_NUMBER), p->x,
                          n * width_of(a, true) * sizeof *p->x, &r[0]));
    TALLY_TRY(tally_irecv(a->comm, from, TALLY_TAG(TALLY_STATE, LABELS_NUMBER),
                          p->label[k], n * sizeof(int32_t), &r[1]));
    TALLY_TRY(tally_wait(a->comm, &r[0], NULL));
    return tally_wait(a->comm, &r[1], NULL);
}

static tally_status give(pass *p, admm *a, size_t n, int k)
{
    int to = admm_peer(a, a->group + 1);
    size_t bytes = n * width_of(a, false) * sizeof *p->x;

    memcpy(p->out[k], p->x, bytes);
    TALLY_TRY(tally_isend(a->comm, to, TALLY_TAG(TALLY_STATE, VALUES_NUMBER), p->out[k],
                          bytes, &p->sent[2 * k]));
    return tally_isend(a->comm, to, TALLY_TAG(TALLY_STATE, LABELS_NUMBER), p->label[k],
                       n * sizeof(int32_t), &p->sent[2 * k + 1]);
}

static tally_status await_sent(pass *p, const admm *a, int k)
{
    for (int i = 2 * k; i < 2 * k + 2; i++)
        if (p->sent[i].active) TALLY_TRY(tally_wait(a->comm, &p->sent[i], NULL));
    return TALLY_OK;
}

static tally_status run_pass(pass *p, admm *a, const tally_run *run, tally_split split,
                             tally_score *score)
{
    uint64_t rows[ROWS_AT_A_TIME];
    tally_sampler sampler = run->sampler;
    int member = a->comm->rank % a->team_size, k = 0;

    sampler.size = a->team_size;
    uint64_t share = tally_sampler_share(&sampler, split, member);
    for (uint64_t first = 0; first < share; first += ROWS_AT_A_TIME, k = !k) {
        size_t n =
            share - first < ROWS_AT_A_TIME ? (size_t)(share - first) : ROWS_AT_A_TIME;

        tally_sampler_rows(&sampler, split, member, first, n, rows);
        TALLY_TRY(await_sent(p, a, k));
        TALLY_TRY(take(p, a, run, split, rows, n, k));
        forward(p, a, n);
        if (a->group + 1 < a->groups)
            TALLY_TRY(give(p, a, n, k));
        else
            p->loss.ops->score(&p->loss, p->x, p->label[k], n, width_of(a, false), 1,
                               NULL, score);
    }
    TALLY_TRY(await_sent(p, a, 0));
    return await_sent(p, a, 1);
}

/* In the order of ranks: the same bits on each. */
static tally_status share_score(const admm *a, const tally_score *mine,
                                tally_score *score)
{
    tally_score *all = calloc((size_t)a->comm->size, sizeof *all);
    tally_status status = all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for scores");

    status = tally_agree(a->comm, status);
    if (!status) status = tally_gather_all(a->comm, mine, sizeof *mine, all);
    *score = (tally_score){0};
    for (int r = 0; !status && r < a->comm->size; r++) {
        score->loss_sum += all[r].loss_sum;
        score->correct += all[r].correct;
        score->count += all[r].count;
    }
    free(all);
    return status;
}

tally_status admm_evaluate(admm *a, const tally_run *run, tally_split split,
                           tally_score *score)
{
    pass p = {0};
    tally_score mine = {0};
    tally_status status = tally_agree(a->comm, open_pass(&p, a));

    if (!status) status = run_pass(&p, a, run, split, &mine);
    if (!status) status = share_score(a, &mine, score);
    close_pass(&p);
    return status;
}
