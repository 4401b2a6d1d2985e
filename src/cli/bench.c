/* bench.c — `tally bench`: how fast the parts are, on this machine and this network.
 *
 *     tally bench exchange    how long ranks take to agree, by size: exchange.c
 *     tally bench kernel      what one core computes: kernel.c
 *     tally bench net         what a message costs, by where its ends are: net.c
 *     tally bench train       where the time of a step goes, by strategy: train.c
 *     tally bench predict     steps on more ranks and other networks: predict.c */

#include "cli/bench/bench.h"

#include "base/text.h"
#include "cli/command.h"

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
