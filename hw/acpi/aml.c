/* SPDX-License-Identifier: MIT */
/* AML: see aml.h. Lengths are inserted when a term is closed, innermost first, so that no size need be known beforehand. */
#include "hw/acpi/aml.h"

#include <string.h>

#include "base/bits.h"

enum {
    OP_ZERO = 0x00, OP_ONE = 0x01, OP_NAME = 0x08, OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_STRING = 0x0d, OP_QWORD = 0x0e,
    OP_SCOPE = 0x10, OP_BUFFER = 0x11, OP_PACKAGE = 0x12, OP_METHOD = 0x14, OP_DUAL = 0x2e, OP_MULTI = 0x2f, OP_EXT = 0x5b, OP_LOCAL0 = 0x60,
    OP_ARG0 = 0x68, OP_STORE = 0x70, OP_AND = 0x7b, OP_OR = 0x7d, OP_CREATE_DWORD_FIELD = 0x8a, OP_LEQUAL = 0x93, OP_IF = 0xa0, OP_ELSE = 0xa1,
    OP_RETURN = 0xa4, EXT_REGION = 0x80, EXT_FIELD = 0x81, EXT_DEVICE = 0x82,
};

static void put(Aml *a, unsigned byte)
{
    uint8_t b = (uint8_t)byte;

    g_byte_array_append(a->bytes, &b, 1);
}

static void put_le(Aml *a, uint64_t value, unsigned size)
{
    g_byte_array_append(a->bytes, (const uint8_t *)&value, size);
}

void aml_init(Aml *a)
{
    *a = (Aml){ .bytes = g_byte_array_new() };
}

GByteArray *aml_finish(Aml *a)
{
    g_assert(!a->depth);
    return g_steal_pointer(&a->bytes);
}

static void insert(Aml *a, unsigned at, const uint8_t *bytes, unsigned n)
{
    unsigned old = a->bytes->len;

    g_byte_array_set_size(a->bytes, old + n);
    memmove(a->bytes->data + at + n, a->bytes->data + at, old - at);
    memcpy(a->bytes->data + at, bytes, n);
}

static void open_term(Aml *a, unsigned kind)
{
    g_assert(a->depth < AML_MAX_DEPTH);
    a->open[a->depth].at = a->bytes->len;
    a->open[a->depth++].kind = kind;
}

/* PkgLength counts itself. One byte up to 63; else the low nibble is in the first and the rest in one to three more. */
static void insert_length(Aml *a, unsigned at)
{
    unsigned len = a->bytes->len - at, n = len + 1 < 0x40 ? 1 : len + 2 < 0x1000 ? 2 : len + 3 < 0x100000 ? 3 : 4;
    uint8_t bytes[4] = { 0 };

    len += n;
    if (n == 1) {
        bytes[0] = (uint8_t)len;
    } else {
        bytes[0] = (uint8_t)((n - 1) << 6 | (len & 15));
        for (unsigned i = 1; i < n; i++)
            bytes[i] = (uint8_t)(len >> (8 * i - 4));
    }
    insert(a, at, bytes, n);
}

void aml_end(Aml *a)
{
    unsigned at = a->open[--a->depth].at;

    if (a->open[a->depth].kind == AML_BUFFER) {
        uint8_t size[3] = { OP_WORD };

        put(a, 0x79); /* end tag, with no checksum */
        put(a, 0);
        stw_le_p(size + 1, (uint16_t)(a->bytes->len - at));
        insert(a, at, size, sizeof(size));
    }
    insert_length(a, at);
}

/* ---- names ---- */
static void put_segment(Aml *a, const char *text, size_t len)
{
    char segment[4] = "____";

    g_assert(len >= 1 && len <= 4);
    memcpy(segment, text, len);
    g_byte_array_append(a->bytes, (const uint8_t *)segment, 4);
}

