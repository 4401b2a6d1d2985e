/* net.c — `tally bench net`: who sits where, and what a message costs between them.
 *
 *     places   a row a rank: host, processors it may run on, NUMA domains of those
 *     sizes    a row a class of links and size: one way, and what the line says
 *     links    a row a class: alpha, beta, how far the line is off
 *
 * and the comm of `tally train --comm` that simulates these links. */

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/bench/links.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/places.h"
#include "comm/nodes.h"
#include "comm/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 1000 };

typedef struct job {
    cli_failure *failure;
    bool help, json, csv;
    const char *comm, *size_words, *round_words, *timeout_words;
    const char *table; /* of CSV; NULL: links */
    cli_sizes sizes;
    uint64_t rounds;
    bench_call call;
} job;

typedef struct net {
    const job *job;
    tally_comm *comm;
    bool simulated;
    cli_place *places; /* owned: one a rank */
    bench_link links[BENCH_LINKS];
    char sim[256];
    cli_table places_table, sizes_table, links_table;
} net;

static const cli_column size_columns[] = {
    {"link",      "link",      -10, 0},
    {"bytes",     "bytes",     10,  0},
    {"least_us",  "least us",  10,  2},
    {"median_us", "median us", 10,  2},
    {"most_us",   "most us",   10,  2},
    {"gb_per_s",  "GB/s",      8,   3},
    {"line_us",   "line us",   10,  2},
    {NULL,        NULL,        0,   0},
};

static const cli_column link_columns[] = {
    {"link",                   "link",         -10, 0},
    {"pairs",                  "pairs",        6,   0},
    {"measured",               "measured",     8,   0},
    {"alpha_us",               "alpha us",     10,  3},
    {"alpha_least_us",         "least",        10,  3},
    {"alpha_most_us",          "most",         10,  3},
    {"beta_ns_per_byte",       "beta ns/byte", 12,  4},
    {"beta_least_ns_per_byte", "least",        9,   4},
    {"beta_most_ns_per_byte",  "most",         9,   4},
    {"gb_per_s",               "GB/s",         8,   3},
    {"misfit",                 "misfit",       7,   2},
    {NULL,                     NULL,           0,   0},
};

/* ---- the tables ---- */

static void write_sizes(net *b, cli_style style)
{
    cli_table *t = &b->sizes_table;
    const cli_sizes *sizes = &b->job->sizes;

    cli_table_open(t, style, size_columns);
    for (int k = 0; k < BENCH_LINKS; k++) {
        const bench_link *l = &b->links[k];

        for (size_t i = 0; i < sizes->count && l->measured; i++) {
            double bytes = (double)sizes->at[i];

            cli_table_text(t, bench_link_name((bench_link_class)k));
            cli_table_number(t, bytes);
            cli_table_number(t, 1e6 * l->at[i].least);
            cli_table_number(t, 1e6 * l->at[i].median);
            cli_table_number(t, 1e6 * l->at[i].most);
            cli_table_number(t, bytes / l->at[i].median / 1e9);
            cli_table_number(t, 1e6 * (l->alpha.median + bytes * l->beta.median));
        }
    }
}

static void write_links(net *b, cli_style style)
{
    cli_table *t = &b->links_table;

    cli_table_open(t, style, link_columns);
    for (int k = 0; k < BENCH_LINKS; k++) {
        const bench_link *l = &b->links[k];

        if (!l->measured) continue;
        cli_table_text(t, bench_link_name((bench_link_class)k));
        cli_table_number(t, l->pairs);
        cli_table_number(t, l->measured);
        cli_table_number(t, 1e6 * l->alpha.median);
        cli_table_number(t, 1e6 * l->alpha.least);
        cli_table_number(t, 1e6 * l->alpha.most);
        cli_table_number(t, 1e9 * l->beta.median);
        cli_table_number(t, 1e9 * l->beta.least);
        cli_table_number(t, 1e9 * l->beta.most);
        cli_table_number(t, 1e-9 / l->beta.median);
        cli_table_number(t, l->misfit);
    }
}

static void print_text(net *b)
{
    int ranks = b->comm->size, hosts = b->comm->topology->count;

    printf("%d ranks on %d host%s, comm %s%s\n\n", ranks, hosts,
           tally_text_plural((uint64_t)hosts), b->comm->ops->about.name,
           b->simulated ? "; simulated: times are those of a virtual clock" : "");
    cli_places_write(&b->places_table, CLI_TEXT, b->comm, b->places);
    putchar('\n');
    write_sizes(b, CLI_TEXT);
    putchar('\n');
    write_links(b, CLI_TEXT);
    printf("\nmedian, least and most of %llu rounds; misfit: how far a size is from "
           "alpha + bytes beta at most\nthe same links, simulated: --comm %s\n",
           (unsigned long long)b->job->rounds, b->sim);
    for (int k = 0; k < BENCH_LINKS; k++)
        if (!b->links[k].measured)
            printf("no two ranks are on %s: sim's own alpha and beta stand there\n",
                   k == BENCH_NODE ? "the same node" : "different nodes");
}

static void print_csv(net *b)
{
    const char *table = b->job->table;

    if (table && strcmp(table, "places") == 0)
        cli_places_write(&b->places_table, CLI_CSV, b->comm, b->places);
    else if (table && strcmp(table, "sizes") == 0)
        write_sizes(b, CLI_CSV);
    else
        write_links(b, CLI_CSV);
}

