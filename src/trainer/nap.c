/* nap.c — time that stands for computing, where ranks share cores.
 *
 * With fewer cores than ranks a study of who waits for whom measures the cores.  Ranks
 * that sleep before a short gradient stand for ranks that compute a long one. */

#include "trainer/nap.h"

#include <math.h>
#include <time.h>

void trainer_nap(tally_comm *c, double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};

    if (c->ops->spend)
        tally_spend(c, seconds);
    else if (seconds > 0)
        nanosleep(&left, NULL);
}

double trainer_busy(const tally_comm *c)
{
    struct timespec now;

    if (c->ops->spend || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)) return 0;
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double trainer_starved(tally_comm *c, double begin, double busy, double asleep)
{
    if (c->ops->spend) return 0;
    return fmax(0, tally_now(c) - begin - (trainer_busy(c) - busy) - asleep);
}
