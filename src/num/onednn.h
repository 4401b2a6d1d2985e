/* onednn.h — products by oneDNN; a build without it, or in double, has none of them.
 *
 * Arguments are those of tally_gemm_nt and its kin.  Any thread may call, and does all
 * the work itself. */

#ifndef TALLY_NUM_ONEDNN_H
#define TALLY_NUM_ONEDNN_H

#include "num/gemm.h"

/* Whether its products are the better ones on this processor. */
bool tally_onednn_pays(void);

/* Both compute c, or return false and leave c unspecified: there is no oneDNN, or no
 * memory. */
bool tally_onednn_sgemm(tally_turn turn, tally_product p,
                        const tally_real *const factors[2], bool add, tally_real *c);
bool tally_onednn_matmul(tally_turn turn, tally_product p,
                         const tally_real *const factors[2], bool add, tally_real *c);

/* "2.6.3", the version at run time; "" without oneDNN. */
void tally_onednn_version(char *text, size_t most);

#endif
