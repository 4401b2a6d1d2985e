/* Settings from several origins, and what they resolve to. */

#include "run/config.h"

#include "support/expect.h"

#include <criterion/parameterized.h>

#include <stdlib.h>

/* Whether a resolved spec has this pair: "beta=0.5" in "momentum:beta=0.5,...". */
static bool has(const char *spec, const char *pair)
{
    const char *at = strstr(spec, pair);

    return at && at > spec && (at[-1] == ':' || at[-1] == ',') &&
           (at[strlen(pair)] == ',' || at[strlen(pair)] == '\0');
}

static void set_from(tally_run *run, tally_origin origin, const char *name,
                     const char *value)
{
    expect_ok(tally_config_from(run, origin, NULL));
    expect_ok(tally_run_set(run, name, value));
}

Test(config, a_run_without_settings_has_the_defaults)
{
    tally_run run = {0};

    expect_ok(tally_config_resolve(&run));
    const tally_config *o = run.options;
    cr_assert(eq(str, o->comm, "auto"));
    cr_assert(eq(str, o->clip, "none"));
    cr_assert(eq(int, strncmp(o->rule, "momentum", 8), 0));
    cr_assert(ieee_ulp_eq(dbl, o->rate, 0.1, 0));
    cr_assert(eq(u64, o->batch, 32));
    cr_assert(eq(u64, o->epochs, 10));
    cr_assert(eq(u64, o->bucket, 1024));
    cr_assert(eq(u64, o->keep, 2));
    cr_assert(o->out == NULL);
    tally_config_close(&run);
    cr_assert(run.config == NULL);
    cr_assert(run.options == NULL);
    tally_config_close(&run);
}

Test(config, both_spellings_name_an_option)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "checkpoint-every", "7"));
    expect_ok(tally_run_set(&run, "log_every", "8"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->checkpoint_every, 7));
    cr_assert(eq(u64, run.options->log_every, 8));
    tally_config_close(&run);
}

Test(config, the_last_of_one_origin_wins)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "batch", "1"));
    expect_ok(tally_run_set(&run, "batch", "2"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->batch, 2));
    tally_config_close(&run);
}

Test(config, a_higher_origin_wins_whenever_it_comes)
{
    tally_run run = {0};

    set_from(&run, TALLY_FROM_COMMAND, "batch", "3");
    set_from(&run, TALLY_FROM_FILE, "batch", "2");
    set_from(&run, TALLY_FROM_MANIFEST, "batch", "1");
    set_from(&run, TALLY_FROM_MANIFEST, "epochs", "4");
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->batch, 3));
    cr_assert(eq(u64, run.options->epochs, 4));
    tally_config_close(&run);
}

Test(config, a_key_replaces_that_key_of_the_spec_in_any_order)
{
    tally_run before = {0}, after = {0};

    expect_ok(tally_run_set(&before, "rule.beta2", "0.5"));
    expect_ok(tally_run_set(&before, "rule", "adam:beta1=0.25,beta2=0.75"));
    expect_ok(tally_run_set(&after, "rule", "adam:beta1=0.25,beta2=0.75"));
    expect_ok(tally_run_set(&after, "rule.beta2", "0.5"));
    expect_ok(tally_config_resolve(&before));
    expect_ok(tally_config_resolve(&after));
    cr_assert(eq(str, before.options->rule, after.options->rule));
    cr_assert(has(after.options->rule, "beta1=0.25"), "%s", after.options->rule);
    cr_assert(has(after.options->rule, "beta2=0.5"), "%s", after.options->rule);
    tally_config_close(&before);
    tally_config_close(&after);
}

Test(config, a_key_alone_applies_to_the_default_member)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "model.hidden", "8x4"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(has(run.options->model, "hidden=8x4"), "%s", run.options->model);
    tally_config_close(&run);
}

