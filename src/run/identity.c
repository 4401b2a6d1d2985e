/* identity.c — whether all ranks run the same thing: build, options, model, data,
 * first weights.
 *
 *     each rank to each:   fingerprints, sizes, the name of its host
 *     only when options differ, rank 0 to all:  its options
 *                               the first that differs to all:  the sentence
 *
 * All compare the same records, so each knows what all of them know. */

#include "run/identity.h"

#include "tally/collective.h"
#include "tally/tally.h"

#include "base/build.h"
#include "base/status.h"
#include "run/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { OPTIONS_MOST = 8192, VALUE_MOST = 160 };

typedef struct identity {
    uint64_t version, build, options, layout, weights, data, rows;
    uint64_t start; /* of the weights that --start has read; 0: none */
    char host[64];
} identity;

static void describe_program(identity *mine)
{
    const char version[] = "tally " TALLY_VERSION " " TALLY_REAL_DTYPE;

    memset(mine, 0, sizeof *mine);
    mine->version = XXH3_64bits(version, sizeof version);
    mine->build = tally_build_id();
    gethostname(mine->host, sizeof mine->host - 1);
}

static tally_status describe(const tally_run *run, identity *mine,
                             char options[OPTIONS_MOST])
{
    describe_program(mine);
    mine->layout = tally_layout_hash(&run->f->layout);
    mine->weights = run->f->layout.length;
    if (run->f->source) {
        mine->data = run->f->source->hash;
        mine->rows = run->sampler.train_count;
    }
    if (run->options->start && !run->resume)
        mine->start = XXH3_64bits(run->w, mine->weights * sizeof *run->w);
    TALLY_TRY(tally_config_print(run, options, OPTIONS_MOST));
    mine->options = XXH3_64bits(options, strlen(options));
    return TALLY_OK;
}

/* "rank 2 on node7", or "rank 2" where both are on one host. */
static const char *name_rank(const identity *all, int r, int other, char text[96])
{
    bool apart = strcmp(all[r].host, all[other].host) != 0;

    snprintf(text, 96, "rank %d%s%s", r, apart ? " on " : "", apart ? all[r].host : "");
    return text;
}

/* ---- what differs, but for options ---- */

/* False when nothing does. */
static bool contrast_programs(const identity *all, int r, char *sentence, size_t most)
{
    const identity *a = &all[r], *b = &all[0];
    char who[96], whom[96];

    if (a->version == b->version && a->build == b->build) return false;
    snprintf(sentence, most,
             "%s runs another %s of tally (%016llx) than %s (%016llx); start all "
             "ranks with the same program",
             name_rank(all, r, 0, who), a->version != b->version ? "version" : "build",
             (unsigned long long)(a->build ^ a->version), name_rank(all, 0, r, whom),
             (unsigned long long)(b->build ^ b->version));
    return true;
}

static bool contrast(const identity *all, int r, char *sentence, size_t most)
{
    const identity *a = &all[r], *b = &all[0];
    unsigned long long mine, theirs, hash, other;
    const char *what, *unit;
    char who[96], whom[96];

    if (contrast_programs(all, r, sentence, most)) return true;
    name_rank(all, r, 0, who);
    name_rank(all, 0, r, whom);
    if (a->layout != b->layout) {
        what = "another model";
        unit = "weights";
        mine = a->weights, theirs = b->weights, hash = a->layout, other = b->layout;
    } else if (a->data != b->data) {
        what = "other data";
        unit = "training rows";
        mine = a->rows, theirs = b->rows, hash = a->data, other = b->data;
    } else {
        return false;
    }
    snprintf(sentence, most,
             "%s has %s (%llu %s, %016llx) than %s (%llu %s, %016llx); start all ranks "
             "alike",
             who, what, mine, unit, hash, whom, theirs, unit, other);
    return true;
}

/* Ranks that were told the same of --start but found there, each on its own disk, other
 * checkpoints. */
