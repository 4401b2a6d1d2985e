/* arrivals.c — the order in which gradients arrived, written down and followed again.
 *
 *     tally arrivals 1, 4 workers
 *     push 2                          worker 2's gradient was taken in
 *     lost 1                          worker 1 was given up
 *     back 1                          and spoke again
 *
 * With a lone server this order decides everything: which weights a gradient was taken
 * at, which rows it was of, and which weights it met.  So a run under mpirun, whose
 * order is chance, can be gone through again on simulated ranks, and ends with the same
 * weights, bit for bit, where one rank's gradient is (docs/determinism.md). */

#include "trainer/server/arrivals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {"push", "lost", "back"};

enum { WORDS = sizeof words / sizeof *words };

static tally_status add(tally_arrivals *a, tally_arrival event)
{
    if (a->count == a->room) {
        size_t room = a->room ? 2 * a->room : 1024;
        tally_arrival *more = realloc(a->events, room * sizeof *more);

        if (!more) return TALLY_FAIL(MEMORY, "no memory for %zu arrivals", room);
        a->events = more;
        a->room = room;
    }
    a->events[a->count++] = event;
    return TALLY_OK;
}

static tally_status read_line(tally_arrivals *a, const char *path, const char *line,
                              int workers)
{
    char word[8];
    tally_arrival event = {.worker = -1};

    if (sscanf(line, "%7s %d", word, &event.worker) == 2)
        for (int k = 0; k < WORDS; k++) {
            if (strcmp(word, words[k]) != 0) continue;
            event.kind = (tally_arrival_kind)k;
            if (event.worker >= 0 && event.worker < workers) return add(a, event);
        }
    return TALLY_FAIL(FORMAT,
                      "%s: line %zu is not push, lost or back and a worker below %d",
                      path, a->count + 2, workers);
}

static tally_status read_all(tally_arrivals *a, const char *path, FILE *file,
                             int workers)
{
    char line[128];
    int recorded = 0;

    if (!fgets(line, sizeof line, file) ||
        sscanf(line, "tally arrivals 1, %d workers", &recorded) != 1)
        return TALLY_FAIL(FORMAT, "%s is not a recording of arrivals", path);
    if (recorded != workers)
        return TALLY_FAIL(MISMATCH, "%s was recorded with %d workers, this run has %d",
                          path, recorded, workers);
    while (fgets(line, sizeof line, file))
        TALLY_TRY(read_line(a, path, line, workers));
    if (ferror(file)) return TALLY_FAIL(FILE, "cannot read %s", path);
    return TALLY_OK;
}

tally_status tally_arrivals_open(tally_arrivals *a, const char *record,
                                 const char *replay, int workers)
{
    *a = (tally_arrivals){.path = record, .replays = replay != NULL};
    if (replay) {
        FILE *file = fopen(replay, "r");

        if (!file)
            return TALLY_FAIL(FILE, "cannot open %s: %s", replay, strerror(errno));
        tally_status status = read_all(a, replay, file, workers);
        fclose(file);
        TALLY_TRY(status);
    }
    if (!record) return TALLY_OK;
    a->file = fopen(record, "w");
    if (!a->file || fprintf(a->file, "tally arrivals 1, %d workers\n", workers) < 0)
        return TALLY_FAIL(FILE, "cannot write %s: %s", record, strerror(errno));
    return TALLY_OK;
}

tally_status tally_arrivals_note(tally_arrivals *a, tally_arrival_kind kind, int worker)
{
    if (a->file && fprintf(a->file, "%s %d\n", words[kind], worker) < 0)
        return TALLY_FAIL(FILE, "cannot write %s: %s", a->path, strerror(errno));
    return TALLY_OK;
}

const tally_arrival *tally_arrivals_next(const tally_arrivals *a)
{
    return a->next < a->count ? &a->events[a->next] : NULL;
}

tally_status tally_arrivals_finish(tally_arrivals *a)
{
    FILE *file = a->file;

    a->file = NULL;
    if (file && fclose(file) != 0)
        return TALLY_FAIL(FILE, "cannot write %s: %s", a->path, strerror(errno));
    return TALLY_OK;
}

void tally_arrivals_close(tally_arrivals *a)
{
    if (a->file) fclose(a->file);
    free(a->events);
    *a = (tally_arrivals){0};
}