Test(config, a_higher_key_changes_a_lower_spec)
{
    tally_run run = {0};

    set_from(&run, TALLY_FROM_COMMAND, "rule.beta2", "0.5");
    set_from(&run, TALLY_FROM_FILE, "rule.beta2", "0.125");
    set_from(&run, TALLY_FROM_FILE, "rule", "adam:beta1=0.25");
    expect_ok(tally_config_resolve(&run));
    cr_assert(has(run.options->rule, "beta1=0.25"), "%s", run.options->rule);
    cr_assert(has(run.options->rule, "beta2=0.5"), "%s", run.options->rule);
    tally_config_close(&run);
}

Test(config, a_higher_spec_voids_lower_keys)
{
    tally_run run = {0};

    set_from(&run, TALLY_FROM_FILE, "rule", "adam");
    set_from(&run, TALLY_FROM_FILE, "rule.beta2", "0.5");
    set_from(&run, TALLY_FROM_COMMAND, "rule", "momentum");
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(int, strncmp(run.options->rule, "momentum", 8), 0));
    tally_config_close(&run);
}

Test(config, a_strategy_fills_what_the_user_leaves_open)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "strategy", "vote"));
    expect_ok(tally_run_set(&run, "rule.beta", "0.5"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(int, strncmp(run.options->exchange, "vote", 4), 0));
    cr_assert(eq(int, strncmp(run.options->rule, "signum", 6), 0));
    cr_assert(has(run.options->rule, "beta=0.5"), "%s", run.options->rule);
    tally_config_close(&run);
}

Test(config, a_strategy_yields_to_a_choice_before_or_after)
{
    tally_run before = {0}, after = {0};

    expect_ok(tally_run_set(&before, "rule", "adam"));
    expect_ok(tally_run_set(&before, "strategy", "vote"));
    expect_ok(tally_run_set(&after, "strategy", "vote"));
    expect_ok(tally_run_set(&after, "rule", "adam"));
    expect_ok(tally_config_resolve(&before));
    expect_ok(tally_config_resolve(&after));
    cr_assert(eq(int, strncmp(before.options->rule, "adam", 4), 0));
    cr_assert(eq(str, before.options->rule, after.options->rule));
    cr_assert(eq(int, strncmp(after.options->exchange, "vote", 4), 0));
    tally_config_close(&before);
    tally_config_close(&after);
}

