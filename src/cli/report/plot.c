/* plot.c — pictures: gnuplot draws, and the page's colours and words are put in.
 *
 *     script -> gnuplot -> SVG with rgb(1,1,16) and @0@ -> SVG with var(--c0) and words
 *
 * gnuplot is started without a shell and without the user's settings; its script and
 * its complaints are files without a name, so neither side can wait for the other. */

#include "cli/report/plot.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t characters(const char *word)
{
    size_t n = 0;

    for (; *word; word++)
        n += !goes_on(*word);
    return n;
}

/* DejaVu Sans of 13 pixels; of three bytes are "..." in one, and Chinese. */
size_t plot_width(const char *word)
{
    size_t width = 0;

    for (; *word; word++)
        width += goes_on(*word)                 ? 0
                 : (unsigned char)*word >= 0xe0 ? 14
                 : strchr("mwMW@%", *word)      ? 13
                 : *word >= 'A' && *word <= 'Z' ? 11
                                                : PLOT_DIGIT;
    return width;
}

void plot_shorten(const char *word, size_t most, char *to, size_t room)
{
    const char *tail = word;

    for (size_t n = characters(word); n > most; n--)
        while (goes_on(*++tail))
            continue;
    snprintf(to, room, "%s%s", tail > word ? "\xe2\x80\xa6" : "", tail);
}

/* ---- gnuplot ---- */

static const char head[] =
    "set terminal svg size %d,%d dynamic noenhanced font 'inherit,13'\n"
    "set encoding utf8\n"
    "set border 3 lc rgb '#010102'\n"
    "set tics nomirror scale 0.5 textcolor rgb '#010101'\n"
    "set grid ytics lt 1 lw 1 lc rgb '#010103'\n"
    "set key off\n"
    "set style data lines\n";

static tally_status write_script(const report_plot *p, FILE *to)
{
    fprintf(to, head, PLOT_WIDTH, p->height);
    if (p->script.used > 0) fwrite(p->script.at, 1, p->script.used, to);
    if (fflush(to) != 0 || fseek(to, 0, SEEK_SET) != 0)
        return TALLY_FAIL(FILE, "cannot write a script for gnuplot: %s",
                          strerror(errno));
    return TALLY_OK;
}

/* Starts gnuplot between three descriptors. */
static tally_status spawn(int in, int out, int complaints, pid_t *child)
{
    char name[] = "gnuplot", plain[] = "-d", from[] = "-";
    char *const words[] = {name, plain, from, NULL};
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    int bad = posix_spawnp(child, name, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (bad == ENOENT)
        return TALLY_FAIL(UNSUPPORTED,
                          "there is no gnuplot here to draw with; apt-get install "
                          "gnuplot-nox");
    if (bad) return TALLY_FAIL(FILE, "cannot start gnuplot: %s", strerror(bad));
    return TALLY_OK;
}

static void read_all(int from, report_text *raw)
{
    char bytes[65536];
    ssize_t n;

    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) report_add_bytes(raw, bytes, (size_t)n);
}

static tally_status wait_for(pid_t child, FILE *complaints)
{
    char said[256] = "nothing";
    int how;

    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR)
            return TALLY_FAIL(FILE, "cannot wait for gnuplot: %s", strerror(errno));
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return TALLY_OK;
    rewind(complaints);
    while (fgets(said, sizeof said, complaints) && strspn(said, "\n^ ") == strlen(said))
        continue;
    said[strcspn(said, "\n")] = '\0';
    return TALLY_FAIL(FILE, "gnuplot has failed; it says: %s", said);
}

static tally_status converse(const report_plot *p, FILE *script, FILE *complaints,
                             report_text *raw)
{
    int ends[2];
    pid_t child;

    TALLY_TRY(write_script(p, script));
    if (pipe(ends) != 0)
        return TALLY_FAIL(FILE, "cannot make a pipe for gnuplot: %s", strerror(errno));
    tally_status status = spawn(fileno(script), ends[1], fileno(complaints), &child);
    close(ends[1]);
    if (!status) {
        read_all(ends[0], raw);
        status = wait_for(child, complaints);
    }
    close(ends[0]);
    return status;
}

static tally_status run_gnuplot(const report_plot *p, report_text *raw)
{
    FILE *script = tmpfile(), *complaints = tmpfile();
    tally_status status =
        script && complaints
            ? converse(p, script, complaints, raw)
            : TALLY_FAIL(FILE, "cannot make a file for gnuplot: %s", strerror(errno));

    if (script) fclose(script);
    if (complaints) fclose(complaints);
    if (!status) status = report_text_check(raw);
    return status;
}

