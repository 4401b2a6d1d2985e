/* source.c — the family of sources: built in from list.def, or registered. */

#include "data/source.h"

static const tally_about *const members[] = {
#define SOURCE(name) &tally_source_##name.about,
#include "data/list.def"
#undef SOURCE
    NULL};

const tally_family tally_source_family = {
    .name = "data",
    .flag = "--data",
    .brief = "where samples come from",
    .members = members,
};

tally_status tally_register_source(const tally_source_ops *ops)
{
    return tally_family_register(&tally_source_family, &ops->about);
}

tally_status tally_source_open(tally_source *s, const char *spec)
{
    const tally_about *about;

    *s = (tally_source){0};
    TALLY_TRY(tally_family_open(&tally_source_family, spec, &about, &s->options));
    const void *table = about; /* the first field of its tally_source_ops */
    s->ops = table;
    tally_status status = s->ops->open(s);
    if (status) tally_source_close(s);
    TALLY_TRY(status);
    return TALLY_OK;
}

void tally_source_close(tally_source *s)
{
    if (s->ops && s->ops->close) s->ops->close(s);
    if (s->ops) tally_options_close(&s->ops->about, s->options);
    *s = (tally_source){0};
}
