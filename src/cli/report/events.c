/* events.c — a run's metrics as TensorBoard reads them: a file of events.
 *
 *     record    length (8 bytes), masked CRC-32C of it (4), event, masked CRC-32C (4)
 *     event     1: wall time (double)   2: step (varint)
 *               3: "brain.Event:2", in the first alone
 *               5: summary: of each metric of the step  1: { 1: tag, 2: float }
 *
 * Protocol Buffers and TFRecord, as in tensorflow/core/util/event.proto and
 * core/lib/io/record_writer.cc; numbers are little-endian.  The wall time is the run's
 * seconds of training, since a run folder holds no date: the relative axis is right,
 * the absolute one begins in 1970. */

#include "cli/report/events.h"

#include "base/file.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 }; /* wire types */

/* ---- records ---- */

/* Castagnoli's polynomial, reflected; a bit at a time, since a file is small. */
static uint32_t crc32c(const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint32_t crc = ~UINT32_C(0);

    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

static uint32_t masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static void add_number(report_text *t, uint64_t x, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        report_add_bytes(t, &(char){(char)(x >> 8 * i & 0xff)}, 1);
}

static void add_record(report_text *t, const report_text *event)
{
    report_text length = {0};

    add_number(&length, event->used, 8);
    if (!length.lost && !event->lost) {
        report_add_bytes(t, length.at, 8);
        add_number(t, masked(crc32c(length.at, 8)), 4);
        report_add_bytes(t, event->at, event->used);
        add_number(t, masked(crc32c(event->at, event->used)), 4);
    }
    t->lost |= length.lost || event->lost;
    report_text_close(&length);
}

/* ---- fields ---- */

static void add_varint(report_text *t, uint64_t x)
{
    for (; x >= 128; x >>= 7)
        add_number(t, (x & 127) | 128, 1);
    add_number(t, x, 1);
}

static void add_key(report_text *t, unsigned field, unsigned type)
{
    add_varint(t, field << 3 | type);
}

static void add_bytes(report_text *t, unsigned field, const char *bytes, size_t n)
{
    add_key(t, field, BYTES);
    add_varint(t, n);
    report_add_bytes(t, bytes, n);
}

static void add_double(report_text *t, unsigned field, double x)
{
    uint64_t u;

    memcpy(&u, &x, sizeof u);
    add_key(t, field, FIXED64);
    add_number(t, u, 8);
}

static void add_float(report_text *t, unsigned field, float x)
{
    uint32_t u;

    memcpy(&u, &x, sizeof u);
    add_key(t, field, FIXED32);
    add_number(t, u, 4);
}

/* ---- events ---- */

static void begin_event(report_text *event, double seconds, uint64_t step)
{
    event->used = 0;
    add_double(event, 1, seconds);
    add_key(event, 2, VARINT);
    add_varint(event, step);
}

/* The metrics of one row. */
static void add_summary(report_text *event, const report_run *r, size_t row)
{
    report_text summary = {0}, value = {0};
    double x;

    for (size_t c = 0; c < r->column_count; c++) {
        const report_column *column = &r->columns[c];

        if (!report_column_at(column, row, &x)) continue;
        value.used = 0;
        add_bytes(&value, 1, column->name, strlen(column->name));
        add_float(&value, 2, (float)x);
        if (value.at) add_bytes(&summary, 1, value.at, value.used);
    }
    if (summary.at) add_bytes(event, 5, summary.at, summary.used);
    event->lost |= summary.lost || value.lost;
    report_text_close(&summary);
    report_text_close(&value);
}

static void add_events(report_text *t, const report_run *r)
{
    static const char version[] = "brain.Event:2";
    const report_column *clock = report_run_column(r, "train/seconds");
    report_text event = {0};
    double seconds = 0, now;

    begin_event(&event, 0, 0);
    add_bytes(&event, 3, version, strlen(version));
    add_record(t, &event);
    for (size_t row = 0; row < r->rows; row++) {
        if (report_column_at(clock, row, &now) && isfinite(now)) seconds = now;
        begin_event(&event, seconds, r->steps[row]);
        add_summary(&event, r, row);
        add_record(t, &event);
    }
    report_text_close(&event);
}

tally_status report_events_write(const report_run *r, const char *folder)
{
    char path[TALLY_PATH_MOST];
    report_text events = {0};

    TALLY_TRY(tally_directory_make(folder));
    TALLY_TRY(tally_path(path, "%s/events.out.tfevents.0.tally", folder));
    add_events(&events, r);
    tally_status status = report_text_check(&events);
    if (!status) status = tally_file_replace(path, events.at, events.used);
    report_text_close(&events);
    return status;
}
