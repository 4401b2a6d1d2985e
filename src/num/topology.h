/* topology.h — the machine, as far as it decides how many threads a rank uses.
 *
 * The machine is looked at once, at the first call; any thread may call. */

#ifndef TALLY_NUM_TOPOLOGY_H
#define TALLY_NUM_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Processing units (hardware threads) that this process may run on: the binding that
 * mpirun, taskset or a container gave it is respected.  At least 1. */
size_t tally_topology_units(void);

/* Cores of the machine that the container allows, bound or not.  At least 1. */
size_t tally_topology_cores(void);

/* Bytes of memory of the machine; SIZE_MAX when that is unknown. */
size_t tally_topology_memory(void);

/* A set of processing units by the system's numbers: unit i is bit i % 64 of word
 * i / 64. */
enum { TALLY_UNITS_WORDS = 16 };

typedef struct tally_units {
    uint64_t words[TALLY_UNITS_WORDS];
} tally_units;

size_t tally_units_count(const tally_units *s);

/* "0-3,8" into text, always terminated, cut where it does not fit; "" of an empty set.
 */
void tally_units_print(const tally_units *s, char *text, size_t most);

/* Where this process may run, and what could be had. */
typedef struct tally_place {
    uint64_t machine;           /* equal for all processes of one running kernel */
    tally_units bound, allowed; /* by mpirun or taskset; by the container */
} tally_place;

/* False, and a place on a machine of no units, when it cannot be told or there are more
 * than 1024. */
bool tally_topology_place(tally_place *place);

/* Which of the machine's NUMA domains, by the system's numbers, a set has units in;
 * none where hwloc knows of none. */
tally_units tally_topology_numa(const tally_units *s);

/* Writes one line such as "2 cores, Intel Xeon Platinum 8168, 24 GiB" into text, always
 * terminated; false when it was cut short. */
bool tally_topology_describe(char *text, size_t most);

/* Threads that a rank should use for its products when `ranks_on_node` ranks share the
 * machine.  OPENBLAS_NUM_THREADS, then OMP_NUM_THREADS win; a rank that is bound counts
 * its own units, an unbound one its even share.  At least 1. */
size_t tally_topology_threads(int ranks_on_node);

#endif
