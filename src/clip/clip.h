/* clip.h — the tables of the built-in bounds, one a file. */

#ifndef TALLY_CLIP_CLIP_H
#define TALLY_CLIP_CLIP_H

#include "tally/schedule.h"

#define CLIP(name) extern const tally_clip_ops tally_clip_##name;
#include "clip/list.def"
#undef CLIP

/* The greatest absolute value of v; NAN when there is one in it. */
double tally_clip_greatest(const tally_real *v, size_t length);

#endif
