#include "cli/progress.h"

#include "support/expect.h"

static double clock_now;

static double fake_clock(void)
{
    return clock_now;
}

static tally_config config = {.rule = "momentum:beta=0.9",
                              .model = "mlp",
                              .data = "digits",
                              .exchange = "allreduce"};
static tally_comm comm = {.size = 1};

/* 100 rows in batches of 10: ten steps an epoch, two epochs. */
static tally_run sample_run(void)
{
    return (tally_run){
        .options = &config,
        .comm = &comm,
        .sampler = {.train_count = 100, .batch = 10, .size = 1},
        .net = {.layout = {.length = 7}        },
        .steps_per_epoch = 10,
        .steps = 20
    };
}

/* What p prints while the run takes its 20 steps, each of `seconds`. */
static size_t watch(bool terminal, double seconds, char *text, size_t most)
{
    tally_run run = sample_run();
    FILE *to = tmpfile();
    cli_progress p = {.to = to, .terminal = terminal, .now = fake_clock};
    cli_facts facts = {.ranks = 1, .hosts = 1, .threads = 2};
    tally_observer o = cli_progress_observer(&p);

    clock_now = 5;
    cli_progress_begin(&p, &run, &facts);
    for (uint64_t step = 1; step <= 20; step++) {
        clock_now += seconds;
        o.stepped(o.context, &run, step, 0.5, 0.1);
    }
    cli_progress_release(&p);
    rewind(to);
    size_t n = fread(text, 1, most - 1, to);
    text[n] = '\0';
    fclose(to);
    return n;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

Test(progress, a_file_gets_one_line_an_epoch)
{
    char text[4096];

    watch(false, 0.01, text, sizeof text);
    cr_assert(eq(sz, count(text, "\n"), 3), "%s", text);
    cr_assert(strstr(text, "1 rank on 1 host, 2 threads each; model mlp, 7 parameters; "
                           "data digits, 100 training, 0 validation and 0 test rows; "
                           "exchange allreduce; rule momentum\n") == text,
              "%s", text);
    cr_assert(strstr(text, "epoch 1/2  step 10/20  loss 0.5000  rate 0.1  1000 "
                           "samples/s  0 s left\n") != NULL,
              "%s", text);
    cr_assert(strstr(text, "epoch 2/2  step 20/20") != NULL, "%s", text);
}

Test(progress, a_file_gets_one_line_every_log_every_steps)
{
    char text[4096];

    config.log_every = 5;
    watch(false, 0.01, text, sizeof text);
    cr_assert(eq(sz, count(text, "\n"), 5), "%s", text);
}

Test(progress, a_terminal_is_redrawn_at_most_ten_times_a_second)
{
    char text[8192];

    /* 20 steps in 0.8 s: no more than eight drawings and the last one. */
    watch(true, 0.04, text, sizeof text);
    cr_assert(le(sz, count(text, "\r"), 9), "%s", text);
    cr_assert(ge(sz, count(text, "\r"), 6), "%s", text);
    cr_assert(eq(sz, count(text, "\n"), 2), "%s", text);
    cr_assert(strstr(text, "step 20/20") != NULL, "%s", text);
}

Test(progress, quiet_says_nothing)
{
    tally_run run = sample_run();
    cli_progress p = {.now = fake_clock};
    cli_facts facts = {.ranks = 1};
    tally_observer o = cli_progress_observer(&p);

    cli_progress_begin(&p, &run, &facts);
    o.said(o.context, "a sentence");
    o.warned(o.context, "a warning");
    o.stepped(o.context, &run, 20, 0.5, 0.1);
    cli_progress_end(&p, &run, &facts);
    cli_progress_release(&p);
    cr_assert(not(p.drawn));
}

Test(progress, a_sentence_replaces_the_line_being_drawn)
{
    char text[512];
    FILE *to = tmpfile();
    cli_progress p = {.to = to, .terminal = true, .drawn = true};
    tally_observer o = cli_progress_observer(&p);

    o.said(o.context, "a sentence");
    o.warned(o.context, "slow");
    rewind(to);
    size_t n = fread(text, 1, sizeof text - 1, to);
    text[n] = '\0';
    fclose(to);
    cr_assert(eq(str, text, "\r\033[Ka sentence\ntally: warning: slow\n"));
}
