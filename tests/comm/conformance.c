/* conformance.c — every case over self and sim, at sizes with and without halves. */

#include "comm/cases.h"
#include "support/expect.h"

#include <stdio.h>

static void run_all(const char *spec)
{
    for (const comm_case *each = comm_cases; each->name; each++) {
        char name[64];

        snprintf(name, sizeof name, "%s", each->name);
        tally_status status = tally_launch(spec, comm_case_run, name);
        cr_assert(status == TALLY_OK, "%s over %s: %s", name, spec,
                  tally_error_sentence());
    }
}

Test(conformance, self)
{
    run_all("self");
}

static const int sizes[] = {1, 2, 3, 5, 8, 13};

static void run_sizes(const char *options)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char spec[96];

        snprintf(spec, sizeof spec, "sim:ranks=%d%s", sizes[i], options);
        run_all(spec);
    }
}

Test(conformance, sim)
{
    run_sizes("");
}

Test(conformance, sim_with_rendezvous)
{
    run_sizes(",rendezvous=true");
}

Test(conformance, sim_on_nodes_of_two)
{
    run_sizes(",node=2");
}

/* Of 5, 8 and 13 ranks the last node has fewer. */
Test(conformance, sim_on_nodes_of_three)
{
    run_sizes(",node=3");
}

Test(conformance, sim_on_nodes_of_four_with_rendezvous)
{
    run_sizes(",node=4,rendezvous=true");
}

Test(conformance, sim_on_one_node)
{
    run_sizes(",node=0");
}