static void contrast_starts(const identity *all, int r, const char *path,
                            char *sentence, size_t most)
{
    char who[96], whom[96];

    snprintf(
        sentence, most,
        "%s has read other first weights from %s (%016llx) than %s (%016llx); give "
        "all ranks the same checkpoint",
        name_rank(all, r, 0, who), path, (unsigned long long)all[r].start,
        name_rank(all, 0, r, whom), (unsigned long long)all[0].start);
}

/* ---- options ---- */

/* The value of an option in lines "name = value"; "nothing" when it has none. */
static void find_value(const char *lines, const char *name, char value[VALUE_MOST])
{
    size_t length = strlen(name);

    snprintf(value, VALUE_MOST, "nothing");
    for (const char *at = lines; *at; at += strcspn(at, "\n") + 1) {
        if (strncmp(at, name, length) != 0 || strncmp(at + length, " = ", 3) != 0)
            continue;
        at += length + 3;
        snprintf(value, VALUE_MOST, "%.*s", (int)strcspn(at, "\n"), at);
        return;
    }
}

/* The first option that differs, as the one sees it who differs. */
static void contrast_options(const identity *all, int r, const char *mine,
                             const char *theirs, char *sentence, size_t most)
{
    char who[96], whom[96], a[VALUE_MOST] = "", b[VALUE_MOST] = "";
    const tally_option *o = tally_config_about.options;

    for (; o->name; o++) {
        find_value(mine, o->name, a);
        find_value(theirs, o->name, b);
        if (strcmp(a, b) != 0) break;
    }
    snprintf(sentence, most, "%s has %s=%s, %s has %s=%s; start all ranks alike",
             name_rank(all, r, 0, who), o->name ? o->name : "option", a,
             name_rank(all, 0, r, whom), o->name ? o->name : "option", b);
}

/* The options of rank 0 to all, then what rank r makes of them. */
static tally_status settle_options(tally_comm *c, const identity *all, int r,
                                   const char *mine, char *sentence, size_t most)
{
    char *theirs = malloc(OPTIONS_MOST);

    TALLY_TRY(tally_agree(
        c, theirs ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for rank 0's options")));
    if (c->rank == 0) memcpy(theirs, mine, OPTIONS_MOST);
    tally_status status = tally_broadcast(c, 0, theirs, OPTIONS_MOST);
    if (c->rank == r && !status) contrast_options(all, r, mine, theirs, sentence, most);
    free(theirs);
    if (!status) status = tally_broadcast(c, r, sentence, most);
    return status;
}

/* ---- the check ---- */

static tally_status compare(const tally_run *run, const identity *all,
                            const char *options)
{
    tally_comm *c = run->comm;
    char sentence[768] = "";

    for (int r = 1; r < c->size; r++) {
        bool options_differ = all[r].options != all[0].options;

        if (contrast(all, r, sentence, sizeof sentence))
            ; /* it says what */
        else if (options_differ)
            TALLY_TRY(settle_options(c, all, r, options, sentence, sizeof sentence));
        else if (all[r].start != all[0].start)
            contrast_starts(all, r, run->options->start, sentence, sizeof sentence);
        else
            continue;
        return tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
    }
    return TALLY_OK;
}

tally_status tally_identity_check_program(tally_comm *c)
{
    identity mine, *all = calloc((size_t)c->size, sizeof *all);
    char sentence[768];

    describe_program(&mine);
    tally_status status = tally_agree(
        c, all ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for %d identities", c->size));
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    for (int r = 1; r < c->size && !status; r++)
        if (contrast_programs(all, r, sentence, sizeof sentence))
            status = tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
    free(all);
    return status;
}

tally_status tally_identity_check(tally_run *run)
{
    tally_comm *c = run->comm;
    identity mine, *all = calloc((size_t)c->size, sizeof *all);
    char *options = calloc(1, OPTIONS_MOST);
    tally_status status = TALLY_OK;

    if (!all || !options)
        status = TALLY_FAIL(MEMORY, "no memory for %d identities", c->size);
    if (!status) status = describe(run, &mine, options);
    status = tally_agree(c, status);
    if (!status) status = tally_gather_all(c, &mine, sizeof mine, all);
    if (!status) status = compare(run, all, options);
    free(options);
    free(all);
    return status;
}
