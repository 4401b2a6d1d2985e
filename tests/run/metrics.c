#include "run/metrics.h"

#include "base/file.h"
#include "run/example.h"
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void expect_text(const char *path, const char *expected)
{
    char *text;
    size_t n;

    expect_ok(tally_file_read(path, 10000, &text, &n));
    cr_assert(eq(str, text, (char *)expected));
    free(text);
}

Test(metrics, a_line_holds_step_name_and_value)
{
    const char *folder = example_directory(), *path = below(folder, "metrics.jsonl");
    tally_metrics *m;

    expect_ok(tally_metrics_open(&m, path, 0));
    expect_ok(tally_metric(m, "train/loss", 1, 0.1));
    expect_ok(tally_metric(m, "a \"b\"", 2, NAN));
    expect_ok(tally_metric(m, "c", 3, INFINITY));
    expect_ok(tally_metric(m, "c", 4, -INFINITY));
    expect_ok(tally_metrics_flush(m));
    expect_text(path, "{\"step\":1,\"name\":\"train/loss\",\"value\":"
                      "0.10000000000000001}\n"
                      "{\"step\":2,\"name\":\"a \\\"b\\\"\",\"value\":\"nan\"}\n"
                      "{\"step\":3,\"name\":\"c\",\"value\":\"inf\"}\n"
                      "{\"step\":4,\"name\":\"c\",\"value\":\"-inf\"}\n");
    tally_metrics_close(m);
    example_remove(folder);
}

static const char first[] = "{\"step\":1,\"name\":\"x\",\"value\":1.0}\n";

Test(metrics, resuming_drops_later_steps_and_torn_lines)
{
    const char *folder = example_directory(), *path = below(folder, "metrics.jsonl");
    char text[1000];
    tally_metrics *m;

    snprintf(text, sizeof text, "%s%s%s%s%s", first,
             "{\"step\":9,\"name\":\"x\",\"value\":1.0}\n", "{\"step\":1,\"na\n", first,
             "{\"step\":1,\"name\":\"x\",\"value\":1.0}");
    expect_ok(tally_file_replace(path, text, strlen(text)));
    expect_ok(tally_metrics_open(&m, path, 8));
    expect_ok(tally_metric(m, "y", 9, 2));
    tally_metrics_close(m);
    snprintf(text, sizeof text, "%s%s%s", first, first,
             "{\"step\":9,\"name\":\"y\",\"value\":2.0}\n");
    expect_text(path, text);
    example_remove(folder);
}

Test(metrics, what_is_whole_stays_as_it_is)
{
    const char *folder = example_directory(), *path = below(folder, "metrics.jsonl");
    tally_metrics *m;

    expect_ok(tally_file_replace(path, first, strlen(first)));
    expect_ok(tally_metrics_open(&m, path, 1));
    tally_metrics_close(m);
    expect_text(path, first);
    example_remove(folder);
}

Test(metrics, a_line_that_is_there_is_found_by_name_and_step)
{
    const char *folder = example_directory(), *path = below(folder, "metrics.jsonl");
    tally_metrics *m;
    bool hold;

    expect_ok(tally_file_replace(path, first, strlen(first)));
    expect_ok(tally_metrics_open(&m, path, 1));
    expect_ok(tally_metrics_hold(m, "x", 1, &hold));
    cr_assert(hold);
    expect_ok(tally_metrics_hold(m, "x", 2, &hold));
    cr_assert(not(hold));
    expect_ok(tally_metrics_hold(m, "y", 1, &hold));
    cr_assert(not(hold));
    expect_ok(tally_metric(m, "y", 1, 2));
    expect_ok(tally_metrics_hold(m, "y", 1, &hold));
    cr_assert(hold);
    tally_metrics_close(m);
    example_remove(folder);
}

Test(metrics, no_metrics_take_no_lines)
{
    bool hold = true;

    expect_ok(tally_metrics_hold(NULL, "x", 1, &hold));
    cr_assert(not(hold));
    expect_ok(tally_metric(NULL, "x", 1, 1));
    expect_ok(tally_metrics_flush(NULL));
    tally_metrics_close(NULL);
}

Test(metrics, a_file_that_cannot_be_made_is_named)
{
    tally_metrics *m;

    expect_fail(tally_metrics_open(&m, "/nowhere/metrics.jsonl", 0), FILE,
                "/nowhere/metrics.jsonl");
    cr_assert(eq(ptr, m, NULL));
}

Test(metrics, a_file_that_cannot_grow_is_told_at_the_flush)
{
    const char *folder = example_directory(), *path = below(folder, "metrics.jsonl");
    tally_metrics *m;

    expect_ok(tally_metrics_open(&m, path, 0));
    limit_files(10);
    expect_ok(tally_metric(m, "train/loss", 1, 0.1));
    expect_fail(tally_metrics_flush(m), FILE, path);
    tally_metrics_close(m);
    example_remove(folder);
}
