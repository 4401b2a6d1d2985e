/* embedded.h — small data files that are part of the library. */

#ifndef TALLY_DATA_EMBEDDED_H
#define TALLY_DATA_EMBEDDED_H

#include "data/file.h"

/* f <- the unpacked file `name` of src/data/embedded, such as
 * "mnist1k-test-labels-idx1-ubyte.gz".  Returns TALLY_FORMAT or TALLY_MEMORY. */
tally_status tally_embedded_open(tally_data_file *f, const char *name);

#endif
