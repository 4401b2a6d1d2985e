/* golden.c — reference values from the shared folder, when it is there. */

#include "support/golden.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *shared_path(const char *relative)
{
    static char path[4096];
    const char *root = getenv("TALLY_SHARED");

    snprintf(path, sizeof path, "%s/%s", root ? root : TEST_SHARED, relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

json_t *golden_open(const char *name)
{
    char relative[512];
    json_error_t error;

    snprintf(relative, sizeof relative, "golden/open/%s.json", name);
    const char *path = shared_path(relative);
    if (!path)
        cr_skip_test("the reference values %s are not on this machine", relative);
    json_t *json = json_load_file(path, 0, &error);
    cr_assert(json, "%s:%d: %s", path, error.line, error.text);
    return json;
}

const json_t *golden_at(const json_t *json, const char *path)
{
    char key[128];

    while (json && *path) {
        size_t length = strcspn(path, ".");

        snprintf(key, sizeof key, "%.*s", (int)length, path);
        json = json_object_get(json, key);
        path += length + (path[length] == '.');
    }
    return json;
}

static size_t count_numbers(const json_t *json)
{
    size_t total = 0;

    if (json_is_number(json)) return 1;
    cr_assert(json_is_array(json), "neither a number nor an array of numbers");
    for (size_t i = 0; i < json_array_size(json); i++)
        total += count_numbers(json_array_get(json, i));
    return total;
}

static double *copy_numbers(const json_t *json, double *to)
{
    if (json_is_number(json)) {
        *to = json_number_value(json);
        return to + 1;
    }
    for (size_t i = 0; i < json_array_size(json); i++)
        to = copy_numbers(json_array_get(json, i), to);
    return to;
}

double *golden_numbers(const json_t *json, size_t *count)
{
    *count = count_numbers(json);
    double *numbers = calloc(*count + 1, sizeof *numbers);
    cr_assert(numbers);
    copy_numbers(json, numbers);
    return numbers;
}

double golden_number(const json_t *json, const char *path, double otherwise)
{
    const json_t *at = golden_at(json, path);

    return json_is_number(at) ? json_number_value(at) : otherwise;
}
