#include "data/archive.h"
#include "data/graph_cache.h"
#include "data/graph_parse.h"
#include "data/propagate.h"
#include "data/scratch.h"
#include "data/source.h"
#include "support/arrays.h"
#include "support/expect.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(graph, .init = scratch_open, .fini = scratch_close);

/* "graph:file=.../graph.npz,split=.../split.npz" and more. */
static const char *small_spec(const char *more)
{
    static char spec[4096];
    int length =
        snprintf(spec, sizeof spec, "graph:file=%s", scratch_path("graph.npz"));

    snprintf(spec + length, sizeof spec - (size_t)length, ",split=%s%s",
             scratch_path("split.npz"), more);
    return spec;
}

static void expect_row(const tally_source *s, tally_split split, uint64_t row,
                       const double *want, int32_t want_label)
{
    tally_real *x = malloc(s->features * sizeof *x);
    int32_t label;

    expect_ok(s->ops->fetch(s, split, &row, 1, x, &label));
    expect_near("x", x, want, s->features, 4 * REAL_EPSILON);
    cr_assert(eq(int, label, want_label));
    free(x);
}

/* By hand: D + I = 2, 3, 2, 1 along the path 0 - 1 - 2 and at node 3, so that
 *     S = [1/2 r 0 0; r 1/3 r 0; 0 r 1/2 0; 0 0 0 1],  r = 1 / sqrt(6)
 *     H = [1 0; 0 2; 0 0; 3 0]
 *     S H = [1/2 2r; r 2/3; 0 2r; 3 0]
 *     S^2 H = [5/12 5r/3; 5r/6 8/9; 1/6 5r/3; 3 0] */
static void check_small(const char *more)
{
    const double r = 1 / sqrt(6);
    const double node[4][6] = {
        {1, 0, 0.5, 2 * r,   5.0 / 12,  5 * r / 3},
        {0, 2, r,   2.0 / 3, 5 * r / 6, 8.0 / 9  },
        {0, 0, 0,   2 * r,   1.0 / 6,   5 * r / 3},
        {3, 0, 3,   0,       3,         0        },
    };
    tally_source s;

    expect_ok(tally_source_open(&s, small_spec(more)));
    cr_assert(eq(sz, s.features, 6));
    cr_assert(eq(sz, s.classes, 2));
    cr_assert(s.train_count == 2 && s.validate_count == 1 && s.test_count == 1);
    expect_row(&s, TALLY_TRAIN, 0, node[0], 0);
    expect_row(&s, TALLY_TRAIN, 1, node[3], 1);
    expect_row(&s, TALLY_VALIDATE, 0, node[2], 0);
    expect_row(&s, TALLY_TEST, 0, node[1], 1);
    tally_source_close(&s);
}

Test(graph, features_hop_as_by_hand)
{
    archive_write_small();
    check_small(",hops=2");
}

Test(graph, rows_that_are_not_kept_are_the_same)
{
    archive_write_small();
    check_small(",hops=2,memory=0");
}

Test(graph, an_edge_in_one_direction_and_a_loop_count_once)
{
    array arrays[SMALL_GRAPH_ARRAYS];

    archive_write_small();
    memcpy(arrays, small_graph, sizeof arrays);
    /* 0 -> 1, 1 -> 1, 2 -> 1 */
    arrays[0] = (array){
        "adj_data", "<f4", 3, (const double[]){1, 1, 1}
    };
    arrays[1] = (array){
        "adj_indices", "<i8", 3, (const double[]){1, 1, 1}
    };
    arrays[2] = (array){
        "adj_indptr", ">i8", 5, (const double[]){0, 1, 2, 3, 3}
    };
    archive_write("graph.npz", arrays, SMALL_GRAPH_ARRAYS, 1);
    check_small(",hops=2");
}

Test(graph, rows_of_features_are_scaled_on_request)
{
    array arrays[SMALL_GRAPH_ARRAYS];
    tally_source s;

    archive_write_small();
    memcpy(arrays, small_graph, sizeof arrays);
    /* H = [3 4; 0 2; 0 0; 3 0] */
    arrays[4] = (array){
        "attr_data", "<f8", 4, (const double[]){3, 4, 2, 3}
    };
    arrays[5] = (array){
        "attr_indices", "<i4", 4, (const double[]){0, 1, 1, 0}
    };
    arrays[6] = (array){
        "attr_indptr", "<i4", 5, (const double[]){0, 2, 3, 3, 4}
    };
    archive_write("graph.npz", arrays, SMALL_GRAPH_ARRAYS, 1);
    expect_ok(tally_source_open(&s, small_spec(",hops=0,features=row")));
    expect_row(&s, TALLY_TRAIN, 0, (const double[]){0.6, 0.8}, 0);
    expect_row(&s, TALLY_VALIDATE, 0, (const double[]){0, 0}, 0);
    expect_row(&s, TALLY_TEST, 0, (const double[]){0, 1}, 1);
    tally_source_close(&s);
}

