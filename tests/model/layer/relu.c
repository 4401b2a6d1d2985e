#include "model/layer/lone.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <math.h>

static const char *const tensors[] = {NULL};

Test(relu, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_relu.a", "relu", tensors);
}

Test(relu, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_relu.b", "relu", tensors);
}

Test(relu, a_nan_stays_visible)
{
    lone_layer l;

    lone_open(&l, "relu", 1, 3);
    l.x[1] = (tally_real)NAN;
    lone_run(&l);
    cr_assert(isnan(l.y[1]) && isfinite(l.y[0]) && isfinite(l.y[2]));
    lone_close(&l);
}
