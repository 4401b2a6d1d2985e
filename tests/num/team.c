#include "num/team.h"

#include "support/expect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

typedef struct tally_sheet {
    atomic_int times[TALLY_TEAM_MOST];
} tally_sheet;

static void mark(void *context, size_t part)
{
    tally_sheet *s = context;

    atomic_fetch_add(&s->times[part], 1);
}

static void check(size_t parts, int rounds)
{
    tally_sheet s = {0};

    for (int i = 0; i < rounds; i++)
        tally_team_share(parts, mark, &s);
    for (size_t i = 0; i < TALLY_TEAM_MOST; i++)
        cr_expect(eq(int, atomic_load(&s.times[i]), i < parts ? rounds : 0),
                  "part %zu of %zu", i, parts);
}

Test(team, every_part_is_done_once)
{
    static const size_t parts[] = {0, 1, 2, 3, 7, 2, 1, TALLY_TEAM_MOST, 5};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check(parts[i], 20);
}

/* Long enough for helpers to fall asleep now and then. */
static void *share_often(void *context)
{
    for (int i = 0; i < 3000; i++) {
        tally_team_share(3, mark, context);
        if (i % 1000 == 0) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

Test(team, two_callers_at_once_both_get_their_work_done)
{
    static tally_sheet sheets[2];
    pthread_t other;

    cr_assert(eq(int, pthread_create(&other, NULL, share_often, &sheets[1]), 0));
    share_often(&sheets[0]);
    cr_assert(eq(int, pthread_join(other, NULL), 0));
    for (size_t i = 0; i < 2; i++)
        for (size_t part = 0; part < 3; part++)
            cr_expect(eq(int, atomic_load(&sheets[i].times[part]), 3000));
}

typedef struct who {
    pthread_t of[4];
} who;

static void note_thread(void *context, size_t part)
{
    ((who *)context)->of[part] = pthread_self();
}

Test(team, part_0_is_the_callers_and_the_others_have_threads_of_their_own)
{
    who first, again;

    tally_team_share(4, note_thread, &first);
    tally_team_share(4, note_thread, &again);
    cr_expect(pthread_equal(first.of[0], pthread_self()));
    for (size_t i = 1; i < 4; i++) {
        cr_expect(not(pthread_equal(first.of[i], first.of[i - 1])));
        cr_expect(pthread_equal(first.of[i], again.of[i]));
    }
}
