#include "support/expect.h"
#include "support/network.h"

static void check_same(const char *gamlp, const char *mlp)
{
    network a, b;

    network_open(&a, gamlp, "cross_entropy", 8, 8);
    network_open(&b, mlp, "cross_entropy", 8, 8);
    cr_assert(eq(sz, a.f.layout.length, b.f.layout.length));
    cr_assert(eq(u64, tally_layout_hash(&a.f.layout), tally_layout_hash(&b.f.layout)));
    cr_assert(memcmp(a.w, b.w, a.f.layout.length * sizeof *a.w) == 0);
    expect_ok(network_gradient(&a, 8, &(tally_score){0}));
    expect_ok(network_gradient(&b, 8, &(tally_score){0}));
    cr_assert(memcmp(a.g, b.g, a.f.layout.length * sizeof *a.g) == 0);
    network_close(&a);
    network_close(&b);
}

Test(gamlp, is_the_mlp_of_as_many_weight_matrices)
{
    check_same("gamlp:hidden=5,layers=4", "mlp:hidden=5x5x5");
    check_same("gamlp:hidden=5,layers=2,init=he", "mlp:hidden=5,init=he");
    check_same("gamlp:layers=1", "mlp:hidden=none");
    check_same("gamlp", "mlp:hidden=100x100x100x100x100x100x100x100x100");
}

Test(gamlp, too_many_layers_are_refused)
{
    tally_objective f;
    tally_source s = {.features = 2, .classes = 2};

    expect_fail(tally_net_open(&f, "gamlp:layers=34", "cross_entropy", &s, 8), OPTION,
                "model gamlp: layers=34 is not in [1, 33]");
    expect_fail(tally_net_open(&f, "gamlp:layers=0", "cross_entropy", &s, 8), OPTION,
                "model gamlp: layers=0 is not in [1, 33]");
}