Test(graph, memory_is_told_and_too_wide_samples_are_refused)
{
    array arrays[SMALL_GRAPH_ARRAYS];
    tally_source s;

    archive_write_small();
    expect_ok(tally_source_open(&s, small_spec("")));
    cr_assert(strstr(s.note, "4 nodes, 2 edges; 4 of 4 rows of 10 features ready") !=
                  NULL,
              "%s", s.note);
    tally_source_close(&s);
    memcpy(arrays, small_graph, sizeof arrays);
    arrays[7] = (array){
        "attr_shape", "<i8", 2, (const double[]){4, 2e9}
    };
    archive_write("graph.npz", arrays, SMALL_GRAPH_ARRAYS, 1);
    expect_fail(tally_source_open(&s, small_spec(",hops=1")), OPTION,
                "2000000000 features at 1 hops make 4000000000 values a sample");
}

/* 2,001 nodes without an edge or a feature that is not 0. */
Test(graph, what_no_machine_can_hold_is_refused)
{
    static const double zeros[2002], one[2001] = {1};
    array arrays[SMALL_GRAPH_ARRAYS];
    tally_source s;

    archive_write_small();
    memcpy(arrays, small_graph, sizeof arrays);
    arrays[2] = (array){"adj_indptr", "<i4", 2002, zeros};
    arrays[3] = (array){
        "adj_shape", "<i8", 2, (const double[]){2001, 2001}
    };
    arrays[6] = (array){"attr_indptr", "<i4", 2002, zeros};
    arrays[7] = (array){
        "attr_shape", "<i8", 2, (const double[]){2001, 2e9}
    };
    arrays[8] = (array){"labels", "<i8", 2001, one};
    for (int i = 0; i < 6; i++)
        if (i % 4 < 2) arrays[i].count = 0;
    archive_write("graph.npz", arrays, SMALL_GRAPH_ARRAYS, 1);
    expect_fail(tally_source_open(&s, small_spec(",hops=0,memory=0")), MEMORY,
                "2001 nodes with 2000000000 features take");
}

Test(graph, features_that_overflow_are_refused)
{
    array arrays[SMALL_GRAPH_ARRAYS];
    tally_source s;
    double most = sizeof(tally_real) == 4 ? 3e38 : 1.7e308;
    const double large[] = {most, most, most, most};

    archive_write_small();
    memcpy(arrays, small_graph, sizeof arrays);
    arrays[4] = (array){"attr_data", "<f8", 4, large};
    arrays[5] = (array){
        "attr_indices", "<i4", 4, (const double[]){0, 0, 0, 0}
    };
    arrays[6] = (array){
        "attr_indptr", "<i4", 5, (const double[]){0, 1, 2, 3, 4}
    };
    archive_write("graph.npz", arrays, SMALL_GRAPH_ARRAYS, 1);
    expect_fail(tally_source_open(&s, small_spec("")), FORMAT,
                "overflow after 1 hops; expected features=row");
}

/* ---- validation rows of its own ---- */

Test(graph, validation_rows_are_its_own)
{
    tally_source s;
    tally_sampler p;
    uint64_t row = 7;

    archive_write_small();
    expect_ok(tally_source_open(&s, small_spec("")));
    expect_fail(
        tally_sampler_open(&p, &s, 1, 1, 2, 1), OPTION,
        "validate=1, but the data has 1 validation rows of its own, expected 0");
    expect_ok(tally_sampler_open(&p, &s, 1, 0, 2, 1));
    cr_assert(p.train_count == 2 && p.validate_count == 1 && p.test_count == 1);
    tally_sampler_rows(&p, TALLY_VALIDATE, 0, 0, 1, &row);
    cr_assert(eq(u64, row, 0));
    tally_source_close(&s);
}

/* ---- the cache ---- */

