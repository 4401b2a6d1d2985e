/* failure.c — the one place where failures are printed, once each.
 *
 *     agreed on by all ranks    rank 0 prints, the others keep silent
 *     met by rank 3 alone       rank 3 prints "tally: rank 3: ...", then ends all ranks
 *     before ranks start        the process prints, if it is to be rank 0
 *
 * A stop by a signal is agreed on by its nature: every rank ends its run after the same
 * checkpoint. */

#include "cli/failure.h"

#include "tally/collective.h"

#include "comm/launcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEET_SECONDS = 300 };

static void print(const cli_failure *f, const char *rank)
{
    fprintf(stderr, "tally: %s%s\n", rank, tally_error_sentence());
    if (f->backtrace) fputs(tally_error_trace(), stderr);
    fflush(stderr);
}

static bool is_another_rank(void)
{
    uint64_t rank;

    return tally_launcher_rank(getenv, &rank) && rank != 0;
}

void cli_failure_print(cli_failure *f)
{
    if (!f->handled && !is_another_rank()) print(f, "");
    f->handled = true;
}

tally_status cli_failure_on_rank(cli_failure *f, tally_comm *c, tally_status status)
{
    char rank[32] = "";

    if (status == TALLY_OK) return status;
    if (tally_error_agreed() || status == TALLY_STOPPED) {
        if (c->rank == 0) print(f, "");
        f->handled = true;
        return status;
    }
    if (status == TALLY_ABORTED || f->handled) return status;
    if (c->size > 1) snprintf(rank, sizeof rank, "rank %d: ", c->rank);
    print(f, rank);
    f->handled = true;
    if (c->size > 1) tally_abort(c, (int)status);
    return status;
}

tally_status cli_meet(tally_comm *c, tally_status asked)
{
    if (c->size == 1) return asked;
    c->limit = MEET_SECONDS;
    tally_status status = tally_agree(c, asked);
    c->limit = 0;
    return status;
}
