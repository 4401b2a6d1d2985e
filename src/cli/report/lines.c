/* lines.c — metrics over steps, seconds and bytes, several runs in one picture.
 *
 * A colour is a run, a stroke (solid, dashed, dotted) a metric.  Names stand at the
 * ends of the lines, moved apart where the ends lie together. */

#include "cli/report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINTS_MOST = 500,
    HEIGHT = 270,
    CURVES_MOST = REPORT_RUNS_MOST * CHART_METRICS_MOST
};

typedef enum axis { BY_STEP, BY_SECONDS, BY_BYTES } axis;

static const struct {
    const char *metric, *over, *label;
} axes[] = {
    {NULL,                  "steps",      "steps"               },
    {"train/seconds",       "time",       "seconds of training" },
    {"exchange/bytes_sent", "bytes sent", "bytes sent by rank 0"},
};

/* What a metric is called in a picture that says "loss" already. */
static const char *metric_word(const report_chart *chart, size_t m)
{
    static const char *const splits[] = {"train", "validate", "test"};
    const char *name = chart->metrics[m] ? chart->metrics[m] : "";

    for (size_t i = 0; i < 3 && chart->metrics[1]; i++)
        if (strncmp(name, splits[i], strlen(splits[i])) == 0) return splits[i];
    return name;
}

typedef struct curve {
    size_t run, metric;
    size_t count;
    double *x, *y; /* owned */
} curve;

typedef struct panel {
    const report_page *page;
    const report_chart *chart;
    axis by;
    curve curves[CURVES_MOST];
    size_t count;
    double x[2], y[2]; /* what the axes span */
    bool log_x, log_y;
    bool dropped; /* curves without a place among logarithms */
    bool cut;     /* values above the picture */
} panel;

/* ---- points ---- */

static bool x_of(const report_run *r, axis by, size_t row, double *x)
{
    if (by == BY_STEP) {
        *x = (double)r->steps[row];
        return true;
    }
    return report_column_at(report_run_column(r, axes[by].metric), row, x);
}

static tally_status add_curve(panel *p, size_t run, size_t metric)
{
    const report_run *r = &p->page->runs[run];
    const report_column *c = report_run_column(r, p->chart->metrics[metric]);
    curve *k = &p->curves[p->count];

    if (!c || !c->count) return TALLY_OK;
    *k = (curve){.run = run, .metric = metric};
    k->x = calloc(c->count, sizeof *k->x);
    k->y = calloc(c->count, sizeof *k->y);
    p->count++;
    if (!k->x || !k->y) return TALLY_FAIL(MEMORY, "no memory for %zu points", c->count);
    size_t stride = (c->count + POINTS_MOST - 1) / POINTS_MOST;
    for (size_t i = 0; i < c->count; i++) {
        if (i % stride && i + 1 < c->count) continue;
        double x, y = plot_value(c->value[i]);

        if (isnan(y) || !x_of(r, p->by, c->row[i], &x) || isnan(plot_value(x)))
            continue;
        if (p->chart->share && !(y >= 0 && y <= 1)) continue; /* is none */
        k->x[k->count] = plot_value(x);
        k->y[k->count++] = (p->chart->share ? 100 : 1) * y;
    }
    return TALLY_OK;
}

static tally_status collect(panel *p)
{
    for (size_t run = 0; run < p->page->count; run++)
        for (size_t m = 0; m < CHART_METRICS_MOST && p->chart->metrics[m]; m++)
            TALLY_TRY(add_curve(p, run, m));
    return TALLY_OK;
}

/* ---- what the axes span ---- */

static void widen(double span[2], double x)
{
    span[0] = fmin(span[0], x);
    span[1] = fmax(span[1], x);
}

/* Runs that sent ten times as much as others leave those in a corner: then logarithms.
 * One rank sends nothing, and has no place among logarithms. */
static bool ends_differ(const panel *p)
{
    double ends[2] = {(double)INFINITY, 0};

    for (size_t k = 0; k < p->count; k++) {
        const curve *c = &p->curves[k];

        if (c->count && c->x[c->count - 1] > 0) widen(ends, c->x[c->count - 1]);
    }
    return ends[1] > 8 * ends[0];
}

