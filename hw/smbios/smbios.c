/* SPDX-License-Identifier: MIT */
/*
 * SMBIOS structures, each built as its fixed part and the strings it numbers.
 *
 * -smbios type=0 and type=1 change fields by name. Memory is one array of DIMMs of up to 16 GiB; processors are one socket each.
 */
#include "hw/smbios/smbios.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/core/keyval.h"

#define HANDLE_BIOS 0x0000u
#define HANDLE_SYSTEM 0x0100u
#define HANDLE_CHASSIS 0x0300u
#define HANDLE_CPU 0x0400u
#define HANDLE_MEMORY_ARRAY 0x1000u
#define HANDLE_DIMM 0x1100u
#define HANDLE_RANGE 0x1300u
#define HANDLE_BOOT 0x2000u
#define HANDLE_END 0x7f00u
#define NO_HANDLE 0xffffu
#define NO_ERROR_INFO 0xfffeu
#define DIMM_MAX (16ull << 30)
#define BIOS_UEFI 0x08u
#define BIOS_VIRTUAL 0x10u

/* What -smbios may set. */
typedef struct Fields {
    const char *vendor, *bios_version, *date, *release, *uefi;
    const char *manufacturer, *product, *version, *serial, *uuid, *sku, *family;
    bool type0;
} Fields;

static const struct { unsigned type; const char *key; size_t offset; } field_rows[] = {
    { 0, "vendor", offsetof(Fields, vendor) },   { 0, "version", offsetof(Fields, bios_version) }, { 0, "date", offsetof(Fields, date) },
    { 0, "release", offsetof(Fields, release) }, { 0, "uefi", offsetof(Fields, uefi) },            { 1, "manufacturer", offsetof(Fields, manufacturer) },
    { 1, "product", offsetof(Fields, product) }, { 1, "version", offsetof(Fields, version) },      { 1, "serial", offsetof(Fields, serial) },
    { 1, "uuid", offsetof(Fields, uuid) },       { 1, "sku", offsetof(Fields, sku) },              { 1, "family", offsetof(Fields, family) },
};

/* ---- structures ---- */
typedef struct Structure {
    uint8_t bytes[64];
    unsigned len, n_strings;
    GByteArray *strings;
} Structure;

static Structure structure_begin(unsigned type, unsigned handle)
{
    Structure s = { .bytes = { (uint8_t)type, 0, (uint8_t)handle, (uint8_t)(handle >> 8) }, .len = 4, .strings = g_byte_array_new() };

    return s;
}

static void put(Structure *s, uint64_t value, unsigned size)
{
    g_assert(s->len + size <= sizeof(s->bytes));
    memcpy(s->bytes + s->len, &value, size);
    s->len += size;
}

/* The number of a string; 0 stands for none. */
static void put_string(Structure *s, const char *text)
{
    bool is_there = text && *text;

    if (is_there)
        g_byte_array_append(s->strings, (const uint8_t *)text, (guint)strlen(text) + 1);
    put(s, is_there ? ++s->n_strings : 0, 1);
}

static void structure_end(GByteArray *out, Structure *s, uint16_t *max, uint16_t *count)
{
    static const uint8_t zeros[2];
    unsigned before = out->len;

    s->bytes[1] = (uint8_t)s->len;
    g_byte_array_append(out, s->bytes, s->len);
    g_byte_array_append(out, s->strings->data, s->strings->len);
    g_byte_array_append(out, zeros, s->n_strings ? 1 : 2);
    g_byte_array_unref(s->strings);
    *max = (uint16_t)MAX_OF((unsigned)*max, out->len - before);
    ++*count;
}

/* Two numbers "1.2"; without: none (0xff). */
static void put_release(Structure *s, const char *text)
{
    unsigned major = 0xff, minor = 0xff;

    if (text)
        sscanf(text, "%3u.%3u", &major, &minor);
    put(s, major, 1);
    put(s, minor, 1);
}

static Structure bios(const Fields *f)
{
    Structure s = structure_begin(0, HANDLE_BIOS);

    put_string(&s, f->vendor ? f->vendor : "calque");
    put_string(&s, f->bios_version ? f->bios_version : "1.0");
    put(&s, 0xe800, 2);
    put_string(&s, f->date ? f->date : "01/01/2024");
    put(&s, 0, 1);
    put(&s, BIT(3), 8); /* characteristics are not supported */
    put(&s, 0, 1);
    put(&s, BIOS_VIRTUAL | (f->uefi && !strcmp(f->uefi, "on") ? BIOS_UEFI : 0), 1);
    put_release(&s, f->release);
    put(&s, 0xffff, 2);
    return s;
}

