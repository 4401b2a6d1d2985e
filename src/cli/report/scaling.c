/* scaling.c — speed-up and efficiency of runs that differ in their ranks alone.
 *
 *     speed(n)      = samples of a step / seconds of a step, on n ranks
 *     speed-up(n)   = speed(n) / speed(b)    b: the fewest ranks of the series
 *     efficiency(n) = b speed-up(n) / n
 *
 * Weak scaling: the samples of each rank are the same; strong: those of a step. Several
 * runs on the same ranks count by their mean speed.  What does not change how long a
 * step takes (seed, rate, epochs, ...) may differ.  The first step takes many times as
 * long as others, so a run of a few has no speed. */

#include "cli/report/options.h"
#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEIGHT = 270, STEPS_LEAST = 10 };

typedef struct point {
    size_t run, series;
    double ranks, nodes, samples; /* of a step */
    double speed;                 /* samples a second; NAN: it has none */
    double speedup, efficiency;
} point;

typedef struct series {
    char name[96];
    double base, base_speed; /* the fewest ranks, and their mean speed */
} series;

typedef struct scaling {
    const report_page *page;
    point points[REPORT_RUNS_MOST];
    series all[REPORT_RUNS_MOST];
    size_t count; /* of series */
} scaling;

enum { ALONE = REPORT_RUNS_MOST }; /* the series of a run that is in none */

/* ---- a run's speed ---- */

static double manifest_number(const report_run *r, const char *name)
{
    return json_number_value(json_object_get(r->manifest, name));
}

/* A server's step has as many batches as pushes; an iteration of ADMM has all rows,
 * whose number does not matter. */
static double samples_of(const report_run *r, double ranks)
{
    double batch = strtod(report_run_option(r, "batch"), NULL) *
                   strtod(report_run_option(r, "accumulate"), NULL);
    const char *trainer = report_run_option(r, "trainer");
    char servers[OPTION_WORD];

    if (option_is(trainer, "lockstep")) return batch * ranks;
    if (!option_is(trainer, "server")) return 1;
    option_value(trainer, "servers", servers);
    return batch * (ranks - strtod(servers, NULL));
}

static void measure(scaling *s, size_t run)
{
    const report_run *r = &s->page->runs[run];
    point *p = &s->points[run];
    double on_node_0 = manifest_number(r, "ranks_on_node_0");
    double seconds = report_run_per_step(r, "train/seconds");
    bool warm = r->rows && r->steps[r->rows - 1] >= STEPS_LEAST;

    *p = (point){.run = run, .series = ALONE, .ranks = manifest_number(r, "ranks")};
    p->nodes = on_node_0 > 0 ? ceil(p->ranks / on_node_0) : (double)NAN;
    p->samples = samples_of(r, p->ranks);
    bool counts = warm && seconds > 0 && p->ranks > 0 && p->samples > 0;
    p->speed = counts ? p->samples / seconds : (double)NAN;
}

/* ---- series ---- */

/* Whether two texts of an option may stand in one series. */
static bool agrees(const char *name, const char *a, const char *b)
{
    static const char *const free_options[] = {"out",
                                               "seed",
                                               "rate",
                                               "rate_scaling",
                                               "rate_reference",
                                               "schedule",
                                               "epochs",
                                               "steps",
                                               "warmup",
                                               "validate",
                                               "checkpoint_every",
                                               "keep",
                                               "batch",
                                               "patience",
                                               "log_every",
                                               "census",
                                               "replica_every",
                                               "resync",
                                               "start",
                                               "trace",
                                               "trace_spans",
                                               "timeout"};
    static const char *const crew[] = {"ranks", "node", NULL};

    for (size_t i = 0; i < sizeof free_options / sizeof *free_options; i++)
        if (strcmp(name, free_options[i]) == 0) return true;
    return strcmp(name, "comm") == 0 ? option_same_but(a, b, crew) : strcmp(a, b) == 0;
}

/* mpirun's ranks and a rank alone both run on "auto"; a simulated one does not. */
static bool are_alike(const report_run *a, const report_run *b)
{
    static const char *const facts[] = {"precision", "machine", "layout"};
    const char *name;
    json_t *value;

    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (!json_equal(json_object_get(a->manifest, facts[i]),
                        json_object_get(b->manifest, facts[i])) &&
            json_object_get(a->manifest, facts[i]))
            return false;
    json_object_foreach(a->options, name, value)
    {
        if (!agrees(name, report_run_option(a, name), report_run_option(b, name)))
            return false;
    }
    return true;
}

static bool same_work(const point *a, const point *b, bool weak)
{
    double x = weak ? a->samples / a->ranks : a->samples;
    double y = weak ? b->samples / b->ranks : b->samples;

    return fabs(x - y) < 1e-9 * x;
}

