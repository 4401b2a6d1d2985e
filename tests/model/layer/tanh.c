#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(tanh, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_tanh.a", "tanh", tensors);
}

Test(tanh, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_tanh.b", "tanh", tensors);
}
