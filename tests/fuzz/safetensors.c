/* safetensors.c — whatever the bytes, the reader refuses or tells the truth. */

#include "run/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tally_safetensors t;
    const uint8_t *at = bytes + n;

    if (tally_safetensors_parse(&t, "fuzz", bytes, n) == TALLY_OK) {
        /* Accepted arrays tile the data: walking back from its end meets each. */
        for (size_t i = t.count; i-- > 0;) {
            at -= t.arrays[i].bytes;
            if (t.arrays[i].data != at) abort();
            if (!tally_safetensors_find(&t, t.arrays[i].name)) abort();
        }
        if (at < bytes + 8) abort();
    }
    tally_safetensors_close(&t);
    return 0;
}
