/* scratch.c — a folder of its own for one test, and files in it. */

#include "data/scratch.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

const uint8_t small_train_images[] = {
    0,   0,   8,  3,  0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0,   3,   0, 0,
    255, 255, 10, 20, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 128, 128, 0, 64,
    32,  16,  8,  4,  2, 1, 0, 9, 9, 9, 7, 7, 7, 0, 0,   255,
};
const uint8_t small_train_labels[] = {0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 2, 1, 0};
const uint8_t small_test_images[] = {
    0, 0, 8, 3, 0, 0, 0, 3, 0,  0,  0,  2,  0,  0,  0,  3,  1,
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
};
const uint8_t small_test_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1};

static char folder[256];

void scratch_open(void)
{
    const char *root = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/tally-data-XXXXXX", root ? root : "/tmp");
    cr_assert(mkdtemp(folder), "cannot make a folder %s", folder);
}

void scratch_close(void)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        remove(scratch_path(entry->d_name)); /* "." and ".." stay by themselves */
    if (dir) closedir(dir);
    rmdir(folder);
}

const char *scratch_path(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s%s%s", folder, *name ? "/" : "", name);
    return path;
}

void scratch_write(const char *name, const void *bytes, size_t count)
{
    FILE *file = fopen(scratch_path(name), "wb");

    cr_assert(file, "cannot write %s", name);
    cr_assert(fwrite(bytes, 1, count, file) == count);
    cr_assert(fclose(file) == 0);
}

void scratch_remove(const char *name)
{
    cr_assert(remove(scratch_path(name)) == 0, "cannot remove %s", name);
}

size_t scratch_pack(const void *bytes, size_t count, uint8_t *room)
{
    z_stream z = {
        .next_in = (Bytef *)bytes,
        .avail_in = (uInt)count,
        .next_out = room,
        .avail_out = 4096,
    };

    cr_assert(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0) == Z_OK);
    cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

void scratch_write_small(void)
{
    scratch_write("train-images-idx3-ubyte", small_train_images,
                  sizeof small_train_images);
    scratch_write("train-labels-idx1-ubyte", small_train_labels,
                  sizeof small_train_labels);
    scratch_write("t10k-images-idx3-ubyte", small_test_images,
                  sizeof small_test_images);
    scratch_write("t10k-labels-idx1-ubyte", small_test_labels,
                  sizeof small_test_labels);
}
