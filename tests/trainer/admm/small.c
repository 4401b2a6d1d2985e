/* small.c — a net of a few values for the admm trainers, and the reference values. */

#include "trainer/admm/small.h"

#include "support/expect.h"
#include "support/golden.h"

#include <stdio.h>
#include <stdlib.h>

void reference_open(reference *r, const char *name)
{
    char relative[256];

    snprintf(relative, sizeof relative, "golden/admm/%s.txt", name);
    const char *path = shared_path(relative);
    *r = (reference){0};
    if (!path)
        cr_skip_test("the reference values %s are not on this machine", relative);
    FILE *file = fopen(path, "r");
    cr_assert(file != NULL);
    while (fscanf(file, "%63s %zu %zu", r->array[r->count].name,
                  &r->array[r->count].rows, &r->array[r->count].columns) == 3) {
        size_t n = r->array[r->count].rows * r->array[r->count].columns;
        double *at = calloc(n + 1, sizeof *at);

        for (size_t i = 0; i < n; i++)
            cr_assert(fscanf(file, "%lf", &at[i]) == 1);
        r->array[r->count++].at = at;
        cr_assert(r->count < SMALL_MOST);
    }
    cr_assert(feof(file));
    fclose(file);
}

void reference_close(reference *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->array[i].at);
    r->count = 0;
}

const double *reference_at(const reference *r, const char *name, size_t rows,
                           size_t columns)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->array[i].name, name) != 0) continue;
        cr_assert(r->array[i].rows == rows && r->array[i].columns == columns,
                  "%s is %zu x %zu, expected %zu x %zu", name, r->array[i].rows,
                  r->array[i].columns, rows, columns);
        return r->array[i].at;
    }
    cr_fatal("there is no reference %s", name);
    return NULL;
}

void small_fill(tally_real *v, size_t n, unsigned seed, double scale)
{
    unsigned x = seed;

    for (size_t i = 0; i < n; i++) {
        x = (1103515245u * x + 12345u) & 0x7fffffffu;
        v[i] = (tally_real)(scale * (2.0 * x / 2147483647.0 - 1));
    }
}

admm_options small_options(void)
{
    return (admm_options){.nu = 0.1,
                          .rho = 0.5,
                          .bits = 8,
                          .low = -1,
                          .high = 2.984375,
                          .refresh = 50,
                          .flops = 1e9};
}

tally_status small_open(small *s, const admm_method *method, tally_comm *comm,
                        const size_t *widths, size_t layers, size_t rows)
{
    admm_shape shapes[16] = {{0}};
    size_t length = 0, at = 0;

    for (size_t i = 0; i < layers; i++)
        length += widths[i + 1] * (widths[i] + 1);
    s->weights = tally_allocate(length, sizeof *s->weights);
    for (size_t i = 0; i < layers; i++) {
        shapes[i] = (admm_shape){.in = widths[i], .out = widths[i + 1]};
        shapes[i].w = s->weights + at;
        shapes[i].b = shapes[i].w + widths[i] * widths[i + 1];
        at += widths[i + 1] * (widths[i] + 1);
    }
    s->rows = rows;
    for (size_t i = 0; i < rows; i++)
        s->label[i] = (int32_t)(i % widths[layers]);
    admm_partition(shapes, layers, rows, comm->size);
    s->a = (admm){.o = &s->o,
                  .method = method,
                  .comm = comm,
                  .state = &s->state,
                  .group = comm->rank,
                  .groups = comm->size,
                  .team_size = 1};
    TALLY_TRY(admm_open(&s->a, shapes, layers, rows, s->label));
    admm_link(&s->a, layers);
    return TALLY_OK;
}

void small_close(small *s)
{
    admm_close(&s->a);
    tally_state_close(&s->state);
    free(s->weights);
    s->weights = NULL;
}
