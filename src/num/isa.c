/* isa.c — the instruction set, from the processor and the environment. */

#include "num/isa.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"portable", "avx2", "avx512"};

/* Written once, as a const table would be; tests may write it again. */
static tally_isa used;
static pthread_once_t once = PTHREAD_ONCE_INIT;

const char *tally_isa_name(tally_isa isa)
{
    return names[isa];
}

/* The compiler's run-time library asks the system too whether it keeps the registers.
 */
tally_isa tally_isa_best(void)
{
#ifdef TALLY_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return TALLY_AVX512;
    if (__builtin_cpu_supports("avx2")) return TALLY_AVX2;
#endif
    return TALLY_PORTABLE;
}

/* TALLY_ISAS when there is none of that name. */
static tally_isa find(const char *name)
{
    int isa = 0;

    while (isa < TALLY_ISAS && strcmp(names[isa], name) != 0)
        isa++;
    return (tally_isa)isa;
}

static void choose(void)
{
    const char *most = getenv("TALLY_ISA");
    tally_isa best = tally_isa_best(), asked = most ? find(most) : best;

    used = asked < best ? asked : best;
}

tally_isa tally_isa_used(void)
{
    pthread_once(&once, choose);
    return used;
}

tally_status tally_isa_check(void)
{
    const char *name = getenv("TALLY_ISA");
    tally_isa best = tally_isa_best(), asked = name ? find(name) : best;

    if (asked == TALLY_ISAS)
        return TALLY_FAIL(OPTION, "TALLY_ISA=%s is not portable, avx2 or avx512", name);
    if (asked > best)
        return TALLY_FAIL(OPTION, "TALLY_ISA=%s: this processor has %s at best", name,
                          names[best]);
    return TALLY_OK;
}

void tally_isa_use(tally_isa isa)
{
    assert(isa <= tally_isa_best());
    pthread_once(&once, choose);
    used = isa;
}

const tally_about *tally_isa_twin(const tally_about *about,
                                  const tally_about *const *const *members)
{
    for (size_t i = 0; members[TALLY_PORTABLE][i]; i++)
        if (members[TALLY_PORTABLE][i] == about) return members[tally_isa_used()][i];
    return about;
}
