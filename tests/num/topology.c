#include "num/topology.h"

#include "support/expect.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Criterion runs each test in a process of its own, so each looks at the machine anew.
 */
static void forget_environment(void)
{
    unsetenv("OPENBLAS_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
}

static size_t units_of_scheduler(cpu_set_t *set)
{
    cr_assert(sched_getaffinity(0, sizeof *set, set) == 0);
    return (size_t)CPU_COUNT(set);
}

Test(topology, counts_what_the_scheduler_allows)
{
    cpu_set_t set;

    cr_assert(eq(sz, tally_topology_units(), units_of_scheduler(&set)));
    cr_assert(tally_topology_cores() >= 1);
    cr_assert(tally_topology_cores() <= (size_t)sysconf(_SC_NPROCESSORS_CONF));
}

Test(topology, memory_is_what_the_system_has)
{
    size_t pages = (size_t)sysconf(_SC_PHYS_PAGES),
           page = (size_t)sysconf(_SC_PAGESIZE);

    cr_assert(tally_topology_memory() >= pages / 2 * page);
    cr_assert(tally_topology_memory() / 2 <= pages * page);
}

Test(topology, ranks_of_a_node_share_it_evenly)
{
    forget_environment();
    size_t units = tally_topology_units();

    cr_assert(eq(sz, tally_topology_threads(1), units));
    cr_assert(eq(sz, tally_topology_threads((int)units), 1));
    cr_assert(eq(sz, tally_topology_threads(10000), 1));
    cr_assert(eq(sz, tally_topology_threads(0), units));
}

Test(topology, a_bound_rank_counts_only_its_own)
{
    cpu_set_t set, one;

    forget_environment();
    if (units_of_scheduler(&set) < 2) cr_skip_test("this process has one unit only");
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
    cr_assert(sched_setaffinity(0, sizeof one, &one) == 0);
    cr_assert(eq(sz, tally_topology_units(), 1));
    cr_assert(eq(sz, tally_topology_threads(1), 1));
    cr_assert(eq(sz, tally_topology_threads(2), 1));
}

Test(topology, a_place_is_what_the_scheduler_allows)
{
    cpu_set_t set, one;
    tally_place place;

    size_t units = units_of_scheduler(&set);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set)) {
            CPU_ZERO(&one);
            CPU_SET(i, &one); /* the last */
        }
    cr_assert(sched_setaffinity(0, sizeof one, &one) == 0);
    cr_assert(tally_topology_place(&place));
    cr_assert(eq(sz, tally_units_count(&place.bound), 1));
    cr_assert(tally_units_count(&place.allowed) >= units);
    for (int i = 0; i < 64 * TALLY_UNITS_WORDS; i++) {
        bool is = place.bound.words[i / 64] >> i % 64 & 1;

        cr_assert(is == (CPU_ISSET(i, &one) != 0));
    }
    cr_assert(place.machine != 0);
}

Test(topology, the_environment_wins)
{
    forget_environment();
    setenv("OMP_NUM_THREADS", "5,2", 1);
    cr_assert(eq(sz, tally_topology_threads(2), 5));
    setenv("OPENBLAS_NUM_THREADS", "7", 1);
    cr_assert(eq(sz, tally_topology_threads(2), 7));
}

Test(topology, an_environment_that_is_no_number_is_ignored)
{
    forget_environment();
    size_t own = tally_topology_threads(1);

    setenv("OMP_NUM_THREADS", "many", 1);
    setenv("OPENBLAS_NUM_THREADS", "0", 1);
    cr_assert(eq(sz, tally_topology_threads(1), own));
    setenv("OPENBLAS_NUM_THREADS", "3x", 1);
    cr_assert(eq(sz, tally_topology_threads(1), own));
}

Test(topology, describes_the_machine_in_one_line)
{
    char text[256], start[32], little[4];

    cr_assert(tally_topology_describe(text, sizeof text));
    snprintf(start, sizeof start, "%zu core", tally_topology_cores());
    cr_assert(strncmp(text, start, strlen(start)) == 0, "%s", text);
    cr_assert(strstr(text, " GiB") && !strchr(text, '\n'), "%s", text);
    cr_assert(tally_topology_describe(little, sizeof little) == false);
    cr_assert(eq(sz, strlen(little), 3));
}

Test(topology, units_are_told_as_ranges)
{
    tally_units none = {{0}}, some = {{0}};
    char text[64];

    some.words[0] = 0x10f;
    some.words[1] = 0x1; /* unit 64 */
    some.words[TALLY_UNITS_WORDS - 1] = (uint64_t)3 << 62;
    tally_units_print(&some, text, sizeof text);
    cr_assert(eq(str, text, "0-3,8,64,1022-1023"));
    tally_units_print(&some, text, 6);
    cr_assert(eq(str, text, "0-3,8"));
    tally_units_print(&none, text, sizeof text);
    cr_assert(eq(str, text, ""));
}

/* Linux has a folder for each domain. */
Test(topology, domains_of_memory_are_those_of_the_system)
{
    tally_place place;
    tally_units none = {{0}};
    char path[64];

    cr_assert(tally_topology_place(&place));
    tally_units in = tally_topology_numa(&place.allowed);
    for (int i = 0; i < 64 * TALLY_UNITS_WORDS; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/node/node%d", i);
        if (in.words[i / 64] >> i % 64 & 1)
            cr_assert(access(path, F_OK) == 0, "%s", path);
    }
    if (access("/sys/devices/system/node/node0", F_OK) == 0)
        cr_assert(tally_units_count(&in) >= 1);
    in = tally_topology_numa(&none);
    cr_assert(eq(sz, tally_units_count(&in), 0));
}
