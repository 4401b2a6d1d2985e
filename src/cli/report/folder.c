/* folder.c — what a report reads of a run folder: manifest, metrics, tensors.
 *
 * A run that is not over may be read: the last line of its metrics may be cut off. */

#include "cli/report/folder.h"

#include "base/status.h"
#include "run/checkpoint.h"
#include "run/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tally_status read_manifest(report_run *r)
{
    char path[TALLY_PATH_MOST];
    json_error_t error;
    char *text;

    TALLY_TRY(tally_path(path, "%s/manifest.json", r->path));
    if (!tally_file_exists(path))
        return TALLY_FAIL(FILE,
                          "%s holds no run: there is no manifest.json; name a folder "
                          "that tally train --out has made",
                          r->path);
    TALLY_TRY(tally_folder_description(r->path, &text));
    r->manifest = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!r->manifest)
        return TALLY_FAIL(FORMAT, "%s:%d: %s", path, error.line, error.text);
    const char *format = json_string_value(json_object_get(r->manifest, "format"));
    if (!format || strcmp(format, TALLY_RUN_FORMAT) != 0)
        return TALLY_FAIL(FORMAT, "%s: \"format\" is %s, not \"" TALLY_RUN_FORMAT "\"",
                          path, format ? format : "missing");
    r->options = json_object_get(r->manifest, "options");
    if (!json_is_object(r->options))
        return TALLY_FAIL(FORMAT, "%s: \"options\" is not an object", path);
    return TALLY_OK;
}

static tally_status read_lines(report_run *r, const char *path, const char *text,
                               size_t n)
{
    char where[TALLY_PATH_MOST];
    int number = 1;

    for (size_t at = 0; at < n; number++) {
        const char *end = memchr(text + at, '\n', n - at);

        if (!end) {
            r->torn = true;
            break;
        }
        TALLY_TRY(tally_path(where, "%s:%d", path, number));
        TALLY_TRY(report_run_add_line(r, where, text + at, (size_t)(end - text) - at));
        at = (size_t)(end - text) + 1;
    }
    return TALLY_OK;
}

static tally_status read_metrics(report_run *r)
{
    char path[TALLY_PATH_MOST], *text;
    size_t n;

    TALLY_TRY(tally_path(path, "%s/metrics.jsonl", r->path));
    TALLY_TRY(tally_file_read(path, SIZE_MAX / 2, &text, &n));
    tally_status status = read_lines(r, path, text, n);
    free(text);
    return status;
}

/* ---- tensors ---- */

static tally_status add_tensor(report_run *r, const tally_array *a)
{
    report_tensor *t = &r->tensors[r->tensor_count];
    char shape[256] = "1";
    size_t used = 0;

    t->weights = 1;
    for (size_t i = 0; i < a->dimensions && used < sizeof shape; i++) {
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%zu",
                                 i ? " x " : "", a->shape[i]);
        t->weights *= a->shape[i];
    }
    t->name = strdup(a->name);
    t->shape = strdup(shape);
    r->tensor_count++;
    return t->name && t->shape ? TALLY_OK
                               : TALLY_FAIL(MEMORY, "no memory for %s", a->name);
}

static tally_status take_tensors(report_run *r, const tally_safetensors *file)
{
    r->tensors = calloc(file->count ? file->count : 1, sizeof *r->tensors);
    if (!r->tensors)
        return TALLY_FAIL(MEMORY, "no memory for %zu tensors", file->count);
    for (size_t i = 0; i < file->count; i++)
        TALLY_TRY(add_tensor(r, &file->arrays[i]));
    return TALLY_OK;
}

static tally_status read_tensors_of(report_run *r, uint64_t step)
{
    char path[TALLY_PATH_MOST], *bytes;
    tally_safetensors file = {0};
    size_t n;

    TALLY_TRY(tally_checkpoint_path(path, r->path, step, "/weights.safetensors"));
    TALLY_TRY(tally_file_read(path, SIZE_MAX / 2, &bytes, &n));
    tally_status status = tally_safetensors_parse(&file, path, bytes, n);
    if (!status) status = take_tensors(r, &file);
    tally_safetensors_close(&file);
    free(bytes);
    return status;
}

/* A report without tensors is a report still: what keeps them from it is told in it. */
static tally_status read_tensors(report_run *r)
{
    uint64_t *steps = NULL;
    size_t count = 0;
    tally_status status = tally_checkpoint_list(r->path, &steps, &count);

    if (!status && count)
        status = read_tensors_of(r, steps[0]);
    else if (!status)
        snprintf(r->note, sizeof r->note, "there is no checkpoint yet");
    free(steps);
    if (!status || status == TALLY_MEMORY) return status;
    snprintf(r->note, sizeof r->note, "%s", tally_error_sentence());
    tally_error_clear();
    return TALLY_OK;
}

/* ---- open and close ---- */

tally_status report_run_open(report_run *r, const char *path)
{
    *r = (report_run){.path = strdup(path)};
    if (!r->path) return TALLY_FAIL(MEMORY, "no memory for the path %s", path);
    for (size_t n = strlen(r->path); n > 1 && r->path[n - 1] == '/'; n--)
        r->path[n - 1] = '\0';
    const char *slash = strrchr(r->path, '/');
    r->name = slash && slash[1] ? slash + 1 : r->path;
    TALLY_TRY(read_manifest(r));
    TALLY_TRY(read_metrics(r));
    return read_tensors(r);
}

void report_run_close(report_run *r)
{
    for (size_t i = 0; i < r->column_count; i++) {
        free(r->columns[i].name);
        free(r->columns[i].row);
        free(r->columns[i].value);
    }
    for (size_t i = 0; i < r->entry_count; i++)
        free(r->entries[i].name);
    for (size_t i = 0; i < r->tensor_count; i++) {
        free(r->tensors[i].name);
        free(r->tensors[i].shape);
    }
    free(r->columns);
    free(r->entries);
    free(r->tensors);
    free(r->steps);
    free(r->path);
    json_decref(r->manifest);
    *r = (report_run){0};
}

const char *report_run_option(const report_run *r, const char *name)
{
    const char *text = json_string_value(json_object_get(r->options, name));

    return text ? text : "";
}
