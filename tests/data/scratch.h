/* scratch.h — a folder of its own for one test, and files in it. */

#ifndef TEST_DATA_SCRATCH_H
#define TEST_DATA_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* For .init and .fini of a test; closing removes the folder with its files. */
void scratch_open(void);
void scratch_close(void);

/* The path of a name in it; "" is the folder.  Valid until the next call. */
const char *scratch_path(const char *name);

void scratch_write(const char *name, const void *bytes, size_t count);
void scratch_remove(const char *name);

/* Packs bytes as one gzip member; returns its length.  `room` has 4096 bytes. */
size_t scratch_pack(const void *bytes, size_t count, uint8_t *room);

/* A small set: 6 pictures of 2 x 3 with labels 0 to 2, and 3
 * for the test; written under the standard names. */
enum { SMALL_TRAIN = 6, SMALL_TEST = 3, SMALL_FEATURES = 6 };

extern const uint8_t small_train_images[52], small_train_labels[14],
    small_test_images[34], small_test_labels[11];
void scratch_write_small(void);

#endif
