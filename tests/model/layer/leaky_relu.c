#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(leaky_relu, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_leaky_relu.a", "leaky_relu:slope=0.1", tensors);
}

Test(leaky_relu, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_leaky_relu.b", "leaky_relu:slope=0.1", tensors);
}
