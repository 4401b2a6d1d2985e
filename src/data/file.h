/* file.h — a whole file in memory, unpacked when it is gzip. */

#ifndef TALLY_DATA_FILE_H
#define TALLY_DATA_FILE_H

#include "tally/status.h"

#include <stdint.h>

/* Files, and what they unpack to, are refused above this many bytes. */
#define TALLY_DATA_FILE_MOST (UINT64_C(1) << 34)

typedef struct tally_data_file {
    char *name;     /* owned; begins error sentences */
    uint8_t *bytes; /* owned; unpacked */
    size_t count;
} tally_data_file;

/* f <- the regular file at `path`; f is zeroed or closed before.  Returns TALLY_FILE
 * when it cannot be read, TALLY_FORMAT when it is empty, too large or broken gzip,
 * TALLY_MEMORY. Local. */
tally_status tally_data_file_read(tally_data_file *f, const char *path);

/* f <- a copy of bytes[0..count), unpacked when they start like gzip (1F 8B). */
tally_status tally_data_file_unpack(tally_data_file *f, const char *name,
                                    const uint8_t *bytes, size_t count);

void tally_data_file_close(tally_data_file *f);

#endif
