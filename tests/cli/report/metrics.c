#include "cli/report/folder.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>

static tally_status add(report_run *r, const char *line)
{
    return report_run_add_line(r, "m:7", line, strlen(line));
}

static void add_value(report_run *r, int step, const char *name, double value)
{
    char line[128];

    snprintf(line, sizeof line, "{\"step\":%d,\"name\":\"%s\",\"value\":%.17g}", step,
             name, value);
    expect_ok(add(r, line));
}

Test(report_metrics, lines_of_a_step_share_a_row)
{
    report_run r = {0};
    double value = 0;

    add_value(&r, 10, "train/loss", 0.5);
    add_value(&r, 10, "rate", 0.1);
    add_value(&r, 20, "rate", 0.2);
    expect_ok(add(&r, "{\"step\":20,\"name\":\"train/loss\",\"value\":\"nan\"}"));
    expect_ok(add(&r, "{\"step\":30,\"name\":\"train/loss\",\"value\":\"-inf\"}"));
    cr_assert(eq(sz, r.rows, 3));
    cr_assert(eq(u64, r.steps[1], 20));
    cr_assert(report_column_at(report_run_column(&r, "rate"), 1, &value));
    cr_assert(ieee_ulp_eq(dbl, value, 0.2, 0));
    cr_assert(not(report_column_at(report_run_column(&r, "rate"), 2, &value)));
    cr_assert(not(report_column_at(NULL, 0, &value)));
    cr_assert(report_column_at(report_run_column(&r, "train/loss"), 1, &value));
    cr_assert(isnan(value));
    cr_assert(ieee_ulp_eq(dbl, report_run_last(&r, "train/loss"), -INFINITY, 0));
    cr_assert(isnan(report_run_last(&r, "no/such")));
    report_run_close(&r);
}

/* 100 bytes by step 10 and 50 more of a second process; 30 lost by a third, which went
 * on from step 15. */
Test(report_metrics, counts_are_summed_over_processes)
{
    report_run r = {0};

    add_value(&r, 0, "train/seconds", 0);
    add_value(&r, 0, "exchange/bytes_sent", 0);
    add_value(&r, 10, "train/seconds", 2);
    add_value(&r, 10, "exchange/bytes_sent", 100);
    add_value(&r, 10, "train/seconds", 0);
    add_value(&r, 10, "exchange/bytes_sent", 0);
    add_value(&r, 15, "train/seconds", 0.5);
    add_value(&r, 15, "exchange/bytes_sent", 50);
    add_value(&r, 15, "train/seconds", 0);
    add_value(&r, 15, "exchange/bytes_sent", 0);
    add_value(&r, 20, "train/seconds", 1);
    add_value(&r, 20, "exchange/bytes_sent", 60);
    cr_assert(ieee_ulp_eq(dbl, report_run_last(&r, "exchange/bytes_sent"), 210, 0));
    cr_assert(ieee_ulp_eq(dbl, report_run_last(&r, "train/seconds"), 3.5, 0));
    cr_assert(
        ieee_ulp_eq(dbl, report_run_per_step(&r, "exchange/bytes_sent"), 10.5, 0));
    cr_assert(isnan(report_run_per_step(&r, "apply/seconds")));
    cr_assert(eq(sz, r.rows, 4));
    report_run_close(&r);
}

Test(report_metrics, numbered_metrics_are_entries_in_order)
{
    static const int ranks[] = {3, 0, 11, 2, 3};
    report_run r = {0};
    double value = 0;

    for (size_t i = 0; i < 5; i++) {
        add_value(&r, 60, "exchange/bytes_sent", 1);
        char name[64];

        snprintf(name, sizeof name, "exchange/bytes_sent/%d", ranks[i]);
        add_value(&r, 60, name, 100 + ranks[i]);
        snprintf(name, sizeof name, "exchange/bytes/%d", ranks[i]);
        add_value(&r, 60, name, 1);
    }
    cr_assert(eq(sz, r.entry_count, 8));
    for (size_t i = 1; i < 4; i++)
        cr_assert(lt(u64, r.entries[i - 1].index, r.entries[i].index));
    cr_assert(report_run_entry(&r, "exchange/bytes_sent", 11, &value));
    cr_assert(ieee_ulp_eq(dbl, value, 111, 0));
    cr_assert(report_run_entry(&r, "exchange/bytes_sent", 3, &value));
    cr_assert(ieee_ulp_eq(dbl, value, 206, 0));
    cr_assert(not(report_run_entry(&r, "exchange/bytes_sent", 1, &value)));
    cr_assert(not(report_run_entry(&r, "exchange", 3, &value)));
    cr_assert(report_run_has_entries(&r, "exchange/bytes"));
    cr_assert(not(report_run_has_entries(&r, "exchange")));
    report_run_close(&r);
}

Test(report_metrics, what_tally_does_not_write_is_refused_with_its_line)
{
    static const char *const lines[] = {
        "{\"step\":-1,\"name\":\"x\",\"value\":1}",
        "{\"step\":1.5,\"name\":\"x\",\"value\":1}",
        "{\"step\":1,\"name\":2,\"value\":1}",
        "{\"step\":1,\"name\":\"x\",\"value\":\"1\"}",
        "{\"step\":1,\"name\":\"x\"}",
        "{\"step\":1,\"name\":\"x\",\"value\":1",
        "{\"step\":1,\"step\":1,\"name\":\"x\",\"value\":1}",
        "[1,2]",
        "",
    };
    report_run r = {0};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_fail(add(&r, lines[i]), FORMAT, "m:7: ");
    add_value(&r, 5, "x", 1);
    expect_fail(add(&r, "{\"step\":4,\"name\":\"x\",\"value\":1}"), FORMAT,
                "m:7: step 4 comes after step 5");
    report_run_close(&r);
}