/* The runs of a series with run `first`; false: there are none on other ranks. */
static bool gather(scaling *s, size_t first, bool weak)
{
    const report_page *page = s->page;
    point *a = &s->points[first];
    bool others = false;

    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t k = first; k < page->count; k++) {
            point *b = &s->points[k];

            if (b->series != ALONE || isnan(b->speed) || !same_work(a, b, weak) ||
                !are_alike(&page->runs[first], &page->runs[k]))
                continue;
            others = others || fabs(a->ranks - b->ranks) > 0.5;
            if (pass == 1 && k != first) b->series = s->count;
        }
        if (!others) return false;
    }
    a->series = s->count;
    return true;
}

static double mean_speed(const scaling *s, size_t i, double ranks)
{
    double sum = 0, n = 0;

    for (size_t k = 0; k < s->page->count; k++) {
        const point *p = &s->points[k];

        if (p->series != i || fabs(p->ranks - ranks) > 0.5) continue;
        sum += p->speed;
        n++;
    }
    return sum / n;
}

static void name_series(scaling *s, size_t first, bool weak)
{
    report_text method = {0};
    series *of = &s->all[s->count];
    bool iterates = fabs(s->points[first].samples - 1) < 0.5;

    report_add_method(&s->page->runs[first], &method);
    snprintf(of->name, sizeof of->name, "%s", method.at ? method.at : "");
    report_text_close(&method);
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->all[i].name, of->name) == 0) {
            snprintf(of->name, sizeof of->name, "%s", s->page->label[first]);
            break;
        }
    if (!weak && !iterates)
        strncat(of->name, " (strong)", sizeof of->name - strlen(of->name) - 1);
}

static void finish(scaling *s)
{
    series *of = &s->all[s->count];

    of->base = (double)INFINITY;
    for (size_t k = 0; k < s->page->count; k++)
        if (s->points[k].series == s->count)
            of->base = fmin(of->base, s->points[k].ranks);
    of->base_speed = mean_speed(s, s->count, of->base);
    for (size_t k = 0; k < s->page->count; k++) {
        point *p = &s->points[k];

        if (p->series != s->count) continue;
        p->speedup = p->speed / of->base_speed;
        p->efficiency = of->base * p->speedup / p->ranks;
    }
    s->count++;
}

static void find_series(scaling *s, const report_page *page)
{
    *s = (scaling){.page = page};
    for (size_t k = 0; k < page->count; k++)
        measure(s, k);
    for (int weak = 1; weak >= 0; weak--)
        for (size_t k = 0; k < page->count; k++) {
            if (s->points[k].series != ALONE || isnan(s->points[k].speed) ||
                !gather(s, k, weak == 1))
                continue;
            name_series(s, k, weak == 1);
            finish(s);
        }
}

bool report_has_scaling(const report_page *p)
{
    scaling *s = calloc(1, sizeof *s);

    if (!s) return false; /* the report runs out of memory soon after */
    find_series(s, p);
    bool any = s->count > 0;
    free(s);
    return any;
}

/* ---- pictures ---- */

static int by_ranks(const void *a, const void *b)
{
    const point *const *x = a, *const *y = b;

    return ((*x)->ranks > (*y)->ranks) - ((*x)->ranks < (*y)->ranks);
}

/* The points of series i by their ranks; returns how many. */
static size_t sort(const scaling *s, size_t i, const point *points[])
{
    size_t n = 0;

    for (size_t k = 0; k < s->page->count; k++)
        if (s->points[k].series == i) points[n++] = &s->points[k];
    qsort(points, n, sizeof *points, by_ranks);
    return n;
}

/* Mean speed-up, or efficiency in percent, for each number of ranks of each series. */
static void add_data(const scaling *s, bool efficiency, report_text *script,
                     report_text *text)
{
    const point *points[REPORT_RUNS_MOST];

    for (size_t i = 0; i < s->count; i++) {
        size_t n = sort(s, i, points);
        double last = 0;

        report_add(script, "$s%zu << EOD\n", i);
        report_add(text, "%s:", s->all[i].name);
        for (size_t k = 0; k < n; k++) {
            double ranks = points[k]->ranks;
            double y = mean_speed(s, i, ranks) / s->all[i].base_speed;

            if (fabs(ranks - last) < 0.5) continue;
            last = ranks;
            if (efficiency) y *= 100 * s->all[i].base / ranks;
            report_add(script, "%.10g %.10g\n", ranks, y);
            report_add(text, " %.3g%s on %.0f ranks,", y, efficiency ? " %" : "",
                       ranks);
        }
        report_add(script, "EOD\n");
        report_add(text, " and no more. ");
    }
}

/* What the pictures have to hold; an efficiency above 1 is a cache's, or noise. */
static void span(const scaling *s, double ranks[2], double *base, double *best)
{
    ranks[0] = *base = (double)INFINITY;
    ranks[1] = 0;
    *best = 1;
    for (size_t k = 0; k < s->page->count; k++) {
        if (s->points[k].series == ALONE) continue;
        ranks[0] = fmin(ranks[0], s->points[k].ranks);
        ranks[1] = fmax(ranks[1], s->points[k].ranks);
        *best = fmax(*best, s->points[k].efficiency);
    }
    for (size_t i = 0; i < s->count; i++)
        *base = fmin(*base, s->all[i].base);
}

