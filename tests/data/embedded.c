#include "data/embedded.h"

#include "data/scratch.h"
#include "support/expect.h"
#include "support/golden.h"

#include <stdio.h>

static const struct {
    const char *name;
    size_t count; /* unpacked, header included */
} files[] = {
    {"digits8x8-train-images-idx3-ubyte.gz", 16 + 1437 * 64},
    {"digits8x8-train-labels-idx1-ubyte.gz", 8 + 1437      },
    {"digits8x8-test-images-idx3-ubyte.gz",  16 + 360 * 64 },
    {"digits8x8-test-labels-idx1-ubyte.gz",  8 + 360       },
    {"mnist1k-train-images-idx3-ubyte.gz",   16 + 800 * 784},
    {"mnist1k-train-labels-idx1-ubyte.gz",   8 + 800       },
    {"mnist1k-test-images-idx3-ubyte.gz",    16 + 200 * 784},
    {"mnist1k-test-labels-idx1-ubyte.gz",    8 + 200       },
};

Test(embedded, every_file_unpacks_to_its_length)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        tally_data_file f = {0};

        expect_ok(tally_embedded_open(&f, files[i].name));
        cr_assert(eq(sz, f.count, files[i].count));
        tally_data_file_close(&f);
    }
}

Test(embedded, files_are_those_of_the_shared_folder)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        tally_data_file inside = {0}, outside = {0};
        char relative[128];

        snprintf(relative, sizeof relative, "data/digits/%s", files[i].name);
        const char *path = shared_path(relative);
        if (!path) cr_skip_test("%s is not on this machine", relative);
        expect_ok(tally_data_file_read(&outside, path));
        expect_ok(tally_embedded_open(&inside, files[i].name));
        cr_assert(eq(sz, inside.count, outside.count));
        cr_assert(memcmp(inside.bytes, outside.bytes, inside.count) == 0);
        tally_data_file_close(&inside);
        tally_data_file_close(&outside);
    }
}
