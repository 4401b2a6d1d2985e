#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(softplus, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_softplus.a", "softplus", tensors);
}

Test(softplus, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_softplus.b", "softplus", tensors);
}
