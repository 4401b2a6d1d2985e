/* network.h — a network on random samples, and what its listener heard. */

#ifndef TEST_NETWORK_H
#define TEST_NETWORK_H

#include "tally/model.h"

#include "support/memory_source.h"

enum { HEARD_MOST = 64 };

/* Must not move once open. */
typedef struct network {
    tally_objective f;
    tally_source source;
    memory_samples samples;
    tally_real *x; /* owned, as are w, g and heard_g */
    int32_t label[64];
    uint64_t rows[64]; /* 0, 1, ... */
    tally_real *w, *g;
    tally_real *heard_g; /* g as it was when its span was announced */
    tally_span heard[HEARD_MOST];
    size_t heard_count;
} network;

/* `count` samples of 6 features in 4 classes; w from init with seed 1; g full of NAN.
 */
void network_open(network *n, const char *model, const char *loss, size_t count,
                  size_t batch);
void network_close(network *n);

/* All samples, or the first `count`, each with weight 1 / count. */
tally_samples network_samples(const network *n, size_t count);

/* The gradient of the first `count` samples into n->g, spans into n->heard. */
tally_status network_gradient(network *n, size_t count, tally_score *score);

#endif
