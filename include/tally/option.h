/* option.h — options as data, and the families of selectable things.
 *
 * Every selectable thing (a rule, an exchange, a data source, ...) is one constant
 * table whose first field is a tally_about: name, one line, paper, option table, state
 * table. From it the core parses, checks, prints and frees the options, allocates,
 * checkpoints and frees the state, and makes help and reference pages.
 *
 * One grammar: `member:key=value,key=value`; lists inside a value use x (512x512). */

#ifndef TALLY_OPTION_H
#define TALLY_OPTION_H

#include "tally/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tally_option_kind {
    TALLY_REAL,   /* double; NAN when the default is NULL: the member decides */
    TALLY_COUNT,  /* uint64_t */
    TALLY_FLAG,   /* bool: true or false */
    TALLY_CHOICE, /* int: index into the words of range, "ring|halving|native" */
    TALLY_TEXT,   /* char *, never empty: owned by the options; NULL when the default is
                     NULL */
    TALLY_SIZES   /* tally_sizes: 512x512; "none" or "" is the empty list */
} tally_option_kind;

enum { TALLY_SIZES_MOST = 32 };

typedef struct tally_sizes {
    size_t count;
    uint64_t at[TALLY_SIZES_MOST];
} tally_sizes;

typedef struct tally_option {
    const char *name;
    tally_option_kind kind;
    size_t offset;       /* of the field in the options struct */
    const char *initial; /* the default, as a user would type it */
    const char *range;   /* REAL, COUNT, SIZES: an interval, "[0, 1)", "(0, inf)";
                            CHOICE: the words, "plus|minus|coin"; else NULL */
    const char *help;    /* one line, no full stop */
} tally_option;

/* TALLY_OPTION(REAL, adam, beta1, "0.9", "[0, 1)", "share of the old mean kept") */
#define TALLY_OPTION(kind_, type, field, initial_, range_, help_)                      \
    {                                                                                  \
        .name = #field, .kind = TALLY_##kind_, .offset = offsetof(type, field),        \
        .initial = initial_, .range = range_, .help = help_                            \
    }
#define TALLY_END                                                                      \
    {                                                                                  \
        .name = NULL                                                                   \
    }

/* Who holds a piece of state, which decides where a checkpoint puts it. */
typedef enum tally_sharing {
    TALLY_SHARED,  /* the same bytes on every rank: stored once */
    TALLY_PRIVATE, /* each rank its own, such as the momentum of a voter: one file a
                      rank */
    TALLY_SHARDED  /* each rank a different slice of one vector */
} tally_sharing;

/* How long a slot is, and of what type its values are. */
typedef enum tally_extent {
    TALLY_EACH_WEIGHT, /* tally_real, one per weight */
    TALLY_EACH_TENSOR, /* tally_real, one per tensor of the layout */
    TALLY_EACH_BIT,    /* uint64_t words, one bit per weight */
    TALLY_OWN_LENGTH,  /* tally_real, as many as the member says when it opens */
    TALLY_ONCE         /* one double */
} tally_extent;

typedef struct tally_slot {
    const char *name; /* as in the paper: "m", "v" */
    tally_sharing sharing;
    tally_extent extent;
} tally_slot;

typedef struct tally_about {
    const char *name;            /* file name = registry name = symbol */
    const char *brief;           /* one line, no full stop */
    const char *paper;           /* source; "" when there is none to cite */
    const tally_option *options; /* ends with TALLY_END; NULL: no options */
    size_t options_size;         /* of the struct they fill */
    const tally_slot *slots;     /* ends with TALLY_END; NULL: no state */
} tally_about;

typedef struct tally_family {
    const char *name;                  /* "rule" */
    const char *flag;                  /* "--rule" */
    const char *brief;                 /* one line for `tally info` */
    const tally_about *const *members; /* built in, teaching order, ends with NULL */
} tally_family;

/* Members in order: built in first, then registered ones; NULL when i is past the end.
 */
TALLY_API const tally_about *tally_family_at(const tally_family *family, size_t i);

/* Looks a member up.  Returns TALLY_OPTION, with the nearest name, when there is none.
 */
TALLY_API tally_status tally_family_find(const tally_family *family, const char *name,
                                         const tally_about **about);

/* Adds a member at run time.  The table must live as long as the program.  Refuses a
 * name that is taken.  Call it before any thread or rank starts. */
TALLY_API tally_status tally_family_register(const tally_family *family,
                                             const tally_about *about);

/* Opens what `spec` names ("adam:beta2=0.99"): finds the member and makes its options,
 * defaults first, then the pairs of the spec, each checked.
 *
 * about    the member found; never NULL on success
 * options  owned by the caller: tally_options_close
 *
 * Errors name family, member, key, value and what was expected.  Local. */
TALLY_API tally_status tally_family_open(const tally_family *family, const char *spec,
                                         const tally_about **about, void **options);

/* Options of one table alone: defaults, then the pairs of `pairs` ("beta=0.9,eps=1e-8"
 * or NULL).  `who` begins error sentences, such as "rule adam". */
TALLY_API tally_status tally_options_open(const char *who, const tally_about *about,
                                          const char *pairs, void **options);
TALLY_API tally_status tally_options_set(const char *who, const tally_about *about,
                                         void *options, const char *name,
                                         const char *value);
TALLY_API void tally_options_close(const tally_about *about, void *options);

/* Writes "beta=0.9,eps=1e-08" into text: all options with their present values, at full
 * precision; what has no value is left out.  Never more than `most` bytes with the NUL;
 * returns TALLY_MEMORY if it does not fit. */
TALLY_API tally_status tally_options_print(const tally_about *about,
                                           const void *options, char *text,
                                           size_t most);

/* One option's present value as a user would type it; the same errors. */
TALLY_API tally_status tally_option_print(const tally_option *option,
                                          const void *options, char *text, size_t most);

/* The word of a choice: tally_option_word("ring|halving", 1) is "halving" (its length
 * in *length; the text is not terminated there). */
TALLY_API const char *tally_option_word(const char *choices, int index, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