static tally_status print_json(net *b)
{
    json_t *head;

    cli_places_write(&b->places_table, CLI_JSON, b->comm, b->places);
    write_sizes(b, CLI_JSON);
    write_links(b, CLI_JSON);
    head = json_pack("{s:s s:i s:i s:s s:b s:I s:s s:o s:o}", "bench", "net", "ranks",
                     b->comm->size, "hosts", b->comm->topology->count, "comm",
                     b->comm->ops->about.name, "simulated", (int)b->simulated, "rounds",
                     (json_int_t)b->job->rounds, "sim", b->sim, "places",
                     cli_table_take(&b->places_table), "sizes",
                     cli_table_take(&b->sizes_table));
    return bench_print_json(head, &b->links_table);
}

/* ---- the whole ---- */

static tally_status run(net *b)
{
    const job *j = b->job;

    TALLY_TRY(bench_meet(b->comm, &j->call));
    b->simulated = b->comm->ops->spend != NULL;
    TALLY_TRY(bench_links_measure(b->comm, &j->sizes, j->rounds, b->links));
    TALLY_TRY(cli_places_gather(b->comm, &b->places));
    if (b->comm->rank != 0) return TALLY_OK;
    if (!bench_links_sim(b->comm, b->links, b->sim, sizeof b->sim))
        return TALLY_FAIL(MEMORY, "no room for the comm that simulates these links");
    if (j->json) return print_json(b);
    if (j->csv)
        print_csv(b);
    else
        print_text(b);
    return TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    net *b = calloc(1, sizeof *b);
    tally_status status;

    if (!b) {
        status = TALLY_FAIL(MEMORY, "no memory for the bench");
    } else {
        b->job = j;
        b->comm = c;
        status = run(b);
        tally_watch_close(c);
        cli_table_close(&b->places_table);
        cli_table_close(&b->sizes_table);
        cli_table_close(&b->links_table);
        free(b->places);
    }
    free(b);
    return cli_failure_on_rank(j->failure, c, status);
}

/* A CSV holds one table, text and JSON hold all. */
static tally_status check_table(const job *j)
{
    static const char *const tables[] = {"links", "sizes", "places"};

    if (!j->table) return TALLY_OK;
    if (!j->csv)
        return TALLY_FAIL(OPTION,
                          "table=%s says what --csv holds; without it all "
                          "tables are there",
                          j->table);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(j->table, tables[i]) == 0) return TALLY_OK;
    return TALLY_FAIL(OPTION, "table=%s is not one of links|sizes|places", j->table);
}

static bool differ(const cli_sizes *sizes)
{
    for (size_t i = 1; i < sizes->count; i++)
        if (sizes->at[i] != sizes->at[0]) return true;
    return false;
}

static tally_status read_values(job *j)
{
    TALLY_TRY(cli_sizes_read(j->size_words, &j->sizes));
    if (!differ(&j->sizes))
        return TALLY_FAIL(OPTION,
                          "sizes=%s: a line takes two of them at least that differ, "
                          "as in 8,1MiB",
                          j->size_words);
    TALLY_TRY(cli_sizes_count("rounds", j->round_words, 1, ROUNDS_MOST, &j->rounds));
    TALLY_TRY(bench_read_timeout(j->timeout_words, &j->call));
    TALLY_TRY(check_table(j));
    return bench_check_style(j->json, j->csv);
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally bench net [--option value | --option=value] ...\n\n"
        "What a message costs between ranks of one node and of different nodes: alpha "
        "seconds,\nand beta seconds a byte, by ping-pong; where each rank sits; and "
        "the --comm that\nsimulates these links.\n\n",
        stdout);
    cli_help_flags(stdout, flags);
    fputs("\nExamples\n"
          "  mpirun -n 2 tally bench net\n"
          "  launch/cluster mpirun -n 4 tally bench net --rounds 3\n"
          "  tally bench net --comm sim:ranks=8,node=4,alpha=20e-6,beta=1e-9\n",
          stdout);
}

tally_status bench_net(cli_failure *failure, int count, char *const *words)
{
    job j = {
        .failure = failure,
        .comm = "auto",
        .size_words = "8,1KiB..4MiB",
        .round_words = "5",
        .call = {.topic = "net", .count = count, .words = words}
    };
    const cli_flag flags[] = {
        {"sizes",  &j.size_words,  NULL, "SIZES",
         "of messages, as for tally bench exchange (8,1KiB..4MiB)"                    },
        {"rounds", &j.round_words, NULL, "N",
         "in which the pairs of ranks take turns (5)"                                 },
        {"comm",   &j.comm,        NULL, "MEMBER", "how ranks reach each other (auto)"},
        {"table",  &j.table,       NULL, "TABLE",
         "what --csv holds: links, sizes or places (links)"                           },
        BENCH_TIMEOUT_FLAG(&j.timeout_words),
        BENCH_STYLE_FLAGS(&j.json, &j.csv),
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally bench net", flags, bench_takes, false};
    tally_run run = {0};

    j.call.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    if (!j.call.asked) j.call.asked = read_values(&j);
    return tally_launch(j.call.asked ? "auto" : j.comm, on_rank, &j);
}