/* ",hops=2,cache=..." and more: the scratch folder itself. */
static const char *cached(const char *more)
{
    static char text[2048];

    snprintf(text, sizeof text, ",hops=2,cache=%s%s", scratch_path(""), more);
    return text;
}

/* The one cache in the scratch folder; fails when there is none or another. */
static const char *cache_name(void)
{
    static char name[256];
    DIR *folder = opendir(scratch_path(""));
    const struct dirent *entry;

    *name = '\0';
    while ((entry = readdir(folder))) {
        if (strncmp(entry->d_name, "graph-", 6) != 0) continue;
        cr_assert(name[0] == '\0', "%s and %s", name, entry->d_name);
        snprintf(name, sizeof name, "%s", entry->d_name);
    }
    closedir(folder);
    cr_assert(name[0] != '\0', "no cache was written");
    return name;
}

static void expect_note(const char *spec, const char *words, bool there)
{
    tally_source s;

    expect_ok(tally_source_open(&s, spec));
    cr_assert(there == (strstr(s.note, words) != NULL), "\"%s\" in \"%s\"", words,
              s.note);
    tally_source_close(&s);
}

/* Changes one byte, from the end when `at` is negative. */
static void flip_byte(const char *name, long at)
{
    FILE *file = fopen(scratch_path(name), "r+b");
    int byte;

    cr_assert(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET) == 0);
    byte = fgetc(file);
    cr_assert(fseek(file, -1, SEEK_CUR) == 0 && fputc(byte ^ 1, file) != EOF);
    fclose(file);
}

Test(graph, a_cache_gives_the_same_rows)
{
    archive_write_small();
    for (int pass = 0; pass < 2; pass++) {
        check_small(cached(""));
        expect_note(small_spec(cached("")), "made again", false);
    }
    cache_name();
    scratch_remove(cache_name());
    for (int pass = 0; pass < 2; pass++)
        check_small(cached(",memory=0"));
}

/* Marked in the middle of a row, so that it can be told from a computed one. */
Test(graph, a_cache_is_read_not_made_again)
{
    archive_write_small();
    tally_graph g = {
        .nodes = 1, .features = {.rows = 1, .columns = 2}
    };
    tally_real rows[2] = {5, 6};
    tally_hops h = {.graph = &g, .count = 1, .kept = 1};
    char said[512];

    g.s = (tally_csr){
        1, 1, (size_t[]){0, 1},
          (uint32_t[]){0},
          (tally_real[]){1}
    };
    g.features.first = (size_t[]){0, 2};
    g.features.column = (uint32_t[]){0, 1};
    g.features.value = rows;
    h.node = (uint32_t[]){0};
    for (int pass = 0; pass < 2; pass++) {
        tally_hops copy = h;

        expect_ok(
            tally_graph_cache_open(&copy, scratch_path(""), 7, said, sizeof said));
        cr_assert(copy.rows[0] == 5 && copy.rows[1] == 6 && *said == '\0');
        rows[0] = 9; /* what the second pass would compute */
        tally_hops_close(&copy);
    }
}

Test(graph, a_damaged_cache_is_made_again_with_a_sentence)
{
    archive_write_small();
    check_small(cached(""));
    for (long at = -1; at <= 40; at += 41) {
        flip_byte(cache_name(), at);
        expect_note(small_spec(cached("")),
                    "does not hold: the features are made again", true);
        check_small(cached(""));
        expect_note(small_spec(cached("")), "made again", false);
    }
    cr_assert(truncate(scratch_path(cache_name()), 60) == 0);
    expect_note(small_spec(cached("")), "is not a file of", true);
    expect_note(small_spec(cached("")), "made again", false);
}

Test(graph, other_options_have_another_cache)
{
    archive_write_small();
    check_small(cached(""));
    scratch_remove(cache_name());
    tally_source s;
    expect_ok(tally_source_open(&s, small_spec(cached(",features=row"))));
    tally_source_close(&s);
    char row[256];
    snprintf(row, sizeof row, "%s", cache_name());
    scratch_remove(row);
    check_small(cached(""));
    cr_assert(strcmp(row, cache_name()) != 0);
}

Test(graph, a_cache_that_cannot_be_written_is_done_without)
{
    char more[2048];

    archive_write_small();
    snprintf(more, sizeof more, ",hops=2,cache=%s", scratch_path("graph.npz"));
    expect_note(small_spec(more), "cannot make the directory", true);
    expect_note(small_spec(more), "the features are not cached", true);
    check_small(more);
}

