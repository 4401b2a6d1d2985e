/* small.h — a net of a few values for the admm trainers, and the reference values. */

#ifndef TEST_TRAINER_ADMM_SMALL_H
#define TEST_TRAINER_ADMM_SMALL_H

#include "trainer/admm/admm.h"

enum { SMALL_MOST = 256 }; /* arrays of a reference file */

/* The arrays of one golden/admm file, by name, row-major. */
typedef struct reference {
    size_t count;

    struct {
        char name[64];
        size_t rows, columns;
        double *at; /* owned */
    } array[SMALL_MOST];
} reference;

/* Skips the running test when the file is not on this machine. */
void reference_open(reference *r, const char *name);
void reference_close(reference *r);
/* The numbers of an array of so many rows and columns; the test fails without it. */
const double *reference_at(const reference *r, const char *name, size_t rows,
                           size_t columns);

/* One rank's solver on widths[0..layers], with weights of its own. */
typedef struct small {
    admm_options o;
    admm a;
    tally_state state;
    tally_real *weights; /* owned */
    size_t rows;
    int32_t label[64];
} small;

/* s->o is set.  comm: of the pipeline. */
tally_status small_open(small *s, const admm_method *method, tally_comm *comm,
                        const size_t *widths, size_t layers, size_t rows);
void small_close(small *s);

/* Options as the trainer's defaults, for nets of this size. */
admm_options small_options(void);

/* v <- values in [-scale, scale): the generator of the reference values. */
void small_fill(tally_real *v, size_t n, unsigned seed, double scale);

#endif
