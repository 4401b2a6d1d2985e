/* metrics.c — lines of metrics.jsonl, sorted into metrics over the steps and those of
 * one rank.
 *
 *     {"step":20,"name":"train/loss","value":0.5}               columns["train/loss"]
 *     {"step":60,"name":"exchange/bytes_sent/1","value":800}    entries, index 1
 *
 * Counts begin anew with each process, which says so by train/seconds = 0
 * (docs/run-folder.md); they are summed here. */

#include "base/text.h"
#include "cli/report/folder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const counts[] = {
    "train/seconds",    "exchange/bytes_sent", "gradient/seconds",
    "exchange/seconds", "encode/seconds",      "wait/seconds",
    "wire/seconds",     "decode/seconds",      "apply/seconds"};

bool report_is_count(const char *name)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i], name) == 0) return true;
    return false;
}

/* items, which hold count of *room, with a place more at their end; NULL without
 * memory: then they stay as they are. */
static void *enlarge(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room) return items;
    size_t more = *room ? 2 * *room : 16;
    void *larger = realloc(items, more * size);
    if (larger) *room = more;
    return larger;
}

static tally_status no_memory(const char *name)
{
    return TALLY_FAIL(MEMORY, "no memory for the metric %s", name);
}

static tally_status add_row(report_run *r, const char *where, uint64_t step)
{
    if (r->rows > 0 && r->steps[r->rows - 1] == step) return TALLY_OK;
    if (r->rows > 0 && r->steps[r->rows - 1] > step)
        return TALLY_FAIL(FORMAT, "%s: step %llu comes after step %llu", where,
                          (unsigned long long)step,
                          (unsigned long long)r->steps[r->rows - 1]);
    uint64_t *steps = enlarge(r->steps, r->rows, &r->rows_room, sizeof *steps);
    if (!steps) return no_memory("of another step");
    r->steps = steps;
    r->steps[r->rows++] = step;
    return TALLY_OK;
}

static tally_status column_named(report_run *r, const char *name, report_column **c)
{
    for (size_t i = 0; i < r->column_count; i++) {
        *c = &r->columns[i];
        if (strcmp((*c)->name, name) == 0) return TALLY_OK;
    }
    report_column *columns =
        enlarge(r->columns, r->column_count, &r->column_room, sizeof *columns);
    if (!columns) return no_memory(name);
    r->columns = columns;
    *c = &r->columns[r->column_count];
    **c = (report_column){.name = strdup(name)};
    if (!(*c)->name) return no_memory(name);
    r->column_count++;
    return TALLY_OK;
}

/* A process takes over: what was counted so far is its start. */
static void begin_process(report_run *r)
{
    for (size_t i = 0; i < r->column_count; i++) {
        report_column *c = &r->columns[i];

        if (report_is_count(c->name) && c->count) c->before = c->value[c->count - 1];
    }
}

/* A value more, at the last row. */
static tally_status add_value(const report_run *r, report_column *c)
{
    size_t room = c->room;
    size_t *row = enlarge(c->row, c->count, &room, sizeof *row);
    if (!row) return no_memory(c->name);
    c->row = row;
    double *value = enlarge(c->value, c->count, &c->room, sizeof *value);
    if (!value) return no_memory(c->name);
    c->value = value;
    c->row[c->count++] = r->rows - 1;
    return TALLY_OK;
}

static tally_status add_to_column(report_run *r, const char *where, uint64_t step,
                                  const char *name, double value)
{
    report_column *c = NULL;

    TALLY_TRY(add_row(r, where, step));
    TALLY_TRY(column_named(r, name, &c));
    if (strcmp(name, counts[0]) == 0 && value <= 0) begin_process(r);
    if (!c->count || c->row[c->count - 1] != r->rows - 1) TALLY_TRY(add_value(r, c));
    c->value[c->count - 1] = report_is_count(name) ? c->before + value : value;
    return TALLY_OK;
}

static int compare(const report_entry *e, const char *name, size_t length,
                   uint64_t index)
{
    int order = strncmp(e->name, name, length);

    if (order == 0) order = e->name[length] != '\0';
    return order ? order : (e->index > index) - (e->index < index);
}

