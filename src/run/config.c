/* config.c — settings by name, from several origins, resolved to one set of options.
 *
 *     settings   (origin, name, value) in the order they came; each checked as it comes
 *     member     of a family: its highest spec, else what the strategy says, else the
 *                default; a spec of the member that the strategy names adds to
 *                its pairs
 *     rate       likewise
 *     options    the member's defaults, then the pairs of that spec, then the keys
 *                ("rule.beta2") whose origin is not lower than the spec's
 *
 * Keys are checked when the member is known, that is at the end.  A value with a comma
 * cannot be written in a spec and is refused. */

#include "run/config.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 64, SPEC_MOST = 2048 };

static const char who[] = "tally train"; /* begins sentences on plain options */

typedef struct setting {
    tally_origin origin;
    char *where, *name, *value; /* owned; name: "rate", "rule", "rule.beta2" */
} setting;

/* What run->config points to. */
typedef struct settings {
    tally_config *resolved; /* owned; NULL before the first resolve */
    setting *at;            /* owned */
    size_t count, room;
    tally_origin origin; /* of the settings to come */
    char *where;         /* owned */
} settings;

/* run->config becomes a settings. */
static tally_status settings_open(tally_run *run)
{
    settings *fresh;

    if (run->config) return TALLY_OK;
    fresh = calloc(1, sizeof *fresh);
    if (fresh) fresh->where = strdup("");
    if (!fresh || !fresh->where) {
        free(fresh);
        return TALLY_FAIL(MEMORY, "%s: no memory for options", who);
    }
    fresh->origin = TALLY_FROM_COMMAND;
    run->config = fresh;
    return TALLY_OK;
}

static tally_status settings_add(settings *s, const char *name, const char *value)
{
    setting fresh = {s->origin, strdup(s->where), strdup(name), strdup(value)};

    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 16;
        setting *grown = realloc(s->at, room * sizeof *grown);

        if (grown) {
            s->at = grown;
            s->room = room;
        }
    }
    if (s->count == s->room || !fresh.where || !fresh.name || !fresh.value) {
        free(fresh.where);
        free(fresh.name);
        free(fresh.value);
        return TALLY_FAIL(MEMORY, "%s: no memory for option %s", who, name);
    }
    s->at[s->count++] = fresh;
    return TALLY_OK;
}

tally_status tally_config_from(tally_run *run, tally_origin origin, const char *where)
{
    TALLY_TRY(settings_open(run));
    settings *s = run->config;
    char *copy = strdup(where ? where : "");
    if (!copy) return TALLY_FAIL(MEMORY, "%s: no memory for options", who);
    free(s->where);
    s->where = copy;
    s->origin = origin;
    return TALLY_OK;
}

void tally_config_close(tally_run *run)
{
    settings *s = run->config;

    if (!s) return;
    for (size_t i = 0; i < s->count; i++) {
        free(s->at[i].where);
        free(s->at[i].name);
        free(s->at[i].value);
    }
    free(s->at);
    free(s->where);
    tally_options_close(&tally_config_about, s->resolved);
    free(s);
    run->config = NULL;
    run->options = NULL;
}

/* Begins the sentence of a failure with the place of the setting that caused it. */
static tally_status at_place(const char *where, tally_status status)
{
    if (status == TALLY_OK || !where[0]) return status;
    return tally_fail(status, __FILE__, __LINE__, __func__, "%s: %s", where,
                      tally_error_sentence());
}

/* The family of that name which a tally_config has a field for, or NULL. */
static const tally_family *family_of_field(const char *name)
{
    const tally_option *o = tally_config_about.options;

    while (o->name && strcmp(o->name, name) != 0)
        o++;
    if (!o->name) return NULL;
    for (const tally_family *const *f = tally_families; *f; f++)
        if (strcmp((*f)->name, name) == 0) return *f;
    return NULL;
}

/* Specs that name no member: the comm that the launcher decides, no penalty, no
 * clipping. */
static bool is_word(const tally_family *family, const char *spec)
{
    return (family == &tally_comm_family && strcmp(spec, "auto") == 0) ||
           ((family == &tally_penalty_family || family == &tally_clip_family ||
             family == &tally_attack_family) &&
            strcmp(spec, "none") == 0);
}

static tally_status check_spec(const tally_family *family, const char *spec)
{
    const tally_about *about;
    void *opened;

    if (is_word(family, spec)) return TALLY_OK;
    TALLY_TRY(tally_family_open(family, spec, &about, &opened));
    tally_options_close(about, opened);
    return TALLY_OK;
}

static tally_status check_plain(const char *name, const char *value)
{
    void *scratch;
    tally_status status;

    TALLY_TRY(tally_options_open(who, &tally_config_about, NULL, &scratch));
    status = tally_options_set(who, &tally_config_about, scratch, name, value);
    tally_options_close(&tally_config_about, scratch);
    return status;
}