void aml_path(Aml *a, const char *path)
{
    g_auto(GStrv) parts = NULL;
    unsigned n;

    for (; *path == '\\' || *path == '^'; path++)
        put(a, (uint8_t)*path);
    parts = g_strsplit(path, ".", -1);
    n = g_strv_length(parts);
    if (n == 2)
        put(a, OP_DUAL);
    if (n > 2) {
        put(a, OP_MULTI);
        put(a, n);
    }
    for (unsigned i = 0; i < n; i++)
        put_segment(a, parts[i], strlen(parts[i]));
    if (!n)
        put(a, 0);
}

static void open_named(Aml *a, unsigned ext, unsigned op, const char *path)
{
    if (ext)
        put(a, ext);
    put(a, op);
    open_term(a, AML_PLAIN);
    aml_path(a, path);
}

void aml_scope(Aml *a, const char *path)
{
    open_named(a, 0, OP_SCOPE, path);
}

void aml_device(Aml *a, const char *name)
{
    open_named(a, OP_EXT, EXT_DEVICE, name);
}

/* Serialized: such methods may create named objects. */
void aml_method(Aml *a, const char *name, unsigned args)
{
    open_named(a, 0, OP_METHOD, name);
    put(a, args | 8);
}

void aml_name(Aml *a, const char *name)
{
    put(a, OP_NAME);
    aml_path(a, name);
}

void aml_name_int(Aml *a, const char *name, uint64_t value)
{
    aml_name(a, name);
    aml_int(a, value);
}

void aml_name_string(Aml *a, const char *name, const char *text)
{
    aml_name(a, name);
    aml_string(a, text);
}

void aml_name_eisa(Aml *a, const char *name, const char *id)
{
    aml_name(a, name);
    aml_eisa(a, id);
}

void aml_region(Aml *a, const char *name, unsigned space, uint32_t offset, uint32_t size)
{
    put(a, OP_EXT);
    put(a, EXT_REGION);
    aml_path(a, name);
    put(a, space);
    aml_int(a, offset);
    aml_int(a, size);
}

void aml_field(Aml *a, const char *region)
{
    open_named(a, OP_EXT, EXT_FIELD, region);
    put(a, 1); /* ByteAcc, NoLock, Preserve */
}

void aml_field_entry(Aml *a, const char *name, unsigned bits)
{
    g_assert(bits < 0x1000);
    if (name)
        put_segment(a, name, strlen(name));
    else
        put(a, 0);
    if (bits < 0x40) {
        put(a, bits);
    } else {
        put(a, 0x40 | (bits & 15));
        put(a, bits >> 4);
    }
}

void aml_create_dword_field(Aml *a, const char *path, unsigned arg, uint32_t offset, const char *name)
{
    put(a, OP_CREATE_DWORD_FIELD);
    if (path)
        aml_path(a, path);
    else
        aml_arg(a, arg);
    aml_int(a, offset);
    aml_path(a, name);
}

/* ---- objects and operators ---- */
void aml_int(Aml *a, uint64_t value)
{
    unsigned size = value > UINT32_MAX ? 8 : value > UINT16_MAX ? 4 : value > UINT8_MAX ? 2 : 1;

    if (value <= 1) {
        put(a, value ? OP_ONE : OP_ZERO);
        return;
    }
    put(a, size == 8 ? OP_QWORD : size == 4 ? OP_DWORD : size == 2 ? OP_WORD : OP_BYTE);
    put_le(a, value, size);
}

void aml_dword(Aml *a, uint32_t value)
{
    put(a, OP_DWORD);
    put_le(a, value, 4);
}

void aml_string(Aml *a, const char *text)
{
    put(a, OP_STRING);
    g_byte_array_append(a->bytes, (const uint8_t *)text, (guint)strlen(text) + 1);
}

/* Three letters of five bits and four hexadecimal digits, as a big-endian dword. */
void aml_eisa(Aml *a, const char *id)
{
    uint32_t value = (uint32_t)(id[0] & 31) << 26 | (uint32_t)(id[1] & 31) << 21 | (uint32_t)(id[2] & 31) << 16 | (uint32_t)g_ascii_strtoull(id + 3, NULL, 16);

    g_assert(strlen(id) == 7);
    aml_dword(a, __builtin_bswap32(value));
}