static void drop_zeros(panel *p)
{
    for (size_t k = 0; k < p->count; k++) {
        curve *c = &p->curves[k];
        size_t kept = 0;

        for (size_t i = 0; i < c->count; i++) {
            if (c->x[i] <= 0) continue;
            c->x[kept] = c->x[i];
            c->y[kept++] = c->y[i];
        }
        p->dropped = p->dropped || (kept == 0 && c->count > 0);
        c->count = kept;
    }
}

static double highest(const curve *c)
{
    double most = -(double)INFINITY;

    for (size_t i = 0; i < c->count; i++)
        most = fmax(most, c->y[i]);
    return most;
}

/* What a picture has room for: a run that diverges leaves it, rather than press the
 * others together. */
static double top_of(const panel *p)
{
    double top = (double)INFINITY, above = (double)INFINITY;

    for (size_t k = 0; k < p->count; k++)
        if (p->curves[k].count) top = fmin(top, highest(&p->curves[k]));
    do {
        if (isfinite(above)) top = above;
        above = (double)INFINITY;
        for (size_t k = 0; k < p->count; k++)
            if (p->curves[k].count && highest(&p->curves[k]) > top)
                above = fmin(above, highest(&p->curves[k]));
    } while (isfinite(above) && (top <= 0 || above < 1e6 * top));
    return top;
}

static void measure(panel *p)
{
    p->x[0] = p->y[0] = (double)INFINITY;
    p->x[1] = p->y[1] = -(double)INFINITY;
    p->log_x = p->by != BY_STEP && ends_differ(p);
    if (p->log_x) drop_zeros(p);
    double top = top_of(p);
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->curves[k].count; i++) {
            widen(p->x, p->curves[k].x[i]);
            if (p->curves[k].y[i] <= top)
                widen(p->y, p->curves[k].y[i]);
            else
                p->cut = true;
        }
    p->log_y = !p->chart->share && p->y[0] > 0 && p->y[1] > 30 * p->y[0];
    if (!p->log_x) p->x[0] = 0;
    double room = p->log_y ? 0 : 0.05 * (p->y[1] - p->y[0]);
    if (p->y[1] - p->y[0] <= 1e-5 * fabs(p->y[0])) /* numbers beside it look alike */
        room = fmax(0.05 * fabs(p->y[0]), 1e-9);
    if (p->log_y) {
        p->y[0] /= 1.3;
        p->y[1] *= 1.3;
    }
    p->y[0] -= room;
    p->y[1] += room;
    if (p->chart->share) p->y[1] = fmin(p->y[1], 100);
}

/* ---- names at the ends of lines ---- */

typedef struct name {
    size_t curve;
    double at; /* 0 at the foot of the picture, 1 at its top */
} name;

