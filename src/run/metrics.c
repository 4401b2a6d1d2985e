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

/* Whether a line (without its newline) is whole and of a step up to `step`. */
static bool is_kept(const char *line, size_t n, uint64_t step)
{
    json_t *json = json_loadb(line, n, 0, NULL);
    const json_t *of = json_object_get(json, "step");
    bool kept = json_is_integer(of) && json_integer_value(of) >= 0 &&
                (uint64_t)json_integer_value(of) <= step;

    json_decref(json);
    return kept;
}

/* Moves the lines to keep to the front of text; returns their length. */
static size_t keep_lines(char *text, size_t n, uint64_t step)
{
    size_t used = 0;

    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);

        if (!end) break;
        size_t length = (size_t)(end - (text + at));
        if (is_kept(text + at, length, step)) {
            memmove(text + used, text + at, length + 1);
            used += length + 1;
        }
        at += length + 1;
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

void tally_metrics_close(tally_metrics *metrics)
{
    if (!metrics) return;
    fclose(metrics->file);
    free(metrics);
}
