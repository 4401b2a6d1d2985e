/* shared.c — what benches have in common: the words they take, the options of a run
 * that these make, and the JSON they print. */

#include "cli/bench/bench.h"
#include "cli/bench/compare.h"
#include "cli/json.h"
#include "run/config.h"

#include <string.h>

bool bench_takes(const char *name)
{
    (void)name;
    return false;
}

bool bench_takes_run(const char *name)
{
    return strcmp(name, "out") != 0 && strcmp(name, "trace") != 0 &&
           strcmp(name, "strategy") != 0;
}

static tally_status resolve(tally_run *run, const cli_grammar *grammar, int count,
                            char *const *words, const char *entry, const char *steps)
{
    TALLY_TRY(tally_config_from(run, TALLY_FROM_FILE, NULL));
    if (steps) TALLY_TRY(tally_run_set(run, "steps", steps));
    TALLY_TRY(tally_config_from(run, TALLY_FROM_COMMAND, NULL));
    TALLY_TRY(cli_arguments_read(grammar, count, words, run));
    if (entry) TALLY_TRY(bench_compare_set(run, entry));
    TALLY_TRY(tally_config_resolve(run));
    if (run->options->steps != 1) return TALLY_OK;
    return TALLY_FAIL(OPTION, "steps=1: the first is left out, so there must be two at "
                              "least");
}

tally_status bench_run_options(const cli_grammar *grammar, int count,
                               char *const *words, const char *entry, const char *steps,
                               json_t **options)
{
    tally_run run = {0};
    tally_status status = resolve(&run, grammar, count, words, entry, steps);

    if (!status) *options = tally_config_json(&run);
    tally_config_close(&run);
    if (!status && !*options) return TALLY_FAIL(OPTION, "%s", tally_error_sentence());
    return status;
}

tally_status bench_check_style(bool json, bool csv)
{
    if (json && csv)
        return TALLY_FAIL(OPTION, "tally bench: --json and --csv exclude each other");
    return TALLY_OK;
}

tally_status bench_print_json(json_t *head, cli_table *table)
{
    if (!head || json_object_set_new(head, "rows", cli_table_take(table))) {
        json_decref(head);
        return TALLY_FAIL(MEMORY, "no memory for the table as JSON");
    }
    return cli_json_print(head);
}
