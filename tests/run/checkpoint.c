#include "run/checkpoint.h"

#include "run/example.h"
#include "support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

static tally_listed files[] = {
    {"weights.safetensors",    {1234, 0xfedcba9876543210}},
    {"rank-00001.safetensors", {0, 1}                    },
};

static const tally_manifest example_manifest = {
    .step = 1234,
    .ranks = 2,
    .layout_hash = 0xffffffffffffffff,
    .data_hash = 7,
    .real = "F32",
    .count = 2,
    .files = files,
};

static char *print(void)
{
    char *text;

    expect_ok(tally_manifest_print(&example_manifest, &text));
    return text;
}

Test(checkpoint, a_manifest_is_read_as_it_was_written)
{
    char *text = print();
    tally_manifest m;

    expect_ok(tally_manifest_parse(&m, "x", text, strlen(text)));
    cr_assert(eq(u64, m.step, 1234));
    cr_assert(eq(u64, m.ranks, 2));
    cr_assert(eq(u64, m.layout_hash, UINT64_MAX));
    cr_assert(eq(u64, m.data_hash, 7));
    cr_assert(eq(str, m.real, "F32"));
    cr_assert(eq(sz, m.count, 2));
    cr_assert(eq(u64, tally_manifest_find(&m, "weights.safetensors")->stamp.xxh3,
                 0xfedcba9876543210));
    cr_assert(eq(ptr, (void *)tally_manifest_find(&m, "state.safetensors"), NULL));
    tally_manifest_close(&m);
    free(text);
}

Test(checkpoint, every_flipped_bit_and_every_cut_of_a_manifest_is_found)
{
    char *text = print();
    size_t n = strlen(text);
    tally_manifest m;

    for (size_t i = 0; i < 8 * n; i++) {
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
        expect_fail(tally_manifest_parse(&m, "x", text, n), CORRUPT, "checksum");
        tally_manifest_close(&m);
        text[i / 8] = (char)(text[i / 8] ^ (1 << i % 8));
    }
    for (size_t i = 0; i < n; i++)
        expect_fail(tally_manifest_parse(&m, "x", text, i), CORRUPT, "checksum");
    free(text);
}

/* A manifest with a right checksum and a body of one's own. */
static tally_status parse(const char *body)
{
    char text[1000];
    tally_manifest m;
    size_t used = 0, n = strlen(body);

    snprintf(text, sizeof text, "%s", body);
    used = n + (size_t)snprintf(text + n, sizeof text - n,
                                ",\n  \"manifest\": \"%016llx\"\n}\n",
                                (unsigned long long)XXH3_64bits(text, n));
    tally_status status = tally_manifest_parse(&m, "x", text, used);
    tally_manifest_close(&m);
    return status;
}

#define FACTS "\"step\":1,\"ranks\":1,\"real\":\"F32\",\"layout\":\"0123456789abcdef\","

Test(checkpoint, a_manifest_that_lacks_something_is_refused)
{
    expect_ok(
        parse("{\"format\":1," FACTS "\"data\":\"0000000000000000\",\"files\":[]"));
    expect_fail(parse("{\"a\""), FORMAT, "x:");
    expect_fail(parse("{\"format\":2"), FORMAT, "format 1");
    expect_fail(parse("{\"format\":1," FACTS "\"data\":\"0\",\"files\":[]"), FORMAT,
                "lacks step");
    expect_fail(parse("{\"format\":1," FACTS "\"data\":\"0000000000000000\""), FORMAT,
                "not an array");
    expect_fail(parse("{\"format\":1," FACTS
                      "\"data\":\"0000000000000000\",\"files\":[{\"name\":\"a\"}]"),
                FORMAT, "file 0");
}

Test(checkpoint, steps_are_listed_newest_first)
{
    const char *folder = example_directory();
    static const char *const names[] = {
        "step-000000000009",         "step-000000000100",
        "step-1000000000000",        "step-7",
        "step-000000000200.partial", "step-00000000000a",
        "step-0000000000009"};
    uint64_t *steps;
    size_t count;

    expect_ok(tally_checkpoint_list(folder, &steps, &count));
    cr_assert(eq(sz, count, 0));
    expect_ok(tally_directory_make(below(folder, "checkpoints")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        expect_ok(tally_directory_make(below(below(folder, "checkpoints"), names[i])));
    expect_ok(tally_checkpoint_list(folder, &steps, &count));
    cr_assert(eq(sz, count, 3));
    cr_assert(eq(u64, steps[0], 1000000000000));
    cr_assert(eq(u64, steps[1], 100));
    cr_assert(eq(u64, steps[2], 9));
    free(steps);
    example_remove(folder);
}