/* The first three fields of a UUID are little-endian. */
static void put_uuid(Structure *s, const char *text)
{
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint8_t bytes[16] = { 0 };

    for (unsigned n = 0; text && *text && n < 16; text += *text == '-' ? 1 : 2)
        if (*text != '-')
            bytes[n++] = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
    for (unsigned i = 0; i < 16; i++)
        put(s, bytes[order[i]], 1);
}

static Structure system_information(const Fields *f, const SmbiosConfig *c)
{
    Structure s = structure_begin(1, HANDLE_SYSTEM);

    put_string(&s, f->manufacturer ? f->manufacturer : "calque");
    put_string(&s, f->product ? f->product : c->product);
    put_string(&s, f->version);
    put_string(&s, f->serial);
    put_uuid(&s, f->uuid);
    put(&s, 6, 1); /* woken by the power switch */
    put_string(&s, f->sku);
    put_string(&s, f->family);
    return s;
}

static Structure chassis(const Fields *f)
{
    Structure s = structure_begin(3, HANDLE_CHASSIS);

    put_string(&s, f->manufacturer ? f->manufacturer : "calque");
    put(&s, 1, 1);                   /* other */
    put(&s, 0, 3);
    put(&s, 0x02030303, 4);          /* states: safe; security: unknown */
    put(&s, 0, 4 + 1 + 1 + 1);       /* OEM's, height, power cords, contained elements */
    put(&s, 0, 1 + 1);
    return s;
}

static Structure processor(const SmbiosConfig *c, unsigned i)
{
    Structure s = structure_begin(4, HANDLE_CPU + i);
    char socket[16];

    snprintf(socket, sizeof(socket), "CPU %u", i);
    put_string(&s, socket);
    put(&s, 3, 1);                   /* central processor */
    put(&s, 1, 1);                   /* family: other */
    put_string(&s, "calque");
    put(&s, c->cpu_signature, 4);
    put(&s, c->cpu_features, 4);
    put(&s, 0, 1 + 1 + 2);           /* version, voltage, external clock */
    put(&s, 2000, 2);
    put(&s, 2000, 2);
    put(&s, 0x41, 1);                /* populated, enabled */
    put(&s, 1, 1);
    for (unsigned k = 0; k < 3; k++)
        put(&s, NO_HANDLE, 2);       /* caches */
    put(&s, 0, 3);
    put(&s, MIN_OF(c->cores, 255u), 1);
    put(&s, MIN_OF(c->cores, 255u), 1); /* enabled */
    put(&s, MIN_OF(c->threads, 255u), 1);
    put(&s, 2, 2);                   /* characteristics unknown */
    put(&s, 1, 2);
    return s;
}

static Structure memory_array(uint64_t ram, unsigned n_dimms)
{
    Structure s = structure_begin(16, HANDLE_MEMORY_ARRAY);
    bool large = ram >= 2ull << 40;

    put(&s, 0x030303, 3);            /* on the board, system memory, no error correction */
    put(&s, large ? 0x80000000u : ram >> 10, 4);
    put(&s, NO_ERROR_INFO, 2);
    put(&s, n_dimms, 2);
    put(&s, large ? ram : 0, 8);
    return s;
}

static Structure dimm(uint64_t size, unsigned i)
{
    Structure s = structure_begin(17, HANDLE_DIMM + i);
    char name[16];

    snprintf(name, sizeof(name), "DIMM %u", i);
    put(&s, HANDLE_MEMORY_ARRAY, 2);
    put(&s, NO_ERROR_INFO, 2);
    put(&s, 0xffffffff, 4);          /* widths: unknown */
    put(&s, size >> 20, 2);
    put(&s, 9, 1);                   /* DIMM */
    put(&s, 0, 1);
    put_string(&s, name);
    put(&s, 0, 1);
    put(&s, 7, 1);                   /* RAM */
    put(&s, 2, 2);
    put(&s, 0, 2);
    put_string(&s, "calque");
    put(&s, 0, 4 + 4);
    put(&s, 0, 2 + 6);
    return s;
}

static Structure address_range(uint64_t base, uint64_t size, unsigned i)
{
    Structure s = structure_begin(19, HANDLE_RANGE + i);
    bool large = base + size > 4ull << 40;

    put(&s, large ? 0xffffffff : base >> 10, 4);
    put(&s, large ? 0xffffffff : ((base + size) >> 10) - 1, 4);
    put(&s, HANDLE_MEMORY_ARRAY, 2);
    put(&s, 1, 1);
    put(&s, large ? base : 0, 8);
    put(&s, large ? base + size - 1 : 0, 8);
    return s;
}

static Structure boot_status(void)
{
    Structure s = structure_begin(32, HANDLE_BOOT);

    put(&s, 0, 7);
    return s;
}

