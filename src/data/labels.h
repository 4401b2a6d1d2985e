/* labels.h — the distinct labels of a training file, and the class of each. */

#ifndef TALLY_DATA_LABELS_H
#define TALLY_DATA_LABELS_H

#include "data/decimal.h"

#include <stdint.h>

typedef struct tally_label {
    double number; /* when text is NULL */
    char *text;    /* owned; a label that is no number */
    int32_t id;    /* in the order of arrival; once closed, the class */
} tally_label;

typedef struct tally_labels {
    tally_label *at; /* owned; sorted: numbers by value, then words by their bytes */
    size_t count, room;
    size_t most; /* more distinct labels are refused */
    bool words;  /* labels may be words */
    bool closed; /* no label may be added */
} tally_labels;

/* *id <- that of the label `text`, which is added unless l is closed.  Numbers must be
 * whole; 1, +1 and 1.0 are one label.  Returns TALLY_FORMAT or TALLY_MEMORY. */
tally_status tally_labels_take(tally_labels *l, tally_place place, const char *text,
                               int32_t *id);

/* Ends the training set: ids become classes, their places in the sorted order, in
 * label[0..n) as well.  Returns TALLY_MEMORY. */
tally_status tally_labels_end(tally_labels *l, int32_t *label, size_t n);

void tally_labels_close(tally_labels *l);

#endif