Test(config, a_spec_of_the_member_that_a_strategy_names_adds_to_its_pairs)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "trainer", "admm:check=true"));
    expect_ok(tally_run_set(&run, "strategy", "dladmm"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(has(run.options->trainer, "method=dladmm"), "%s", run.options->trainer);
    cr_assert(has(run.options->trainer, "check=true"), "%s", run.options->trainer);
    expect_ok(tally_run_set(&run, "trainer", "admm:method=mdlam"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(has(run.options->trainer, "method=mdlam"), "%s", run.options->trainer);
    expect_ok(tally_run_set(&run, "trainer", "admm"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(has(run.options->trainer, "method=dladmm"), "%s", run.options->trainer);
    tally_config_close(&run);
}

/* A vote moves every weight by the rate: that of a mean gradient is far too much. */
Test(config, a_strategy_may_have_a_rate_of_its_own)
{
    tally_run run = {0};

    set_from(&run, TALLY_FROM_FILE, "rate", "0.5");
    set_from(&run, TALLY_FROM_COMMAND, "strategy", "vote");
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(dbl, run.options->rate, 0.001));
    expect_ok(tally_run_set(&run, "rate", "0.25"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(dbl, run.options->rate, 0.25));
    expect_ok(tally_run_set(&run, "strategy", "powersgd"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(dbl, run.options->rate, 0.25));
    tally_config_close(&run);
}

Test(config, a_strategy_beats_choices_of_lower_origins)
{
    tally_run run = {0};

    set_from(&run, TALLY_FROM_MANIFEST, "rule", "adam");
    set_from(&run, TALLY_FROM_MANIFEST, "exchange", "allreduce");
    set_from(&run, TALLY_FROM_COMMAND, "strategy", "vote");
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(int, strncmp(run.options->rule, "signum", 6), 0));
    cr_assert(eq(int, strncmp(run.options->exchange, "vote", 4), 0));
    tally_config_close(&run);
}

typedef struct wrong {
    char name[24], value[24], sentence[96];
} wrong;

ParameterizedTestParameters(config, wrong_settings_get_a_sentence)
{
    static wrong cases[] = {
        {"rate",            "0",              "tally train: rate=0 is not in (0, inf)"              },
        {"batch",           "0",              "tally train: batch=0 is not in [1, 1e9]"             },
        {"epochs",          "1.5",
         "tally train: epochs=1.5 is not a whole number below 2^64, such as 1000 or 4k"             },
        {"ruel",            "adam",           "there is no option ruel; did you mean rule?"         },
        {"stratgy",         "vote",           "there is no option stratgy; did you mean strategy?"  },
        {"checkpoint-evry", "1",
         "there is no option checkpoint_evry; did you mean checkpoint-every?"                       },
        {"wholly",          "1",              "there is no option wholly"                           },
        {"layer",           "dense",          "there is no option layer"                            },
        {"rul.beta",        "1",              "there is no option rul.beta; did you mean rule.beta?"},
        {"zzzzzz.beta",     "1",              "there is no option zzzzzz.beta"                      },
        {"rate.beta",       "1",              "rate is no family, so it has no key beta"            },
        {"rule",            "adma",           "there is no rule adma; did you mean adam?"           },
        {"rule",            "",               "--rule \"\" does not start with a member's name"     },
        {"rule",            "adam:beta2=1.5", "rule adam: beta2=1.5 is not in [0, 1)"               },
        {"rule",            "adam:bta2=0.5",  "rule adam has no option bta2; did you mean beta2?"   },
        {"strategy",        "vtoe",           "there is no strategy vtoe; did you mean vote?"       },
        {"data.dir",        "a,b",            "data.dir=a,b has a comma, which a value cannot have" },
    };

    return cr_make_param_array(wrong, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(wrong *w, config, wrong_settings_get_a_sentence)
{
    tally_run run = {0};

    cr_assert(eq(int, (int)tally_run_set(&run, w->name, w->value), (int)TALLY_OPTION));
    cr_assert(eq(str, (char *)tally_error_sentence(), w->sentence));
    expect_ok(tally_config_resolve(&run));
    tally_config_close(&run);
}

Test(config, wrong_keys_are_found_once_the_member_is_known)
{
    tally_run run = {0};

    expect_ok(tally_config_from(&run, TALLY_FROM_FILE, "run.ini:3"));
    expect_ok(tally_run_set(&run, "rule.bta2", "0.5"));
    expect_ok(tally_run_set(&run, "rule", "adam"));
    expect_fail(tally_config_resolve(&run), OPTION,
                "run.ini:3: rule adam has no option bta2; did you mean beta2?");
    cr_assert(run.options == NULL);
    tally_config_close(&run);
}

Test(config, sentences_begin_with_the_place)
{
    tally_run run = {0};

    expect_ok(tally_config_from(&run, TALLY_FROM_FILE, "run.ini:3"));
    expect_fail(tally_run_set(&run, "rate", "x"), OPTION,
                "run.ini:3: tally train: rate=x is not a number");
    tally_config_close(&run);
}

Test(config, words_that_are_no_members_have_no_keys)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "comm", "auto"));
    expect_ok(tally_run_set(&run, "clip", "none"));
    expect_ok(tally_run_set(&run, "comm.ranks", "4"));
    expect_fail(tally_config_resolve(&run), OPTION, "comm auto has no option ranks");
    tally_config_close(&run);
}

/* Every option of `a` is the same text in `b`. */
static void expect_same(const tally_config *a, const tally_config *b)
{
    for (const tally_option *o = tally_config_about.options; o->name; o++) {
        char left[2048], right[2048];

        expect_ok(tally_option_print(o, a, left, sizeof left));
        expect_ok(tally_option_print(o, b, right, sizeof right));
        cr_assert(eq(str, left, right), "%s", o->name);
    }
}

Test(config, json_reads_back_as_the_same_options)
{
    tally_run run = {0}, back = {0};
    json_t *json;

    expect_ok(tally_run_set(&run, "rate", "0.30000000000000004"));
    expect_ok(tally_run_set(&run, "strategy", "vote"));
    expect_ok(tally_run_set(&run, "model.hidden", "none"));
    expect_ok(tally_run_set(&run, "out", "runs/a"));
    expect_ok(tally_config_resolve(&run));
    json = tally_config_json(&run);
    cr_assert(json != NULL);
    cr_assert(eq(str, (char *)json_string_value(json_object_get(json, "rate")),
                 "0.30000000000000004"));
    expect_ok(tally_config_take(&back, json, NULL));
    expect_ok(tally_config_resolve(&back));
    expect_same(run.options, back.options);
    json_decref(json);
    tally_config_close(&run);
    tally_config_close(&back);
}

static bool wants_batch(const char *name)
{
    return strcmp(name, "batch") == 0;
}

Test(config, a_manifest_is_read_in_part)
{
    tally_run run = {0};

    expect_ok(tally_config_read(&run, "manifest.json",
                                "{\"format\": \"tally run 1\", \"version\": 1, "
                                "\"options\": {\"batch\": \"5\", \"epochs\": \"6\"}}",
                                wants_batch));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->batch, 5));
    cr_assert(eq(u64, run.options->epochs, 10));
    tally_config_close(&run);
}

static void expect_no_manifest(const char *text, const char *sentence)
{
    tally_run run = {0};

    expect_fail(tally_config_read(&run, "a/manifest.json", text, NULL), FORMAT,
                sentence);
    cr_assert(eq(ptr, strstr(tally_error_sentence(), "a/manifest.json"),
                 (void *)tally_error_sentence()));
    tally_config_close(&run);
}

Test(config, what_is_no_manifest_gets_a_sentence)
{
    expect_no_manifest("{", "a/manifest.json is not JSON: line 1");
    expect_no_manifest("[]", "a/manifest.json: \"format\" is missing");
    expect_no_manifest("{\"format\": \"tally run 9\", \"options\": {}}",
                       "\"format\" is tally run 9, not \"tally run 1\"");
    expect_no_manifest("{\"format\": \"tally run 1\"}", "\"options\" is not an object");
    expect_no_manifest("{\"format\": \"tally run 1\", \"options\": {\"batch\": 5}}",
                       "option batch is not a text");
    expect_no_manifest("{\"format\": \"tally run 1\", \"options\": {\"batch\": \"x\"}}",
                       "a/manifest.json: tally train: batch=x is not a whole number");
}

Test(config, a_text_that_is_not_unicode_is_no_json)
{
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "out", "\xff"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(tally_config_json(&run) == NULL);
    cr_assert(strstr(tally_error_sentence(), "option out=") != NULL);
    tally_config_close(&run);
}

Test(config, the_resolved_options_are_lines_of_a_run_file)
{
    char text[8192];
    tally_run run = {0};

    expect_ok(tally_run_set(&run, "rate", "0.25"));
    expect_ok(tally_config_resolve(&run));
    expect_ok(tally_config_print(&run, text, sizeof text));
    cr_assert(strstr(text, "\nrate = 0.25\n") != NULL, "%s", text);
    cr_assert(strstr(text, "\nout =") == NULL, "%s", text);
    expect_fail(tally_config_print(&run, text, 20), MEMORY, "do not fit in 20 bytes");
    tally_config_close(&run);
}