static int by_height(const void *a, const void *b)
{
    const name *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static double height_of(const panel *p, double y)
{
    double height = p->log_y ? log(y / p->y[0]) / log(p->y[1] / p->y[0])
                             : (y - p->y[0]) / (p->y[1] - p->y[0]);

    return fmin(height, 1);
}

/* A line's height apart, from the foot up; then down again from the top. */
static void move_apart(name *names, size_t n)
{
    const double line = 15.0 / (0.75 * HEIGHT);

    qsort(names, n, sizeof *names, by_height);
    for (size_t i = 1; i < n; i++)
        names[i].at = fmax(names[i].at, names[i - 1].at + line);
    if (n > 0) names[n - 1].at = fmin(names[n - 1].at, 1);
    for (size_t i = n; i-- > 1;)
        names[i - 1].at = fmin(names[i - 1].at, names[i].at - line);
}

static bool is_named(const panel *p, size_t k)
{
    if (!p->curves[k].count) return false;
    if (p->page->count == 1) return p->chart->metrics[1] != NULL;
    if (p->page->count > PLOT_RUNS) return false; /* too many: colours.c says whose */
    for (size_t j = 0; j < k; j++) /* a run's first curve stands for it */
        if (p->curves[j].count && p->curves[j].run == p->curves[k].run) return false;
    return true;
}

/* Word @i@ is that of run i; @m + page->count@ that of metric m. */
static void add_names(const panel *p, report_text *script)
{
    name names[CURVES_MOST];
    size_t n = 0;

    for (size_t k = 0; k < p->count; k++)
        if (is_named(p, k))
            names[n++] =
                (name){k, height_of(p, p->curves[k].y[p->curves[k].count - 1])};
    move_apart(names, n);
    for (size_t i = 0; i < n; i++) {
        const curve *k = &p->curves[names[i].curve];
        bool alone = p->page->count == 1;

        report_add(script,
                   "set label '@%zu@' at graph 1.035, graph %.4f left tc rgb '%s'\n",
                   alone ? 1 + k->metric : k->run, names[i].at,
                   plot_colour(p->page->colour[k->run]));
    }
}

/* ---- the script ---- */

/* Where the names begin, 0..1 of the width. */
static double right_margin(const panel *p)
{
    size_t longest = 0;

    for (size_t k = 0; k < p->count; k++) {
        const curve *c = &p->curves[k];
        const char *word = p->page->count == 1 ? metric_word(p->chart, c->metric)
                                               : p->page->label[c->run];

        if (is_named(p, k) && plot_width(word) > longest) longest = plot_width(word);
    }
    return 0.96 - (double)longest / PLOT_WIDTH;
}

/* Characters of the longest number beside the axis. */
static size_t longest_tick(const panel *p)
{
    double step = p->log_y ? 1 : plot_tick(p->y[1] - p->y[0], 5);
    double first = p->log_y ? log10(p->y[0]) : p->y[0] / step;
    double last = p->log_y ? log10(p->y[1]) : p->y[1] / step;
    size_t most = 1;

    for (double i = ceil(first); i <= last; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "%g", p->log_y ? pow(10, i) : i * step);

        if ((size_t)n > most) most = (size_t)n;
    }
    return most + p->chart->share;
}

/* Where the axis stands, 0..1 of the width. */
static double left_margin(const panel *p)
{
    double numbers = 20 + PLOT_DIGIT * (double)longest_tick(p);

    return fmax(0.13, numbers / PLOT_WIDTH);
}

/* Seconds of a virtual clock are called so. */
static const char *label_of(const panel *p)
{
    size_t simulated = 0;

    for (size_t k = 0; k < p->page->count; k++)
        simulated += report_is_simulated(&p->page->runs[k]);
    if (p->by != BY_SECONDS || simulated == 0) return axes[p->by].label;
    return simulated == p->page->count ? "simulated seconds"
                                       : "seconds, some simulated";
}

static void add_axes(const panel *p, report_text *script)
{
    report_add(script,
               "set lmargin at screen %.3f\nset rmargin at screen %.3f\n"
               "set tmargin at screen 0.95\nset bmargin at screen 0.2\n"
               "set xlabel '%s%s' offset 0, 0.4 tc rgb '#010101'\n"
               "set xrange [%.10g:%.10g]\nset yrange [%.10g:%.10g]\n",
               left_margin(p), right_margin(p), label_of(p),
               p->log_x ? " (logarithmic)" : "", p->x[0], p->x[1], p->y[0], p->y[1]);
    if (p->log_x) report_add(script, "set logscale x\n");
    if (p->log_y)
        report_add(script, "set logscale y\nset format y '%%.3g'\n");
    else
        report_add(script, "set ytics %.10g\n", plot_tick(p->y[1] - p->y[0], 5));
    double tick = plot_tick(p->x[1] - p->x[0], 4);
    if (!p->log_x)
        report_add(script, "set xtics %.10g\n",
                   p->by == BY_STEP ? fmax(1, tick) : tick);
    if (p->chart->share) report_add(script, "set format y '%%g%%%%'\n");
    if (p->by == BY_BYTES) report_add(script, "set format x '%%.0s %%cB'\n");
}

