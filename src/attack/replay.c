/* replay.c — what was said before, again and again.
 *
 *     say  g of the last step whose number is a multiple of `age`
 *
 * A stuck or lagging rank.  State: 1 vector, private to the rank, so that a resumed
 * study goes on as it was. */

#include "attack/attack.h"

#include <stddef.h>
#include <string.h>

typedef struct replay {
    tally_sizes ranks;
    uint64_t age;
} replay;

static const tally_option options[] = {
    TALLY_LIARS(replay),
    TALLY_OPTION(COUNT, replay, age, "100", "[1, 1e9]", "steps until something new"),
    TALLY_END,
};

static const tally_slot slots[] = {
    {"kept", TALLY_PRIVATE, TALLY_EACH_WEIGHT},
    TALLY_END
};

static void lie(tally_attack *a, uint64_t step, tally_real *said)
{
    tally_real *kept = a->state.at[0];
    size_t bytes = a->length * sizeof *said;

    if (step % ((const replay *)a->options)->age == 0) memcpy(kept, said, bytes);
    memcpy(said, kept, bytes);
}

const tally_attack_ops tally_attack_replay = {
    .about = {.name = "replay",
              .brief = "what was said before, again and again",
              .paper = "",
              .options = options,
              .options_size = sizeof(replay),
              .slots = slots},
    .lie = lie,
};
