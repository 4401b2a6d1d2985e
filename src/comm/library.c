/* library.c — what the MPI beneath comm mpi says of itself: version, threads, settings.
 *
 * Settings are the control variables of MPI_T (MPI 3.1, section 14.3.6).  It might be
 * asked before MPI_Init too, but then Open MPI looks for all its devices each time, and
 * version 4.1.4 crashes after MPI_Finalize. */

#include "comm/library.h"

#include <mpi.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* "Open MPI v4.1.4, package: ..."; "MPICH Version:\t4.0.2\nMPICH Release ..." */
void tally_library_describe(char *text, size_t most)
{
    char said[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length, version, minor;
    size_t digits, name;

    MPI_Get_library_version(said, &length);
    MPI_Get_version(&version, &minor);
    name = strncmp(said, "Open MPI", 8) == 0 ? 8 : strcspn(said, " \t\n");
    digits = name + strcspn(said + name, "0123456789");
    snprintf(text, most, "%.*s %.*s, MPI %d.%d", (int)name, said,
             (int)strspn(said + digits, "0123456789.abcr"), said + digits, version,
             minor);
}

tally_launcher tally_library_kind(void)
{
    char said[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length;

    MPI_Get_library_version(said, &length);
    if (strstr(said, "Open MPI")) return TALLY_OPEN_MPI;
    return strstr(said, "MPICH") || strstr(said, "MVAPICH") || strstr(said, "Intel")
               ? TALLY_HYDRA
               : TALLY_OTHER_LAUNCHER;
}

const char *tally_library_threads(void)
{
    int started, ended, level;

    MPI_Initialized(&started);
    MPI_Finalized(&ended);
    if (!started || ended || MPI_Query_thread(&level) != MPI_SUCCESS) return "";
    return level == MPI_THREAD_MULTIPLE     ? "multiple"
           : level == MPI_THREAD_SERIALIZED ? "serialized"
           : level == MPI_THREAD_FUNNELED   ? "funneled"
                                            : "single";
}

/* The word for a value of an enumeration; false when it has none. */
static bool name_value(MPI_T_enum names, int value, char *text, int most)
{
    int count = 0, one, room = most;

    if (names == MPI_T_ENUM_NULL ||
        MPI_T_enum_get_info(names, &count, text, &room) != MPI_SUCCESS)
        return false;
    for (int i = 0; i < count; i++) {
        room = most;
        if (MPI_T_enum_get_item(names, i, &one, text, &room) == MPI_SUCCESS &&
            one == value)
            return true;
    }
    return false;
}

/* A number, a truth (1 or 0) or characters; other kinds are not asked for. */
static bool read_variable(int index, char *value, size_t most)
{
    int length = 0, level, bind, scope, count, number = 0;
    MPI_Datatype type;
    MPI_T_enum names;
    MPI_T_cvar_handle handle;
    char text[4096] = "";
    bool truth = false, done = false;

    if (MPI_T_cvar_get_info(index, NULL, &length, &level, &type, &names, NULL, NULL,
                            &bind, &scope) != MPI_SUCCESS ||
        MPI_T_cvar_handle_alloc(index, NULL, &handle, &count) != MPI_SUCCESS)
        return false;
    void *to = type == MPI_CHAR && count <= (int)sizeof text ? text
               : type == MPI_INT && count == 1               ? (void *)&number
               : type == MPI_C_BOOL && count == 1            ? (void *)&truth
                                                             : NULL;
    if (to) done = MPI_T_cvar_read(handle, to) == MPI_SUCCESS;
    MPI_T_cvar_handle_free(&handle);
    if (!done) return false;
    if (to == &truth) number = truth;
    if (to == text || (to == &number && name_value(names, number, text, sizeof text)))
        snprintf(value, most, "%s", text);
    else
        snprintf(value, most, "%d", number);
    return true;
}

bool tally_library_setting(const char *name, char *value, size_t most)
{
    int provided, index, started, ended;
    bool found;

    value[0] = '\0';
    MPI_Initialized(&started);
    MPI_Finalized(&ended);
    if (!started || ended) return false;
    if (MPI_T_init_thread(MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS)
        return false;
    found = MPI_T_cvar_get_index(name, &index) == MPI_SUCCESS &&
            read_variable(index, value, most);
    MPI_T_finalize();
    return found;
}
