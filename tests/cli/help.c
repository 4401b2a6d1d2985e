#include "cli/help.h"

#include "support/expect.h"

static size_t listed(const char *name)
{
    const char *const *names;
    size_t found = 0;

    for (size_t i = 0; cli_help_group(i, &names); i++)
        for (; *names; names++)
            found += strcmp(*names, name) == 0;
    return found;
}

Test(help, every_option_is_in_one_group)
{
    for (const tally_option *o = tally_config_about.options; o->name; o++)
        cr_assert(eq(sz, listed(o->name), 1), "%s", o->name);
}

Test(help, groups_list_options_alone)
{
    const char *const *names;

    for (size_t i = 0; cli_help_group(i, &names); i++) {
        for (; *names; names++) {
            const tally_option *o = tally_config_about.options;

            while (o->name && strcmp(o->name, *names) != 0)
                o++;
            cr_assert(o->name != NULL, "%s", *names);
        }
    }
}
