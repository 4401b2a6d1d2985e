/* chrome.c — spans of ranks to a file that Perfetto and chrome://tracing read.
 *
 *     {"displayTimeUnit":"ms","otherData":{...},"traceEvents":[
 *     {"ph":"M","pid":0,"tid":0,"name":"process_name","args":{"name":"rank 0 on n3"}},
 *     {"ph":"X","pid":0,"tid":0,"ts":12.345,"dur":6.789,"cat":"part","name":"encode",...
 *
 * Chrome's Trace Event Format, JSON Object Format: a process a rank, a thread a lane; X
 * is a complete event, M metadata; ts and dur are microseconds.  Moments are rounded to
 * nanoseconds before they are subtracted, so that spans which tile a rank's time tile
 * it in the file too. */

#include "run/chrome.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MOST = 1024 };

static void flush(chrome_file *f)
{
    if (!f->status) f->status = tally_file_write(&f->file, f->text, f->used);
    f->used = 0;
}

static void put(chrome_file *f, const char *format, ...) TALLY_PRINTF(2, 3);

static void put(chrome_file *f, const char *format, ...)
{
    va_list arguments;

    if (f->used + LINE_MOST > CHROME_TEXT_ROOM) flush(f);
    va_start(arguments, format);
    f->used += (size_t)vsnprintf(f->text + f->used, LINE_MOST, format, arguments);
    va_end(arguments);
}

/* The start of an event, up to its name. */
static void begin_event(chrome_file *f, const char *phase, int64_t thread)
{
    put(f, "%s{\"ph\":\"%s\",\"pid\":%d,\"tid\":%lld,", f->any ? ",\n" : "", phase,
        f->rank, (long long)thread);
    f->any = true;
}

/* Inside quotes.  Names of tensors may be a user's. */
static const char *quoted(const char *name, char *text, size_t most)
{
    size_t used = 0;

    for (; *name && used + 2 < most; name++) {
        if ((unsigned char)*name < ' ') continue;
        if (*name == '"' || *name == '\\') text[used++] = '\\';
        text[used++] = *name;
    }
    text[used] = '\0';
    return text;
}

static void name_lane(chrome_file *f, int64_t lane)
{
    begin_event(f, "M", lane);
    put(f, "\"name\":\"thread_name\",\"args\":{\"name\":\"%s",
        lane ? "collectives" : "parts");
    if (lane > 1) put(f, " %lld", (long long)lane);
    put(f, "\"}}");
    begin_event(f, "M", lane);
    put(f, "\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%lld}}",
        (long long)lane);
}

void chrome_begin_rank(chrome_file *f, int rank, const char *name)
{
    char host[128];

    f->rank = rank;
    f->lanes = 0;
    begin_event(f, "M", 0);
    put(f, "\"name\":\"process_name\",\"args\":{\"name\":\"rank %d on %s\"}}", rank,
        quoted(name, host, sizeof host));
    begin_event(f, "M", 0);
    put(f, "\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%d}}", rank);
    name_lane(f, 0);
}

/* Readers multiply by 1000 and cut what is behind the point, as Perfetto does: of the
 * numbers that are nearest to a nanosecond some lie below it, by a rounding error, and
 * the next one is written instead. */
static void put_microseconds(chrome_file *f, const char *key, long long nanoseconds)
{
    double nearest = (double)nanoseconds / 1000,
           above = nextafter(nearest, (double)INFINITY);

    if ((long long)(nearest * 1000) == nanoseconds)
        put(f, "\"%s\":%lld.%03lld,", key, nanoseconds / 1000, nanoseconds % 1000);
    else
        put(f, "\"%s\":%.17g,", key, above);
}

void chrome_put_span(chrome_file *f, const chrome_span *s)
{
    long long begin = llround(1e9 * (s->begin - f->zero));
    long long end = llround(1e9 * (s->end - f->zero));
    char about[2 * sizeof s->about];

    for (; f->lanes < s->lane; f->lanes++)
        name_lane(f, f->lanes + 1);
    begin_event(f, "X", s->lane);
    put_microseconds(f, "ts", begin);
    put_microseconds(f, "dur", end - begin);
    put(f, "\"cat\":\"%s\",\"name\":\"%s\",\"args\":{\"step\":%llu",
        s->lane ? "collective" : "part", s->name, (unsigned long long)s->step);
    if (s->about[0]) put(f, ",\"about\":\"%s\"", quoted(s->about, about, sizeof about));
    put(f, "}}");
}

void chrome_open(chrome_file *f, const char *fresh, double zero, const char *facts)
{
    f->zero = zero;
    f->status = tally_file_create(&f->file, fresh);
    if (!facts && !f->status)
        f->status = TALLY_FAIL(MEMORY, "no memory for the head of %s", fresh);
    put(f, "{\"displayTimeUnit\":\"ms\",\"otherData\":");
    flush(f);
    if (!f->status) f->status = tally_file_write(&f->file, facts, strlen(facts));
    put(f, ",\n\"traceEvents\":[\n");
}

tally_status chrome_publish(chrome_file *f, const char *path)
{
    const char *fresh = f->file.path;

    put(f, "\n]}\n");
    flush(f);
    if (!f->status) f->status = tally_file_finish(&f->file);
    tally_file_close(&f->file);
    if (!f->status && rename(fresh, path) != 0)
        f->status = TALLY_FAIL(FILE, "cannot rename %s to %s: %s", fresh, path,
                               strerror(errno));
    if (f->status) unlink(fresh);
    return f->status;
}
