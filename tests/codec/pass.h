/* pass.h — a vector through a codec. */

#ifndef TEST_CODEC_PASS_H
#define TEST_CODEC_PASS_H

#include "tally/codec.h"

#include "codec/specs.h"

enum { PASS_MOST = 4096 };

/* back <- Q(v) at a step, by stream 0 and seed 1; message: room for 8 * PASS_MOST
 * bytes, aligned to 8.  Returns the size of the message; n <= PASS_MOST. */
size_t pass(const char *spec, uint64_t step, const tally_real *v, size_t n,
            void *message, tally_real *back);

/* What decode says of a message: expect_ok or expect_fail it. */
tally_status pass_back(const char *spec, const void *message, size_t size, size_t n);

#endif