/* ---- a split at random ---- */

Test(graph, a_random_split_draws_of_each_class)
{
    enum { NODES = 1000, CLASSES = 3 };

    int32_t label[NODES];
    tally_graph g = {.nodes = NODES, .classes = CLASSES, .label = label};
    tally_graph_split a, b, c;
    size_t of_class[CLASSES] = {0}, seen[NODES] = {0};

    for (size_t i = 0; i < NODES; i++)
        label[i] = (int32_t)(i % 10 == 0 ? 2 : i % 2);
    expect_ok(tally_graph_split_random(&a, &g, 1, 20, 100, 200));
    expect_ok(tally_graph_split_random(&b, &g, 1, 20, 100, 200));
    expect_ok(tally_graph_split_random(&c, &g, 2, 20, 100, 200));
    cr_assert(a.count[TALLY_TRAIN] == 60 && a.count[TALLY_VALIDATE] == 100 &&
              a.count[TALLY_TEST] == 200 && a.total == 360);
    cr_assert(memcmp(a.node, b.node, a.total * sizeof *a.node) == 0);
    cr_assert(memcmp(a.node, c.node, a.total * sizeof *a.node) != 0);
    for (size_t i = 0; i < 60; i++)
        of_class[label[a.node[i]]]++;
    for (size_t i = 0; i < CLASSES; i++)
        cr_assert(eq(sz, of_class[i], 20));
    for (size_t i = 0; i < a.total; i++)
        cr_assert(seen[a.node[i]]++ == 0);
    tally_graph_split_close(&a);
    tally_graph_split_close(&b);
    tally_graph_split_close(&c);
    expect_fail(tally_graph_split_random(&a, &g, 1, 101, 0, 0), OPTION,
                "class 2 lacks 1 nodes of per_class");
    expect_fail(tally_graph_split_random(&a, &g, 1, 20, 900, 50), OPTION,
                "10 too few for per_class, validate and test");
}

Test(graph, a_random_split_needs_no_file)
{
    char spec[2048];
    tally_source s;

    archive_write_small();
    snprintf(spec, sizeof spec, "graph:file=%s,per_class=1,validate=1,test=1",
             scratch_path("graph.npz"));
    expect_ok(tally_source_open(&s, spec));
    cr_assert(s.train_count == 2 && s.validate_count == 1 && s.test_count == 1);
    tally_source_close(&s);
    snprintf(spec, sizeof spec, "graph:file=%s", scratch_path("graph.npz"));
    expect_fail(tally_source_open(&s, spec), OPTION, "lacks 18 nodes of per_class");
    expect_fail(tally_source_open(&s, "graph"), OPTION, "file is required");
}

/* ---- every malformed graph ---- */

