/* sheet.h — a page written from top to bottom: as HTML, or as Markdown.
 *
 * Every word that is handed over is escaped here; nothing else writes markup. */

#ifndef TALLY_CLI_REPORT_SHEET_H
#define TALLY_CLI_REPORT_SHEET_H

#include "cli/report/text.h"

typedef enum report_style { REPORT_HTML, REPORT_MARKDOWN } report_style;

typedef struct report_sheet {
    report_style style;
    report_text text;
    int tables;      /* so far */
    bool begun;      /* a line of code has a word */
    bool folded;     /* the open one */
    int pictures;    /* of the last row of them */
    bool unfolds;    /* the next folded table */
    size_t at, last; /* the cell of a row that comes next, and the last one */
} report_sheet;

/* A style sheet that stands for itself: nothing is loaded.  Pieces, then NULL. */
extern const char *const report_css[];

void sheet_begin(report_sheet *s, const char *title);
void sheet_end(report_sheet *s, const char *words); /* at the foot */

/* A section; id: a word of letters, for links. */
void sheet_section(report_sheet *s, const char *id, const char *title);
void sheet_part(report_sheet *s, const char *title); /* of a section */
void sheet_say(report_sheet *s, const char *format, ...) TALLY_PRINTF(2, 3);

/* A line of a shell, word by word; lines break between words where they can. */
void sheet_code_begin(report_sheet *s);
void sheet_code_word(report_sheet *s, const char *word);
void sheet_code_end(report_sheet *s);

/* A few numbers that stand out, HTML only: "98.4 %" under "Test accuracy". */
void sheet_facts_begin(report_sheet *s);
void sheet_fact(report_sheet *s, const char *name, const char *value);
void sheet_facts_end(report_sheet *s);

typedef struct sheet_link {
    const char *id, *title;
} sheet_link;

/* Links to sections; the list ends with NULL. */
void sheet_contents(report_sheet *s, const sheet_link *links);

/* Pictures side by side, HTML only; svg is markup already. */
void sheet_pictures_begin(report_sheet *s);
void sheet_picture(report_sheet *s, const char *svg, const char *caption,
                   const char *note); /* under it; "": none */
void sheet_pictures_end(report_sheet *s);

/* What colours stand for, HTML only: colours[i] is names[i]'s. */
void sheet_legend(report_sheet *s, size_t count, const size_t *colours,
                  const char *const *names);

/* Folded tables side by side, until one is opened.  Of one picture alone the first is
 * open, beside it. */
void sheet_tables_begin(report_sheet *s);
void sheet_tables_end(report_sheet *s);

/* A table; `folded`: the reader opens it.  A head "#seconds" stands over numbers. Cells
 * follow, row by row: the first of a row is its head. */
void sheet_table_begin(report_sheet *s, bool folded, const char *caption, size_t count,
                       const char *const *heads);
void sheet_words(report_sheet *s, const char *words);
void sheet_number(report_sheet *s, double x);
void sheet_percent(report_sheet *s, double share); /* 0.984 is shown as 98.40 % */
void sheet_no_cell(report_sheet *s);               /* there is no value */
void sheet_table_end(report_sheet *s);

#endif
