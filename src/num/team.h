/* team.h — threads of this process that share one piece of work at a time. */

#ifndef TALLY_NUM_TEAM_H
#define TALLY_NUM_TEAM_H

#include <stddef.h>

enum { TALLY_TEAM_MOST = 256 };

/* Calls work(context, part) once for each part in [0, parts), at most TALLY_TEAM_MOST
 * of them, and returns when all are done.  Part 0 is the caller's; the others run
 * beside it, or after it when the team is at work for another caller or threads cannot
 * be started.  What the parts write must not overlap.  Any thread may call, but not
 * from within a part. */
void tally_team_share(size_t parts, void (*work)(void *context, size_t part),
                      void *context);

#endif
