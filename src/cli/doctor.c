/* doctor.c — `tally doctor`: what is wrong with this installation and this launch.
 *
 *     each check      look on every rank -> all records to all -> judge on rank 0
 *     each finding    a line, and under it what mends it
 *
 * When the launch itself is broken (lonely copies, an MPI that does not start) the
 * process that was to be rank 0 looks at its own machine, and the others keep silent.
 */

#include "cli/doctor/doctor.h"

#include "tally/collective.h"

#include "base/status.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/json.h"
#include "comm/comm.h"
#include "comm/nodes.h"
#include "comm/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const doctor_check *const checks[] = {
#define CHECK(name) &tally_check_##name,
#include "cli/doctor/list.def"
#undef CHECK
};

enum { CHECKS = sizeof checks / sizeof *checks };

enum { TIMEOUT = 60 }; /* seconds of one wait: no check of a rank takes as long */

static const char *const level_names[] = {"ok", "warning", "wrong"};

typedef struct job {
    cli_failure *failure;
    bool help, json;
    const char *comm, *folder, *alone;
    int wrong;
    tally_status asked;
} job;

/* ---- findings ---- */

static const cli_column columns[] = {
    {.key = "level"}, {.key = "check"}, {.key = "said"}, {.key = "fix"}, {NULL}};

void doctor_say(doctor *d, doctor_level level, const char *fix, const char *format, ...)
{
    char said[768];
    va_list list;

    va_start(list, format);
    vsnprintf(said, sizeof said, format, list);
    va_end(list);
    d->count[level]++;
    if (d->findings.style == CLI_JSON) {
        cli_table_text(&d->findings, level_names[level]);
        cli_table_text(&d->findings, d->check->name);
        cli_table_text(&d->findings, said);
        cli_table_text(&d->findings, fix ? fix : "");
        return;
    }
    printf("%-8s %-9s %s\n", level_names[level], d->check->name, said);
    if (fix) printf("%18s -> %s\n", "", fix);
}

void doctor_fix_setting(const doctor *d, const char *name, const char *value,
                        char fix[192])
{
    if (d->launcher == TALLY_OPEN_MPI)
        snprintf(fix, 192, "mpirun --mca %s %s", name, value);
    else
        snprintf(fix, 192, "export OMPI_MCA_%s=%s", name, value);
}

void doctor_fix_variable(const doctor *d, const char *name, const char *value,
                         char fix[192])
{
    if (d->launcher == TALLY_OPEN_MPI)
        snprintf(fix, 192, "mpirun -x %s=%s", name, value);
    else if (d->launcher == TALLY_HYDRA)
        snprintf(fix, 192, "mpiexec -genv %s %s", name, value);
    else
        snprintf(fix, 192, "export %s=%s", name, value);
}

const char *doctor_where(const doctor *d, int rank, int count, char text[128])
{
    const char *host = d->places[rank].host;

    text[0] = '\0';
    if (d->comm->nodes == 1) return text;
    if (count > 1)
        snprintf(text, 128, " on %s and %d more host%s", host, count - 1,
                 tally_text_plural((uint64_t)count - 1));
    else
        snprintf(text, 128, " on %s", host);
    return text;
}

int doctor_leader(const doctor *d, int node)
{
    return tally_nodes_rank(d->comm->topology, node, 0);
}

bool doctor_leads(const doctor *d, int rank)
{
    return d->comm->topology->place[rank] == 0;
}

const char *doctor_bytes(double bytes, char text[16])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int k = 0;

    for (; bytes >= 1000 && k < 4; k++)
        bytes /= 1024;
    snprintf(text, 16, "%.3g %s", bytes, units[k]);
    return text;
}

/* ---- the checks ---- */

static tally_status gather_bindings(doctor *d)
{
    tally_binding mine = {.threads = tally_topology_threads(d->comm->node_size),
                          .near = d->comm->node_size};

    if (!tally_topology_place(&mine.place)) mine.place.bound = (tally_units){{0}};
    d->bindings = calloc((size_t)d->comm->size, sizeof *d->bindings);
    TALLY_TRY(tally_agree(
        d->comm, d->bindings
                     ? TALLY_OK
                     : TALLY_FAIL(MEMORY, "no memory for %d bindings", d->comm->size)));
    return tally_gather_all(d->comm, &mine, sizeof mine, d->bindings);
}

static tally_status look(doctor *d, unsigned char *mine, unsigned char *all)
{
    TALLY_TRY(d->check->look(d, mine));
    TALLY_TRY(tally_gather_all(d->comm, mine, d->check->record, all));
    if (d->comm->rank == 0) d->check->judge(d, all);
    fflush(stdout); /* what is found so far counts, should the next one never end */
    return TALLY_OK;
}

static tally_status run_check(doctor *d, const doctor_check *check)
{
    size_t ranks = (size_t)d->comm->size;
    unsigned char *mine = calloc(1, check->record), *all = calloc(ranks, check->record);
    tally_status status =
        mine && all ? TALLY_OK
                    : TALLY_FAIL(MEMORY, "no memory for check %s", check->name);

    d->check = check;
    status = tally_agree(d->comm, status);
    if (!status) status = look(d, mine, all);
    free(mine);
    free(all);
    return status;
}

/* ---- the whole ---- */

static void print_head(doctor *d)
{
    cli_table table = {.style = CLI_TEXT};
    int ranks = d->comm->size, hosts = d->comm->topology->count;

    printf("%d rank%s on %d host%s\n\n", ranks, tally_text_plural((uint64_t)ranks),
           hosts, tally_text_plural((uint64_t)hosts));
    cli_places_write(&table, CLI_TEXT, d->comm, d->places);
    cli_table_close(&table);
    putchar('\n');
}

