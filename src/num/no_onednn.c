/* no_onednn.c — what onednn.h offers in a build without oneDNN: nothing. */

#include "num/onednn.h"

bool tally_onednn_pays(void)
{
    return false;
}

bool tally_onednn_sgemm(tally_turn turn, tally_product p,
                        const tally_real *const factors[2], bool add, tally_real *c)
{
    (void)turn, (void)p, (void)factors, (void)add, (void)c;
    return false;
}

bool tally_onednn_matmul(tally_turn turn, tally_product p,
                         const tally_real *const factors[2], bool add, tally_real *c)
{
    (void)turn, (void)p, (void)factors, (void)add, (void)c;
    return false;
}

void tally_onednn_version(char *text, size_t most)
{
    if (most > 0) text[0] = '\0';
}
