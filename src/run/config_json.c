/* config_json.c — resolved options as text: lines of a run file, or JSON and back.
 *
 *     {"data": "digits", "rule": "momentum:beta=0.9,form=buffer", "batch": "32", ...}
 *
 * Values are text, as a user would type them, so that reading is tally_run_set and a
 * number loses no digit. */

#include "base/text.h"
#include "run/config.h"
#include "run/folder.h"

#include <string.h>

enum { TEXT_MOST = 4096 };

/* The present value of an option as a user would type it; "" when it has none. */
static tally_status value_of(const tally_run *run, const tally_option *o,
                             char text[TEXT_MOST])
{
    TALLY_TRY(tally_option_print(o, run->options, text, TEXT_MOST));
    return TALLY_OK;
}

tally_status tally_config_print(const tally_run *run, char *text, size_t most)
{
    size_t used = 0;

    text[0] = '\0';
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        char value[TEXT_MOST];

        TALLY_TRY(value_of(run, o, value));
        if (value[0] &&
            !tally_text_append(text, most, &used, "%s = %s\n", o->name, value))
            return TALLY_FAIL(MEMORY, "the options do not fit in %zu bytes", most);
    }
    return TALLY_OK;
}

static tally_status put(json_t *json, const tally_run *run, const tally_option *o)
{
    char value[TEXT_MOST];

    TALLY_TRY(value_of(run, o, value));
    if (value[0] && json_object_set_new(json, o->name, json_string(value)))
        return TALLY_FAIL(FORMAT, "option %s=%s cannot be written as JSON", o->name,
                          value);
    return TALLY_OK;
}

json_t *tally_config_json(const tally_run *run)
{
    json_t *json = json_object();
    tally_status status = TALLY_OK;

    for (const tally_option *o = tally_config_about.options; !status && o->name; o++)
        status = put(json, run, o);
    if (!status) return json;
    json_decref(json);
    return NULL;
}

tally_status tally_config_take(tally_run *run, const json_t *options,
                               bool (*wants)(const char *name))
{
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        const json_t *value = json_object_get(options, o->name);

        if (!value || (wants && !wants(o->name))) continue;
        if (!json_is_string(value))
            return TALLY_FAIL(FORMAT, "option %s is not a text", o->name);
        TALLY_TRY(tally_run_set(run, o->name, json_string_value(value)));
    }
    return TALLY_OK;
}

static tally_status take_manifest(tally_run *run, const json_t *manifest,
                                  bool (*wants)(const char *name))
{
    const char *format = json_string_value(json_object_get(manifest, "format"));
    const json_t *options = json_object_get(manifest, "options");

    if (!format || strcmp(format, TALLY_RUN_FORMAT) != 0)
        return TALLY_FAIL(FORMAT, "\"format\" is %s, not \"" TALLY_RUN_FORMAT "\"",
                          format ? format : "missing");
    if (!json_is_object(options))
        return TALLY_FAIL(FORMAT, "\"options\" is not an object");
    TALLY_TRY(tally_config_from(run, TALLY_FROM_MANIFEST, NULL));
    TALLY_TRY(tally_config_take(run, options, wants));
    return tally_config_from(run, TALLY_FROM_COMMAND, NULL);
}

tally_status tally_config_read(tally_run *run, const char *path, const char *manifest,
                               bool (*wants)(const char *name))
{
    json_error_t error;
    json_t *json = json_loads(manifest, JSON_REJECT_DUPLICATES, &error);

    if (!json)
        return TALLY_FAIL(FORMAT, "%s is not JSON: line %d: %s", path, error.line,
                          error.text);
    tally_status status = take_manifest(run, json, wants);
    json_decref(json);
    if (status == TALLY_OPTION) status = TALLY_FORMAT; /* nobody typed it */
    if (!status) return TALLY_OK;
    return tally_fail(status, __FILE__, __LINE__, __func__, "%s: %s", path,
                      tally_error_sentence());
}
