#include "codec/pass.h"
#include "support/expect.h"

#include <math.h>
#include <stdlib.h>

enum { N = 1000 };

static tally_real v[N], back[N];
static uint64_t message[PASS_MOST];

static int fall(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x < y) - (x > y);
}

/* Against a sort: the c greatest as floats, all others zero. */
static void check(const char *spec, size_t c, int kind)
{
    double sorted[N];
    size_t kept = 0;

    for (size_t i = 0; i < N; i++) {
        v[i] = codec_value(kind, i);
        sorted[i] = (double)(float)v[i];
    }
    qsort(sorted, N, sizeof *sorted, fall);
    size_t bits = 10;
    cr_assert(eq(sz, pass(spec, 0, v, N, message, back), 4 * c + (c * bits + 7) / 8));
    for (size_t i = 0; i < N; i++) {
        double x = fabs((double)(float)v[i]), cut = fabs(sorted[c - 1]);

        if (back[i] != 0) kept++;
        if (x > cut) cr_assert(eq(dbl, (double)back[i], (double)(float)v[i]));
        if (x < cut) cr_assert(eq(dbl, (double)back[i], 0));
    }
    if (kind != 2) cr_assert(eq(sz, kept, c)); /* zeros may be among the c */
}

Test(topk, keeps_the_greatest)
{
    for (int kind = 0; kind < 4; kind++) {
        check("topk:k=0.001", 1, kind);
        check("topk:k=0.01", 10, kind);
        check("topk:k=0.3333", 334, kind);
        check("topk:k=1", 1000, kind);
    }
}

Test(topk, the_first_of_equals_go)
{
    for (size_t i = 0; i < N; i++)
        v[i] = i % 2 ? 1 : -1;
    pass("topk:k=0.01", 0, v, N, message, back);
    for (size_t i = 0; i < N; i++)
        cr_assert(eq(dbl, (double)back[i], i < 10 ? (double)v[i] : 0));
}

Test(topk, refuses_entries_that_cannot_be)
{
    float x[2] = {1, 2};
    uint64_t bytes[2] = {0};

    /* Two of 150 values: 8 bits an index. */
    memcpy(bytes, x, sizeof x);
    bytes[1] = 0x0505;
    expect_fail(pass_back("topk:k=0.0133", bytes, 10, 150), FORMAT,
                "entry 1 stands at 5, expected 6 to 149");
    bytes[1] = 0x9605;
    expect_fail(pass_back("topk:k=0.0133", bytes, 10, 150), FORMAT,
                "entry 1 stands at 150");
    bytes[1] = 0x0605;
    expect_ok(pass_back("topk:k=0.0133", bytes, 10, 150));
    x[1] = INFINITY;
    memcpy(bytes, x, sizeof x);
    expect_fail(pass_back("topk:k=0.0133", bytes, 10, 150), FORMAT,
                "entry 1 is not finite");
}
