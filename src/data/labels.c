/* labels.c — the distinct labels of a training file, and the class of each.
 *
 *     -1, +1 -> 0, 1      1, 2 -> 0, 1      setosa, versicolor, virginica -> 0, 1, 2
 *
 * Classes are numbered in sorted order, so they do not depend on the order of rows.
 * A binary search a row; a new label moves those behind it. */

#include "data/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below, equal to or above 0 as a comes before b, is it, or comes after. */
static int compare(const tally_label *a, const tally_label *b)
{
    if (!a->text != !b->text) return a->text ? 1 : -1;
    if (a->text) return strcmp(a->text, b->text);
    return (a->number > b->number) - (a->number < b->number);
}

/* Where it is, or would be. */
static size_t find(const tally_labels *l, const tally_label *label, bool *found)
{
    size_t first = 0, end = l->count;

    *found = false;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = compare(label, &l->at[middle]);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            end = middle;
        else
            first = middle + 1;
    }
    return first;
}

/* Every whole number up to 2^53 is a double of its own. */
static bool is_whole(double x)
{
    return fabs(x) <= 0x1p53 && !(floor(x) < x);
}

/* A label that borrows its text. */
static tally_status read_label(const tally_labels *l, tally_place place, char *text,
                               tally_label *label)
{
    double number;
    const char *wrong = tally_decimal(text, &number);

    *label = (tally_label){0};
    if (!*text) return tally_refuse(place, "the label is empty");
    if (wrong && l->words && strcmp(wrong, "is out of range") != 0) {
        label->text = text;
        return TALLY_OK;
    }
    if (wrong) return tally_refuse(place, "label %s %s", text, wrong);
    if (!is_whole(number))
        return tally_refuse(place, "label %s is not whole, so it names no class", text);
    label->number = number;
    return TALLY_OK;
}

static tally_status insert(tally_labels *l, size_t i, tally_label label)
{
    if (l->count == l->room) {
        size_t room = 2 * l->room + 16;
        tally_label *grown = realloc(l->at, room * sizeof *grown);

        if (!grown) return TALLY_FAIL(MEMORY, "no memory for %zu labels", room);
        l->at = grown;
        l->room = room;
    }
    if (label.text) {
        label.text = strdup(label.text);
        if (!label.text) return TALLY_FAIL(MEMORY, "no memory for a label");
    }
    label.id = (int32_t)l->count;
    memmove(l->at + i + 1, l->at + i, (l->count - i) * sizeof *l->at);
    l->at[i] = label;
    l->count++;
    return TALLY_OK;
}

tally_status tally_labels_take(tally_labels *l, tally_place place, const char *text,
                               int32_t *id)
{
    char copy[TALLY_WORD_MOST];
    tally_label label;
    bool found;

    memcpy(copy, text, strlen(text) + 1);
    TALLY_TRY(read_label(l, place, copy, &label));
    size_t i = find(l, &label, &found);
    if (!found && l->closed)
        return tally_refuse(place, "label %s is none of the %zu of the training file",
                            text, l->count);
    if (!found && l->count == l->most)
        return tally_refuse(place, "label %s is one more than classes_most=%zu allows",
                            text, l->most);
    if (!found) TALLY_TRY(insert(l, i, label));
    *id = l->at[i].id;
    return TALLY_OK;
}

tally_status tally_labels_end(tally_labels *l, int32_t *label, size_t n)
{
    int32_t *class_of = malloc((l->count + 1) * sizeof *class_of);

    if (!class_of) return TALLY_FAIL(MEMORY, "no memory for %zu classes", l->count);
    for (size_t i = 0; i < l->count; i++) {
        class_of[l->at[i].id] = (int32_t)i;
        l->at[i].id = (int32_t)i;
    }
    for (size_t i = 0; i < n; i++)
        label[i] = class_of[label[i]];
    free(class_of);
    l->closed = true;
    return TALLY_OK;
}

void tally_labels_close(tally_labels *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->at[i].text);
    free(l->at);
    *l = (tally_labels){0};
}
