/* train.c — `tally train`: words to options, options to a run on every rank.
 *
 *     this process   words and run file -> settings -> checked options, as text
 *     every rank     options -> tally_run_open, _train, _close; rank 0 reports
 *
 * A mistake in the words is carried to the ranks and agreed on there, so that a job of
 * many ranks says it once. */

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "run/config.h"
#include "run/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct job {
    cli_failure *failure;
    bool help, json, quiet;
    const char *resume; /* a run folder; NULL */
    json_t *options;    /* resolved; owned */
    tally_status asked; /* of reading the words; agreed on once there are ranks */
} job;

/* out is the folder itself when a run goes on, wherever it was moved to, comm what it
 * is started on this time, and a trace that of one process. */
static bool is_remembered(const char *name)
{
    return strcmp(name, "out") != 0 && strcmp(name, "comm") != 0 &&
           strcmp(name, "trace") != 0;
}

static tally_status read_manifest(tally_run *run, const char *folder)
{
    char path[512];
    char *text;

    snprintf(path, sizeof path, "%s/manifest.json", folder);
    TALLY_TRY(tally_folder_description(folder, &text));
    tally_status status = tally_config_read(run, path, text, is_remembered);
    free(text);
    return status;
}

/* run->options <- manifest, run file and words, in rising order. */
static tally_status resolve(const job *j, tally_run *run)
{
    if (j->resume) TALLY_TRY(read_manifest(run, j->resume));
    TALLY_TRY(tally_config_resolve(run));
    if (!j->resume) return TALLY_OK;
    if (run->options->out && strcmp(run->options->out, j->resume) != 0)
        return TALLY_FAIL(OPTION, "a run resumes in its own folder %s: leave --out out",
                          j->resume);
    TALLY_TRY(tally_run_set(run, "out", j->resume));
    TALLY_TRY(tally_config_resolve(run));
    return TALLY_OK;
}

static tally_status report(const job *j, const tally_run *run, cli_facts *facts,
                           cli_progress *p)
{
    json_t *json;

    TALLY_TRY(cli_facts_renew(run, facts));
    cli_progress_end(p, run, facts);
    if (!j->json || run->comm->rank != 0) return TALLY_OK;
    TALLY_TRY(cli_json_result(run, facts, &json));
    TALLY_TRY(cli_json_print(json));
    return TALLY_OK;
}

static tally_status train(const job *j, tally_run *run, tally_comm *c, cli_progress *p)
{
    cli_facts facts;

    TALLY_TRY(cli_meet(c, j->asked));
    TALLY_TRY(tally_config_take(run, j->options, NULL));
    run->resume = j->resume;
    run->observer = cli_progress_observer(p);
    TALLY_TRY(tally_run_open(run, c));
    TALLY_TRY(cli_facts_gather(run, &facts));
    cli_progress_begin(p, run, &facts);
    tally_stop_on_signals();
    TALLY_TRY(tally_run_train(run));
    TALLY_TRY(report(j, run, &facts, p));
    return TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    job *j = context;
    tally_run run = {0};
    cli_progress progress = {.to = j->quiet ? NULL : stderr,
                             .terminal = isatty(STDERR_FILENO) != 0,
                             .now = cli_progress_clock};
    tally_status status = train(j, &run, c, &progress);

    cli_progress_release(&progress);
    status = cli_failure_on_rank(j->failure, c, status);
    tally_run_close(&run);
    return status;
}

/* Reads the words and runs what they ask for. */
static tally_status start(job *j, const cli_grammar *grammar, int count,
                          char *const *words)
{
    tally_run run = {0};
    tally_status status;

    tally_await_signals();
    j->asked = cli_arguments_read(grammar, count, words, &run);
    if (j->help) {
        tally_config_close(&run);
        cli_help_train(stdout, grammar->flags);
        return TALLY_OK;
    }
    if (!j->asked) j->asked = resolve(j, &run);
    if (!j->asked) {
        j->options = tally_config_json(&run);
        if (!j->options) j->asked = TALLY_FAIL(OPTION, "%s", tally_error_sentence());
    }
    status = tally_launch(j->asked ? "auto" : run.options->comm, on_rank, j);
    json_decref(j->options);
    tally_config_close(&run);
    return status;
}

static tally_status run_train(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure};
    const cli_flag flags[] = {
        {"resume", &j.resume, NULL,     "DIR",
         "go on with the run in DIR, with its options; others override them"                 },
        {"json",   NULL,      &j.json,  NULL,  "end with one line of JSON on standard output"},
        {"quiet",  NULL,      &j.quiet, NULL,  "say nothing but errors"                      },
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {
        .command = "tally train", .flags = flags, .file = true};

    return start(&j, &grammar, count, words);
}

const cli_command cli_train = {"train", "train a model, on one rank or many",
                               run_train};
