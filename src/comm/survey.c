/* survey.c — from what every rank tells of itself to who holds up the run.
 *
 *     1. two ranks have another signature under one number    a mismatch
 *     2. ranks do not answer                                  stopped, gone, cut off
 *     3. ranks have started fewer collectives than others     they are late
 *     4. who waits for whom, to its end                       a rank that computes
 *     5. or round in a circle                                 messages that were lost
 *
 * A pure function of the answers. */

#include "comm/survey.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_MOST = 6, LINES_MOST = 40, LAST_ACTS = 4 };

static const double brief = 0.1; /* seconds */

static bool one_host(const tally_survey *s)
{
    for (int r = 1; r < s->size; r++)
        if (strcmp(s->hosts[r], s->hosts[0]) != 0) return false;
    return true;
}

/* "rank 2 on node7"; "rank 2" where all are on one host. */
static void name_rank(const tally_survey *s, int r, char text[96])
{
    bool alone = one_host(s);

    snprintf(text, 96, "rank %d%s%.64s", r, alone ? "" : " on ",
             alone ? "" : s->hosts[r]);
}

/* Names the ranks that are marked: "ranks 2 and 5 on node7" is said as "rank 2 on node7
 * and rank 5 on node7"; after so many, how many more. */
static void name_ranks(const tally_survey *s, bool (*marked)(const tally_survey *, int),
                       char *text, size_t most)
{
    int all = 0, told = 0;
    size_t used = 0;

    text[0] = '\0';
    for (int r = 0; r < s->size; r++)
        all += marked(s, r);
    for (int r = 0; r < s->size && told < NAMED_MOST; r++) {
        char who[96];

        if (!marked(s, r)) continue;
        name_rank(s, r, who);
        const char *before = told == 0 ? "" : told + 1 == all ? " and " : ", ";
        if (!tally_text_append(text, most, &used, "%s%s", before, who)) return;
        told++;
    }
    if (told < all) tally_text_append(text, most, &used, " and %d more", all - told);
}

/* ---- mismatches ---- */

static int find_act(const tally_row *row, uint64_t number)
{
    for (int k = 0; k < TALLY_ROW_ACTS; k++)
        if (row->acts[k].number == number) return row->answered && number ? k : -1;
    return -1;
}

/* The lowest rank that has something else under that number than rank r has; -1. */
static int find_other(const tally_survey *s, int r, uint64_t number)
{
    int mine = find_act(&s->rows[r], number);

    for (int q = 0; q < s->size && mine >= 0; q++) {
        int k = find_act(&s->rows[q], number);

        if (k >= 0 && s->rows[q].acts[k].signature != s->rows[r].acts[mine].signature)
            return q;
    }
    return -1;
}

static int count_alike(const tally_survey *s, int r, uint64_t number)
{
    uint64_t mine = s->rows[r].acts[find_act(&s->rows[r], number)].signature;
    int alike = 0;

    for (int q = 0; q < s->size; q++) {
        int k = find_act(&s->rows[q], number);

        alike += k >= 0 && s->rows[q].acts[k].signature == mine;
    }
    return alike;
}

static int first_answer(const tally_survey *s)
{
    for (int r = 0; r < s->size; r++)
        if (s->rows[r].answered) return r;
    return -1;
}

/* The first number under which ranks differ, of those that rank r still knows; 0: none.
 */
static uint64_t find_mismatch(const tally_survey *s, int r, int *other)
{
    for (int k = TALLY_ROW_ACTS - 1; k >= 0; k--) {
        uint64_t number = s->rows[r].acts[k].number;

        *other = number ? find_other(s, r, number) : -1;
        if (*other >= 0) return number;
    }
    return 0;
}

static tally_status tell_mismatch(const tally_survey *s, int a, int b, uint64_t number,
                                  char *sentence, size_t most)
{
    /* Who is alone is named first. */
    if (count_alike(s, a, number) > count_alike(s, b, number)) {
        int other = a;

        a = b;
        b = other;
    }
    int ka = find_act(&s->rows[a], number), kb = find_act(&s->rows[b], number);
    char who[96], whom[96];

    name_rank(s, a, who);
    name_rank(s, b, whom);
    snprintf(
        sentence, most,
        "collective %llu is not the same on all ranks: %s has \"%s\" (%016llx), %s "
        "has \"%s\" (%016llx)",
        (unsigned long long)number, who, s->rows[a].acts[ka].text,
        (unsigned long long)s->rows[a].acts[ka].signature, whom,
        s->rows[b].acts[kb].text, (unsigned long long)s->rows[b].acts[kb].signature);
    return TALLY_MISMATCH;
}

