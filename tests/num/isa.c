#include "num/isa.h"

#include "support/expect.h"

#include <stdlib.h>

/* Criterion runs each test in a process of its own, so each chooses anew. */

Test(isa, the_best_is_used_unless_the_environment_says_less)
{
    unsetenv("TALLY_ISA");
    expect_ok(tally_isa_check());
    cr_assert(eq(int, tally_isa_used(), tally_isa_best()));
}

Test(isa, the_environment_caps_it)
{
    setenv("TALLY_ISA", "portable", 1);
    expect_ok(tally_isa_check());
    cr_assert(eq(int, tally_isa_used(), TALLY_PORTABLE));
}

Test(isa, an_unknown_name_is_refused)
{
    setenv("TALLY_ISA", "avx3", 1);
    expect_fail(tally_isa_check(), OPTION, "TALLY_ISA=avx3 is not portable");
    cr_assert(eq(int, tally_isa_used(), tally_isa_best()));
}

Test(isa, more_than_the_processor_has_is_refused)
{
    setenv("TALLY_ISA", "avx512", 1);
    if (tally_isa_best() == TALLY_AVX512)
        expect_ok(tally_isa_check());
    else
        expect_fail(tally_isa_check(), OPTION, "at best");
    cr_assert(eq(int, tally_isa_used(), tally_isa_best()));
}

Test(isa, names_are_those_of_the_environment)
{
    cr_assert(eq(str, (char *)tally_isa_name(TALLY_PORTABLE), "portable"));
    cr_assert(eq(str, (char *)tally_isa_name(TALLY_AVX2), "avx2"));
    cr_assert(eq(str, (char *)tally_isa_name(TALLY_AVX512), "avx512"));
}

Test(isa, a_registered_member_is_its_own_twin)
{
    const tally_about a = {.name = "a"}, b = {.name = "b"}, own = {.name = "own"};
    const tally_about *const portable[] = {&a, NULL}, *const wide[] = {&b, NULL};
    const tally_about *const *const compiled[TALLY_ISAS] = {portable, wide, wide};

    for (int isa = TALLY_PORTABLE; isa <= (int)tally_isa_best(); isa++) {
        tally_isa_use((tally_isa)isa);
        cr_assert(tally_isa_twin(&a, compiled) == (isa ? &b : &a));
        cr_assert(tally_isa_twin(&own, compiled) == &own);
    }
}