tally_status report_plot_try(void)
{
    const report_plot p = {.height = PLOT_WIDTH};
    report_text raw = {0};
    tally_status status = run_gnuplot(&p, &raw);

    report_text_close(&raw);
    return status;
}

/* ---- colours and words ---- */

const char *plot_colour(size_t i)
{
    static const char *const colours[PLOT_COLOURS] = {
        "#010110", "#010111", "#010112", "#010113", "#010114", "#010115",
        "#010116", "#010117", "#010118", "#010119", "#01011a", "#01011b",
        "#01011c", "#01011d", "#01011e", "#01011f", "#010120", "#010121"};

    return colours[i];
}

/* rgb(1,1,k) -> a colour of the page; returns the bytes it took, 0: it is none. */
static size_t put_colour(const char *at, report_text *svg)
{
    static const char *const names[] = {"ink", "axis", "grid", "ground"};
    int k, n = 0;

    if (sscanf(at, "rgb( 1, 1, %d)%n", &k, &n) != 1 || n == 0) return 0;
    if (k >= 1 && k <= 4)
        report_add(svg, "var(--%s)", names[k - 1]);
    else
        report_add(svg, "var(--c%d)", k - 16);
    return (size_t)n;
}

/* @3@ -> a word. */
static size_t put_word(const report_plot *p, const char *at, report_text *svg)
{
    size_t i;
    int n = 0;

    if (sscanf(at, "@%zu@%n", &i, &n) != 1 || n == 0) return 0;
    report_add_escaped(svg, p->words[i]);
    return (size_t)n;
}

/* Names in a picture become names in a page of many. */
static size_t put_name(const report_plot *p, const char *at, report_text *svg)
{
    static const char *const before[] = {" id='", " id=\"", "href='#"};

    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(before[i]);

        if (strncmp(at, before[i], n) != 0) continue;
        report_add(svg, "%sp%d-", before[i], p->number);
        return n;
    }
    if (strncmp(at, "\"black\"", 7) != 0) return 0;
    report_add(svg, "\"currentColor\"");
    return 7;
}

static void dress(const report_plot *p, const char *at, const char *end,
                  report_text *svg)
{
    while (at < end) {
        size_t n = strcspn(at, "r@ h\""), took;

        if (n > (size_t)(end - at)) n = (size_t)(end - at);
        report_add_bytes(svg, at, n);
        at += n;
        if (at >= end) break;
        took = *at == 'r'   ? put_colour(at, svg)
               : *at == '@' ? put_word(p, at, svg)
                            : put_name(p, at, svg);
        if (!took) report_add_bytes(svg, at, 1);
        at += took ? took : 1;
    }
}

tally_status report_plot_draw(const report_plot *p, report_text *svg)
{
    report_text raw = {0};
    tally_status status = report_text_check(&p->script);

    if (!status) status = run_gnuplot(p, &raw);
    const char *begin = raw.at ? strstr(raw.at, "<g id=\"gnuplot_canvas\">") : NULL;
    const char *end = begin ? strstr(begin, "</svg>") : NULL;
    if (!status && !end)
        status = TALLY_FAIL(FILE, "gnuplot has drawn no SVG; has it that terminal?");
    if (!status) {
        report_add(svg,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                   "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %d %d\" "
                   "role=\"img\" aria-labelledby=\"p%d-title p%d-text\">\n"
                   "<title id=\"p%d-title\">",
                   PLOT_WIDTH, p->height, p->number, p->number, p->number);
        report_add_escaped(svg, p->title);
        report_add(svg, "</title>\n<desc id=\"p%d-text\">", p->number);
        report_add_escaped(svg, p->description);
        report_add(svg, "</desc>\n");
        dress(p, begin, end, svg);
        report_add(svg, "</svg>\n");
    }
    report_text_close(&raw);
    return status;
}

double plot_value(double x)
{
    if (!(fabs(x) < 1e100)) return (double)NAN;
    return fabs(x) > 1e-100 ? x : 0;
}

double plot_amount(double x)
{
    double y = plot_value(x);

    return y > 0 ? y : 0;
}

double plot_tick(double range, int most)
{
    double unit = pow(10, floor(log10(range / most)));
    static const double steps[] = {1, 2, 2.5, 5, 10};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (unit * steps[i] * most >= range) return unit * steps[i];
    return 20 * unit;
}