/* One array of the small graph or split is replaced; NULL values: it is left out. */
static const struct malformed {
    array with;
    const char *words;
} malformed[] = {
    {{"adj_data", "<f4", 4, NULL},                              "holds no adj_data"             },
    {{"attr_data", "<f4", 3, NULL},                             "holds no attr_data"            },
    {{"labels", "<i8", 4, NULL},                                "holds no labels"               },
    {{"train_idx", "<i8", 2, NULL},                             "holds no train_idx"            },
    {{"adj_data", "<f4", 4, (const double[]){1, 1, 2, 1}},      "value 2 of adj_data is 2"      },
    {{"adj_data", "<f4", 4, (const double[]){1, 0, 1, 1}},      "value 1 of adj_data is 0"      },
    {{"adj_data", "<f4", 3, (const double[]){1, 1, 1}},         "expected 3 as the data"        },
    {{"adj_indices", "<i4", 4, (const double[]){1, 0, 4, 1}},
     "value 2, in row 1, is 4; expected above 0, the one before, and below 4"                   },
    {{"adj_indices", "<i4", 4, (const double[]){1, -1, 2, 1}},
     "is -1; expected above -1"                                                                 },
    {{"adj_indices", "<i4", 4, (const double[]){1, 2, 0, 1}},   "is 0; expected above 2"        },
    {{"adj_indices", "<i4", 4, (const double[]){1, 2, 2, 1}},   "is 2; expected above 2"        },
    {{"adj_indices", "<f4", 4, (const double[]){1, 0, 2, 1}},   "expected integers"             },
    {{"adj_indptr", "<i4", 4, (const double[]){0, 1, 3, 4}},    "expected 5, one more"          },
    {{"adj_indptr", "<i4", 5, (const double[]){1, 1, 3, 4, 4}}, "value 0 is 1"                  },
    {{"adj_indptr", "<i4", 5, (const double[]){0, 3, 1, 4, 4}}, "value 2 is 1"                  },
    {{"adj_indptr", "<i4", 5, (const double[]){0, 1, 3, 5, 4}}, "value 3 is 5"                  },
    {{"adj_indptr", "<i4", 5, (const double[]){0, 1, 3, 3, 3}}, "value 4 is 3"                  },
    {{"adj_shape", "<i8", 2, (const double[]){4, 5}},           "4 x 5, expected a square"      },
    {{"adj_shape", "<i8", 2, (const double[]){-4, 4}},          "is -4 x 4"                     },
    {{"adj_shape", "<i8", 2, (const double[]){0, 0}},           "is 0 x 0"                      },
    {{"adj_shape", "<i8", 2, (const double[]){4e12, 4e12}},     "expected 1 to 2147483647"      },
    {{"adj_shape", "<i8", 1, (const double[]){4}},              "rows and columns"              },
    {{"attr_data", "<f4", 3, (const double[]){1, NAN, 3}},      "value 1 is nan"                },
    {{"attr_data", "<f4", 3, (const double[]){1, INFINITY, 3}}, "value 1 is inf"                },
    {{"attr_shape", "<i8", 2, (const double[]){3, 2}},          "one more than rows"            },
    {{"labels", "<i8", 3, (const double[]){0, 1, 0}},           "3 labels"                      },
    {{"labels", "<i8", 4, (const double[]){0, 1, -1, 0}},       "value 2 is -1"                 },
    {{"labels", "<i8", 4, (const double[]){0, 1, 4, 0}},        "value 2 is 4"                  },
    {{"labels", "<i8", 4, (const double[]){0, 0, 0, 0}},        "the same label"                },
    {{"labels", "<f4", 4, (const double[]){0, 1, 0, 1}},        "expected integers"             },
    {{"train_idx", "<i8", 2, (const double[]){0, 4}},           "value 1 is 4"                  },
    {{"train_idx", "<i8", 2, (const double[]){-1, 0}},          "value 0 is -1"                 },
    {{"train_idx", "<i8", 2, (const double[]){0, 0}},           "node 0 is in train_idx already"},
    {{"train_idx", "<i8", 0, (const double[]){0}},              "train_idx is empty"            },
    {{"val_idx", "<i8", 1, (const double[]){3}},                "node 3 is in train_idx already"},
    {{"test_idx", "<i8", 1, (const double[]){2}},               "node 2 is in val_idx already"  },
};

/* Copies arrays but with one replaced or left out; returns how many. */
static size_t replace(const array *arrays, size_t n, array with, array *to)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        bool same = strcmp(arrays[i].key, with.key) == 0;

        if (!same) to[count++] = arrays[i];
        if (same && with.values) to[count++] = with;
    }
    return count;
}

Test(graph, malformed_graphs_are_refused)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        array arrays[SMALL_GRAPH_ARRAYS], with = malformed[i].with;
        tally_source s;

        archive_write("graph.npz", arrays,
                      replace(small_graph, SMALL_GRAPH_ARRAYS, with, arrays), i % 2);
        archive_write("split.npz", arrays,
                      replace(small_split, SMALL_SPLIT_ARRAYS, with, arrays), i % 2);
        expect_fail(tally_source_open(&s, small_spec("")), FORMAT, malformed[i].words);
    }
}

Test(graph, masks_must_agree_with_the_indices)
{
    array arrays[SMALL_SPLIT_ARRAYS + 1];
    tally_source s;

    archive_write_small();
    memcpy(arrays, small_split, sizeof small_split);
    arrays[3] = (array){
        "val_mask", "|u1", 4, (const double[]){0, 0, 1, 0}
    };
    archive_write("split.npz", arrays, 4, 1);
    expect_ok(tally_source_open(&s, small_spec("")));
    tally_source_close(&s);
    arrays[3] = (array){
        "val_mask", "|u1", 4, (const double[]){0, 0, 1, 1}
    };
    archive_write("split.npz", arrays, 4, 1);
    expect_fail(tally_source_open(&s, small_spec("")), FORMAT,
                "val_mask: value 3 is 1, expected 0 as val_idx says");
    arrays[3].count = 3;
    archive_write("split.npz", arrays, 4, 1);
    expect_fail(tally_source_open(&s, small_spec("")), FORMAT,
                "val_mask has 3 values, expected one of each of 4 nodes");
}

