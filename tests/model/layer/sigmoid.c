#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(sigmoid, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_sigmoid.a", "sigmoid", tensors);
}

Test(sigmoid, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_sigmoid.b", "sigmoid", tensors);
}
