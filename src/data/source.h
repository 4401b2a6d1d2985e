/* source.h — the tables of every built-in source, declared from the list. */

#ifndef TALLY_DATA_SOURCE_H
#define TALLY_DATA_SOURCE_H

#include "tally/source.h"

#define SOURCE(name) extern const tally_source_ops tally_source_##name;
#include "data/list.def"
#undef SOURCE

#endif
