/* stay.c — linked into programs under sanitizers that start MPI: its plugins stay
 * mapped, so that a leak or a race in them has a name that suppressions can match. */

#include <dlfcn.h>

__attribute__((visibility("default"))) int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