/* ---- Cora ---- */

/* Made once by scipy 1.10 in double: S = D (A + I) D with D = diags((A 1 + 1)^-1/2),
 * X_0 = H, or H with rows divided by their norms, X_k = S X_(k-1); of the fourth train,
 * validation and test node: the row's sum, its sum of squares and its largest value. */
static const struct cora {
    bool row;
    tally_split split;
    int32_t label;
    double sum[5], squares[5], most[5];
} cora[] = {
    {false,
     TALLY_TRAIN,    0,
     {21, 16, 16, 16, 16},
     {21, 9.5, 9.5, 9.5, 9.5},
     {1, 1, 1, 1, 1}                                                 },
    {false,
     TALLY_VALIDATE, 3,
     {4, 7.65932111, 13.7680681, 12.6099661, 13.95946},
     {4, 1.54202579, 1.24593798, 0.966379821, 1.0111084},
     {1, 0.458490699, 0.389405746, 0.37860705, 0.403489491}          },
    {false,
     TALLY_TEST,     2,
     {19, 17.4729792, 17.2404857, 16.7692161, 17.2821941},
     {19, 5.08100152, 3.23601982, 2.46180662, 2.22471229},
     {1, 0.900788498, 0.870010886, 0.782490332, 0.753683292}         },
    {true,
     TALLY_VALIDATE, 3,
     {2, 1.89894767, 3.27445742, 2.98084279, 3.28794939},
     {1, 0.138500156, 0.0829570812, 0.0579430704, 0.0595157578},
     {0.5, 0.168682817, 0.118239151, 0.0898600686, 0.0967191031}     },
    {true,
     TALLY_TEST,     2,
     {4.35889894, 3.94907929, 4.07185266, 3.92538141, 4.05106517},
     {1, 0.265136524, 0.189829786, 0.141479234, 0.130230801},
     {0.229415734, 0.20736684, 0.218154565, 0.193767002, 0.188957632}},
};

/* Four hops add three dozen products a value, and the sums 1433 of them, of one sign:
 * each term is off by less than 40 epsilons of itself.  The figures have 9 digits. */
static void expect_close(double got, double want)
{
    cr_assert(fabs(got - want) <= (40 * REAL_EPSILON + 1e-8) * want, "%.9g, not %.9g",
              got, want);
}

static void check_cora(const struct cora *c, const tally_real *x)
{
    for (size_t k = 0; k < 5; k++) {
        double sum = 0, squares = 0, most = 0;

        for (size_t i = 0; i < 1433; i++) {
            double value = (double)x[k * 1433 + i];

            sum += value;
            squares += value * value;
            if (value > most) most = value;
        }
        expect_close(sum, c->sum[k]);
        expect_close(squares, c->squares[k]);
        expect_close(most, c->most[k]);
    }
}

static void check_file(const char *file, const char *more)
{
    for (size_t i = 0; i < sizeof cora / sizeof *cora; i++) {
        char spec[2048];
        tally_source s;
        int32_t label;

        snprintf(spec, sizeof spec,
                 "graph:file=%s/data/graph/%s,split=%s/data/graph/cora_split.npz,"
                 "features=%s%s",
                 TEST_SHARED, file, TEST_SHARED, cora[i].row ? "row" : "raw", more);
        expect_ok(tally_source_open(&s, spec));
        cr_assert(s.features == 7165 && s.classes == 7);
        cr_assert(s.train_count == 140 && s.validate_count == 500 &&
                  s.test_count == 1000);
        tally_real *x = malloc(s.features * sizeof *x);
        expect_ok(s.ops->fetch(&s, cora[i].split, &(uint64_t){3}, 1, x, &label));
        cr_assert(eq(int, label, cora[i].label));
        check_cora(&cora[i], x);
        free(x);
        tally_source_close(&s);
    }
}

Test(graph, cora_is_as_scipy_makes_it)
{
    if (access(TEST_SHARED "/data/graph/cora.npz", R_OK) != 0)
        cr_skip_test("there is no " TEST_SHARED "/data/graph/cora.npz");
    check_file("cora.npz", "");
    check_file("cora.npz", ",memory=0");
    check_file("cora_stored.npz", ",memory=10");
}
