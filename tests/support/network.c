/* network.c — a network on random samples, and what its listener heard. */

#include "support/network.h"

#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { FEATURES = 6, CLASSES = 4 };

void network_open(network *n, const char *model, const char *loss, size_t count,
                  size_t batch)
{
    *n = (network){.x = random_reals(9, count * FEATURES)};
    cr_assert(count <= sizeof n->label / sizeof *n->label);
    for (size_t i = 0; i < count; i++) {
        n->label[i] = (int32_t)(i % CLASSES);
        n->rows[i] = i;
    }
    n->samples = (memory_samples){count, FEATURES, CLASSES, n->x, n->label};
    n->source = memory_source(&n->samples);
    expect_ok(tally_net_open(&n->f, model, loss, &n->source, batch));
    size_t length = n->f.layout.length;

    n->w = random_reals(10, length);
    n->g = random_reals(11, length);
    n->heard_g = random_reals(12, length);
    expect_ok(n->f.ops->init(&n->f, 1, n->w));
    for (size_t i = 0; i < length; i++)
        n->g[i] = (tally_real)NAN;
}

void network_close(network *n)
{
    tally_objective_close(&n->f);
    free(n->x);
    free(n->w);
    free(n->g);
    free(n->heard_g);
}

tally_samples network_samples(const network *n, size_t count)
{
    return (tally_samples){.split = TALLY_TRAIN,
                           .rows = count ? n->rows : NULL,
                           .count = count,
                           .weight = count ? 1 / (double)count : 0};
}

static tally_status hear(void *context, tally_span s)
{
    network *n = context;

    cr_assert(lt(sz, n->heard_count, HEARD_MOST));
    n->heard[n->heard_count++] = s;
    memcpy(n->heard_g + s.first, n->g + s.first, s.count * sizeof *n->g);
    return TALLY_OK;
}

tally_status network_gradient(network *n, size_t count, tally_score *score)
{
    n->heard_count = 0;
    TALLY_TRY(n->f.ops->gradient(&n->f, n->w, network_samples(n, count), n->g,
                                 (tally_listener){hear, n}, score));
    return TALLY_OK;
}