/* ---- options ---- */
static bool set_field(Fields *f, unsigned type, const KeyVal *item, GError **error)
{
    const char *names[ARRAY_SIZE(field_rows)];
    size_t n = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(field_rows); i++) {
        if (field_rows[i].type != type)
            continue;
        names[n++] = field_rows[i].key;
        if (strcmp(field_rows[i].key, item->key))
            continue;
        if (!item->value)
            return error_set(error, "-smbios type=%u,%s: give it a value", type, item->key);
        *(const char **)((char *)f + field_rows[i].offset) = item->value;
        return true;
    }
    return error_set(error, "-smbios type=%u: no field '%s'; the nearest is '%s'", type, item->key,
                     error_nearest(item->key, names, n) ? error_nearest(item->key, names, n) : names[0]);
}

static bool check_uuid(const char *uuid, GError **error)
{
    return !uuid || g_uuid_string_is_valid(uuid) ||
           error_set(error, "-smbios type=1,uuid=%s: write it as 01234567-89ab-cdef-0123-456789abcdef", uuid);
}

/* items: where the strings live; all are kept until the tables are built. */
static bool parse_option(Fields *f, const GArray *items, const char *text, GError **error)
{
    const char *type = keyval_get(items, "type");
    unsigned n = type && type[0] == '1' ? 1 : 0;

    if (!type || (strcmp(type, "0") && strcmp(type, "1")))
        return error_set(error, "-smbios %s: fields of type=0 (firmware) and type=1 (system) can be set", text);
    f->type0 |= n == 0;
    for (unsigned i = 0; i < items->len; i++) {
        const KeyVal *item = &g_array_index(items, KeyVal, i);

        if (strcmp(item->key, "type") && !set_field(f, n, item, error))
            return false;
    }
    return check_uuid(f->uuid, error);
}

/* ---- the whole ---- */
static void build_memory(Smbios *out, const SmbiosConfig *c, uint16_t *max, uint16_t *count)
{
    uint64_t ram = c->low_ram + c->high_ram;
    unsigned n = (unsigned)((ram + DIMM_MAX - 1) / DIMM_MAX);
    Structure s = memory_array(ram, n);

    structure_end(out->tables, &s, max, count);
    for (unsigned i = 0; i < n; i++) {
        s = dimm(MIN_OF(ram - i * DIMM_MAX, DIMM_MAX), i);
        structure_end(out->tables, &s, max, count);
    }
    s = address_range(0, c->low_ram, 0);
    structure_end(out->tables, &s, max, count);
    if (c->high_ram) {
        s = address_range(4ull << 30, c->high_ram, 1);
        structure_end(out->tables, &s, max, count);
    }
}

static void build(Smbios *out, const SmbiosConfig *c, const Fields *f)
{
    uint16_t max = 0, count = 0;
    Structure s;

    out->tables = g_byte_array_new();
    if (c->no_firmware || f->type0) {
        s = bios(f);
        structure_end(out->tables, &s, &max, &count);
    }
    s = system_information(f, c);
    structure_end(out->tables, &s, &max, &count);
    s = chassis(f);
    structure_end(out->tables, &s, &max, &count);
    for (unsigned i = 0; i < c->n_sockets; i++) {
        s = processor(c, i);
        structure_end(out->tables, &s, &max, &count);
    }
    build_memory(out, c, &max, &count);
    s = boot_status();
    structure_end(out->tables, &s, &max, &count);
    s = structure_begin(127, HANDLE_END);
    structure_end(out->tables, &s, &max, &count);
    memcpy(out->anchor, "_SM_\0\x1f\x02\x08", 8);
    stw_le_p(out->anchor + 8, max);
    memcpy(out->anchor + 16, "_DMI_", 5);
    stw_le_p(out->anchor + 22, (uint16_t)out->tables->len);
    stw_le_p(out->anchor + 28, count);
    out->anchor[30] = 0x28;
    smbios_place(out, 0);
}

bool smbios_build(const SmbiosConfig *config, Smbios *out, GError **error)
{
    g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    Fields fields = { 0 };

    *out = (Smbios){ 0 };
    for (unsigned i = 0; config->options && i < config->options->len; i++) {
        GArray *items = keyval_parse(config->options->pdata[i]);

        g_ptr_array_add(lists, items);
        if (!parse_option(&fields, items, config->options->pdata[i], error))
            return false;
    }
    build(out, config, &fields);
    return true;
}

static uint8_t checksum(const uint8_t *p, unsigned n)
{
    uint8_t sum = 0;

    while (n--)
        sum = (uint8_t)(sum + *p++);
    return (uint8_t)-sum;
}

void smbios_place(Smbios *s, uint32_t tables)
{
    stl_le_p(s->anchor + 24, tables);
    s->anchor[4] = s->anchor[21] = 0;
    s->anchor[21] = checksum(s->anchor + 16, 15);
    s->anchor[4] = checksum(s->anchor, SMBIOS_ANCHOR_SIZE);
}

void smbios_clear(Smbios *s)
{
    g_clear_pointer(&s->tables, g_byte_array_unref);
}
