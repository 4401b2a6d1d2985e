/* codecs.c — numbers to messages, and back.
 *
 * Bytes: of the numbers and of the message, each read or written once.  A message that
 * may be summed holds some of the numbers as they are, and of the others encode reads
 * none. */

#include "tally/codec.h"

#include "cli/bench/kernel.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct task {
    tally_codec codec;
    void *message; /* owned */
    size_t size;   /* of what was encoded last */
} task;

static const tally_piece whole = {.step = 1, .count = KERNEL_WEIGHTS};

static tally_status encode(kernel *k)
{
    task *t = k->what;

    return tally_codec_encode(&t->codec, whole, k->on->a, t->message, &t->size);
}

static tally_status decode(kernel *k)
{
    task *t = k->what;

    return tally_codec_decode(&t->codec, whole, t->message, t->size, k->on->c);
}

/* numbers: bytes of those that are read or written. */
static tally_status measure(kernel_bench *b, task *t, const char *verb,
                            tally_status (*run)(kernel *k), size_t numbers)
{
    kernel k = {.run = run,
                .on = b,
                .group = "codecs",
                .bytes = (double)(numbers + t->size),
                .values = KERNEL_WEIGHTS,
                .what = t};

    snprintf(k.name, sizeof k.name, "%s %s", t->codec.ops->about.name, verb);
    snprintf(k.shape, sizeof k.shape, "%d", KERNEL_WEIGHTS);
    return kernel_measure(&k);
}

static tally_status measure_codec(kernel_bench *b, task *t)
{
    size_t bound = tally_codec_bound(&t->codec, KERNEL_WEIGHTS);
    size_t all = KERNEL_WEIGHTS * sizeof(tally_real);

    t->message = malloc(bound);
    if (!t->message) return TALLY_FAIL(MEMORY, "no memory for %zu bytes", bound);
    TALLY_TRY(tally_codec_encode(&t->codec, whole, b->a, t->message, &t->size));
    TALLY_TRY(measure(b, t, "encode", encode, t->codec.ops->summable ? t->size : all));
    return measure(b, t, "decode", decode, all);
}

tally_status kernel_codecs(kernel_bench *b)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_codec_family, i)); i++) {
        task t = {.message = NULL};
        tally_status status =
            tally_codec_open(&t.codec, about->name, KERNEL_WEIGHTS, 1, 0);

        if (!status) status = measure_codec(b, &t);
        free(t.message);
        tally_codec_close(&t.codec);
        TALLY_TRY(status);
    }
    return TALLY_OK;
}
