/* workroom.c — room for a worker's gradient and messages, and letting go of them. */

#include "trainer/server/worker.h"

#include <stdlib.h>

/* The pieces of all slices by falling coordinate: as the backward pass ends them. */
static void cut_into_pieces(worker *w, const tally_span *slices)
{
    const tally_run *run = w->run;

    for (int s = w->servers; s-- > 0;) {
        size_t n = tally_slice_pieces(run->plan, run->plan_count, slices[s],
                                      w->pieces + w->piece_count);

        w->counters[s].slice = slices[s];
        for (size_t k = 0; k < n; k++)
            w->to[w->piece_count++] = s;
    }
}

static void list_requests(worker *w)
{
    for (int s = 0; s < w->servers; s++) {
        tally_request **at = w->list + KINDS * s;

        at[NOTE] = &w->counters[s].note;
        at[WEIGHTS] = &w->counters[s].weights;
        at[BEAT] = &w->counters[s].beat_in;
    }
}

static tally_status open_coding(worker *w)
{
    size_t longest = 0, slice = 0;

    for (size_t k = 0; k < w->piece_count; k++)
        if (w->pieces[k].count > longest) longest = w->pieces[k].count;
    for (int s = 0; s < w->servers; s++)
        if (w->counters[s].slice.count > slice) slice = w->counters[s].slice.count;
    TALLY_TRY(tally_coding_open(&w->coding, w->run, longest, slice));
    if (!w->coding.coded) return TALLY_OK;
    bool good = (w->coded = calloc(w->piece_count + 1, sizeof *w->coded)) != NULL;
    for (size_t k = 0; good && k < w->piece_count; k++) {
        size_t most = tally_coding_push_most(&w->coding, w->pieces[k].count);

        good = (w->coded[k] = tally_allocate(most + 1, 1)) != NULL;
    }
    for (int s = 0; good && s < w->servers; s++) {
        counter *c = &w->counters[s];
        size_t most = tally_coding_reply_most(&w->coding, c->slice.count);

        good = (c->message = tally_allocate(most + 1, 1)) != NULL;
    }
    if (good && tally_coding_remembers(&w->coding))
        good = (w->memory = tally_allocate(w->run->f->layout.length,
                                           sizeof *w->memory)) != NULL;
    return good ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory to code gradients");
}

static void close_coding(worker *w)
{
    for (size_t k = 0; w->coded && k < w->piece_count; k++)
        free(w->coded[k]);
    for (int s = 0; w->counters && s < w->servers; s++)
        free(w->counters[s].message);
    free(w->coded);
    free(w->memory);
    tally_coding_close(&w->coding);
}

/* A server on this rank has the run's own weights. */
static void open_vectors(worker *w)
{
    const tally_run *run = w->run;
    size_t length = run->f->layout.length;
    int rank = run->comm->rank;

    w->g = tally_near_gradient(w->near, rank);
    w->w = tally_near_weights(w->near, rank);
    if (!w->g) w->g = w->own_g = tally_allocate(length, sizeof *w->g);
    if (!w->w && w->own) w->w = w->own_w = tally_allocate(length, sizeof *w->w);
    if (!w->w && !w->own) w->w = run->w;
    for (int s = 0; s < w->servers; s++)
        w->counters[s].near = tally_near_sees(w->near, s);
}

tally_status tally_worker_open(worker *w)
{
    const tally_run *run = w->run;
    size_t n = (size_t)w->servers, most = run->plan_count + n;
    size_t watched = KINDS * n + (w->own ? tally_store_watch_most(w->own) : 0);
    tally_span *slices = calloc(n, sizeof *slices);

    w->counters = calloc(n, sizeof *w->counters);
    w->pieces = calloc(most, sizeof *w->pieces);
    w->to = calloc(most, sizeof *w->to);
    w->sends = calloc(most, sizeof *w->sends);
    w->list = calloc(watched, sizeof *w->list);
    w->rows = tally_allocate(run->sampler.batch, sizeof *w->rows);
    if (w->counters) open_vectors(w);
    if (!slices || !w->counters || !w->pieces || !w->to || !w->sends || !w->list ||
        !w->w || !w->g || !w->rows) {
        free(slices);
        return TALLY_FAIL(MEMORY, "no memory for the gradient of %zu weights",
                          run->f->layout.length);
    }
    tally_slices(&run->f->layout, w->servers, slices);
    cut_into_pieces(w, slices);
    list_requests(w);
    free(slices);
    w->steps = tally_consistency_of(run)->local;
    if (w->steps) TALLY_TRY(tally_local_open(&w->local, w->run, w->w));
    return open_coding(w);
}

void tally_worker_hang_up(worker *w)
{
    tally_comm *comm = w->run->comm;

    for (int s = 0; w->counters && s < w->servers; s++) {
        counter *c = &w->counters[s];

        tally_abandon(comm, &c->weights);
        tally_abandon(comm, &c->note);
        tally_abandon(comm, &c->pushed);
        tally_abandon(comm, &c->told);
        tally_abandon(comm, &c->beat_in);
        tally_abandon(comm, &c->beat_out);
    }
    for (size_t k = 0; k < w->piece_count; k++)
        tally_abandon(comm, &w->sends[k]);
}

void tally_worker_close(worker *w)
{
    close_coding(w);
    tally_local_close(&w->local);
    free(w->counters);
    free(w->pieces);
    free(w->to);
    free(w->sends);
    free(w->list);
    free(w->own_w);
    free(w->own_g);
    free(w->rows);
}
