/* table.c — rows of text and numbers on standard output: for people, as CSV, as JSON.
 */

#include "cli/table.h"

#include "cli/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void print_csv(const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    putchar('"');
}

/* One cell, with what separates it from the one before. */
static void print_cell(const cli_table *t, const char *text)
{
    bool first = t->at == t->columns;

    if (t->style == CLI_CSV) {
        if (!first) putchar(',');
        print_csv(text);
    } else {
        printf("%s%*s", first ? "" : "  ", t->at->width, text);
    }
}

static void go_on(cli_table *t)
{
    t->at++;
    if (t->at->key) return;
    t->at = t->columns;
    if (t->style == CLI_JSON) {
        json_array_append_new(t->rows, t->row);
        t->row = json_object();
    } else {
        putchar('\n');
        fflush(stdout);
    }
}

void cli_table_open(cli_table *t, cli_style style, const cli_column *columns)
{
    *t = (cli_table){.style = style, .columns = columns, .at = columns};
    if (style == CLI_JSON) {
        t->rows = json_array();
        t->row = json_object();
        return;
    }
    for (const cli_column *c = columns; c->key; c++) {
        print_cell(t, style == CLI_CSV ? c->key : c->title);
        go_on(t);
    }
}

void cli_table_text(cli_table *t, const char *text)
{
    if (t->style == CLI_JSON)
        json_object_set_new(t->row, t->at->key, json_string(text));
    else
        print_cell(t, text);
    go_on(t);
}

/* Of a column of counts: a mean over ranks or rounds need not be one. */
static bool is_count(const cli_table *t, double x)
{
    return t->at->digits == 0 && x == trunc(x) && fabs(x) < 0x1p53;
}

void cli_table_number(cli_table *t, double x)
{
    char text[64] = "";

    if (t->style == CLI_JSON) {
        json_object_set_new(t->row, t->at->key,
                            is_count(t, x) ? json_integer((json_int_t)x)
                                           : cli_json_number(x));
        go_on(t);
        return;
    }
    if (!isfinite(x))
        snprintf(text, sizeof text, "%s", t->style == CLI_CSV ? "" : "-");
    else if (t->style == CLI_CSV && is_count(t, x))
        snprintf(text, sizeof text, "%.0f", x);
    else if (t->style == CLI_CSV)
        snprintf(text, sizeof text, "%.9g", x);
    else if (t->at->digits < 0)
        snprintf(text, sizeof text, "%.2g", x);
    else
        snprintf(text, sizeof text, "%.*f", t->at->digits, x);
    print_cell(t, text);
    go_on(t);
}

json_t *cli_table_take(cli_table *t)
{
    json_t *rows = t->rows;

    t->rows = NULL;
    return rows;
}

void cli_table_close(cli_table *t)
{
    json_decref(t->rows);
    json_decref(t->row);
    *t = (cli_table){0};
}
