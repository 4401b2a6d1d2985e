#include "comm/slice.h"

#include "support/expect.h"

#ifdef __linux__

#    include <stdint.h>
#    include <sys/syscall.h>
#    include <unistd.h>

/* Of what sched_getattr(2) tells, in 32-bit words: 1 the policy, 4 the nice value, 6
 * and 7 the slice in nanoseconds, 0 where the kernel knows none (before Linux 6.12). */
typedef struct told {
    uint32_t word[12];
} told;

static told ask(void)
{
    told t = {{0}};

    cr_assert(eq(i64, syscall(SYS_sched_getattr, 0, &t, sizeof t, 0), 0));
    return t;
}

Test(slice, is_short_and_nothing_else_changes)
{
    cr_assert(ne(int, nice(1), -1)); /* away from what is usual */
    told before = ask();
    tally_slice_shorten();
    told after = ask();

    if (before.word[6] == 0) cr_skip_test("this kernel gives no slices");
    cr_assert(lt(u32, 100000, before.word[6]));
    before.word[6] = 100000;
    for (int i = 0; i < 12; i++)
        cr_assert(eq(u32, after.word[i], before.word[i]), "word %d", i);
}

#else

Test(slice, may_be_asked_for_anywhere)
{
    tally_slice_shorten();
}

#endif
