/* SPDX-License-Identifier: MIT */
/* ACPI tables and what depends on their place: see build.h. */
#include "hw/acpi/build.h"

#include <string.h>

#include "base/bits.h"

#define OEM_ID "CALQUE"
#define OEM_TABLE_ID "CALQUEPC"
#define CREATOR_ID "CLQ "
#define LENGTH_AT 4u
#define CHECKSUM_AT 9u

enum { SCRIPT_ALLOCATE = 1, SCRIPT_POINTER = 2, SCRIPT_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };
#define SCRIPT_ENTRY 128u
#define SCRIPT_NAME 56u

/* A pointer (size 4 or 8) or a checksum (size 1) over [start, start + length). */
typedef struct Link { bool in_rsdp; uint32_t offset, size, start, length; } Link;

void acpi_build_init(AcpiBuild *b)
{
    *b = (AcpiBuild){ .tables = g_byte_array_new(), .links = g_array_new(FALSE, FALSE, sizeof(Link)), .roots = g_array_new(FALSE, FALSE, sizeof(uint32_t)) };
}

void acpi_build_free(AcpiBuild *b)
{
    g_clear_pointer(&b->tables, g_byte_array_unref);
    g_clear_pointer(&b->links, g_array_unref);
    g_clear_pointer(&b->roots, g_array_unref);
}

void acpi_put(AcpiBuild *b, const void *bytes, size_t n)
{
    g_byte_array_append(b->tables, bytes, (guint)n);
}

void acpi_put_int(AcpiBuild *b, uint64_t value, unsigned size)
{
    acpi_put(b, &value, size);
}

static void pad_to(AcpiBuild *b, unsigned align)
{
    while (b->tables->len % align)
        acpi_put_int(b, 0, 1);
}

unsigned acpi_table_begin(AcpiBuild *b, const char *signature, unsigned revision, unsigned align)
{
    unsigned at;

    pad_to(b, align);
    at = b->tables->len;
    acpi_put(b, signature, 4);
    acpi_put_int(b, 0, 4);
    acpi_put_int(b, revision, 1);
    acpi_put_int(b, 0, 1);
    acpi_put(b, OEM_ID OEM_TABLE_ID, 14);
    acpi_put_int(b, 1, 4);
    acpi_put(b, CREATOR_ID, 4);
    acpi_put_int(b, 1, 4);
    return at;
}

static void add_checksum(AcpiBuild *b, bool in_rsdp, unsigned offset, unsigned start, unsigned length)
{
    Link l = { in_rsdp, offset, 1, start, length };

    g_array_append_val(b->links, l);
}

void acpi_table_end(AcpiBuild *b, unsigned at, bool checksum, bool listed)
{
    uint32_t offset = at, length = b->tables->len - at;

    stl_le_p(b->tables->data + at + LENGTH_AT, length);
    if (checksum)
        add_checksum(b, false, at + CHECKSUM_AT, at, length);
    if (listed)
        g_array_append_val(b->roots, offset);
}

static void add_pointer(AcpiBuild *b, bool in_rsdp, unsigned offset, unsigned size, unsigned target)
{
    uint8_t *at = (in_rsdp ? b->rsdp : b->tables->data) + offset;
    Link l = { in_rsdp, offset, size, 0, 0 };

    memcpy(at, &(uint64_t){ target }, size);
    g_array_append_val(b->links, l);
}

void acpi_set_pointer(AcpiBuild *b, unsigned offset, unsigned size, unsigned target)
{
    add_pointer(b, false, offset, size, target);
}

static unsigned build_root(AcpiBuild *b, const char *signature, unsigned size)
{
    unsigned at = acpi_table_begin(b, signature, 1, 16);

    for (unsigned i = 0; i < b->roots->len; i++)
        acpi_put_int(b, 0, size);
    for (unsigned i = 0; i < b->roots->len; i++)
        acpi_set_pointer(b, at + ACPI_HEADER_SIZE + i * size, size, g_array_index(b->roots, uint32_t, i));
    acpi_table_end(b, at, true, false);
    return at;
}

void acpi_build_roots(AcpiBuild *b)
{
    unsigned rsdt = build_root(b, "RSDT", 4), xsdt = build_root(b, "XSDT", 8);

    memcpy(b->rsdp, "RSD PTR ", 8);
    memcpy(b->rsdp + 9, OEM_ID, 6);
    b->rsdp[15] = 2; /* revision */
    stl_le_p(b->rsdp + 20, ACPI_RSDP_SIZE);
    add_pointer(b, true, 16, 4, rsdt);
    add_pointer(b, true, 24, 8, xsdt);
    add_checksum(b, true, 8, 0, 20);
    add_checksum(b, true, 32, 0, ACPI_RSDP_SIZE);
}

/* ---- into memory ---- */
static uint8_t sum(const uint8_t *p, unsigned n)
{
    uint8_t total = 0;

    while (n--)
        total = (uint8_t)(total + *p++);
    return total;
}

void acpi_build_place(AcpiBuild *b, uint64_t tables, uint64_t rsdp)
{
    for (unsigned i = 0; i < b->links->len; i++) {
        const Link *l = &g_array_index(b->links, Link, i);
        uint8_t *base = l->in_rsdp ? b->rsdp : b->tables->data;
        uint64_t value = 0;

        if (l->size == 1) {
            base[l->offset] = 0;
            base[l->offset] = (uint8_t)-sum(base + l->start, l->length);
        } else {
            memcpy(&value, base + l->offset, l->size);
            value += tables;
            memcpy(base + l->offset, &value, l->size);
        }
    }
}

static void script_allocate(GByteArray *out, const char *file, unsigned align, unsigned zone)
{
    uint8_t e[SCRIPT_ENTRY] = { SCRIPT_ALLOCATE };

    strcpy((char *)e + 4, file);
    stl_le_p(e + 4 + SCRIPT_NAME, align);
    e[8 + SCRIPT_NAME] = (uint8_t)zone;
    g_byte_array_append(out, e, sizeof(e));
}

static void script_link(GByteArray *out, const Link *l)
{
    uint8_t e[SCRIPT_ENTRY] = { l->size == 1 ? SCRIPT_CHECKSUM : SCRIPT_POINTER }, *rest = e + 4 + SCRIPT_NAME;

    strcpy((char *)e + 4, l->in_rsdp ? ACPI_RSDP_FILE : ACPI_TABLES_FILE);
    if (l->size == 1) {
        stl_le_p(rest, l->offset);
        stl_le_p(rest + 4, l->start);
        stl_le_p(rest + 8, l->length);
    } else {
        strcpy((char *)rest, ACPI_TABLES_FILE);
        stl_le_p(rest + SCRIPT_NAME, l->offset);
        rest[SCRIPT_NAME + 4] = (uint8_t)l->size;
    }
    g_byte_array_append(out, e, sizeof(e));
}

GByteArray *acpi_build_script(const AcpiBuild *b)
{
    GByteArray *out = g_byte_array_new();

    script_allocate(out, ACPI_TABLES_FILE, 64, ZONE_HIGH);
    script_allocate(out, ACPI_RSDP_FILE, 16, ZONE_FSEG);
    for (unsigned i = 0; i < b->links->len; i++)
        script_link(out, &g_array_index(b->links, Link, i));
    return out;
}
