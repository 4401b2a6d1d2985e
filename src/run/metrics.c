/* metrics.c — numbers of a run over its steps, one JSON object a line.
 *
 * Lines are appended and flushed in groups, not fsynced: a kill loses none that were
 * flushed, a power cut may lose the last ones.  On resume the file is cut back to the
 * step of the checkpoint, so that a step stands in it once. */

#include "run/metrics.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally_metrics {
    FILE *file; /* owned */
    char path[TALLY_PATH_MOST];
};

/* The next whole line from *at on, without its newline; NULL: there is none. */
static char *next_line(char *text, size_t n, size_t *at, size_t *length)
{
    char *line = text + *at, *end = memchr(line, '\n', n - *at);

    if (!end) return NULL;
    *length = (size_t)(end - line);
    *at += *length + 1;
    return line;
}

/* A line as JSON, and its step; NULL: it is none of ours. */
static json_t *parse(const char *line, size_t n, uint64_t *step)
{
    json_t *json = json_loadb(line, n, 0, NULL);
    const json_t *of = json_object_get(json, "step");

    *step = (uint64_t)json_integer_value(of);
    if (json_is_integer(of) && json_integer_value(of) >= 0) return json;
    json_decref(json);
    return NULL;
}

/* Moves the lines to keep to the front of text; returns their length. */
static size_t keep_lines(char *text, size_t n, uint64_t step)
{
    size_t used = 0, at = 0, length;
    uint64_t of;
    char *line;

    while ((line = next_line(text, n, &at, &length))) {
        json_t *json = parse(line, length, &of);

        if (json && of <= step) {
            memmove(text + used, line, length + 1);
            used += length + 1;
        }
        json_decref(json);
    }
    return used;
}

static tally_status cut_back(const char *path, uint64_t step)
{
    tally_status status = TALLY_OK;
    char *text;
    size_t n;

    if (!tally_file_exists(path)) return TALLY_OK;
    TALLY_TRY(tally_file_read(path, SIZE_MAX / 2, &text, &n));
    size_t kept = keep_lines(text, n, step);
    if (kept < n) status = tally_file_replace(path, text, kept);
    free(text);
    return status;
}

tally_status tally_metrics_open(tally_metrics **metrics, const char *path,
                                uint64_t step)
{
    *metrics = NULL;
    TALLY_TRY(cut_back(path, step));
    tally_metrics *m = calloc(1, sizeof *m);
    if (!m) return TALLY_FAIL(MEMORY, "no memory for the metrics %s", path);
    tally_status status = tally_path(m->path, "%s", path);
    if (!status && !(m->file = fopen(path, "ae")))
        status = TALLY_FAIL(FILE, "cannot open %s: %s", path, strerror(errno));
    if (status)
        free(m);
    else
        *metrics = m;
    return status;
}

tally_status tally_metric(tally_metrics *metrics, const char *name, uint64_t step,
                          double value)
{
    if (!metrics) return TALLY_OK;
    const char *text = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    json_t *number = isfinite(value) ? json_real(value) : json_string(text);
    json_t *line = json_pack("{s:I, s:s, s:o}", "step", (json_int_t)step, "name", name,
                             "value", number);
    int bad = json_dumpf(line, metrics->file, JSON_COMPACT | JSON_REAL_PRECISION(17));

    json_decref(line);
    if (bad || fputc('\n', metrics->file) == EOF)
        return TALLY_FAIL(FILE, "cannot write %s: %s", metrics->path, strerror(errno));
    return TALLY_OK;
}

tally_status tally_metrics_flush(tally_metrics *metrics)
{
    if (metrics && fflush(metrics->file) != 0)
        return TALLY_FAIL(FILE, "cannot write %s: %s", metrics->path, strerror(errno));
    return TALLY_OK;
}

tally_status tally_metrics_hold(tally_metrics *metrics, const char *name, uint64_t step,
                                bool *hold)
{
    size_t n, at = 0, length;
    char *text, *line;
    uint64_t of;

    *hold = false;
    if (!metrics) return TALLY_OK;
    TALLY_TRY(tally_metrics_flush(metrics));
    TALLY_TRY(tally_file_read(metrics->path, SIZE_MAX / 2, &text, &n));
    while (!*hold && (line = next_line(text, n, &at, &length))) {
        json_t *json = parse(line, length, &of);
        const char *there = json_string_value(json_object_get(json, "name"));

        *hold = there && of == step && strcmp(there, name) == 0;
        json_decref(json);
    }
    free(text);
    return TALLY_OK;
}

void tally_metrics_close(tally_metrics *metrics)
{
    if (!metrics) return;
    fclose(metrics->file);
    free(metrics);
}
