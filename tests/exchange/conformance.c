/* conformance.c — every exchange, on every number of simulated ranks. */

#include "exchange/cases.h"
#include "exchange/exchange.h"
#include "support/expect.h"

#include <criterion/parameterized.h>

#include <stdio.h>

typedef struct shape {
    size_t length, span;
} shape;

typedef struct shapes {
    const char *spec;
    const shape *at;
    size_t count;
} shapes;

/* One launch for all shapes: what starts the ranks costs more than what they do. */
static tally_status run_shapes(tally_comm *c, void *context)
{
    const shapes *k = context;

    for (size_t i = 0; i < k->count; i++)
        TALLY_TRY(exchange_case_run(
            c, &(exchange_case){k->spec, k->at[i].length, k->at[i].span}));
    return TALLY_OK;
}

static void run_each(shapes *k, const int *sizes, size_t size_count,
                     const char *rendezvous)
{
    for (size_t s = 0; s < size_count; s++) {
        char comm[64];

        snprintf(comm, sizeof comm, "sim:ranks=%d,rendezvous=%s", sizes[s], rendezvous);
        expect_ok(tally_launch(comm, run_shapes, k));
    }
}

static void run_all(const char *spec)
{
    static const int sizes[] = {1, 2, 3, 5, 8, 13};
    static const shape at[] = {
        {1,    0   },
        {7,    0   },
        {63,   0   },
        {64,   0   },
        {65,   64  },
        {1000, 0   },
        {1000, 128 },
        {4096, 1024}
    };

    run_each(&(shapes){spec, at, sizeof at / sizeof *at}, sizes,
             sizeof sizes / sizeof *sizes, "false");
}

/* Who waits for whom depends on ranks and spans, not on lengths. */
static void run_in_step(const char *spec)
{
    static const int sizes[] = {2, 3, 5, 8};
    static const shape at[] = {
        {7,    0  },
        {1000, 128}
    };

    run_each(&(shapes){spec, at, sizeof at / sizeof *at}, sizes,
             sizeof sizes / sizeof *sizes, "true");
}

/* Ranks that share nodes: other ways to go, and two links to keep apart. */
static void run_on_nodes(const char *spec)
{
    static const char *const comms[] = {"sim:ranks=5,node=2", "sim:ranks=6,node=3",
                                        "sim:ranks=4,node=0"};

    for (size_t i = 0; i < sizeof comms / sizeof *comms; i++)
        expect_ok(
            tally_launch(comms[i], exchange_case_run,
                         &(exchange_case){.spec = spec, .length = 1000, .span = 384}));
}

/* A parameter crosses into another process: an index does, a pointer would not. */
static struct criterion_test_params all_specs(void)
{
    static size_t indices[72];
    size_t n = 0;

    for (; exchange_spec_at(n); n++) {
        cr_assert(lt(sz, n, sizeof indices / sizeof *indices));
        indices[n] = n;
    }
    return cr_make_param_array(size_t, indices, n);
}

ParameterizedTestParameters(exchange, conforms_on_simulated_ranks)
{
    return all_specs();
}

ParameterizedTest(size_t *spec, exchange, conforms_on_simulated_ranks)
{
    run_all(exchange_spec_at(*spec));
    run_on_nodes(exchange_spec_at(*spec));
}

ParameterizedTestParameters(exchange, needs_no_buffering)
{
    return all_specs();
}

/* A send that completes only when it is matched shows reliance on MPI's buffers. */
ParameterizedTest(size_t *spec, exchange, needs_no_buffering)
{
    run_in_step(exchange_spec_at(*spec));
}

/* A member that nobody wrote a spec for is run as it is by default. */
Test(exchange, every_member_is_run)
{
    static tally_exchange_ops twin;
    const tally_about *about;
    size_t n = 0;

    twin = tally_exchange_ordered;
    twin.about.name = "order"; /* begins as another one's name does */
    expect_ok(tally_register_exchange(&twin));
    for (size_t i = 0; (about = tally_family_at(&tally_exchange_family, i)); i++) {
        bool found = false;

        for (size_t k = 0; exchange_spec_at(k); k++) {
            size_t length = strcspn(exchange_spec_at(k), ": ");

            found |= length == strlen(about->name) &&
                     strncmp(exchange_spec_at(k), about->name, length) == 0;
        }
        cr_assert(found, "no spec for exchange %s", about->name);
    }
    while (exchange_spec_at(n))
        n++;
    cr_assert(eq(str, (char *)exchange_spec_at(n - 1), "order"));
}
