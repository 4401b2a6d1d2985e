/* no_library.c — what library.h offers in a build without MPI: nothing. */

#include "comm/library.h"

void tally_library_describe(char *text, size_t most)
{
    if (most > 0) text[0] = '\0';
}

tally_launcher tally_library_kind(void)
{
    return TALLY_NO_LAUNCHER;
}

const char *tally_library_threads(void)
{
    return "";
}

bool tally_library_setting(const char *name, char *value, size_t most)
{
    (void)name;
    if (most > 0) value[0] = '\0';
    return false;
}