/* "rule.beta2": the part before the dot must be a family. */
static tally_status check_key(const char *name, const char *value)
{
    char prefix[NAME_MOST];
    const char *nearest = NULL;

    snprintf(prefix, sizeof prefix, "%.*s", (int)strcspn(name, "."), name);
    if (family_of_field(prefix)) {
        if (strchr(value, ','))
            return TALLY_FAIL(OPTION, "%s=%s has a comma, which a value cannot have",
                              name, value);
        return TALLY_OK;
    }
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        if (family_of_field(o->name)) tally_text_nearer(prefix, o->name, &nearest);
        if (strcmp(o->name, prefix) == 0)
            return TALLY_FAIL(OPTION, "%s is no family, so it has no key %s", prefix,
                              strchr(name, '.') + 1);
    }
    if (nearest)
        return TALLY_FAIL(OPTION, "there is no option %s; did you mean %s%s?", name,
                          nearest, strchr(name, '.'));
    return TALLY_FAIL(OPTION, "there is no option %s", name);
}

/* The field's spelling of a name: checkpoint-every is checkpoint_every. */
static void spell(const char *name, char field[NAME_MOST])
{
    snprintf(field, NAME_MOST, "%s", name);
    for (char *p = field; *p; p++)
        if (*p == '-') *p = '_';
}

bool tally_config_knows(const char *name, const char **nearest)
{
    char field[NAME_MOST];

    spell(name, field);
    if (strchr(field, '.') || strcmp(field, "strategy") == 0) return true;
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        if (strcmp(o->name, field) == 0) return true;
        tally_text_nearer(field, o->name, nearest);
    }
    tally_text_nearer(field, "strategy", nearest);
    return false;
}

static tally_status check(const char *field, const char *value)
{
    const char *nearest = NULL;
    const tally_about *row;
    char near[NAME_MOST];

    if (strchr(field, '.')) return check_key(field, value);
    if (strcmp(field, "strategy") == 0)
        return tally_family_find(&tally_strategy_family, value, &row);
    if (family_of_field(field)) return check_spec(family_of_field(field), value);
    if (tally_config_knows(field, &nearest)) return check_plain(field, value);
    if (!nearest) return TALLY_FAIL(OPTION, "there is no option %s", field);
    snprintf(near, sizeof near, "%s", nearest);
    for (char *p = near; *p; p++)
        if (*p == '_') *p = '-';
    return TALLY_FAIL(OPTION, "there is no option %s; did you mean %s?", field, near);
}

tally_status tally_run_set(tally_run *run, const char *name, const char *value)
{
    char field[NAME_MOST];

    TALLY_TRY(settings_open(run));
    settings *s = run->config;
    spell(name, field);
    TALLY_TRY(at_place(s->where, check(field, value)));
    TALLY_TRY(settings_add(s, field, value));
    return TALLY_OK;
}

/* The setting of that name which wins, or NULL. */
static const setting *winner(const settings *s, const char *name)
{
    const setting *best = NULL;

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->at[i].name, name) == 0 &&
            (!best || s->at[i].origin >= best->origin))
            best = &s->at[i];
    return best;
}

/* What the strategy says of a family, or of the rate; NULL when it says nothing. */
static const char *row_says(const settings *s, const char *name)
{
    const setting *chosen = winner(s, "strategy");
    const tally_strategy_ops *row;
    const tally_about *about;

    if (!chosen) return NULL;
    if (tally_family_find(&tally_strategy_family, chosen->value, &about)) return NULL;
    row = (const tally_strategy_ops *)about;
    if (strcmp(name, "trainer") == 0) return row->trainer;
    if (strcmp(name, "exchange") == 0) return row->exchange;
    if (strcmp(name, "rule") == 0) return row->rule;
    if (strcmp(name, "rate") == 0) return row->rate;
    return NULL;
}

/* The strategy, when its row beats what was set for the name itself; else NULL. */
static const setting *row_wins(const settings *s, const char *row, const setting *own)
{
    const setting *strategy = winner(s, "strategy");
    bool wins = row && strategy && (!own || own->origin < strategy->origin);

    return wins ? strategy : NULL;
}

/* spec <- own, which wins, after the pairs of row when both name one member.  Returns
 * its length. */
static int join(const char *row, const char *own, char spec[SPEC_MOST])
{
    size_t name = strcspn(row, ":");
    bool adds = row[name] && strcspn(own, ":") == name && !strncmp(row, own, name);

    if (!adds) return snprintf(spec, SPEC_MOST, "%s", own);
    if (!own[name]) return snprintf(spec, SPEC_MOST, "%s", row);
    return snprintf(spec, SPEC_MOST, "%s,%s", row, own + name + 1);
}

