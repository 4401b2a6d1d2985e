/* build.h — which build of the library this process runs. */

#ifndef TALLY_BASE_BUILD_H
#define TALLY_BASE_BUILD_H

#include <stdint.h>

/* Equal just when the linked file that holds this code is (the program, or the shared
 * library); 0: it cannot be told.  Local. */
uint64_t tally_build_id(void);

#endif
