/* exchange.h — the tables of the built-in exchanges. */

#ifndef TALLY_EXCHANGE_EXCHANGE_H
#define TALLY_EXCHANGE_EXCHANGE_H

#include "tally/exchange.h"

#define EXCHANGE(name) extern const tally_exchange_ops tally_exchange_##name;
#include "exchange/list.def"
#undef EXCHANGE

/* Numbers in each of the two sums of exchange powersgd with factors of `rank` columns.
 */
void tally_powersgd_lengths(const tally_layout *layout, size_t rank, size_t *p,
                            size_t *q);

#endif
