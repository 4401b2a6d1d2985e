/* progress.c — what a person sees of a run as it goes: lines on stderr.
 *
 * On a terminal one line is redrawn, at most ten times a second; elsewhere each epoch,
 * or every log-every steps, gets a line of its own.  Nothing parses these lines: what
 * programs need is in --json and in metrics.jsonl. */

#include "cli/progress.h"

#include "base/text.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

static const double redraw_seconds = 0.1;

double cli_progress_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_release(cli_progress *p)
{
    if (p->drawn) fputc('\n', p->to);
    p->drawn = false;
}

/* Whole sentences replace the line that is being drawn; it comes back with the next
 * step. */
static void say(cli_progress *p, const char *prefix, const char *sentence)
{
    fprintf(p->to, "%s%s%s\n", p->drawn ? "\r\033[K" : "", prefix, sentence);
    p->drawn = false;
}

static void on_said(void *context, const char *sentence)
{
    cli_progress *p = context;

    if (p->to) say(p, "", sentence);
}

static void on_warned(void *context, const char *sentence)
{
    cli_progress *p = context;

    if (p->to) say(p, "tally: warning: ", sentence);
}

/* By another thread than the others: it touches the stream alone. */
static void on_stalled(void *context, const char *sentence)
{
    const cli_progress *p = context;

    if (p->to) fprintf(p->to, "tally: warning: %s\n", sentence);
}

static void print_left(char *text, size_t most, double seconds)
{
    size_t used = 0;

    if (seconds < 100)
        tally_text_append(text, most, &used, "%.0f s left", seconds);
    else if (seconds < 6000)
        tally_text_append(text, most, &used, "%.0f min left", seconds / 60);
    else
        tally_text_append(text, most, &used, "%.1f h left", seconds / 3600);
}

/* Columns of the terminal: a line that wraps cannot be drawn again. */
static int width_of(FILE *to)
{
    struct winsize size = {0};

    if (ioctl(fileno(to), TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 80;
    return size.ws_col;
}

static void print_step(cli_progress *p, const tally_run *run, double loss, double rate)
{
    uint64_t each = run->steps_per_epoch ? run->steps_per_epoch : 1;
    double elapsed = p->now() - p->begun, done = (double)(p->step - p->first);
    char left[32] = "", pace[32] = "", line[256];

    if (done > 0)
        print_left(left, sizeof left, elapsed / done * (double)(run->steps - p->step));
    if (!isnan(rate)) snprintf(pace, sizeof pace, "rate %.3g  ", rate);
    snprintf(line, sizeof line,
             "epoch %llu/%llu  step %llu/%llu  loss %.4f  %s%.0f samples/s  %s",
             (unsigned long long)((p->step + each - 1) / each),
             (unsigned long long)((run->steps + each - 1) / each),
             (unsigned long long)p->step, (unsigned long long)run->steps, loss, pace,
             elapsed > 0 ? (double)p->samples / elapsed : 0.0, left);
    if (p->terminal)
        fprintf(p->to, "\r%.*s\033[K", width_of(p->to) - 1, line);
    else
        fprintf(p->to, "%s\n", line);
    fflush(p->to);
    p->drawn = p->terminal;
}

static void on_stepped(void *context, const tally_run *run, uint64_t step, double loss,
                       double rate)
{
    cli_progress *p = context;
    uint64_t every =
        run->options->log_every ? run->options->log_every : run->steps_per_epoch;
    bool last = step == run->steps;

    if (!p->to) return;
    for (; p->step < step; p->step++)
        p->samples += tally_sampler_global(&run->sampler, p->step);
    if (p->terminal) {
        if (!last && p->now() - p->drawn_at < redraw_seconds) return;
        p->drawn_at = p->now();
    } else if (!last && (every == 0 || step % every != 0)) {
        return;
    }
    print_step(p, run, loss, rate);
}

tally_observer cli_progress_observer(cli_progress *p)
{
    return (tally_observer){.said = on_said,
                            .warned = on_warned,
                            .stalled = on_stalled,
                            .stepped = on_stepped,
                            .context = p};
}

/* Length of the member's name in a spec: "momentum:beta=0.9" -> 8. */
static int name_length(const char *spec)
{
    return (int)strcspn(spec, ":");
}

/* How ranks agree, and what steps. */
static void print_way(FILE *to, const tally_run *run)
{
    const tally_config *o = run->options;
    const tally_trainer_ops *trainer = run->trainer;

    if (trainer && trainer->no_exchange) {
        fprintf(to, "trainer %.*s\n", (int)strcspn(o->trainer, ","), o->trainer);
        return;
    }
    if (trainer && trainer->roles)
        fprintf(to, "trainer %s, %d working, consistency %.*s; ", trainer->about.name,
                run->workers, name_length(o->consistency), o->consistency);
    else
        fprintf(to, "exchange %.*s; ", name_length(o->exchange), o->exchange);
    fprintf(to, "rule %.*s\n", name_length(o->rule), o->rule);
}

void cli_progress_begin(cli_progress *p, const tally_run *run, const cli_facts *facts)
{
    const tally_config *o = run->options;

    p->begun = p->now();
    p->first = p->step = run->step;
    if (!p->to || run->comm->rank != 0) return;
    fprintf(p->to, "%d rank%s on %d host%s, ", facts->ranks,
            tally_text_plural((uint64_t)facts->ranks), facts->hosts,
            tally_text_plural((uint64_t)facts->hosts));
    fprintf(p->to, "%d thread%s each; model %.*s, %zu parameters; ", facts->threads,
            tally_text_plural((uint64_t)facts->threads), name_length(o->model),
            o->model, run->net.layout.length);
    fprintf(p->to, "data %.*s, %llu training, %llu validation and %llu test rows; ",
            name_length(o->data), o->data, (unsigned long long)run->sampler.train_count,
            (unsigned long long)run->sampler.validate_count,
            (unsigned long long)run->sampler.test_count);
    print_way(p->to, run);
    fflush(p->to);
}

static void print_score(FILE *to, const char *split, double accuracy, double loss)
{
    if (!isnan(accuracy))
        fprintf(to, "%s accuracy %.2f %%, loss %.4f\n", split, 100 * accuracy, loss);
}

void cli_progress_end(cli_progress *p, const tally_run *run, const cli_facts *facts)
{
    const tally_result *r = &run->result;

    if (!p->to || run->comm->rank != 0) return;
    cli_progress_release(p);
    print_score(p->to, "validation", r->validate_accuracy, r->validate_loss);
    print_score(p->to, "test", r->test_accuracy, r->test_loss);
    fprintf(
        p->to,
        "%llu step%s, %.2f s of %straining, %.3g ms a step, %.0f bytes sent per rank "
        "and step, %.0f MiB at most\n",
        (unsigned long long)r->steps, tally_text_plural(r->steps), r->seconds,
        facts->simulated ? "simulated " : "", 1000 * r->step_median_seconds,
        r->bytes_sent_per_step, facts->peak_rss_mib);
    fflush(p->to);
}
