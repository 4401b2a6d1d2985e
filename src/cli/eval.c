/* eval.c — `tally eval`: the exact score of saved weights on one split.
 *
 * The model, and unless overridden its data, come from the manifest of the run folder;
 * the weights from its newest good checkpoint, or from the one checkpoint that
 * --checkpoint names.  Any number of ranks share the rows. */

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/json.h"
#include "run/config.h"
#include "run/folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
    cli_failure *failure;
    bool help, json;
    const char *checkpoint, *split_name;
    tally_split split;
    json_t *options;    /* resolved; owned */
    tally_status asked; /* of reading the words; agreed on once there are ranks */
} job;

static const char *const used[] = {"comm", "data",    "model",    "loss",    "batch",
                                   "seed", "threads", "patience", "validate"};

/* Options that decide a score, and "data.dir" with "data". */
static bool takes(const char *name)
{
    size_t length = strcspn(name, ".");

    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        if (strlen(used[i]) == length && strncmp(used[i], name, length) == 0)
            return true;
    return false;
}

/* Those that a run leaves behind: where it ran does not bind an evaluation. */
static bool inherits(const char *name)
{
    return takes(name) && strcmp(name, "comm") != 0 && strcmp(name, "threads") != 0;
}

/* The run folder of a checkpoint folder RUN/checkpoints/step-000000001234 is two up. */
static void find_run(const char *path, char folder[4096])
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(folder, 4096, "%.*s", (int)length, path);
    const char *base = strrchr(folder, '/');
    if (strncmp(base ? base + 1 : folder, "step-", 5) == 0)
        snprintf(folder, 4096, "%.*s/../..", (int)length, path);
}

static tally_status read_manifest(tally_run *run, const char *checkpoint)
{
    char folder[4096], path[4096 + 16];
    char *text;

    find_run(checkpoint, folder);
    snprintf(path, sizeof path, "%s/manifest.json", folder);
    TALLY_TRY(tally_folder_description(folder, &text));
    tally_status status = tally_config_read(run, path, text, inherits);
    free(text);
    return status;
}

static tally_status read_split(job *j)
{
    static const char *const names[] = {"train", "validate", "test"};

    for (int i = 0; i < 3; i++) {
        if (strcmp(j->split_name, names[i]) != 0) continue;
        j->split = (tally_split)i;
        return TALLY_OK;
    }
    return TALLY_FAIL(OPTION, "tally eval: split=%s is not one of train|validate|test",
                      j->split_name);
}

static tally_status resolve(job *j, tally_run *run)
{
    if (!j->checkpoint)
        return TALLY_FAIL(OPTION, "tally eval needs --checkpoint DIR, a run folder");
    TALLY_TRY(read_split(j));
    TALLY_TRY(read_manifest(run, j->checkpoint));
    TALLY_TRY(tally_config_resolve(run));
    j->options = tally_config_json(run);
    if (!j->options) return TALLY_FAIL(OPTION, "%s", tally_error_sentence());
    return TALLY_OK;
}

static tally_status print_json(const job *j, const tally_run *run, uint64_t step,
                               const tally_score *s)
{
    double n = (double)s->count;
    json_t *json = json_object();
    int bad = 0;

    bad |= json_object_set_new(json, "split", json_string(j->split_name));
    bad |=
        json_object_set_new(json, "accuracy", cli_json_number((double)s->correct / n));
    bad |= json_object_set_new(json, "loss", cli_json_number(s->loss_sum / n));
    bad |= json_object_set_new(json, "samples", json_integer((json_int_t)s->count));
    bad |= json_object_set_new(json, "step", json_integer((json_int_t)step));
    bad |= json_object_set_new(json, "ranks", json_integer(run->comm->size));
    if (bad) {
        json_decref(json);
        return TALLY_FAIL(MEMORY, "no memory for the score as JSON");
    }
    TALLY_TRY(cli_json_print(json));
    return TALLY_OK;
}

static tally_status print_score(const job *j, const tally_run *run, uint64_t step,
                                const tally_score *s)
{
    double n = (double)s->count, loss = s->loss_sum / n;
    char text[32] = "not finite";

    if (j->json) return print_json(j, run, step, s);
    if (isfinite(loss)) snprintf(text, sizeof text, "%.4f", loss);
    printf("%s accuracy %.2f %%, loss %s on %llu samples, weights of step %llu\n",
           j->split_name, 100 * (double)s->correct / n, text,
           (unsigned long long)s->count, (unsigned long long)step);
    return TALLY_OK;
}

/* Rank 0's checkpoint is that of all: the run may go on meanwhile and keep another, and
 * the disks of two nodes may hold different ones. */
static tally_status load(const job *j, tally_run *run, uint64_t *step)
{
    const tally_layout *layout = &run->net.layout;
    tally_comm *c = run->comm;
    tally_status status = TALLY_OK;

    if (c->rank == 0)
        status = tally_folder_weights(j->checkpoint, layout, run->w, step);
    TALLY_TRY(tally_agree(c, status));
    TALLY_TRY(tally_broadcast(c, 0, run->w, layout->length * sizeof *run->w));
    return TALLY_OK;
}

static tally_status evaluate(const job *j, tally_run *run, tally_comm *c)
{
    uint64_t step = 0;
    tally_score score = {0};

    TALLY_TRY(cli_meet(c, j->asked));
    TALLY_TRY(tally_config_take(run, j->options, NULL));
    TALLY_TRY(tally_run_open(run, c));
    TALLY_TRY(load(j, run, &step));
    TALLY_TRY(tally_run_score(run, j->split, &score));
    if (score.count == 0)
        TALLY_TRY(tally_agree(
            c, TALLY_FAIL(OPTION, "there are no %s samples", j->split_name)));
    if (c->rank == 0) TALLY_TRY(print_score(j, run, step, &score));
    return TALLY_OK;
}

static tally_status on_rank(tally_comm *c, void *context)
{
    const job *j = context;
    tally_run run = {0};
    tally_status status = evaluate(j, &run, c);

    status = cli_failure_on_rank(j->failure, c, status);
    tally_run_close(&run);
    return status;
}

static void print_help(const cli_flag *flags)
{
    fputs("tally eval --checkpoint DIR [--option value | --option=value] ...\n\n",
          stdout);
    cli_help_flags(stdout, flags);
    fputs("\nOptions of the run that count here:", stdout);
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        printf(" --%s", used[i]);
    fputs("\n(`tally train --help`).\n", stdout);
}

static tally_status run_eval(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure, .split_name = "test"};
    const cli_flag flags[] = {
        {"checkpoint", &j.checkpoint, NULL,    "DIR",
         "a run folder: its newest good checkpoint; or one checkpoint folder"               },
        {"split",      &j.split_name, NULL,    "NAME", "train, validate or test (test)"     },
        {"json",       NULL,          &j.json, NULL,   "one line of JSON on standard output"},
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally eval", flags, takes, false};
    tally_run run = {0};
    tally_status status = TALLY_OK;

    j.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
    } else {
        if (!j.asked) j.asked = resolve(&j, &run);
        status = tally_launch(j.asked ? "auto" : run.options->comm, on_rank, &j);
    }
    json_decref(j.options);
    tally_config_close(&run);
    return status;
}

const cli_command cli_eval = {"eval", "score saved weights on a split of the data",
                              run_eval};
