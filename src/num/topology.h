/* topology.h — the machine, as far as it decides how many threads a rank uses.
 *
 * The machine is looked at once, at the first call; any thread may call. */

#ifndef TALLY_NUM_TOPOLOGY_H
#define TALLY_NUM_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

/* Processing units (hardware threads) that this process may run on: the binding that
 * mpirun, taskset or a container gave it is respected.  At least 1. */
size_t tally_topology_units(void);

/* Cores of the machine that the container allows, bound or not.  At least 1. */
size_t tally_topology_cores(void);

/* Bytes of memory of the machine; SIZE_MAX when that is unknown. */
size_t tally_topology_memory(void);

/* Writes one line such as "2 cores, Intel Xeon Platinum 8168, 24 GiB" into text, always
 * terminated; false when it was cut short. */
bool tally_topology_describe(char *text, size_t most);

/* Threads that a rank should use for its products when `ranks_on_node` ranks share the
 * machine.  OPENBLAS_NUM_THREADS, then OMP_NUM_THREADS win; a rank that is bound counts
 * its own units, an unbound one its even share.  At least 1. */
size_t tally_topology_threads(int ranks_on_node);

#endif
