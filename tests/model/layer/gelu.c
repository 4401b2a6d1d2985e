#include "model/layer/lone.h"

#include <criterion/criterion.h>

static const char *const tensors[] = {NULL};

Test(gelu, with_erf_case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_gelu_erf.a", "gelu", tensors);
}

Test(gelu, with_erf_case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_gelu_erf.b", "gelu:form=erf", tensors);
}

Test(gelu, with_tanh_case_a_is_as_torch_has_it)
{
    lone_check_golden("layer_gelu_tanh.a", "gelu:form=tanh", tensors);
}

Test(gelu, with_tanh_case_b_is_as_torch_has_it)
{
    lone_check_golden("layer_gelu_tanh.b", "gelu:form=tanh", tensors);
}