/* ---- who is not there ---- */

static bool is_silent(const tally_survey *s, int r)
{
    return !s->rows[r].answered;
}

static bool is_waiting(const tally_survey *s, int r)
{
    return s->rows[r].answered && s->rows[r].waits;
}

static int count(const tally_survey *s, bool (*marked)(const tally_survey *, int))
{
    int n = 0;

    for (int r = 0; r < s->size; r++)
        n += marked(s, r);
    return n;
}

static int longest_waiter(const tally_survey *s)
{
    int longest = -1;

    for (int r = 0; r < s->size; r++)
        if (is_waiting(s, r) &&
            (longest < 0 || s->rows[r].waited > s->rows[longest].waited))
            longest = r;
    return longest;
}

static const char *fate_of(const tally_survey *s)
{
    bool stopped = true, gone = true;

    for (int r = 0; r < s->size; r++) {
        if (!is_silent(s, r)) continue;
        stopped &= s->fates[r] == TALLY_STOPPED_SHORT;
        gone &= s->fates[r] == TALLY_GONE;
    }
    return stopped ? "stopped" : gone ? "gone" : "stopped, gone or cut off";
}

/* For how long rank r has waited, and where. */
static void describe_wait(const tally_survey *s, int r, char text[160])
{
    const tally_row *row = &s->rows[r];
    size_t used =
        (size_t)snprintf(text, 160, "rank %d has waited %.3g s ", r, row->waited);

    if (!row->apart)
        snprintf(text + used, 160 - used, "in \"%s\"", row->acts[0].text);
    else if (row->peer >= 0)
        snprintf(text + used, 160 - used, "for a message of rank %d", row->peer);
    else
        snprintf(text + used, 160 - used, "for a message");
}

static tally_status tell_silent(const tally_survey *s, char *sentence, size_t most)
{
    int waiter = longest_waiter(s), silent = count(s, is_silent);
    char who[512], wait[160] = "";

    name_ranks(s, is_silent, who, sizeof who);
    if (waiter >= 0) describe_wait(s, waiter, wait);
    snprintf(sentence, most, "%s %s not answer (%s)%s%s", who,
             silent > 1 ? "do" : "does", fate_of(s), waiter >= 0 ? "; " : "", wait);
    return TALLY_NETWORK;
}

static uint64_t most_started(const tally_survey *s)
{
    uint64_t most = 0;

    for (int r = 0; r < s->size; r++)
        if (s->rows[r].number > most) most = s->rows[r].number;
    return most;
}

static uint64_t least_started(const tally_survey *s)
{
    uint64_t least = UINT64_MAX;

    for (int r = 0; r < s->size; r++)
        if (s->rows[r].number < least) least = s->rows[r].number;
    return least;
}

static bool is_late(const tally_survey *s, int r)
{
    return s->rows[r].number == least_started(s);
}

/* What a rank that has started number `number` says of it; "" when that is forgotten.
 */
static const char *text_of(const tally_survey *s, uint64_t number)
{
    for (int r = 0; r < s->size; r++) {
        int k = find_act(&s->rows[r], number);

        if (k >= 0) return s->rows[r].acts[k].text;
    }
    return "";
}

static tally_status tell_late(const tally_survey *s, char *sentence, size_t most)
{
    int waiter = longest_waiter(s), late = count(s, is_late);
    uint64_t next = least_started(s) + 1;
    int first = 0;
    char who[512];

    while (!is_late(s, first))
        first++;
    name_ranks(s, is_late, who, sizeof who);
    snprintf(sentence, most,
             "%s %s not come to collective %llu, \"%s\", and %s; rank %d has waited "
             "%.3g s",
             who, late > 1 ? "have" : "has", (unsigned long long)next, text_of(s, next),
             !is_waiting(s, first) ? late > 1 ? "compute" : "computes"
             : late > 1            ? "wait elsewhere"
                                   : "waits elsewhere",
             waiter, s->rows[waiter].waited);
    return TALLY_NETWORK;
}