/* Where an entry is, or belongs: they are sorted. */
static size_t place_of(const report_run *r, const char *name, size_t length,
                       uint64_t index, bool *found)
{
    size_t least = 0, most = r->entry_count;

    *found = false;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        int order = compare(&r->entries[middle], name, length, index);

        *found = order == 0;
        if (*found) return middle;
        if (order < 0)
            least = middle + 1;
        else
            most = middle;
    }
    return least;
}

static tally_status add_to_entry(report_run *r, const char *name, size_t length,
                                 uint64_t index, double value)
{
    bool found;
    size_t place = place_of(r, name, length, index, &found);

    if (found) {
        r->entries[place].value += value;
        return TALLY_OK;
    }
    report_entry *entries =
        enlarge(r->entries, r->entry_count, &r->entry_room, sizeof *entries);
    char *copy = strndup(name, length);
    if (entries) r->entries = entries;
    if (!entries || !copy) {
        free(copy);
        return no_memory(name);
    }
    memmove(&entries[place + 1], &entries[place],
            (r->entry_count - place) * sizeof *entries);
    entries[place] = (report_entry){copy, index, value};
    r->entry_count++;
    return TALLY_OK;
}

static bool read_value(const json_t *json, double *value)
{
    const char *text = json_string_value(json);

    if (json_is_number(json)) {
        *value = json_number_value(json);
        return true;
    }
    if (!text) return false;
    bool minus = text[0] == '-';
    if (strcmp(text, "nan") == 0)
        *value = (double)NAN;
    else if (strcmp(text + minus, "inf") == 0)
        *value = minus ? -(double)INFINITY : (double)INFINITY;
    else
        return false;
    return true;
}

static tally_status add_metric(report_run *r, const char *where, const json_t *line)
{
    const json_t *step = json_object_get(line, "step");
    const char *name = json_string_value(json_object_get(line, "name"));
    double value;
    uint64_t index;

    if (!json_is_integer(step) || json_integer_value(step) < 0 || !name ||
        !read_value(json_object_get(line, "value"), &value))
        return TALLY_FAIL(FORMAT,
                          "%s: the line is not {\"step\":N,\"name\":\"...\","
                          "\"value\":X}",
                          where);
    const char *slash = strrchr(name, '/');
    if (slash && tally_text_count(slash + 1, &index)) {
        r->entries_step = (uint64_t)json_integer_value(step);
        return add_to_entry(r, name, (size_t)(slash - name), index, value);
    }
    return add_to_column(r, where, (uint64_t)json_integer_value(step), name, value);
}

tally_status report_run_add_line(report_run *r, const char *where, const char *line,
                                 size_t n)
{
    json_error_t error;
    json_t *json = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);

    if (!json) return TALLY_FAIL(FORMAT, "%s: %s", where, error.text);
    tally_status status = add_metric(r, where, json);
    json_decref(json);
    return status;
}

/* ---- looking up ---- */

const report_column *report_run_column(const report_run *r, const char *name)
{
    for (size_t i = 0; i < r->column_count; i++)
        if (strcmp(r->columns[i].name, name) == 0) return &r->columns[i];
    return NULL;
}

bool report_column_at(const report_column *c, size_t row, double *value)
{
    size_t least = 0, most = c ? c->count : 0;

    while (least < most) {
        size_t middle = least + (most - least) / 2;

        if (c->row[middle] == row) {
            *value = c->value[middle];
            return true;
        }
        if (c->row[middle] < row)
            least = middle + 1;
        else
            most = middle;
    }
    return false;
}

double report_run_last(const report_run *r, const char *name)
{
    const report_column *c = report_run_column(r, name);

    return c && c->count ? c->value[c->count - 1] : (double)NAN;
}

double report_run_per_step(const report_run *r, const char *name)
{
    const report_column *c = report_run_column(r, name);

    if (!c || r->steps[c->row[c->count - 1]] == r->steps[0]) return (double)NAN;
    return c->value[c->count - 1] /
           (double)(r->steps[c->row[c->count - 1]] - r->steps[0]);
}

bool report_run_has_entries(const report_run *r, const char *name)
{
    for (size_t i = 0; i < r->entry_count; i++)
        if (strcmp(r->entries[i].name, name) == 0) return true;
    return false;
}

bool report_run_entry(const report_run *r, const char *name, uint64_t index,
                      double *value)
{
    bool found;
    size_t place = place_of(r, name, strlen(name), index, &found);

    if (found) *value = r->entries[place].value;
    return found;
}
