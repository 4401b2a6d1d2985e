/* example.h — a small run to save and load, and a folder to do it in. */

#ifndef TEST_RUN_EXAMPLE_H
#define TEST_RUN_EXAMPLE_H

#include "run/folder.h"

/* Two dense layers; a rule with a slot of each extent, and an exchange whose slots are
 * private and sharded, or shared. */
typedef struct example {
    tally_layout layout;
    tally_state rule, exchange;
    tally_part parts[2];
    tally_checkpoint what;
} example;

tally_status example_open(example *e, bool own);
void example_close(example *e);

/* Every value becomes a function of (step, array, index), and of rank where it is a
 * rank's own. */
void example_set(example *e, uint64_t step, int rank);

/* Whether every value is as example_set makes it; fails naming the array. */
tally_status example_check(example *e, uint64_t step, int rank);

/* A fresh directory, in memory where the system has such; valid until the next call.
 * example_remove removes it with everything in it. */
const char *example_directory(void);
void example_remove(const char *directory);

/* path below directory, in one of eight buffers of this thread that take turns. */
const char *below(const char *directory, const char *path);

/* From now on no file of this process grows beyond so many bytes: writes fail with
 * EFBIG, as they would with ENOSPC on a full disk.  SIZE_MAX: no limit again. */
void limit_files(size_t most);

/* TALLY_OK when `got` is the wanted failure and its sentence holds `words`. */
tally_status refused(tally_status got, tally_status wanted, const char *words);

/* Opens OUT, saves the example at steps [first, last], closes.  Collective. */
tally_status example_save(tally_comm *c, const char *out, bool resume, uint64_t first,
                          uint64_t last);

/* Opens OUT with resume, loads, checks every value; *step is what was loaded. */
tally_status example_load(tally_comm *c, const char *out, uint64_t *step,
                          uint64_t *skipped);

/* What a body of tally_launch needs, and what it finds. */
typedef struct run {
    const char *out;
    bool resume;
    uint64_t first, last;   /* to save */
    uint64_t step, skipped; /* loaded, on rank 0 */
    int progress;           /* a pipe; 0: none */
} run;

tally_status run_save(tally_comm *c, void *run);
tally_status run_load(tally_comm *c, void *run);

/* Saves steps [first, last] as a run that starts at 1; loads what must be whole. */
void save(const char *comm, const char *out, uint64_t first, uint64_t last);
uint64_t load(const char *comm, const char *out);

/* The steps below OUT, newest first; and that no .partial is there. */
void expect_steps(const char *out, size_t n, const uint64_t *expected);
void expect_no_partial(const char *out);

#endif
