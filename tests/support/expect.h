/* expect.h — Criterion, and what a tally_status should have been. */

#ifndef TEST_EXPECT_H
#define TEST_EXPECT_H

#include "tally/status.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

/* The call succeeds; else the test fails with its sentence and trace. */
#define expect_ok(call)                                                                \
    do {                                                                               \
        tally_status expected_ = (call);                                               \
        if (expected_ != TALLY_OK)                                                     \
            cr_fatal("%s: %s: %s\n%s", #call, tally_status_name(expected_),            \
                     tally_error_sentence(), tally_error_trace());                     \
    } while (0)

/* The call fails with this status, and its sentence holds these words. */
#define expect_fail(call, name, words)                                                 \
    do {                                                                               \
        tally_status expected_ = (call);                                               \
        if (expected_ != TALLY_##name)                                                 \
            cr_fatal("%s: %s, expected " #name, #call, tally_status_name(expected_));  \
        if (!strstr(tally_error_sentence(), words))                                    \
            cr_fatal("%s: \"%s\" lacks \"%s\"", #call, tally_error_sentence(), words); \
    } while (0)

#endif
