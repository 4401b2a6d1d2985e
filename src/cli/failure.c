/* failure.c — the one place where failures are printed, once each.
 *
 *     agreed on by all ranks    rank 0 prints, the others keep silent
 *     met by rank 3 alone       rank 3 prints "tally: rank 3: ...", then ends all ranks
 *     before ranks start        the process that is to be rank 0 prints; under Open MPI
 *                               another one after 2 s, if it is still there
 *
 * A stop by a signal is agreed on by its nature: every rank ends its run after the same
 * checkpoint. */

#include "cli/failure.h"

#include "tally/collective.h"

#include "comm/launcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEET_SECONDS = 300 };

static void print(const cli_failure *f, const char *rank)
{
    fprintf(stderr, "tally: %s%s\n", rank, tally_error_sentence());
    if (f->backtrace) fputs(tally_error_trace(), stderr);
    fflush(stderr);
}

/* Rank 0 speaks for all.  Where it has not failed the one that did must: Open MPI's
 * mpirun, which ends all when one has failed, then leaves it alone for a while. */
static bool speaks(uint64_t rank)
{
    static const struct timespec pause = {.tv_sec = 2};

    if (rank == 0) return true;
    if (tally_launcher_kind(getenv) != TALLY_OPEN_MPI) return false;
    nanosleep(&pause, NULL);
    return true;
}

void cli_failure_print(cli_failure *f)
{
    char who[32] = "";
    uint64_t rank = 0;

    if (!f->handled && tally_launcher_rank(getenv, &rank) && rank > 0)
        snprintf(who, sizeof who, "rank %llu: ", (unsigned long long)rank);
    if (!f->handled && speaks(rank)) print(f, who);
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
