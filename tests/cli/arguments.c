#include "cli/arguments.h"

#include "run/config.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool json;
static const char *resume, *several[3]; /* the last is NULL */
static const cli_flag flags[] = {
    {"json",   NULL,    &json, NULL,       "a line"  },
    {"resume", &resume, NULL,  "DIR",      "a folder"},
    {"each",   several, NULL,  "X",        "some",     2},
    {NULL,        NULL,            NULL,      NULL, NULL },
};

static bool takes_batch(const char *name)
{
    return strcmp(name, "batch") == 0;
}

static const cli_grammar train = {"tally train", flags, NULL, true};
static const cli_grammar strict = {"tally eval", flags, takes_batch, false};

/* Up to six words, ending with NULL; texts of flags are borrowed from the copies. */
static tally_status read_words(const cli_grammar *g, tally_run *run,
                               const char *const *words)
{
    static char copies[6][128];
    char *pointers[6];
    int count = 0;

    for (; words[count]; count++) {
        snprintf(copies[count], sizeof copies[count], "%s", words[count]);
        pointers[count] = copies[count];
    }
    return cli_arguments_read(g, count, pointers, run);
}

/* A file that holds `text`; unlinked by the caller. */
static void write_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/tally-test-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    cr_assert(file != NULL);
    fputs(text, file);
    fclose(file);
}

Test(arguments, a_value_follows_a_blank_or_an_equals_sign)
{
    tally_run run = {0};

    expect_ok(read_words(&train, &run,
                         (const char *[]){"--batch", "5", "--rule=adam:beta2=0.5",
                                          "--json", "--resume=a=b", NULL}));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->batch, 5));
    cr_assert(strstr(run.options->rule, "beta2=0.5") != NULL);
    cr_assert(json);
    cr_assert(eq(str, (char *)resume, "a=b"));
    tally_config_close(&run);
}

Test(arguments, some_flags_may_be_given_again)
{
    tally_run run = {0};

    expect_ok(
        read_words(&train, &run, (const char *[]){"--each", "a", "--each=b", NULL}));
    cr_assert(eq(str, (char *)several[0], "a"));
    cr_assert(eq(str, (char *)several[1], "b"));
    expect_fail(read_words(&train, &run, (const char *[]){"--each", "c", NULL}), OPTION,
                "--each is given more than 2 times");
}

Test(arguments, the_command_line_wins_over_the_file_wherever_it_stands)
{
    char path[64];
    tally_run run = {0};

    write_file(path, "# a run\n; too\n\nbatch = 3\n  epochs=4 ; four\nrule : adam\n"
                     "rule.beta2 = 0.5\n");
    expect_ok(read_words(&train, &run, (const char *[]){"--batch", "5", path, NULL}));
    expect_ok(tally_run_set(&run, "seed", "9"));
    expect_ok(tally_config_resolve(&run));
    cr_assert(eq(u64, run.options->batch, 5));
    cr_assert(eq(u64, run.options->epochs, 4));
    cr_assert(eq(u64, run.options->seed, 9));
    cr_assert(strstr(run.options->rule, "beta2=0.5") != NULL);
    tally_config_close(&run);
    unlink(path);
}

static void expect_words(const cli_grammar *g, const char *first, const char *second,
                         const char *sentence)
{
    tally_run run = {0};

    cr_assert(eq(int, (int)read_words(g, &run, (const char *[]){first, second, NULL}),
                 (int)TALLY_OPTION));
    cr_assert(eq(str, (char *)tally_error_sentence(), (char *)sentence));
    tally_config_close(&run);
}

Test(arguments, wrong_words_get_a_sentence)
{
    expect_words(&train, "--ruel", "adam",
                 "tally train has no option --ruel; did you mean --rule?");
    expect_words(&train, "--jsn", NULL,
                 "tally train has no option --jsn; did you mean --json?");
    expect_words(&train, "--checkpoint-evry", "1",
                 "tally train has no option --checkpoint-evry; did you mean "
                 "--checkpoint-every?");
    expect_words(&train, "--wholly", NULL, "tally train has no option --wholly");
    expect_words(&train, "--rul.beta", "1",
                 "there is no option rul.beta; did you mean rule.beta?");
    expect_words(&train, "--batch", NULL, "--batch needs a value");
    expect_words(&train, "--batch", "--json", "--batch needs a value");
    expect_words(&train, "--resume", "", "--resume needs a value");
    expect_words(&train, "--out=", NULL,
                 "tally train: out is empty: give it a value, or leave it out");
    expect_words(&train, "--json=yes", NULL, "--json takes no value");
    expect_words(&train, "-b", "5",
                 "tally train does not know -b; its flags begin with --");
    expect_words(&train, "--", NULL,
                 "tally train does not know --; its flags begin with --");
    expect_words(&strict, "run.ini", NULL, "tally eval takes flags alone, not run.ini");
    expect_words(&strict, "--rate", "1", "tally eval does not use --rate");
    expect_words(&train, "--rate", "-1", "tally train: rate=-1 is not in (0, inf)");
}

Test(arguments, a_second_run_file_is_one_too_many)
{
    char path[64];
    tally_run run = {0};

    write_file(path, "batch = 3\n");
    expect_fail(read_words(&train, &run, (const char *[]){path, "b.ini", NULL}), OPTION,
                "tally train takes one run file; b.ini is a second");
    tally_config_close(&run);
    unlink(path);
}

static void expect_file(const char *text, tally_status wanted, const char *sentence)
{
    char path[64], whole[256];
    tally_run run = {0};

    write_file(path, text);
    cr_assert(eq(int, (int)cli_arguments_read_file(path, &run), (int)wanted));
    snprintf(whole, sizeof whole, "%s%s", path, sentence);
    cr_assert(eq(str, (char *)tally_error_sentence(), whole));
    tally_config_close(&run);
    unlink(path);
}

Test(arguments, wrong_lines_get_file_and_line)
{
    char longest[300];

    expect_file("batch = 3\nruel = adam\n", TALLY_OPTION,
                ":2: there is no option ruel; did you mean rule?");
    expect_file("\n\nrate = fast\n", TALLY_OPTION,
                ":3: tally train: rate=fast is not a number");
    expect_file("batch\n", TALLY_FORMAT, ":1: the line is not name = value");
    expect_file(
        "[rule]\nbeta = 0.9\n", TALLY_OPTION,
        ":2: run files have no sections such as [rule]: write rule.beta = 0.9 for "
        "a key of a family");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    expect_file(longest, TALLY_FORMAT, ":1: the line is longer than 197 characters");
}

Test(arguments, a_file_that_is_not_there_gets_a_sentence)
{
    tally_run run = {0};

    expect_fail(cli_arguments_read_file("/nowhere/run.ini", &run), FILE,
                "cannot open /nowhere/run.ini: No such file or directory");
    expect_fail(cli_arguments_read_file("/tmp", &run), FILE, "cannot read /tmp: Is a");
    tally_config_close(&run);
}
