/* isa.h — which instruction set the vector code runs on, chosen when the program runs.
 *
 * Files with hot loops (cmake/isa.cmake lists them) are compiled once for each
 * instruction set, and what they export is then there once for each: tally_rule_adam,
 * tally_rule_adam_avx2, tally_rule_adam_avx512.  The files themselves are plain C and
 * know nothing of it; all they export is reached through constant tables, of which
 * TALLY_EACH_ISA makes an array to choose from.
 *
 * The bits are the same on every instruction set: no product and sum are contracted, no
 * sum is reassociated, and what is summed in lanes is summed in the same number of
 * lanes everywhere.  Only which NaN a NaN is may differ. */

#ifndef TALLY_NUM_ISA_H
#define TALLY_NUM_ISA_H

#include "tally/option.h"

/* What x86-64 has beyond its first instructions; other processors have `portable`,
 * which is what their compiler makes of the same files. */
typedef enum tally_isa {
    TALLY_PORTABLE,
    TALLY_AVX2,
    TALLY_AVX512, /* F, BW, DQ and VL */
    TALLY_ISAS
} tally_isa;

/* An array of TALLY_ISAS tables from the name of one. */
#ifdef TALLY_X86
#    define TALLY_EACH_ISA(table)                                                      \
        {                                                                              \
            table, table##_avx2, table##_avx512                                        \
        }
#else
#    define TALLY_EACH_ISA(table)                                                      \
        {                                                                              \
            table, table, table                                                        \
        }
#endif

/* The members of a family, in the order of list.def, ended by NULL. */
typedef const tally_about *const tally_members[];

/* "portable", "avx2" or "avx512". */
const char *tally_isa_name(tally_isa isa);

/* The best that this processor, this system and this build have. */
tally_isa tally_isa_best(void);

/* What is used: the best, at most what the environment's TALLY_ISA names.  Chosen at
 * the first call, any thread may call. */
tally_isa tally_isa_used(void);

/* OPTION when TALLY_ISA names nothing that this processor has. */
tally_status tally_isa_check(void);

/* From now on `isa` is used, which is at most the best: for tests and benches, before
 * anything is opened. */
void tally_isa_use(tally_isa isa);

/* A member as compiled for the instruction set in use; about itself when a program
 * registered it. */
const tally_about *tally_isa_twin(const tally_about *about,
                                  const tally_about *const *const *members);

#endif
