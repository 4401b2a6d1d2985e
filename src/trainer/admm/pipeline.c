/* pipeline.c — p goes down a cut and q goes up, as values or as codes of the grid.
 *
 * Per iteration and cut exactly n n_l (b_p + b_q) / 8 bytes, b = 8 sizeof(tally_real)
 * or the bits of a code (the last byte of a message is full).  Nothing else crosses:
 * both sides of a cut know p and q, so each applies u += rho (p - q) itself, to the
 * same bits.  A value on the grid comes back as the same value.
 *
 * A message is under way from its sending until its sender notices that it has left.
 * That time is hidden while this rank computes, and exposed while it waits. */

#include "comm/trace.h"
#include "trainer/admm/admm.h"

#include <math.h>

int admm_peer(const admm *a, int group)
{
    return group * a->team_size + a->comm->rank % a->team_size;
}

/* Adds up the time since the last look. */
static void look(admm *a, bool waited)
{
    double now = tally_now(a->comm);
    bool sending = a->p_down.request.active || a->q_up.request.active;

    if (waited)
        a->exposed += now - a->seen;
    else if (sending)
        a->hidden += now - a->seen;
    a->seen = now;
}

static tally_status wait_for(admm *a, admm_wire *wire, tally_note *note)
{
    look(a, false);
    double begin = a->seen;
    TALLY_TRY(tally_wait(a->comm, &wire->request, note));
    look(a, true);
    tally_trace_interrupt(a->comm->trace, "wait", begin, a->seen);
    a->spent.wait += a->seen - begin;
    return TALLY_OK;
}

void admm_begin_looking(admm *a)
{
    a->seen = tally_now(a->comm);
}

/* Layer 1 has the first weights. */
void admm_solve_for(const admm *a, const char *unknowns, const admm_layer *l)
{
    tally_trace_do(a->comm, unknowns);
    if (l) tally_trace_about(a->comm->trace, (size_t)(l->w - a->layers[0].w));
}

tally_status admm_poll(admm *a)
{
    bool done;

    look(a, false);
    TALLY_TRY(tally_poll(a->comm));
    if (a->p_down.request.active)
        TALLY_TRY(tally_test(a->comm, &a->p_down.request, &done, NULL));
    if (a->q_up.request.active)
        TALLY_TRY(tally_test(a->comm, &a->q_up.request, &done, NULL));
    return TALLY_OK;
}

tally_status admm_send(admm *a, admm_wire *wire, int to, int tag, const tally_real *v,
                       size_t count)
{
    size_t bytes = count * sizeof *v;
    const void *p = v;

    look(a, false);
    double begin = a->seen;
    if (wire->codes) {
        tally_piece piece = {.count = count};

        TALLY_TRY(tally_codec_encode(&a->grid, piece, v, wire->codes, &bytes));
        p = wire->codes;
    }
    TALLY_TRY(tally_isend(a->comm, admm_peer(a, to), tag, p, bytes, &wire->request));
    double end = tally_now(a->comm);
    tally_trace_interrupt(a->comm->trace, "encode", begin, end);
    a->spent.encode += end - begin;
    return TALLY_OK;
}

tally_status admm_await(admm *a, admm_wire *wire, int from, int tag, tally_real *v,
                        size_t count)
{
    size_t bytes = wire->codes ? tally_codec_bound(&a->grid, count) : count * sizeof *v;

    return tally_irecv(a->comm, admm_peer(a, from), tag,
                       wire->codes ? (void *)wire->codes : v, bytes, &wire->request);
}

tally_status admm_sent(admm *a, admm_wire *wire)
{
    if (!wire->request.active) return TALLY_OK;
    return wait_for(a, wire, NULL);
}

tally_status admm_arrive(admm *a, admm_wire *wire, tally_real *v, size_t count)
{
    tally_note note;

    TALLY_TRY(wait_for(a, wire, &note));
    if (!wire->codes) return TALLY_OK;
    double begin = a->seen;
    TALLY_TRY(tally_codec_decode(&a->grid, (tally_piece){.count = count}, wire->codes,
                                 note.bytes, v));
    double end = tally_now(a->comm);
    tally_trace_interrupt(a->comm->trace, "decode", begin, end);
    a->spent.decode += end - begin;
    return TALLY_OK;
}
