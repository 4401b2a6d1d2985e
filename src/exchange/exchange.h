/* exchange.h — the tables of the built-in exchanges. */

#ifndef TALLY_EXCHANGE_EXCHANGE_H
#define TALLY_EXCHANGE_EXCHANGE_H

#include "tally/exchange.h"

#define EXCHANGE(name) extern const tally_exchange_ops tally_exchange_##name;
#include "exchange/list.def"
#undef EXCHANGE

#endif
