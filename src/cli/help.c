/* help.c — `tally help` and `tally train --help`, from the tables.
 *
 * Only the grouping is written by hand; a test sees to it that every option is in one
 * group. */

#include "cli/help.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN = 30, NAMES_MOST = 12 };

static const struct {
    const char *title;
    const char *names[NAMES_MOST];
} groups[] = {
    {"What is trained",   {"data", "validate", "model", "loss", "penalty", "seed"}    },
    {"How it is trained",
     {"rule", "rate", "rate_scaling", "rate_reference", "schedule", "warmup", "clip",
      "batch", "accumulate", "epochs", "steps"}                                       },
    {"How ranks agree",
     {"comm", "trainer", "exchange", "codec", "aggregate", "attack", "consistency",
      "bucket", "threads", "patience"}                                                },
    {"What is watched",   {"census", "replica_every", "resync", "timeout"}            },
    {"What is kept",
     {"out", "start", "checkpoint_every", "keep", "log_every", "trace", "trace_spans"}},
};

const char *cli_help_group(size_t i, const char *const **names)
{
    if (i >= sizeof groups / sizeof *groups) return NULL;
    *names = groups[i].names;
    return groups[i].title;
}

/* "  --checkpoint-every N         steps between ... (0)" */
static void line(FILE *to, const char *name, const char *value, const char *help,
                 const char *initial)
{
    char flag[96];

    snprintf(flag, sizeof flag, "--%s%s%s", name, value ? " " : "", value ? value : "");
    for (char *p = flag; *p; p++)
        if (*p == '_') *p = '-';
    fprintf(to, "  %-*s  %s", COLUMN - 4, flag, help);
    if (initial && *initial) fprintf(to, " (%s)", initial);
    fputc('\n', to);
}

void cli_help_flags(FILE *to, const cli_flag *flags)
{
    for (const cli_flag *f = flags; f->name; f++)
        line(to, f->name, f->text ? f->value : NULL, f->help, NULL);
}

static const char *value_word(const tally_option *o)
{
    switch (o->kind) {
    case TALLY_REAL:
        return "X";
    case TALLY_COUNT:
        return "N";
    case TALLY_FLAG:
        return "true|false";
    case TALLY_CHOICE:
        return o->range;
    case TALLY_TEXT:
        if (strcmp(o->name, "trace") == 0) return "FILE";
        return strcmp(o->name, "out") == 0 || strcmp(o->name, "start") == 0 ? "DIR"
                                                                            : "MEMBER";
    case TALLY_SIZES:
        return "NxN";
    }
    return "";
}

static void option_line(FILE *to, const char *name)
{
    for (const tally_option *o = tally_config_about.options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            line(to, name, value_word(o), o->help, o->initial);
}

static void strategy_line(FILE *to)
{
    const tally_about *about;
    char help[256];
    size_t used =
        (size_t)snprintf(help, sizeof help, "%s:", tally_strategy_family.brief);

    for (size_t i = 0; (about = tally_family_at(&tally_strategy_family, i)); i++) {
        if (used >= sizeof help) break;
        used += (size_t)snprintf(help + used, sizeof help - used, " %s", about->name);
    }
    line(to, "strategy", "NAME", help, NULL);
}

void cli_help_train(FILE *to, const cli_flag *flags)
{
    const char *const *names, *title;

    fputs("tally train [FILE.ini] [--option value | --option=value] ...\n\n"
          "A MEMBER is a name and its options, name:key=value,key=value; one key alone "
          "is\n--family.key value.  `tally info FAMILY` lists members, `tally info "
          "FAMILY MEMBER`\nits options.  A run file holds the same as lines `option = "
          "value`; what the\ncommand line says wins.  Defaults stand in brackets.\n",
          to);
    for (size_t i = 0; (title = cli_help_group(i, &names)); i++) {
        fprintf(to, "\n%s\n", title);
        for (; *names; names++)
            option_line(to, *names);
        if (strcmp(title, "How ranks agree") == 0) strategy_line(to);
    }
    fputs("\nThe program itself\n", to);
    cli_help_flags(to, flags);
    fputs("\nExamples\n"
          "  tally train --data digits --epochs 5\n"
          "  mpirun -n 4 tally train --strategy vote --rule.beta 0.9 --rate 1e-3\n"
          "  tally train run.ini --out runs/a --json       then: tally train --resume "
          "runs/a\n",
          to);
}
