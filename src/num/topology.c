/* topology.c — the machine as hwloc sees it, looked at once.
 *
 * Only processors and memory are discovered: devices and the cpuid walk over every core
 * would cost more time than all of this needs. */

#include "num/topology.h"

#include <hwloc.h>

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct machine {
    size_t units;     /* that this process may run on */
    size_t all_units; /* of the machine */
    size_t cores;
    uint64_t memory; /* bytes */
    char processor[128];
} machine;

/* What look() saw: constant from then on, as a const table would be. */
static machine seen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Copies a processor's name with every run of blanks as one space. */
static void copy_name(const char *from, char *to, size_t most)
{
    size_t used = 0;

    for (; *from && used + 1 < most; from++) {
        bool blank = isspace((unsigned char)*from);

        if (blank && (used == 0 || to[used - 1] == ' ')) continue;
        to[used++] = blank ? ' ' : *from;
    }
    while (used > 0 && to[used - 1] == ' ')
        used--;
    to[used] = '\0';
}

/* The binding of this thread: helper threads that a library started before the process
 * was bound may still roam, and do not count. */
static size_t count_units(hwloc_topology_t topology)
{
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    size_t units = seen.all_units;

    if (bound && hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_THREAD) == 0) {
        hwloc_bitmap_and(bound, bound, hwloc_topology_get_allowed_cpuset(topology));
        int weight = hwloc_bitmap_weight(bound);

        if (weight > 0) units = (size_t)weight;
    }
    hwloc_bitmap_free(bound);
    return units;
}

static void read_topology(hwloc_topology_t topology)
{
    int units = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_obj_t root = hwloc_get_root_obj(topology);
    hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *name = hwloc_obj_get_info_by_name(package ? package : root, "CPUModel");

    if (units > 0) seen.all_units = (size_t)units;
    seen.cores = cores > 0 ? (size_t)cores : seen.all_units;
    seen.units = count_units(topology);
    seen.memory = root->total_memory;
    if (name) copy_name(name, seen.processor, sizeof seen.processor);
}

static void look(void)
{
    hwloc_topology_t topology;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    seen.all_units = online > 0 ? (size_t)online : 1;
    seen.units = seen.cores = seen.all_units;
    if (hwloc_topology_init(&topology) != 0) return;
    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
                                  "x86");
    if (hwloc_topology_load(topology) == 0) read_topology(topology);
    hwloc_topology_destroy(topology);
}

static const machine *look_once(void)
{
    pthread_once(&once, look);
    return &seen;
}

size_t tally_topology_units(void)
{
    return look_once()->units;
}

size_t tally_topology_cores(void)
{
    return look_once()->cores;
}

size_t tally_topology_memory(void)
{
    uint64_t memory = look_once()->memory;

    return memory > 0 && memory < SIZE_MAX ? (size_t)memory : SIZE_MAX;
}

bool tally_topology_describe(char *text, size_t most)
{
    const machine *m = look_once();
    const double gib = 1024.0 * 1024 * 1024;
    int length = snprintf(
        text, most, "%zu core%s, %s, %.0f GiB", m->cores, m->cores == 1 ? "" : "s",
        m->processor[0] ? m->processor : "unknown processor", (double)m->memory / gib);

    return length >= 0 && (size_t)length < most;
}

/* The number in an environment variable, or the first of a list such as "4,2"; 0 when
 * there is none. */
static size_t read_environment(const char *name)
{
    const char *value = getenv(name);
    char *end;

    if (!value || !isdigit((unsigned char)*value)) return 0;
    unsigned long n = strtoul(value, &end, 10);
    return *end == '\0' || *end == ',' ? n : 0;
}

size_t tally_topology_threads(int ranks_on_node)
{
    size_t wanted = read_environment("OPENBLAS_NUM_THREADS");

    if (wanted == 0) wanted = read_environment("OMP_NUM_THREADS");
    if (wanted > 0) return wanted;
    const machine *m = look_once();
    if (m->units < m->all_units || ranks_on_node < 1) return m->units;
    size_t share = m->units / (size_t)ranks_on_node;
    return share > 0 ? share : 1;
}
