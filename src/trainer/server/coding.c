/* coding.c — pushes and replies through --codec, with error feedback both ways.
 *
 *     push     worker    p = g + e / rate,  sends C(p),  e <- rate (p - Q(p))
 *              server    takes in Q(p)
 *     reply    server    sends C(w - v)
 *              both      v <- v + a Q(w - v)
 *
 * v: the weights as the worker knows them, which the server knows too; the worker takes
 * its gradients there.  What a reply leaves out is in the next difference: v is the
 * server's memory of each worker.  The first reply of a session is w itself.
 *
 *     a = 1             when Q contracts: E |x - Q(x)|^2 <= omega |x|^2, omega <= 1/2,
 *                       and for biased codecs
 *     a = 1/(1+omega)   else: an unbiased codec then contracts by omega/(1+omega), and
 *                       v follows w; with a = 1 its noise would grow from reply to
 * reply
 *
 * e: Karimireddy et al. 2019, arXiv:1901.09847, Algorithm 2; biased codecs alone.  v:
 * Tang, Lian, Qiu, Yuan, Zhang, Liu, DoubleSqueeze, 2019, arXiv:1905.05957, with the
 * difference to w in place of a sum of errors; a: Mishchenko, Gorbunov, Takac,
 * Richtarik, DIANA, 2019, arXiv:1901.09269, section 3.
 *
 * Sent per gradient: the codec's bytes for d values each way.  Memory: a worker e and
 * one slice; a server two slices of messages for each worker.  Coins are a function of
 * (seed, rank, version of the weights, coordinate). */

#include "trainer/server/coding.h"

#include "codec/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* fp32 is what training computes in: then nothing is to be coded. */
bool tally_coding_wanted(const tally_run *run)
{
    return strcmp(run->options->codec, "fp32") != 0;
}

tally_status tally_coding_check(const tally_run *run)
{
    tally_codec k = {0};
    tally_status status = tally_codec_open(&k, run->options->codec, 1, 0, 0);

    tally_codec_close(&k);
    return status;
}

tally_status tally_coding_open(tally_coding *c, const tally_run *run, size_t longest,
                               size_t slice)
{
    const tally_config *o = run->options;
    uint64_t rank = (uint64_t)run->comm->rank, size = (uint64_t)run->comm->size;

    *c = (tally_coding){.coded = tally_coding_wanted(run)};
    if (!c->coded) return TALLY_OK;
    TALLY_TRY(tally_codec_open(&c->up, o->codec, longest, o->seed, rank));
    TALLY_TRY(tally_codec_open(&c->down, o->codec, slice, o->seed, size + rank));
    c->room = tally_allocate(slice + 1, sizeof *c->room);
    if (!c->room) return TALLY_FAIL(MEMORY, "no memory to code %zu values", slice);
    return TALLY_OK;
}

void tally_coding_close(tally_coding *c)
{
    tally_codec_close(&c->up);
    tally_codec_close(&c->down);
    free(c->room);
    *c = (tally_coding){0};
}

bool tally_coding_remembers(const tally_coding *c)
{
    return c->coded && c->up.biased;
}

size_t tally_coding_push_most(const tally_coding *c, size_t count)
{
    return c->coded ? tally_codec_bound(&c->up, count) : count * sizeof(tally_real);
}

size_t tally_coding_reply_most(const tally_coding *c, size_t count)
{
    size_t whole = count * sizeof(tally_real);
    size_t coded = c->coded ? tally_codec_bound(&c->down, count) : 0;

    if (tally_coding_remembers(c)) whole *= 2;
    return coded > whole ? coded : whole;
}

/* What is not finite will be refused, so nothing of it is remembered. */
tally_status tally_coding_push(tally_coding *c, tally_piece piece, double rate,
                               tally_real *v, tally_real *memory, void *message,
                               size_t *bytes)
{
    if (!(rate > 0)) rate = 1;
    if (memory) tally_memory_add(memory, rate, piece.count, v);
    TALLY_TRY(tally_codec_encode(&c->up, piece, v, message, bytes));
    if (!memory) return TALLY_OK;
    tally_status status =
        tally_memory_keep(&c->up, piece, message, *bytes, rate, v, memory, NULL);
    if (!status) return TALLY_OK;
    tally_error_clear();
    memset(memory, 0, piece.count * sizeof *memory);
    return TALLY_OK;
}

/* a */
static tally_real share_of(const tally_codec *k, size_t count)
{
    double omega = k->ops->distortion(k, count);

    return k->biased || omega <= 0.5 || isinf(omega) ? 1
                                                     : (tally_real)(1 / (1 + omega));
}

tally_status tally_coding_follow(tally_coding *c, tally_piece piece,
                                 const void *message, size_t bytes, tally_real *known)
{
    if (piece.count == 0) return TALLY_OK;
    const tally_real a = share_of(&c->down, piece.count);

    TALLY_TRY(tally_codec_decode(&c->down, piece, message, bytes, c->room));
    for (size_t i = 0; i < piece.count; i++)
        known[i] += a * c->room[i];
    return TALLY_OK;
}

tally_status tally_coding_reply(tally_coding *c, tally_piece piece,
                                const tally_real *target, tally_real *known,
                                void *message, size_t *bytes)
{
    for (size_t i = 0; i < piece.count; i++)
        c->room[i] = target[i] - known[i];
    TALLY_TRY(tally_codec_encode(&c->down, piece, c->room, message, bytes));
    return tally_coding_follow(c, piece, message, *bytes, known);
}
