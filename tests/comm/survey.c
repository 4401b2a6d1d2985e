/* Who holds up a run, from what every rank tells of itself. */

#include "comm/survey.h"

#include "support/expect.h"

#include <stdio.h>

enum { RANKS = 4, SUM = 100, OTHER = 200 };

typedef struct scene {
    tally_row rows[RANKS];
    char hosts[RANKS][TALLY_HOST_NAME];
    tally_fate fates[RANKS];
} scene;

/* Four ranks on two hosts, all of which wait for rank 1 in collective 57. */
static void set(scene *s)
{
    *s = (scene){
        .hosts = {"north", "north", "south", "south"}
    };
    for (int r = 0; r < RANKS; r++) {
        tally_row *row = &s->rows[r];

        *row = (tally_row){.answered = 1, .waits = r != 1, .peer = 1, .waited = 5 + r};
        row->number = 57;
        for (int k = 0; k < TALLY_ROW_ACTS; k++) {
            row->acts[k].number = 57u - (uint64_t)k;
            row->acts[k].signature = SUM + row->acts[k].number;
            snprintf(row->acts[k].text, TALLY_ACT_TEXT, "sum %d",
                     (int)row->acts[k].number);
        }
    }
}

static void expect(scene *s, tally_status status, const char *sentence)
{
    char said[1024];
    tally_survey survey = {RANKS, s->rows, s->hosts, s->fates};

    cr_assert(
        eq(int, (int)tally_survey_judge(&survey, said, sizeof said), (int)status));
    cr_assert(eq(str, said, (char *)sentence));
}

/* Rank r has not started the last collective. */
static void hold_back(scene *s, int r)
{
    tally_row *row = &s->rows[r];

    memmove(&row->acts[0], &row->acts[1], sizeof row->acts - sizeof row->acts[0]);
    row->acts[TALLY_ROW_ACTS - 1].number = 0;
    row->number--;
}

Test(survey, a_rank_that_computes_while_all_wait_for_it_is_named)
{
    scene s;

    set(&s);
    expect(&s, TALLY_NETWORK,
           "rank 1 on north computes while rank 3 has waited 8 s in \"sum 57\"");
}

Test(survey, the_chain_of_who_waits_for_whom_is_followed)
{
    scene s;

    set(&s);
    s.rows[3].peer = 2;
    s.rows[2].peer = 0;
    s.rows[0].peer = 1;
    expect(&s, TALLY_NETWORK,
           "rank 1 on north computes while rank 3 has waited 8 s in \"sum 57\"");
    s.rows[1].waits = 1;
    s.rows[1].peer = 3;
    s.rows[1].waited = 1;
    expect(
        &s, TALLY_NETWORK,
        "all ranks wait, rank 3 has waited 8 s in \"sum 57\": messages do not arrive");
    s.rows[3].apart = 1; /* from collectives: the last one has ended */
    expect(&s, TALLY_NETWORK,
           "all ranks wait, rank 3 has waited 8 s for a message of rank 2: messages do "
           "not arrive");
    s.rows[3].peer = -1;
    expect(
        &s, TALLY_NETWORK,
        "all ranks wait, rank 3 has waited 8 s for a message: messages do not arrive");
}

Test(survey, who_has_started_less_is_late)
{
    scene s;

    set(&s);
    hold_back(&s, 2);
    s.rows[2].waits = 0;
    expect(
        &s, TALLY_NETWORK,
        "rank 2 on south has not come to collective 57, \"sum 57\", and computes; rank "
        "3 has waited 8 s");
    hold_back(&s, 0);
    expect(&s, TALLY_NETWORK,
           "rank 0 on north and rank 2 on south have not come to collective 57, \"sum "
           "57\", and wait elsewhere; rank 3 has waited 8 s");
}

Test(survey, who_does_not_answer_is_named_before_who_is_late)
{
    scene s;

    set(&s);
    hold_back(&s, 2);
    s.rows[2].waits = 0;
    s.rows[3].answered = 0;
    expect(
        &s, TALLY_NETWORK,
        "rank 3 on south does not answer (stopped, gone or cut off); rank 0 has waited "
        "5 s in \"sum 57\"");
    s.fates[3] = TALLY_GONE;
    memcpy(s.hosts[2], "north", 6);
    memcpy(s.hosts[3], "north", 6);
    expect(&s, TALLY_NETWORK,
           "rank 3 does not answer (gone); rank 0 has waited 5 s in \"sum 57\"");
}

Test(survey, unequal_collectives_come_first_and_name_who_is_alone)
{
    scene s;

    set(&s);
    s.rows[3].answered = 0;
    s.rows[0].acts[1].signature = OTHER;
    s.rows[0].acts[0].signature = OTHER + 1;
    snprintf(s.rows[0].acts[1].text, TALLY_ACT_TEXT, "broadcast 56");
    expect(
        &s, TALLY_MISMATCH,
        "collective 56 is not the same on all ranks: rank 0 on north has \"broadcast "
        "56\" (00000000000000c8), rank 1 on north has \"sum 56\" (000000000000009c)");
}

Test(survey, nobody_is_held_up_where_nobody_waits)
{
    scene s;

    set(&s);
    for (int r = 0; r < RANKS; r++)
        s.rows[r].waits = 0;
    hold_back(&s, 2);
    expect(&s, TALLY_OK, "no rank waits for another");
}

Test(survey, a_run_moves_when_nobody_has_waited_long)
{
    scene s;

    set(&s);
    tally_survey survey = {RANKS, s.rows, s.hosts, s.fates};
    cr_assert(eq(int, tally_survey_moves(&survey), 0));
    for (int r = 0; r < RANKS; r++)
        s.rows[r].waited = 0.01;
    s.rows[1].idle = 5; /* it computes */
    cr_assert(eq(int, tally_survey_moves(&survey), 1));
    s.rows[2].idle = 1; /* in the same collective, wait upon wait */
    cr_assert(eq(int, tally_survey_moves(&survey), 0));
    s.rows[2].idle = 0;
    s.rows[3].answered = 0;
    cr_assert(eq(int, tally_survey_moves(&survey), 0));
}

Test(survey, the_table_has_a_line_a_rank_and_stays_in_its_room)
{
    scene s;
    char text[4096] = "tally: so\n";

    set(&s);
    s.rows[2].answered = 0;
    s.fates[2] = TALLY_STOPPED_SHORT;
    tally_survey survey = {RANKS, s.rows, s.hosts, s.fates};
    tally_survey_print(&survey, text, sizeof text);
    const char *first = strstr(text, "    1  north"),
               *last = strstr(text, "    3  south");
    cr_assert(first && last && first < last, "%s", text);
    cr_assert(strstr(text, "no answer: stopped") &&
                  strstr(text, "waits 8 s for rank 1"),
              "%s", text);
    cr_assert(strstr(text, " 57  sum 57\n") && strstr(text, " 54  sum 54\n") &&
                  !strstr(text, " 53  sum 53\n"),
              "%s", text);
    s.rows[1].ends = 1;
    text[0] = '\0';
    tally_survey_print(&survey, text, sizeof text);
    cr_assert(strstr(text, "ends the run") != NULL, "%s", text);

    for (size_t most = 1; most < 900; most++) {
        char small[900] = "";

        memset(small + most, 'x', sizeof small - most);
        tally_survey_print(&survey, small, most);
        cr_assert(strlen(small) < most && small[most] == 'x');
    }
}
