/* status.c — the sentence and the trace of a failure, one of each per thread. */

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local tally_error error;

static void add_place(const char *file, int line, const char *function)
{
    const char *slash = strrchr(file, '/');
    size_t used = strlen(error.trace);

    snprintf(error.trace + used, sizeof error.trace - used, "    at %s (%s:%d)\n",
             function, slash ? slash + 1 : file, line);
}

/* A sentence is a line, and does nothing to a terminal, whatever a file that it quotes
 * holds. */
static void make_printable(char *sentence)
{
    for (char *p = sentence; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) *p = '?';
}

tally_status tally_fail(tally_status status, const char *file, int line,
                        const char *function, const char *format, ...)
{
    char sentence[sizeof error.sentence]; /* an argument may be the old sentence */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    make_printable(sentence);
    memcpy(error.sentence, sentence, sizeof sentence);
    error.trace[0] = '\0';
    error.agreed = false;
    add_place(file, line, function);
    return status;
}

tally_status tally_pass(tally_status status, const char *file, int line,
                        const char *function)
{
    add_place(file, line, function);
    return status;
}

tally_status tally_error_adopt(tally_status status, const char *sentence)
{
    if (sentence != error.sentence)
        snprintf(error.sentence, sizeof error.sentence, "%s", sentence);
    error.agreed = true;
    return status;
}

void tally_error_save(tally_error *saved)
{
    *saved = error;
}

void tally_error_restore(const tally_error *saved)
{
    error = *saved;
}

bool tally_error_agreed(void)
{
    return error.agreed;
}

const char *tally_error_sentence(void)
{
    return error.sentence;
}

const char *tally_error_trace(void)
{
    return error.trace;
}

void tally_error_clear(void)
{
    error.sentence[0] = error.trace[0] = '\0';
    error.agreed = false;
}

const char *tally_status_name(tally_status status)
{
    switch (status) {
#define TALLY_STATUS_NAME(name, code, meaning)                                         \
    case TALLY_##name:                                                                 \
        return #name;
        TALLY_STATUS_LIST(TALLY_STATUS_NAME)
#undef TALLY_STATUS_NAME
    }
    return "?";
}

const char *tally_status_meaning(tally_status status)
{
    switch (status) {
#define TALLY_STATUS_MEANING(name, code, meaning)                                      \
    case TALLY_##name:                                                                 \
        return meaning;
        TALLY_STATUS_LIST(TALLY_STATUS_MEANING)
#undef TALLY_STATUS_MEANING
    }
    return "?";
}