/* Ranks and speed-up by powers of two; the dashed line is what is ideal. */
static void add_plot(const scaling *s, bool efficiency, report_text *script)
{
    double ranks[2], base, best;

    span(s, ranks, &base, &best);
    report_add(script,
               "set lmargin at screen 0.16\nset rmargin at screen 0.95\n"
               "set tmargin at screen 0.95\nset bmargin at screen 0.2\n"
               "set xlabel 'ranks' offset 0, 0.4 tc rgb '#010101'\nset logscale x 2\n"
               "set xrange [%.10g:%.10g]\n",
               0.9 * ranks[0], 1.1 * ranks[1]);
    if (efficiency)
        report_add(script, "set yrange [0:%.10g]\nset format y '%%g%%%%'\nplot 100",
                   105 * best);
    else
        report_add(script, "set logscale y 2\nset yrange [*:%.10g]\nplot x / %.10g",
                   1.2 * best * ranks[1] / base, base);
    report_add(script, " lc rgb '#010102' lw 1.4 dt (6,5)");
    for (size_t i = 0; i < s->count; i++)
        report_add(script,
                   ", $s%zu with linespoints lw 2.2 pt 7 ps 0.6 lc rgb '%s' title "
                   "'@%zu@'",
                   i, plot_colour(PLOT_RUN + i % PLOT_RUNS), i);
    report_add(script, "\n");
}

static tally_status draw(report_page *page, const scaling *s, bool efficiency)
{
    const char *words[REPORT_RUNS_MOST];
    const char *title =
        efficiency ? "Efficiency against ranks" : "Speed-up against ranks";
    report_plot plot = {.height = HEIGHT, .title = title, .words = words};
    report_text text = {0};

    for (size_t i = 0; i < s->count; i++)
        words[i] = s->all[i].name;
    add_data(s, efficiency, &plot.script, &text);
    add_plot(s, efficiency, &plot.script);
    tally_status status = report_draw(page, &plot, &text, title, "");
    report_text_close(&plot.script);
    report_text_close(&text);
    return status;
}

static tally_status draw_both(report_page *p, const scaling *s)
{
    const char *names[REPORT_RUNS_MOST];
    size_t colours[REPORT_RUNS_MOST];

    if (!p->draws) return TALLY_OK;
    for (size_t i = 0; i < s->count; i++) {
        names[i] = s->all[i].name;
        colours[i] = PLOT_RUN + i % PLOT_RUNS;
    }
    sheet_legend(&p->sheet, s->count, colours, names);
    sheet_pictures_begin(&p->sheet);
    TALLY_TRY(draw(p, s, false));
    TALLY_TRY(draw(p, s, true));
    sheet_pictures_end(&p->sheet);
    return TALLY_OK;
}

/* ---- the table ---- */

static void write_point(report_sheet *s, const scaling *of, const point *p)
{
    bool counts = fabs(p->samples - 1) > 0.5;

    sheet_words(s, of->page->label[p->run]);
    sheet_words(s, of->all[p->series].name);
    sheet_number(s, p->ranks);
    if (isnan(p->nodes))
        sheet_no_cell(s);
    else
        sheet_number(s, p->nodes);
    if (counts)
        sheet_number(s, p->samples);
    else
        sheet_no_cell(s);
    sheet_number(s, 1000 * p->samples / p->speed);
    if (counts)
        sheet_number(s, p->speed);
    else
        sheet_no_cell(s);
    sheet_number(s, p->speedup);
    sheet_percent(s, p->efficiency);
}

static void write_table(report_page *p, const scaling *s)
{
    static const char *const heads[] = {"run",
                                        "series",
                                        "#ranks",
                                        "#nodes",
                                        "#samples a step",
                                        "#ms a step",
                                        "#samples a second",
                                        "#speed-up",
                                        "#efficiency"};
    const point *points[REPORT_RUNS_MOST];

    sheet_table_begin(&p->sheet, false, "Speed by ranks", sizeof heads / sizeof *heads,
                      heads);
    for (size_t i = 0; i < s->count; i++) {
        size_t n = sort(s, i, points);

        for (size_t k = 0; k < n; k++)
            write_point(&p->sheet, s, points[k]);
    }
    sheet_table_end(&p->sheet);
}

tally_status report_write_scaling(report_page *p)
{
    scaling *s = calloc(1, sizeof *s);

    if (!s) return TALLY_FAIL(MEMORY, "no memory to compare the runs");
    find_series(s, p);
    sheet_section(&p->sheet, "scaling", "Scaling");
    sheet_say(&p->sheet,
              "Runs that differ in their ranks, and in nothing else that changes how "
              "long a step takes. Speed-up: samples a second, by those of the series' "
              "run on the fewest ranks; efficiency: the speed-up by that of the "
              "ranks, the dashed line. Each rank has the same samples a step, or all "
              "together have (strong). Runs of fewer than %d steps are left out.",
              STEPS_LEAST);
    tally_status status = draw_both(p, s);
    write_table(p, s);
    free(s);
    return status;
}
