/* golden.h — reference values from the shared folder, when it is there. */

#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <jansson.h>
#include <stddef.h>

/* A path below the shared folder ($TALLY_SHARED or ../shared), or NULL when there is no
 * such file.  Valid until the next call. */
const char *shared_path(const char *relative);

/* golden/open/<name>.json.  Skips the running test, with a sentence, when it is
 * missing. */
json_t *golden_open(const char *name);

/* The member at a path such as "problems.quad.x"; NULL when there is none. */
const json_t *golden_at(const json_t *json, const char *path);

/* All numbers below `json`, nested arrays flattened in row-major order; owned by the
 * caller.  Fails the test when it is not an array (or a number) of numbers. */
double *golden_numbers(const json_t *json, size_t *count);

/* A number, or `otherwise` when the path leads nowhere. */
double golden_number(const json_t *json, const char *path, double otherwise);

#endif
