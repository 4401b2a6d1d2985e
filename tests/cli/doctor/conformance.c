/* conformance.c — what every check of `tally doctor` promises: on one rank, without a
 * launcher, it says something or keeps silent, and whatever is not well has a fix. */

#include "cli/doctor/doctor.h"
#include "comm/comm.h"
#include "support/expect.h"

#include <stdlib.h>

static const doctor_check *const checks[] = {
#define CHECK(name) &tally_check_##name,
#include "cli/doctor/list.def"
#undef CHECK
};

enum { CHECKS = sizeof checks / sizeof *checks };

Test(doctor, each_check_has_a_name_of_its_own_and_says_what_it_looks_at)
{
    for (int i = 0; i < CHECKS; i++) {
        cr_assert(lt(sz, 0, strlen(checks[i]->brief)), "%s", checks[i]->name);
        cr_assert(lt(sz, 0, checks[i]->record), "%s", checks[i]->name);
        cr_assert(lt(sz, strlen(checks[i]->name), 10), "%s", checks[i]->name);
        for (int k = 0; k < i; k++)
            cr_assert(ne(str, (char *)checks[i]->name, (char *)checks[k]->name));
    }
}

static tally_status look_alone(tally_comm *c, void *context)
{
    doctor *d = context;
    tally_binding alone = {.threads = 1};

    d->comm = c;
    d->bindings = &alone;
    tally_topology_place(&alone.place);
    TALLY_TRY(cli_places_gather(c, &d->places));
    cli_table_open(&d->findings, CLI_JSON,
                   (const cli_column[]){{.key = "level"},
                                        {.key = "check"},
                                        {.key = "said"},
                                        {.key = "fix"},
                                        {NULL}});
    for (int i = 0; i < CHECKS; i++) {
        void *record = calloc(1, checks[i]->record);

        d->check = checks[i];
        TALLY_TRY(checks[i]->look(d, record));
        checks[i]->judge(d, record);
        free(record);
    }
    return TALLY_OK;
}

Test(doctor, findings_have_fixes)
{
    doctor d = {.folder = "/nowhere/\n/runs"};
    const char *level, *check, *said, *fix;
    json_t *row;
    size_t i;

    expect_ok(tally_launch_alone(look_alone, &d));
    json_t *rows = cli_table_take(&d.findings);
    cr_assert(lt(sz, 8, json_array_size(rows)));
    json_array_foreach(rows, i, row)
    {
        cr_assert(eq(int,
                     json_unpack(row, "{s:s s:s s:s s:s}", "level", &level, "check",
                                 &check, "said", &said, "fix", &fix),
                     0));
        cr_assert(lt(sz, 0, strlen(said)), "%s", check);
        cr_assert(eq(int, strcmp(level, "ok") == 0, fix[0] == '\0'), "%s: %s: %s",
                  check, said, fix);
    }
    json_decref(rows);
    cli_table_close(&d.findings);
    free(d.places);
}
