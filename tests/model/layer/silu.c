#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(silu, case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_silu.a", "silu", tensors);
}

Test(silu, case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_silu.b", "silu", tensors);
}
