/* arguments.h — words of a command line and lines of a run file, as settings of a run.
 */

#ifndef TALLY_CLI_ARGUMENTS_H
#define TALLY_CLI_ARGUMENTS_H

#include "tally/run.h"

/* A flag that is the command's own; those of a run are known from their tables. */
typedef struct cli_flag {
    const char *name;  /* "resume"; NULL ends a list */
    const char **text; /* gets the value, borrowed; NULL: the flag takes none */
    bool *set;         /* becomes true; NULL: nobody asks */
    const char *value; /* for help: "DIR" */
    const char *help;  /* one line, no full stop */
    size_t most;       /* above 0: it may be given so often; text is an array that ends
                          with NULL, in the order given */
} cli_flag;

/* The last rows of every command's flags: main has seen the first of them. */
#define CLI_LAST_FLAGS(asks)                                                           \
    {.name = "backtrace",                                                              \
     .help = "show the places an error went through; also TALLY_BACKTRACE=1"},         \
        {.name = "help", .set = asks, .help = "this page"},                            \
    {                                                                                  \
        .name = NULL                                                                   \
    }

typedef struct cli_grammar {
    const char *command; /* "tally train", for sentences */
    const cli_flag *flags;
    bool (*takes)(const char *name); /* which options of a run; NULL: all */
    bool file;                       /* whether one word may name a run file */
} cli_grammar;

/* Reads all words: own flags into their places, options into the run.  Returns
 * TALLY_OPTION, or what reading the run file returns. */
tally_status cli_arguments_read(const cli_grammar *grammar, int count,
                                char *const *words, tally_run *run);

/* Reads a run file: lines "name = value", comments after ; or #.  Returns TALLY_FILE,
 * TALLY_FORMAT or TALLY_OPTION, with file and line. */
tally_status cli_arguments_read_file(const char *path, tally_run *run);

#endif
