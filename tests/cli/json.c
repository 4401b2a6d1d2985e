#include "cli/json.h"

#include "run/config.h"
#include "support/expect.h"

#include <math.h>

static bool is_null(const json_t *json)
{
    return json_is_null(json);
}

static bool is_text(const json_t *json)
{
    return json_is_string(json);
}

Test(json, a_number_that_is_not_finite_is_null)
{
    json_t *nan = cli_json_number(NAN), *inf = cli_json_number(-INFINITY);
    json_t *half = cli_json_number(0.5);

    cr_assert(is_null(nan));
    cr_assert(is_null(inf));
    cr_assert(ieee_ulp_eq(dbl, json_real_value(half), 0.5, 0));
    json_decref(nan);
    json_decref(inf);
    json_decref(half);
}

Test(json, a_result_names_its_weights_and_options)
{
    tally_real w[3] = {1, 2, 3};
    tally_run run = {.w = w, .net = {.layout = {.length = 3}}};
    cli_facts facts = {.ranks = 2, .hosts = 1, .threads = 1};
    json_t *one, *two;

    expect_ok(tally_config_resolve(&run));
    run.result = (tally_result){
        .test_accuracy = NAN, .seconds = 2, .samples = 50, .start_seconds = 0.5};
    expect_ok(cli_json_result(&run, &facts, &one));
    w[2] = 4;
    expect_ok(cli_json_result(&run, &facts, &two));
    const char *hash = json_string_value(json_object_get(one, "final_weights_xxh3"));
    cr_assert(eq(sz, strlen(hash), 16));
    cr_assert(
        ne(str, (char *)hash,
           (char *)json_string_value(json_object_get(two, "final_weights_xxh3"))));
    cr_assert(is_null(json_object_get(one, "test_accuracy")));
    cr_assert(ieee_ulp_eq(
        dbl, json_real_value(json_object_get(one, "samples_per_second")), 25, 0));
    cr_assert(
        ieee_ulp_eq(dbl, json_real_value(json_object_get(one, "start_ms")), 500, 0));
    cr_assert(is_text(json_object_get(json_object_get(one, "options"), "exchange")));
    json_decref(one);
    json_decref(two);
    tally_config_close(&run);
}