/* All have started the same: the end of the chain of who waits for whom. */
static tally_status tell_chain(const tally_survey *s, int waiter, char *sentence,
                               size_t most)
{
    int at = waiter, steps = 0;
    char who[96], wait[160];

    describe_wait(s, waiter, wait);
    while (is_waiting(s, at) && s->rows[at].peer >= 0 && s->rows[at].peer < s->size &&
           steps++ < s->size)
        at = s->rows[at].peer;
    for (int r = 0; is_waiting(s, at) && r < s->size; r++)
        if (!is_waiting(s, r)) at = r;
    if (is_waiting(s, at)) {
        snprintf(sentence, most, "all ranks wait, %s: messages do not arrive", wait);
        return TALLY_NETWORK;
    }
    name_rank(s, at, who);
    snprintf(sentence, most, "%s computes while %s", who, wait);
    return TALLY_NETWORK;
}

tally_status tally_survey_judge(const tally_survey *s, char *sentence, size_t most)
{
    int first = first_answer(s), other, waiter = longest_waiter(s);
    uint64_t number = first >= 0 ? find_mismatch(s, first, &other) : 0;

    snprintf(sentence, most, "no rank waits for another");
    if (number) return tell_mismatch(s, first, other, number, sentence, most);
    if (count(s, is_silent)) return tell_silent(s, sentence, most);
    if (waiter < 0) return TALLY_OK;
    if (least_started(s) < most_started(s)) return tell_late(s, sentence, most);
    return tell_chain(s, waiter, sentence, most);
}

bool tally_survey_moves(const tally_survey *s)
{
    for (int r = 0; r < s->size; r++)
        if (is_silent(s, r) || (is_waiting(s, r) &&
                                (s->rows[r].waited > brief || s->rows[r].idle > brief)))
            return false;
    return true;
}

/* ---- the table ---- */

static void describe(const tally_survey *s, int r, char text[64])
{
    const tally_row *row = &s->rows[r];

    if (is_silent(s, r))
        snprintf(text, 64, "%s",
                 s->fates[r] == TALLY_STOPPED_SHORT ? "no answer: stopped"
                 : s->fates[r] == TALLY_GONE        ? "no answer: gone"
                                                    : "no answer");
    else if (row->ends)
        snprintf(text, 64, "ends the run");
    else if (!row->waits)
        snprintf(text, 64, "computes, %.3g s", row->idle);
    else if (row->peer >= 0)
        snprintf(text, 64, "waits %.3g s for rank %d", row->waited, row->peer);
    else
        snprintf(text, 64, "waits %.3g s", row->waited);
}

static bool add_line(const tally_survey *s, int r, char *text, size_t most,
                     size_t *used)
{
    const tally_row *row = &s->rows[r];
    char what[64];

    if (*used >= most) return false;
    describe(s, r, what);
    return tally_text_append(text, most, used, "  %5d  %-16.32s %12llu  %-28s %s\n", r,
                             s->hosts[r], (unsigned long long)row->number, what,
                             row->acts[0].text);
}

/* They are the same on all ranks, which the number before says how far they came. */
static void add_acts(const tally_survey *s, char *text, size_t most, size_t *used)
{
    uint64_t last = most_started(s);

    for (uint64_t k = last; k > 0 && k + LAST_ACTS > last; k--)
        if (!tally_text_append(text, most, used, "  %-23s %12llu  %s\n",
                               k == last ? "last collectives" : "",
                               (unsigned long long)k, text_of(s, k)))
            return;
}

/* Those first that hold up the others. */
void tally_survey_print(const tally_survey *s, char *text, size_t most)
{
    size_t used = strlen(text), room = most > 64 ? most - 64 : 0;
    uint64_t last = most_started(s);
    int told = 0;

    tally_text_append(text, most, &used, "  %5s  %-16s %12s  %-28s %s\n", "rank",
                      "host", "collective", "now", "which it started last");
    for (int round = 0; round < 2; round++)
        for (int r = 0; r < s->size && told < LINES_MOST; r++) {
            bool matters =
                is_silent(s, r) || !is_waiting(s, r) || s->rows[r].number < last;

            if (matters != (round == 0)) continue;
            if (!add_line(s, r, text, room, &used)) break;
            told++;
        }
    if (told < s->size)
        tally_text_append(text, most, &used, "  and %d more\n", s->size - told);
    add_acts(s, text, most, &used);
}
