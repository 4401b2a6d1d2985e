/* objective.c — what every objective shares: how it ends. */

#include "tally/objective.h"

void tally_objective_close(tally_objective *f)
{
    if (f->ops && f->ops->close) f->ops->close(f);
    tally_layout_close(&f->layout);
    *f = (tally_objective){0};
}