void aml_uuid(Aml *a, const char *text)
{
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint8_t bytes[16];
    unsigned n = 0;

    for (const char *c = text; *c && n < 16; c += *c == '-' ? 1 : 2)
        if (*c != '-')
            bytes[n++] = (uint8_t)(g_ascii_xdigit_value(c[0]) << 4 | g_ascii_xdigit_value(c[1]));
    g_assert(n == 16);
    put(a, OP_BUFFER);
    open_term(a, AML_PLAIN);
    aml_int(a, 16);
    for (unsigned i = 0; i < 16; i++)
        put(a, bytes[order[i]]);
    aml_end(a);
}

void aml_arg(Aml *a, unsigned n)
{
    put(a, OP_ARG0 + n);
}

void aml_local(Aml *a, unsigned n)
{
    put(a, OP_LOCAL0 + n);
}

void aml_package(Aml *a, unsigned elements)
{
    put(a, OP_PACKAGE);
    open_term(a, AML_PLAIN);
    put(a, elements);
}

void aml_return(Aml *a)
{
    put(a, OP_RETURN);
}

void aml_store(Aml *a)
{
    put(a, OP_STORE);
}

void aml_and(Aml *a)
{
    put(a, OP_AND);
}

void aml_or(Aml *a)
{
    put(a, OP_OR);
}

void aml_equal(Aml *a)
{
    put(a, OP_LEQUAL);
}

void aml_if(Aml *a)
{
    put(a, OP_IF);
    open_term(a, AML_PLAIN);
}

void aml_else(Aml *a)
{
    put(a, OP_ELSE);
    open_term(a, AML_PLAIN);
}

/* ---- resource templates (ACPI 6.4, 6.4) ---- */
void aml_resources(Aml *a)
{
    put(a, OP_BUFFER);
    open_term(a, AML_BUFFER);
}

void aml_io(Aml *a, uint16_t first, uint16_t last_first, uint8_t align, uint8_t length)
{
    put(a, 0x47);
    put(a, 1); /* decodes 16 bits */
    put_le(a, first, 2);
    put_le(a, last_first, 2);
    put(a, align);
    put(a, length);
}

void aml_irq(Aml *a, unsigned irq)
{
    put(a, 0x22);
    put_le(a, 1u << irq, 2);
}

void aml_memory32(Aml *a, uint32_t base, uint32_t size)
{
    put(a, 0x86);
    put_le(a, 9, 2);
    put(a, 1); /* read-write */
    put_le(a, base, 4);
    put_le(a, size, 4);
}

void aml_interrupts(Aml *a, const uint32_t *numbers, unsigned n)
{
    put(a, 0x89);
    put_le(a, 2 + 4 * n, 2);
    put(a, 0x09); /* consumer, level, active high, shared */
    put(a, n);
    for (unsigned i = 0; i < n; i++)
        put_le(a, numbers[i], 4);
}

/* Address space descriptors: a producer's fixed range, min and max included. */
static void address_space(Aml *a, unsigned tag, unsigned width, unsigned type, unsigned type_flags, uint64_t first, uint64_t last)
{
    put(a, tag);
    put_le(a, 3 + 5 * width, 2);
    put(a, type);
    put(a, 0x0c); /* min fixed, max fixed, positive decode, producer */
    put(a, type_flags);
    put_le(a, 0, width);
    put_le(a, first, width);
    put_le(a, last, width);
    put_le(a, 0, width);
    put_le(a, last - first + 1, width);
}

void aml_bus_range(Aml *a, uint16_t first, uint16_t last)
{
    address_space(a, 0x88, 2, 2, 0, first, last);
}

void aml_io_range(Aml *a, uint16_t first, uint16_t last)
{
    address_space(a, 0x88, 2, 1, 3, first, last);
}

void aml_memory_range(Aml *a, uint32_t first, uint32_t last, bool cacheable)
{
    address_space(a, 0x87, 4, 0, cacheable ? 3 : 1, first, last);
}

void aml_memory_range64(Aml *a, uint64_t first, uint64_t last)
{
    address_space(a, 0x8a, 8, 0, 3, first, last);
}
