/* onednn.h — products by oneDNN; a build without it, or in double, has none of them.
 *
 * Any thread may call, and does all the work itself. */

#ifndef TALLY_NUM_ONEDNN_H
#define TALLY_NUM_ONEDNN_H

#include "num/gemm.h"

/* Whether its products are the better ones on this processor. */
bool tally_onednn_pays(void);

/* Both compute g->c, or return false and leave it as it was: there is no oneDNN, or no
 * memory. */
bool tally_onednn_sgemm(const tally_gemm *g);
bool tally_onednn_matmul(const tally_gemm *g);

/* "2.6.3", the version at run time; "" without oneDNN. */
void tally_onednn_version(char *text, size_t most);

#endif