/* A line of points; a lone point is a dot. */
static void add_data(const panel *p, report_text *script)
{
    for (size_t k = 0; k < p->count; k++) {
        const curve *c = &p->curves[k];

        if (!c->count) continue;
        report_add(script, "$c%zu << EOD\n", k);
        for (size_t i = 0; i < c->count; i++)
            report_add(script, "%.10g %.10g\n", c->x[i], c->y[i]);
        report_add(script, "EOD\n");
    }
}

static void add_curves(const panel *p, report_text *script)
{
    static const char *const strokes[CHART_METRICS_MOST] = {"1", "(9,5)", "(2,4)"};
    const char *before = "plot ";

    for (size_t k = 0; k < p->count; k++) {
        const curve *c = &p->curves[k];

        if (!c->count) continue;
        report_add(script, "%s$c%zu with ", before, k);
        if (c->count == 1)
            report_add(script, "points pt 7 ps 0.8");
        else
            report_add(script, "lines lw 2.2 dt %s", strokes[c->metric]);
        report_add(script, " lc rgb '%s' title '@%zu@'",
                   plot_colour(p->page->colour[c->run]), c->run);
        before = ", ";
    }
    report_add(script, "\n");
}

/* "vote, train/loss: 2.3 at 20, 0.12 at 60. " */
static void describe(const panel *p, report_text *text)
{
    for (size_t k = 0; k < p->count; k++) {
        const curve *c = &p->curves[k];

        if (!c->count) continue;
        report_add(text, "%s, %s: ", p->page->label[c->run],
                   p->chart->metrics[c->metric]);
        if (c->count > 1) report_add(text, "from %.4g at %.4g ", c->y[0], c->x[0]);
        report_add(text, "to %.4g at %.4g%s. ", c->y[c->count - 1], c->x[c->count - 1],
                   p->by == BY_BYTES ? " bytes" : "");
    }
}

static bool is_worth_drawing(const panel *p)
{
    for (size_t k = 0; k < p->count; k++)
        if (p->curves[k].count)
            return p->x[1] > 0 && p->x[1] > (p->log_x ? p->x[0] : 0);
    return false;
}

static tally_status draw(report_page *page, panel *p)
{
    const char *words[REPORT_RUNS_MOST + CHART_METRICS_MOST];
    char title[128], note[192];
    report_text text = {0};
    report_plot plot = {.height = HEIGHT, .title = title, .words = words};

    for (size_t i = 0; i < page->count; i++)
        words[i] = page->label[i];
    for (size_t m = 0; m < CHART_METRICS_MOST; m++)
        words[page->count + m] = metric_word(p->chart, m);
    snprintf(title, sizeof title, "%s against %s", p->chart->title, axes[p->by].over);
    describe(p, &text);
    snprintf(note, sizeof note, "%s%s",
             p->dropped ? "Runs that sent nothing are left out. " : "",
             p->cut ? "What lies far above other runs is in the tables alone." : "");
    add_axes(p, &plot.script);
    add_names(p, &plot.script);
    add_data(p, &plot.script);
    add_curves(p, &plot.script);
    tally_status status = report_draw(page, &plot, &text, title, note);
    report_text_close(&plot.script);
    report_text_close(&text);
    return status;
}

static tally_status draw_panel(report_page *page, const report_chart *chart, axis by)
{
    panel *p = calloc(1, sizeof *p);
    tally_status status = p ? TALLY_OK : TALLY_FAIL(MEMORY, "no memory for a picture");

    if (!status) {
        *p = (panel){.page = page, .chart = chart, .by = by};
        status = collect(p);
    }
    if (!status) {
        measure(p);
        if (is_worth_drawing(p)) status = draw(page, p);
    }
    for (size_t k = 0; p && k < p->count; k++) {
        free(p->curves[k].x);
        free(p->curves[k].y);
    }
    free(p);
    return status;
}

tally_status report_draw_lines(report_page *page, const report_chart *chart)
{
    axis last = chart->by_step_alone ? BY_STEP : BY_BYTES;

    if (!page->draws) return TALLY_OK;
    for (axis by = BY_STEP; by <= last; by++)
        TALLY_TRY(draw_panel(page, chart, by));
    return TALLY_OK;
}
