/* topology.c — the machine as hwloc sees it, looked at once.
 *
 * Only processors and memory are discovered: devices and the cpuid walk over every core
 * would cost more time than all of this needs. */

#include "num/topology.h"

#include "base/text.h"

#include <hwloc.h>

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { DOMAINS_MOST = 64 };

typedef struct machine {
    size_t units;     /* that this process may run on */
    size_t all_units; /* of the machine */
    size_t cores;
    tally_units bound, allowed; /* empty when they cannot be told */
    uint64_t memory;            /* bytes */
    char processor[128];
    size_t domain_count;

    struct {
        unsigned number;
        tally_units units;
    } domains[DOMAINS_MOST]; /* of memory: NUMA; those beyond are not told */
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

static tally_units copy_units(hwloc_const_bitmap_t from)
{
    tally_units to = {{0}};

    if (hwloc_bitmap_last(from) >= 64 * TALLY_UNITS_WORDS) return to;
    for (int i = hwloc_bitmap_first(from); i >= 0; i = hwloc_bitmap_next(from, i))
        to.words[i / 64] |= (uint64_t)1 << i % 64;
    return to;
}

/* The binding of this thread: helper threads that a library started before the process
 * was bound may still roam, and do not count. */
static void read_binding(hwloc_topology_t topology)
{
    hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(topology);
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();

    seen.units = seen.all_units;
    if (bound && hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_THREAD) == 0) {
        hwloc_bitmap_and(bound, bound, allowed);
        int weight = hwloc_bitmap_weight(bound);

        if (weight > 0) seen.units = (size_t)weight;
        seen.bound = copy_units(bound);
        seen.allowed = copy_units(allowed);
    }
    hwloc_bitmap_free(bound);
}

static void read_domains(hwloc_topology_t topology)
{
    hwloc_obj_t each = NULL;

    while (seen.domain_count < DOMAINS_MOST &&
           (each = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, each))) {
        seen.domains[seen.domain_count].number = each->os_index;
        seen.domains[seen.domain_count++].units = copy_units(each->cpuset);
    }
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
    read_binding(topology);
    read_domains(topology);
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

size_t tally_units_count(const tally_units *s)
{
    size_t n = 0;

    for (int i = 0; i < TALLY_UNITS_WORDS; i++)
        n += (size_t)__builtin_popcountll(s->words[i]);
    return n;
}

static bool has_unit(const tally_units *s, int i)
{
    return i < 64 * TALLY_UNITS_WORDS && s->words[i / 64] >> i % 64 & 1;
}

void tally_units_print(const tally_units *s, char *text, size_t most)
{
    size_t used = 0;

    if (most > 0) text[0] = '\0';
    for (int i = 0, last; i < 64 * TALLY_UNITS_WORDS; i = last + 1) {
        const char *comma = used ? "," : "";

        last = i;
        if (!has_unit(s, i)) continue;
        while (has_unit(s, last + 1))
            last++;
        if (!(last > i ? tally_text_append(text, most, &used, "%s%d-%d", comma, i, last)
                       : tally_text_append(text, most, &used, "%s%d", comma, i)))
            return;
    }
}

tally_units tally_topology_numa(const tally_units *s)
{
    const machine *m = look_once();
    tally_units in = {{0}};

    for (size_t k = 0; k < m->domain_count; k++) {
        unsigned number = m->domains[k].number;

        for (int i = 0; i < TALLY_UNITS_WORDS && number < 64 * TALLY_UNITS_WORDS; i++)
            if (s->words[i] & m->domains[k].units.words[i])
                in.words[number / 64] |= (uint64_t)1 << number % 64;
    }
    return in;
}

/* The same in all containers of a kernel, and another after a boot. */
static uint64_t machine_id(void)
{
    char text[256] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

    if (!file || !fgets(text, sizeof text, file)) gethostname(text, sizeof text - 1);
    if (file) fclose(file);
    return XXH3_64bits(text, strlen(text));
}

bool tally_topology_place(tally_place *place)
{
    const machine *m = look_once();

    *place = (tally_place){machine_id(), m->bound, m->allowed};
    return tally_units_count(&m->bound) > 0 && tally_units_count(&m->allowed) > 0;
}

bool tally_topology_describe(char *text, size_t most)
{
    const machine *m = look_once();
    const double gib = 1024.0 * 1024 * 1024;
    int length = snprintf(
        text, most, "%zu core%s, %s, %.0f GiB", m->cores, tally_text_plural(m->cores),
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
