/* entries.c — which exchanges take turns in `tally bench exchange`. */

#include "cli/bench/entries.h"

#include "cli/bench/contender.h"

#include <stdio.h>
#include <string.h>

/* An algorithm that this comm lacks would be measured as the one that stands in. */
static bool is_offered(const tally_comm *c, const char *word, size_t length)
{
    static const struct {
        const char *name;
        tally_sum_algorithm algorithm;
    } optional[] = {
        {"native", TALLY_SUM_NATIVE},
        {"shm",    TALLY_SUM_SHM   }
    };

    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        if (strlen(optional[i].name) == length &&
            strncmp(optional[i].name, word, length) == 0)
            return tally_sum_resolve(c, optional[i].algorithm, 1) ==
                   optional[i].algorithm;
    return true;
}

static const tally_option *choice(const tally_about *about, const char *name)
{
    for (const tally_option *o = about->options; o && o->name; o++)
        if (o->kind == TALLY_CHOICE && strcmp(o->name, name) == 0) return o;
    return NULL;
}

static tally_status add_entry(bench_entries *e, const char *spec, const char *codec)
{
    if (e->count == BENCH_ENTRIES_MOST)
        return TALLY_FAIL(OPTION, "exchange: these are more than %d, with their codecs",
                          BENCH_ENTRIES_MOST);
    if (strlen(spec) >= sizeof e->at->spec)
        return TALLY_FAIL(OPTION, "exchange: %.40s... has %zu characters, at most %zu",
                          spec, strlen(spec), sizeof e->at->spec - 1);
    bench_entry *new = &e->at[e->count++];

    snprintf(new->spec, sizeof new->spec, "%s", spec);
    new->codec = codec;
    return TALLY_OK;
}

/* An exchange that has a codec: with each that was asked for. */
static tally_status add_codecs(bench_entries *e, const char *spec,
                               const char *const *codecs)
{
    const tally_about *about;

    if (!codecs[0]) return add_entry(e, spec, NULL);
    for (size_t i = 0; codecs[i]; i++) {
        if (strcmp(codecs[i], "all") != 0) {
            TALLY_TRY(add_entry(e, spec, codecs[i]));
            continue;
        }
        for (size_t k = 0; (about = tally_family_at(&tally_codec_family, k)); k++)
            TALLY_TRY(add_entry(e, spec, about->name));
    }
    return TALLY_OK;
}

static const tally_exchange_ops *ops_of(const tally_about *about)
{
    return (const void *)about;
}

/* A member, with each of its algorithms or forms. */
static tally_status add_member(bench_entries *e, const tally_comm *c,
                               const tally_about *about, const char *const *codecs)
{
    const char *name = "algorithm", *word;
    const tally_option *o = choice(about, name);
    size_t length;
    char spec[128];

    if (ops_of(about)->codes) return add_codecs(e, about->name, codecs);
    if (!o) o = choice(about, name = "form");
    if (!o) return add_entry(e, about->name, NULL);
    for (int k = 0; (word = tally_option_word(o->range, k, &length)); k++) {
        if (!is_offered(c, word, length)) continue;
        snprintf(spec, sizeof spec, "%s:%s=%.*s", about->name, name, (int)length, word);
        TALLY_TRY(add_entry(e, spec, NULL));
    }
    return TALLY_OK;
}

tally_status bench_entries_choose(bench_entries *e, const tally_comm *c,
                                  const char *const *given, const char *const *codecs)
{
    const tally_about *about;

    for (size_t i = 0;
         !given[0] && (about = tally_family_at(&tally_exchange_family, i)); i++)
        TALLY_TRY(add_member(e, c, about, codecs));
    for (size_t i = 0; given[i]; i++) {
        TALLY_TRY(bench_exchange_find(given[i], &about));
        TALLY_TRY(ops_of(about)->codes ? add_codecs(e, given[i], codecs)
                                       : add_entry(e, given[i], NULL));
    }
    return TALLY_OK;
}

static tally_status check_specs(const tally_family *family, const char *const *specs)
{
    for (size_t i = 0; specs[i]; i++) {
        const tally_about *about;
        void *options;

        if (family == &tally_codec_family && strcmp(specs[i], "all") == 0) continue;
        TALLY_TRY(tally_family_open(family, specs[i], &about, &options));
        tally_options_close(about, options);
    }
    return TALLY_OK;
}

/* A codec that nobody sends would be measured nowhere. */
static tally_status check_use(const char *const *given, const char *codec)
{
    const tally_about *about;

    for (size_t i = 0; given[i]; i++) {
        TALLY_TRY(bench_exchange_find(given[i], &about));
        if (ops_of(about)->codes) return TALLY_OK;
    }
    return TALLY_FAIL(OPTION,
                      "codec=%s: no exchange that was asked for has a codec; "
                      "--exchange gather has one",
                      codec);
}

tally_status bench_entries_check(const char *const *given, const char *const *codecs)
{
    TALLY_TRY(check_specs(&tally_codec_family, codecs));
    TALLY_TRY(check_specs(&tally_exchange_family, given));
    return given[0] && codecs[0] ? check_use(given, codecs[0]) : TALLY_OK;
}
