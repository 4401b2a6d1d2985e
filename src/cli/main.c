/* main.c — the program `tally`: picks a command, prints its failure, exits with it.
 *
 * The exit code is the value of the status (tally/status.h): 0, 2 for a wrong word, 75
 * for a run that a signal stopped. */

#include "tally/tally.h"

#include "base/text.h"
#include "cli/command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_command *const commands[] = {&cli_train, &cli_eval, &cli_report,
                                              &cli_bench, &cli_info, &cli_doctor};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void)
{
    puts("Tally trains neural networks over MPI.\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  tally %-6s  %s\n", commands[i]->name, commands[i]->brief);
    puts("  tally help   this page, or that of a command\n\n"
         "  tally train --data digits --epochs 5\n"
         "  mpirun -n 4 tally train --data digits --strategy vote --rate 1e-3\n"
         "  tally report runs/a runs/b -o report.html\n"
         "  tally info rule adam\n\n"
         "tally COMMAND --help says more; tally --version says which.");
}

static tally_status find(const char *name, const cli_command **command)
{
    const char *nearest = NULL;

    for (int i = 0; i < COMMANDS; i++) {
        *command = commands[i];
        if (strcmp(commands[i]->name, name) == 0) return TALLY_OK;
        tally_text_nearer(name, commands[i]->name, &nearest);
    }
    tally_text_nearer(name, "help", &nearest);
    if (nearest)
        return TALLY_FAIL(OPTION, "there is no command %s; did you mean %s?", name,
                          nearest);
    return TALLY_FAIL(OPTION, "there is no command %s; tally help lists them", name);
}

/* `tally help train` is `tally train --help`. */
static tally_status help(cli_failure *failure, int count, char *const *words)
{
    char flag[] = "--help";
    char *const ask[] = {flag};
    const cli_command *command;

    if (count == 0 || strcmp(words[0], "help") == 0) {
        print_help();
        return TALLY_OK;
    }
    TALLY_TRY(find(words[0], &command));
    return command->run(failure, 1, ask);
}

static tally_status run(cli_failure *failure, int count, char *const *words)
{
    const cli_command *command;

    if (count == 0) {
        print_help();
        return TALLY_FAIL(OPTION, "say which command");
    }
    if (strcmp(words[0], "--version") == 0) {
        puts("tally " TALLY_VERSION);
        return TALLY_OK;
    }
    if (strcmp(words[0], "help") == 0 || strcmp(words[0], "--help") == 0 ||
        strcmp(words[0], "-h") == 0)
        return help(failure, count - 1, words + 1);
    TALLY_TRY(find(words[0], &command));
    return command->run(failure, count - 1, words + 1);
}

/* Where a standard stream is closed, the next file that is opened would take its place,
 * and lines for people would end up in a checkpoint.  Opened the wrong way round, it
 * still fails. */
static void fill_standard_streams(void)
{
    for (int i = 0; i < 3; i++)
        if (fcntl(i, F_GETFD) == -1 &&
            open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY) != i)
            return; /* there is no /dev/null */
}

int main(int count, char **words)
{
    const char *backtrace = getenv("TALLY_BACKTRACE");
    cli_failure failure = {.backtrace = backtrace && strcmp(backtrace, "1") == 0};

    fill_standard_streams();
    /* Before anything is read, so that a backtrace of reading words is shown too. */
    for (int i = 1; i < count; i++)
        failure.backtrace |= strcmp(words[i], "--backtrace") == 0;
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit fails with a sentence instead */
    tally_status status = run(&failure, count - 1, words + 1);
    if (!status && (fflush(stdout) != 0 || ferror(stdout)))
        status = TALLY_FAIL(FILE, "cannot write to standard output");
    if (status) cli_failure_print(&failure);
    return (int)status;
}
