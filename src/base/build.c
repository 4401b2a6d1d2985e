/* build.c — the linker's fingerprint of the file that holds this very code.
 *
 * A note in memory (NT_GNU_BUILD_ID), so nothing is read from disk, and a copy of a
 * program under another name is the same program. */

#include "base/build.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <xxhash.h>

typedef struct search {
    ElfW(Addr) code; /* an address inside the file that is looked for */
    uint64_t id;
} search;

static bool holds(const struct dl_phdr_info *file, ElfW(Addr) code)
{
    for (int i = 0; i < file->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];
        ElfW(Addr) first = file->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && code >= first && code - first < part->p_memsz)
            return true;
    }
    return false;
}

static size_t whole_words(size_t bytes)
{
    return (bytes + 3) / 4 * 4;
}

/* Notes follow each other: a head, a name, what it describes. */
static uint64_t read_notes(const unsigned char *at, size_t left)
{
    ElfW(Nhdr) head;

    while (left >= sizeof head) {
        memcpy(&head, at, sizeof head);
        size_t name = whole_words(head.n_namesz), length = whole_words(head.n_descsz);

        if (name + length > left - sizeof head) break;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
            memcmp(at + sizeof head, "GNU", 4) == 0)
            return XXH3_64bits(at + sizeof head + name, head.n_descsz);
        at += sizeof head + name + length;
        left -= sizeof head + name + length;
    }
    return 0;
}

static int look(struct dl_phdr_info *file, size_t size, void *context)
{
    search *s = context;

    (void)size;
    if (!holds(file, s->code)) return 0;
    for (int i = 0; i < file->dlpi_phnum && !s->id; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];

        if (part->p_type == PT_NOTE)
            s->id = read_notes(
                (const unsigned char *)(uintptr_t)(file->dlpi_addr + part->p_vaddr),
                part->p_memsz);
    }
    return 1;
}

uint64_t tally_build_id(void)
{
    search s = {.code = (ElfW(Addr))(uintptr_t)tally_build_id};

    dl_iterate_phdr(look, &s);
    return s.id;
}
