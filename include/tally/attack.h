/* attack.h — what ranks that lie say: for tests and studies, never by default.
 *
 * Some ranks of a run are told to lie.  An attack turns what such a rank would have
 * said into what it says, or spoils its messages, its labels or its pace.  Everything
 * is a function of (seed, rank, step): a study can be repeated. */

#ifndef TALLY_ATTACK_H
#define TALLY_ATTACK_H

#include "tally/collective.h"
#include "tally/source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a liar knows of the others; it is gathered at the cost of sums of d numbers that
 * are not counted as the exchange's. */
typedef enum tally_insight {
    TALLY_OWN,     /* its own proposal */
    TALLY_MOMENTS, /* mean and deviation of the honest, coordinate by coordinate */
    TALLY_VICTIM   /* one honest rank's proposal, in `mean` */
} tally_insight;

typedef struct tally_attack tally_attack;

typedef struct tally_attack_ops {
    tally_about about;
    tally_insight insight;
    /* All optional; called on liars alone. */
    tally_status (*check)(const tally_attack *a);
    int (*victim)(const tally_attack *a); /* for TALLY_VICTIM */
    void (*lie)(tally_attack *a, uint64_t step, tally_real *said); /* in place */
    void (*tamper)(tally_attack *a, uint64_t step, void *bytes, size_t size);
    double (*delay)(const tally_attack *a, uint64_t step); /* seconds */
    bool flips_labels;
} tally_attack_ops;

struct tally_attack {
    const tally_attack_ops *ops; /* NULL: nobody lies */
    void *options;    /* owned; the first field is the liars, a tally_sizes */
    tally_comm *comm; /* borrowed */
    bool lies;        /* this rank does */
    size_t liars;
    size_t length;
    uint64_t own;  /* the seed of this rank's coins */
    double worked; /* seconds that this rank computed for what it is to say; set by its
                      caller */
    double lingered; /* seconds that it slept before it spoke, so far */
    tally_state state;
    tally_real *said;             /* owned: what a liar says */
    tally_real *mean, *deviation; /* owned: of the honest; NULL unless wanted */
    tally_sum sum;
    tally_source twisted; /* the training labels as a liar sees them */
};

extern TALLY_API const tally_family tally_attack_family;
TALLY_API tally_status tally_register_attack(const tally_attack_ops *ops);

/* spec    "sign_flip:ranks=3x4"; "none" gives an attack without ops
 *
 * Refuses ranks that there are not, and that every rank lies.  Local. */
TALLY_API tally_status tally_attack_open(tally_attack *a, const char *spec,
                                         tally_comm *comm);

/* Takes memory for vectors of layout->length values.  Collective. */
TALLY_API tally_status tally_attack_prepare(tally_attack *a, const tally_layout *layout,
                                            uint64_t seed);
TALLY_API void tally_attack_close(tally_attack *a);

/* The data as this rank sees it: `honest`, or with other labels.  Borrowed from a. */
TALLY_API const tally_source *tally_attack_source(tally_attack *a,
                                                  const tally_source *honest);

/* *said <- what this rank says: `honest` itself, or a lie.  honest: length values.
 * Collective: every rank calls it in every step. */
TALLY_API tally_status tally_attack_say(tally_attack *a, uint64_t step,
                                        tally_real *honest, tally_real **said);

#ifdef __cplusplus
}
#endif
#endif
