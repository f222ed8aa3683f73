/* SPDX-License-Identifier: MIT */
/* ELF program headers (System V gABI ch. 5). Every offset and size comes from the file: each is checked before it is used. */
#include "hw/board/x86_elf.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"

#define LOAD_MIN 0x100000u

typedef struct Segment { uint32_t type; uint64_t offset, paddr, filesz, memsz; } Segment;

bool x86_elf_open(X86Elf *elf, const X86BootFile *file)
{
    const uint8_t *d = file->data;
    unsigned machine;

    *elf = (X86Elf){ .file = file };
    if (file->len < sizeof(Elf64_Ehdr) || memcmp(d, ELFMAG, SELFMAG) || d[EI_DATA] != ELFDATA2LSB)
        return false;
    elf->is_64 = d[EI_CLASS] == ELFCLASS64;
    machine = lduw_le_p(d + offsetof(Elf64_Ehdr, e_machine));
    if (elf->is_64) {
        const Elf64_Ehdr *h = (const void *)d;

        elf->entry = h->e_entry, elf->phoff = h->e_phoff, elf->phentsize = h->e_phentsize, elf->phnum = h->e_phnum;
    } else {
        const Elf32_Ehdr *h = (const void *)d;

        elf->entry = h->e_entry, elf->phoff = h->e_phoff, elf->phentsize = h->e_phentsize, elf->phnum = h->e_phnum;
    }
    return machine == EM_386 || machine == EM_X86_64;
}

/* Program header i; false: outside the file. */
static bool segment(const X86Elf *elf, unsigned i, Segment *s)
{
    uint64_t at = elf->phoff + (uint64_t)i * elf->phentsize, size = elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

    if (elf->phoff > elf->file->len || elf->phentsize < size || at + size > elf->file->len)
        return false;
    if (elf->is_64) {
        Elf64_Phdr p;

        memcpy(&p, elf->file->data + at, sizeof(p));
        *s = (Segment){ p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz };
    } else {
        Elf32_Phdr p;

        memcpy(&p, elf->file->data + at, sizeof(p));
        *s = (Segment){ p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz };
    }
    return s->filesz <= elf->file->len && s->offset <= elf->file->len - s->filesz;
}

static void add_segment(X86BootImage *image, const X86Elf *elf, const Segment *s)
{
    g_autofree uint8_t *bytes = g_malloc0(s->memsz);

    memcpy(bytes, elf->file->data + s->offset, MIN_OF(s->filesz, s->memsz));
    x86_boot_add(image, s->paddr, bytes, s->memsz);
}

bool x86_elf_load(const X86Elf *elf, const X86BootInfo *info, X86BootImage *image, uint64_t *end, GError **error)
{
    uint64_t left = info->low_ram;

    *end = LOAD_MIN;
    for (unsigned i = 0; i < elf->phnum; i++) {
        Segment s;

        if (!segment(elf, i, &s))
            return error_set(error, "%s: broken ELF file: program header %u or its segment lies outside", info->kernel, i);
        if (s.type != PT_LOAD || !s.memsz)
            continue;
        if (s.paddr < LOAD_MIN || s.paddr > info->low_ram || s.memsz > info->low_ram - s.paddr || s.memsz > left)
            return error_set(error, "%s: segment %u wants %" PRIu64 " KiB at 0x%" PRIx64 "; there is RAM from 1 MiB to %" PRIu64 " MiB (-m)",
                             info->kernel, i, s.memsz >> 10, s.paddr, info->low_ram >> 20);
        left -= s.memsz; /* overlapping segments cannot make this more than RAM */
        add_segment(image, elf, &s);
        *end = MAX_OF(*end, s.paddr + s.memsz);
    }
    return true;
}

/* Note entries: u32 namesz, descsz, type; name and desc padded to 4 bytes. */
static bool find_in_notes(const uint8_t *d, uint64_t len, uint32_t type, uint32_t *value)
{
    uint64_t at = 0;

    while (at + 12 <= len) {
        uint64_t namesz = ldl_le_p(d + at), descsz = ldl_le_p(d + at + 4), name = at + 12, desc = name + ALIGN_UP(namesz, 4);

        if (desc + descsz > len)
            return false;
        if (ldl_le_p(d + at + 8) == type && namesz == 4 && !memcmp(d + name, "Xen", 4) && descsz >= 4) {
            *value = ldl_le_p(d + desc);
            return true;
        }
        at = desc + ALIGN_UP(descsz, 4);
    }
    return false;
}

bool x86_elf_xen_note(const X86Elf *elf, uint32_t type, uint32_t *value)
{
    for (unsigned i = 0; i < elf->phnum; i++) {
        Segment s;

        if (segment(elf, i, &s) && s.type == PT_NOTE && find_in_notes(elf->file->data + s.offset, s.filesz, type, value))
            return true;
    }
    return false;
}
