/* slice.c — short turns on a core that is shared.
 *
 * Linux's scheduler (EEVDF, since 6.6) runs threads in slices of some milliseconds, 1.4
 * to 2.8 here.  One that wakes up, because its nap is over, may wait for the slice of a
 * busy neighbour to end; one that yields gives up a slice of its own share (all of it
 * at once since 6.18), and Open MPI yields in each call in vain where ranks outnumber
 * cores.  A rank that looks for messages does both all the time.
 *
 * Since 6.12 a thread may choose its slice, 0.1 to 100 ms (sched_setattr(2)): with the
 * least it yields little and is let in soon.  Beside four busy loops on 2 cores a step
 * between 4 hosts took 1050 to 1240 ms, with short slices 400 ms. */

#include "comm/slice.h"

#ifdef __linux__

#    include <sched.h>
#    include <stdint.h>
#    include <sys/syscall.h>
#    include <unistd.h>

/* The kernel's, which <linux/sched/types.h> has, but not beside <sched.h>. */
typedef struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period; /* nanoseconds */
} attributes;

void tally_slice_shorten(void)
{
    attributes a = {.size = 0};

    if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0) return;
    if (a.policy != SCHED_OTHER && a.policy != SCHED_BATCH) return;
    a.runtime = 100000;
    syscall(SYS_sched_setattr, 0, &a, 0);
}

#else

void tally_slice_shorten(void) {}

#endif
