/* family.c — members of a family by name: built in from its list.def, or registered. */

#include "tally/option.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REGISTERED_MOST = 256 };

/* The registry of members added at run time: filled before any rank starts, then read.
 */
static struct {
    const tally_family *family;
    const tally_about *about;
} registered[REGISTERED_MOST];

static size_t registered_count;

const tally_about *tally_family_at(const tally_family *family, size_t i)
{
    size_t n = 0;

    for (; family->members[n]; n++)
        if (n == i) return family->members[n];
    for (size_t k = 0; k < registered_count; k++) {
        if (registered[k].family != family) continue;
        if (n++ == i) return registered[k].about;
    }
    return NULL;
}

static const tally_about *look_up(const tally_family *family, const char *name,
                                  const char **nearest)
{
    const tally_about *about;

    *nearest = NULL;
    for (size_t i = 0; (about = tally_family_at(family, i)); i++) {
        if (strcmp(about->name, name) == 0) return about;
        tally_text_nearer(name, about->name, nearest);
    }
    return NULL;
}

tally_status tally_family_find(const tally_family *family, const char *name,
                               const tally_about **about)
{
    const char *nearest;

    *about = look_up(family, name, &nearest);
    if (*about) return TALLY_OK;
    if (nearest)
        return TALLY_FAIL(OPTION, "there is no %s %s; did you mean %s?", family->name,
                          name, nearest);
    return TALLY_FAIL(OPTION, "there is no %s %s; tally info %s lists them",
                      family->name, name, family->name);
}

tally_status tally_family_register(const tally_family *family, const tally_about *about)
{
    const char *nearest;

    if (look_up(family, about->name, &nearest))
        return TALLY_FAIL(OPTION, "%s %s is already there", family->name, about->name);
    if (registered_count == REGISTERED_MOST)
        return TALLY_FAIL(MEMORY, "more than %d registered members", REGISTERED_MOST);
    registered[registered_count].family = family;
    registered[registered_count++].about = about;
    return TALLY_OK;
}

tally_status tally_family_open(const tally_family *family, const char *spec,
                               const tally_about **about, void **options)
{
    char name[64], who[128];
    size_t length = strcspn(spec, ":");
    const char *pairs = spec[length] ? spec + length + 1 : NULL;

    if (length == 0 || length >= sizeof name)
        return TALLY_FAIL(OPTION, "%s \"%s\" does not start with a member's name",
                          family->flag, spec);
    memcpy(name, spec, length);
    name[length] = '\0';
    TALLY_TRY(tally_family_find(family, name, about));
    snprintf(who, sizeof who, "%s %s", family->name, name);
    TALLY_TRY(tally_options_open(who, *about, pairs, options));
    return TALLY_OK;
}
