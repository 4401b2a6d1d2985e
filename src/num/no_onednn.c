/* no_onednn.c — what onednn.h offers in a build without oneDNN: nothing. */

#include "num/onednn.h"

bool tally_onednn_pays(void)
{
    return false;
}

bool tally_onednn_sgemm(const tally_gemm *g)
{
    (void)g;
    return false;
}

bool tally_onednn_matmul(const tally_gemm *g)
{
    (void)g;
    return false;
}

void tally_onednn_version(char *text, size_t most)
{
    if (most > 0) text[0] = '\0';
}
