#include "run/config.h"
#include "support/expect.h"

static void expect_member(const tally_family *family, const char *spec)
{
    const tally_about *about;
    void *options;

    if (!spec) return;
    expect_ok(tally_family_open(family, spec, &about, &options));
    tally_options_close(about, options);
}

Test(strategy, rows_name_members)
{
    const tally_about *about;

    for (size_t i = 0; (about = tally_family_at(&tally_strategy_family, i)); i++) {
        const tally_strategy_ops *row = (const tally_strategy_ops *)about;

        expect_member(&tally_trainer_family, row->trainer);
        expect_member(&tally_exchange_family, row->exchange);
        expect_member(&tally_rule_family, row->rule);
    }
}

/* Defaults parse, briefs are there: what every table owes to the tools that read it. */
Test(families, every_member_opens_with_its_defaults)
{
    for (const tally_family *const *f = tally_families; *f; f++) {
        const tally_about *about;

        for (size_t i = 0; (about = tally_family_at(*f, i)); i++) {
            void *opened;

            cr_assert(about->brief && about->brief[0], "%s", about->name);
            expect_ok(tally_options_open((*f)->name, about, NULL, &opened));
            tally_options_close(about, opened);
        }
    }
}