/* The spec of a family before its keys; *from: the origin below which keys are void. */
static tally_status choose(const settings *s, const tally_option *o,
                           char spec[SPEC_MOST], tally_origin *from)
{
    const setting *own = winner(s, o->name), *strategy;
    const char *row = row_says(s, o->name);
    int length;

    *from = TALLY_FROM_MANIFEST;
    strategy = row_wins(s, row, own);
    if (strategy) {
        *from = strategy->origin;
        length = join("", row, spec);
    } else if (own) {
        *from = own->origin;
        length = join(row ? row : "", own->value, spec);
    } else {
        length = join("", o->initial, spec);
    }
    if (length >= SPEC_MOST)
        return TALLY_FAIL(OPTION, "%s has %d characters, expected at most %d", o->name,
                          length, SPEC_MOST - 1);
    return TALLY_OK;
}

/* "beta2" when the setting is a key of that family that counts, else NULL. */
static const char *key_of(const setting *x, const char *family, tally_origin from)
{
    size_t length = strlen(family);
    bool of_family = strncmp(x->name, family, length) == 0 && x->name[length] == '.';

    return of_family && x->origin >= from ? x->name + length + 1 : NULL;
}

/* Sets the keys of a family on its member's options, lowest origin first; a spec that
 * is a word has none. */
static tally_status set_keys(const settings *s, const tally_option *o,
                             tally_origin from, const tally_about *about, void *opened)
{
    char member[2 * NAME_MOST];

    snprintf(member, sizeof member, "%s %s", o->name, about->name);
    for (tally_origin origin = from; origin <= TALLY_FROM_COMMAND; origin++) {
        for (size_t i = 0; i < s->count; i++) {
            const setting *x = &s->at[i];
            const char *key = x->origin == origin ? key_of(x, o->name, from) : NULL;

            if (key)
                TALLY_TRY(at_place(
                    x->where, tally_options_set(member, about, opened, key, x->value)));
        }
    }
    return TALLY_OK;
}

/* "adam" and "beta2=0.9" -> "adam:beta1=0.9,beta2=0.9,...". */
static tally_status resolve_family(const settings *s, const tally_option *o, char *text,
                                   size_t most)
{
    const tally_family *family = family_of_field(o->name);
    const tally_about *about;
    tally_origin from;
    char spec[SPEC_MOST];
    const tally_about word = {.name = spec};
    void *opened = NULL;
    tally_status status;
    size_t used = 0;

    TALLY_TRY(choose(s, o, spec, &from));
    about = &word;
    if (!is_word(family, spec))
        TALLY_TRY(tally_family_open(family, spec, &about, &opened));
    status = set_keys(s, o, from, about, opened);
    if (!status && !tally_text_append(text, most, &used, "%s", about->name))
        status = TALLY_FAIL(MEMORY, "%s %s is too long", o->name, about->name);
    if (!status && about->options && about->options->name) {
        tally_text_append(text, most, &used, ":");
        status = tally_options_print(about, opened, text + used, most - used);
    }
    if (!status && used && text[used] == '\0' && text[used - 1] == ':')
        text[used - 1] = '\0'; /* none of its options has a value */
    tally_options_close(about, opened);
    return status;
}

bool tally_config_is_default(const char *name, const char *value)
{
    const settings nothing = {0};
    const tally_option *o = tally_config_about.options;
    char text[SPEC_MOST];

    while (o->name && strcmp(o->name, name) != 0)
        o++;
    return o->name && family_of_field(name) &&
           resolve_family(&nothing, o, text, sizeof text) == TALLY_OK &&
           strcmp(text, value) == 0;
}

/* Whoever says how many epochs does not want the steps that a lower origin counted. */
static bool is_overruled(const settings *s, const tally_option *o, const setting *own)
{
    const setting *epochs = winner(s, "epochs");

    return own && epochs && strcmp(o->name, "steps") == 0 &&
           epochs->origin > own->origin;
}

/* A row's rate counts as if it were set where the strategy was, before all else. */
static const char *plain_value(const settings *s, const tally_option *o)
{
    const setting *own = winner(s, o->name);
    const char *row = row_says(s, o->name);

    if (row_wins(s, row, own)) return row;
    return own && !is_overruled(s, o, own) ? own->value : NULL;
}

static tally_status resolve(const settings *s, tally_config *config)
{
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        char text[SPEC_MOST] = "";
        const char *value = text;

        if (family_of_field(o->name))
            TALLY_TRY(resolve_family(s, o, text, sizeof text));
        else
            value = plain_value(s, o);
        if (value)
            TALLY_TRY(
                tally_options_set(who, &tally_config_about, config, o->name, value));
    }
    return TALLY_OK;
}

tally_status tally_config_resolve(tally_run *run)
{
    void *fresh;

    TALLY_TRY(settings_open(run));
    settings *s = run->config;
    TALLY_TRY(tally_options_open(who, &tally_config_about, NULL, &fresh));
    tally_status status = resolve(s, fresh);
    if (status) {
        tally_options_close(&tally_config_about, fresh);
        return status;
    }
    tally_options_close(&tally_config_about, s->resolved);
    s->resolved = fresh;
    run->options = s->resolved;
    return TALLY_OK;
}
