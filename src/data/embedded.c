/* embedded.c — small data files that are part of the library.
 *
 * The assembler's .incbin puts each file into the read-only data as it is, between a
 * symbol and its size.  The build passes the folder as TALLY_EMBEDDED.  They stay
 * packed until opened: 200 KB in the library. */

#include "data/embedded.h"

#include <assert.h>
#include <string.h>

#define FILE_LIST(X)                                                                   \
    X(digits_train_images, "digits8x8-train-images-idx3-ubyte.gz")                     \
    X(digits_train_labels, "digits8x8-train-labels-idx1-ubyte.gz")                     \
    X(digits_test_images, "digits8x8-test-images-idx3-ubyte.gz")                       \
    X(digits_test_labels, "digits8x8-test-labels-idx1-ubyte.gz")                       \
    X(mnist1k_train_images, "mnist1k-train-images-idx3-ubyte.gz")                      \
    X(mnist1k_train_labels, "mnist1k-train-labels-idx1-ubyte.gz")                      \
    X(mnist1k_test_images, "mnist1k-test-images-idx3-ubyte.gz")                        \
    X(mnist1k_test_labels, "mnist1k-test-labels-idx1-ubyte.gz")

#define INCLUDE_BYTES(symbol, name)                                                    \
    ".balign 8\n"                                                                      \
    ".global tally_embedded_" #symbol "_count\n"                                       \
    ".hidden tally_embedded_" #symbol "_count\n"                                       \
    "tally_embedded_" #symbol "_count: .quad 1f - 0f\n"                                \
    ".global tally_embedded_" #symbol "\n"                                             \
    ".hidden tally_embedded_" #symbol "\n"                                             \
    "tally_embedded_" #symbol ":\n"                                                    \
    "0: .incbin \"" TALLY_EMBEDDED "/" name "\"\n"                                     \
    "1:\n"
__asm__(".pushsection .rodata\n" FILE_LIST(INCLUDE_BYTES) ".popsection\n");
#undef INCLUDE_BYTES

#define DECLARE(symbol, name)                                                          \
    extern const uint8_t tally_embedded_##symbol[];                                    \
    extern const uint64_t tally_embedded_##symbol##_count;
FILE_LIST(DECLARE)
#undef DECLARE

static const struct {
    const char *name;
    const uint8_t *bytes;
    const uint64_t *count;
} files[] = {

#define ROW(symbol, name)                                                              \
    {name, tally_embedded_##symbol, &tally_embedded_##symbol##_count},
    FILE_LIST(ROW)
#undef ROW
};

tally_status tally_embedded_open(tally_data_file *f, const char *name)
{
    size_t i = 0, count = sizeof files / sizeof *files;

    while (i < count && strcmp(files[i].name, name) != 0)
        i++;
    assert(i < count);
    TALLY_TRY(tally_data_file_unpack(f, name, files[i].bytes, *files[i].count));
    return TALLY_OK;
}
