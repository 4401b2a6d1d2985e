#include "codec/specs.h"

#include "num/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPECS_MOST = 128 };

static const char *const by_hand[] = {
    "grid:bits=1",
    "grid:bits=3",
    "grid:bits=16",
    "grid:levels=22,low=-1,high=20",
    "grid:bits=8,low=-1,high=2.9,power=true",
    "grid:set=-1x0x0.5x4",
    "sign:block=1",
    "sign:block=64",
    "sign:block=100,scale=norm",
    "fp16:scale=1024",
    "two_mean:block=1",
    "two_mean:block=100",
    "two_bit:threshold=0.01",
    "ternary:clip=0",
    "ternary:clip=0,block=7",
    "ternary:clip=1",
    "qsgd:levels=1,bucket=64",
    "qsgd:levels=127,bucket=100",
    "qsgd:levels=32767",
    "qsgd:levels=7,norm=inf,bucket=1000",
    "topk:k=0.1",
    "topk:k=1",
    "threshold:threshold=0.5,most=1",
    "threshold:threshold=0,most=0.01",
    "randk:k=0.2",
    "randk:k=0.2,scale=false",
    "randk:k=1",
    "randblock:k=0.2",
    "randblock:k=0.2,scale=false",
    "randblock:k=1",
};

static char specs[SPECS_MOST][96];
static size_t specs_count;

static void add(const char *name, const char *option, int length, const char *value)
{
    if (specs_count == SPECS_MOST) return;
    snprintf(specs[specs_count++], sizeof *specs, option ? "%s:%s=%.*s" : "%s", name,
             option, length, value);
}

static void collect(void)
{
    const tally_about *about;

    for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++)
        add(by_hand[i], NULL, 0, NULL);
    for (size_t i = 0; (about = tally_family_at(&tally_codec_family, i)); i++) {
        add(about->name, NULL, 0, NULL);
        for (const tally_option *o = about->options; o && o->name; o++) {
            size_t length;
            const char *word;

            if (o->kind != TALLY_CHOICE) continue;
            for (int w = 0; (word = tally_option_word(o->range, w, &length)); w++)
                add(about->name, o->name, (int)length, word);
        }
    }
}

const char *codec_spec_at(size_t i)
{
    if (specs_count == 0) collect();
    return i < specs_count ? specs[i] : NULL;
}

tally_real codec_value(int kind, size_t i)
{
    double pair[2];

    if (kind == 4) return 0;
    tally_random_normal(5, TALLY_FOR_TESTS, (uint64_t)kind, i, pair);
    switch (kind) {
    case 0:
        return (tally_real)(2 * tally_random_uniform(5, TALLY_FOR_TESTS, 9, i) - 1);
    case 1:
        return (tally_real)(pair[0] * pair[0] * pair[0]);
    case 2:
        return pair[1] > 1.5 ? (tally_real)pair[0] : (tally_real)0;
    default:
        return (tally_real)(pair[0] * 1e-30);
    }
}

size_t codec_length_at(size_t i)
{
    static const size_t lengths[] = {1, 7, 63, 64, 65, 1000, 5000, 0};

    return lengths[i];
}
