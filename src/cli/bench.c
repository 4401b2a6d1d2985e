/* bench.c — `tally bench`: how fast the parts are, on this machine and this network.
 *
 *     tally bench exchange    how long ranks take to agree, by size: exchange.c
 *     tally bench kernel      what one core computes: kernel.c
 *     tally bench net         what a message costs, by where its ends are: net.c
 *     tally bench train       where the time of a step goes, by strategy: train.c
 *     tally bench predict     steps on more ranks and other networks: predict.c */

#include "cli/bench/bench.h"

#include "base/text.h"
#include "cli/bench/compare.h"
#include "cli/command.h"
#include "cli/json.h"
#include "run/config.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *brief;
    tally_status (*run)(cli_failure *failure, int count, char *const *words);
} topics[] = {
    {"exchange", "how long ranks take to agree on a vector, by size",  bench_exchange},
    {"kernel",   "products, rules, votes and activations on one core", bench_kernel  },
    {"net",      "alpha and beta of the links, and who sits where",    bench_net     },
    {"train",    "strategies ranked, and where a step's time goes",    bench_train   },
    {"predict",  "steps on more ranks and other networks",             bench_predict },
};

enum { TOPICS = sizeof topics / sizeof *topics };

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

static void print_help(void)
{
    for (int i = 0; i < TOPICS; i++)
        printf("tally bench %-10s %s\n", topics[i].name, topics[i].brief);
    puts("\ntally bench exchange --help says more, and so on.");
}

static tally_status run_bench(cli_failure *failure, int count, char *const *words)
{
    const char *nearest = NULL;

    if (count == 0)
        return TALLY_FAIL(
            OPTION, "say which: tally bench exchange, kernel, net, train or predict");
    if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0) {
        print_help();
        return TALLY_OK;
    }
    for (int i = 0; i < TOPICS; i++) {
        if (strcmp(topics[i].name, words[0]) == 0) {
            tally_report_on_signal();
            return topics[i].run(failure, count - 1, words + 1);
        }
        tally_text_nearer(words[0], topics[i].name, &nearest);
    }
    if (nearest)
        return TALLY_FAIL(OPTION, "there is no bench %s; did you mean %s?", words[0],
                          nearest);
    return TALLY_FAIL(
        OPTION,
        "there is no bench %s; there are exchange, kernel, net, train and predict",
        words[0]);
}

const cli_command cli_bench = {
    "bench", "how fast exchanges, kernels, links and steps are here", run_bench};