static tally_status print_json(doctor *d)
{
    cli_table places = {.style = CLI_JSON};

    cli_places_write(&places, CLI_JSON, d->comm, d->places);
    json_t *head =
        json_pack("{s:i s:i s:i s:i s:o s:o}", "ranks", d->comm->size, "hosts",
                  d->comm->topology->count, "wrong", d->count[DOCTOR_WRONG], "warnings",
                  d->count[DOCTOR_WARNING], "places", cli_table_take(&places),
                  "findings", cli_table_take(&d->findings));

    cli_table_close(&places);
    if (!head) return TALLY_FAIL(MEMORY, "no memory for the findings as JSON");
    return cli_json_print(head);
}

static void print_end(const doctor *d)
{
    int warnings = d->count[DOCTOR_WARNING], wrong = d->count[DOCTOR_WRONG];

    printf("\n%d wrong, %d warning%s, %d ok\n", wrong, warnings,
           tally_text_plural((uint64_t)warnings), d->count[DOCTOR_OK]);
}

static tally_status examine(job *j, doctor *d)
{
    const tally_watch_terms terms = {.timeout = TIMEOUT};
    tally_comm *c = d->comm;

    TALLY_TRY(cli_meet(c, j->asked));
    if (strcmp(c->ops->about.name, "sim") == 0)
        return tally_agree(c, TALLY_FAIL(OPTION, "comm sim: tally doctor looks at real "
                                                 "ranks, and simulated ones have no "
                                                 "machines"));
    TALLY_TRY(tally_watch_open(c, &terms));
    TALLY_TRY(cli_places_gather(c, &d->places));
    TALLY_TRY(gather_bindings(d));
    if (j->json) cli_table_open(&d->findings, CLI_JSON, columns);
    if (c->rank == 0 && !j->json) print_head(d);
    for (int i = 0; i < CHECKS; i++)
        TALLY_TRY(run_check(d, checks[i]));
    TALLY_TRY(tally_broadcast(c, 0, d->count, sizeof d->count));
    j->wrong = d->count[DOCTOR_WRONG];
    if (c->rank != 0) return TALLY_OK;
    if (j->json) return print_json(d);
    print_end(d);
    return TALLY_OK;
}

/* The code of something wrong is one that all ranks know of. */
static tally_status sum_up(const job *j)
{
    char sentence[64];

    if (j->wrong == 0) return TALLY_OK;
    snprintf(sentence, sizeof sentence, "doctor: %d thing%s %s wrong", j->wrong,
             j->wrong > 1 ? "s" : "", j->wrong > 1 ? "are" : "is");
    return tally_error_adopt(TALLY_FAIL(MISMATCH, "%s", sentence), sentence);
}

static tally_status on_rank(tally_comm *c, void *context)
{
    job *j = context;
    doctor d = {.comm = c,
                .launcher = tally_launcher_kind(getenv),
                .alone = j->alone,
                .folder = j->folder};
    tally_status status = examine(j, &d);

    if (!status) status = sum_up(j);
    status = cli_failure_on_rank(j->failure, c, status);
    tally_watch_close(c);
    cli_table_close(&d.findings);
    free(d.places);
    free(d.bindings);
    return status;
}

/* What keeps ranks from meeting is a finding of who would have been rank 0; a launcher
 * would end it if the others left with a bad code. */
static tally_status examine_alone(job *j)
{
    char why[768];
    uint64_t rank;

    if (tally_launcher_rank(getenv, &rank) && rank != 0) return TALLY_OK;
    snprintf(why, sizeof why, "%s", tally_error_sentence());
    j->alone = why;
    return tally_launch_alone(on_rank, j);
}

static void print_help(const cli_flag *flags)
{
    fputs(
        "tally doctor [--option value | --option=value] ...\n\n"
        "Looks at this installation and at the launch it is started by, alone or under "
        "mpirun\nor srun, and says what is wrong, with the command or option that "
        "mends it:\n\n",
        stdout);
    for (int i = 0; i < CHECKS; i++)
        printf("  %-9s %s\n", checks[i]->name, checks[i]->brief);
    putchar('\n');
    cli_help_flags(stdout, flags);
    fputs("\nIt exits with 0 when nothing is wrong (warnings may be), else with 8.\n\n"
          "  tally doctor\n"
          "  mpirun -n 2 tally doctor --out runs\n"
          "  launch/cluster mpirun -n 4 tally doctor --json\n",
          stdout);
}

static bool takes_nothing(const char *name)
{
    (void)name;
    return false;
}

static tally_status run_doctor(cli_failure *failure, int count, char *const *words)
{
    job j = {.failure = failure, .comm = "auto"};
    const cli_flag flags[] = {
        {"out",  &j.folder, NULL,    "DIR",    "a folder where runs are to be kept"},
        {"comm", &j.comm,   NULL,    "MEMBER", "how ranks reach each other (auto)" },
        {"json", NULL,      &j.json, NULL,     "one line of JSON"                  },
        CLI_LAST_FLAGS(&j.help),
    };
    const cli_grammar grammar = {"tally doctor", flags, takes_nothing, false};
    tally_run run = {0};

    tally_report_on_signal();
    j.asked = cli_arguments_read(&grammar, count, words, &run);
    if (j.help) {
        print_help(flags);
        return TALLY_OK;
    }
    tally_status status = tally_launch(j.asked ? "auto" : j.comm, on_rank, &j);
    bool asked_well = !j.asked && status != TALLY_OPTION;
    return status && !failure->handled && asked_well ? examine_alone(&j) : status;
}

const cli_command cli_doctor = {
    "doctor", "what is wrong with this installation or launch, and the fix",
    run_doctor};
