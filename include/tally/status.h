/* status.h — what every fallible function returns, and the sentence that explains it.
 *
 * The library never prints and never exits.  A function that fails says so with
 * TALLY_FAIL, which keeps one sentence (what, which value, what was expected) and the
 * place; callers pass it on with TALLY_TRY, which adds their place to the trace.  The
 * sentence and the trace belong to the calling thread.
 *
 * The value of a status is the exit code of the program `tally`. */

#ifndef TALLY_STATUS_H
#define TALLY_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#    define TALLY_API                 __attribute__((visibility("default")))
#    define TALLY_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#    define TALLY_API
#    define TALLY_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
#define TALLY_STATUS_LIST(X)                                                            \
    X(OK,          0,  "all is well")                                                   \
    X(OPTION,      2,  "an option or argument is wrong")                                \
    X(FILE,        3,  "a file cannot be opened, read or written")                      \
    X(FORMAT,      4,  "a file is not what its format demands")                         \
    X(MEMORY,      5,  "memory ran out")                                                \
    X(NETWORK,     6,  "a message failed or a rank is gone")                            \
    X(DIVERGED,    7,  "the loss or a weight is not finite")                            \
    X(MISMATCH,    8,  "things that must agree do not")                                 \
    X(BUSY,        9,  "the run folder belongs to another run")                         \
    X(UNSUPPORTED, 10, "this build or this combination does not offer it")              \
    X(DEADLOCK,    11, "every rank waits for another")                                  \
    X(CORRUPT,     12, "a checksum does not hold")                                      \
    X(ABORTED,     13, "another rank failed first")                                     \
    X(STOPPED,     75, "stopped by a signal after a checkpoint; --resume goes on")

/* clang-format on */

typedef enum tally_status {

#define TALLY_STATUS_ENUM(name, code, meaning) TALLY_##name = code,
    TALLY_STATUS_LIST(TALLY_STATUS_ENUM)
#undef TALLY_STATUS_ENUM
} tally_status;

/* Fails with a status and a sentence in printf form; the value of the expression is the
 * status.  The sentence has no final full stop and no newline; control characters in
 * what it quotes become question marks. */
#define TALLY_FAIL(name, ...)                                                          \
    tally_fail(TALLY_##name, __FILE__, __LINE__, __func__, __VA_ARGS__)

/* Returns early from the enclosing function when the call fails. */
#define TALLY_TRY(call)                                                                \
    do {                                                                               \
        tally_status tally_try_ = (call);                                              \
        if (tally_try_ != TALLY_OK)                                                    \
            return tally_pass(tally_try_, __FILE__, __LINE__, __func__);               \
    } while (0)

TALLY_API tally_status tally_fail(tally_status status, const char *file, int line,
                                  const char *function, const char *format, ...)
    TALLY_PRINTF(5, 6);
TALLY_API tally_status tally_pass(tally_status status, const char *file, int line,
                                  const char *function);

/* The sentence of this thread's last failure; "" when there is none.  Valid until the
 * next failure of this thread.  Local. */
TALLY_API const char *tally_error_sentence(void);

/* The places the failure went through, innermost first, one a line; "" when none. */
TALLY_API const char *tally_error_trace(void);

/* Forgets this thread's failure. */
TALLY_API void tally_error_clear(void);

/* True when this thread's failure came from tally_agree: every rank knows of it. */
TALLY_API bool tally_error_agreed(void);

/* "OPTION" and "an option or argument is wrong"; "?" for a value not in the list. */
TALLY_API const char *tally_status_name(tally_status status);
TALLY_API const char *tally_status_meaning(tally_status status);

#ifdef __cplusplus
}
#endif
#endif
