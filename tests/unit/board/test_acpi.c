/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables: lengths and checksums as ACPI 6.4 ch. 5 has them, for memory and by the loader script, and iasl's word that every table can be
 * disassembled, and the DSDT compiled again.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/acpi/pc_tables.h"

#define TABLES_AT 0xe0040u
#define RSDP_AT 0xe0000u

static const uint32_t apic_ids[3] = { 0, 1, 2 };

static PcAcpiConfig config(bool q35)
{
    return (PcAcpiConfig){ .q35 = q35, .hpet = true, .i8042 = true, .fw_cfg = true, .serial = { true, true }, .n_cpus = 3, .apic_ids = apic_ids,
                           .pm_base = 0x600, .ecam_base = 0xb0000000, .ecam_size = 0x10000000, .low_ram = 0x80000000, .high_ram_end = 0x140000000, .sci = 9 };
}

static uint8_t sum(const uint8_t *p, size_t n)
{
    uint8_t s = 0;

    while (n--)
        s = (uint8_t)(s + *p++);
    return s;
}

static const uint8_t *table_at(const AcpiBuild *b, uint64_t address)
{
    g_assert_true(address >= TABLES_AT && address + 36 <= TABLES_AT + b->tables->len);
    return b->tables->data + (address - TABLES_AT);
}

/* The table that the XSDT lists under a signature. */
static const uint8_t *find(const AcpiBuild *b, const char *signature)
{
    const uint8_t *xsdt = table_at(b, ldq_le_p(b->rsdp + 24));

    for (unsigned i = 36; i < ldl_le_p(xsdt + 4); i += 8)
        if (!memcmp(table_at(b, ldq_le_p(xsdt + i)), signature, 4))
            return table_at(b, ldq_le_p(xsdt + i));
    return NULL;
}

static void check_tables(const AcpiBuild *b, bool q35)
{
    static const char *const names[] = { "FACP", "APIC", "HPET" };
    const uint8_t *fadt, *facs, *dsdt, *rsdt = table_at(b, ldl_le_p(b->rsdp + 16));

    g_assert_cmpmem(b->rsdp, 8, "RSD PTR ", 8);
    g_assert_cmphex(sum(b->rsdp, 20), ==, 0);
    g_assert_cmphex(sum(b->rsdp, 36), ==, 0);
    g_assert_cmphex(sum(rsdt, ldl_le_p(rsdt + 4)), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        const uint8_t *t = find(b, names[i]);

        g_assert_nonnull(t);
        g_assert_cmphex(sum(t, ldl_le_p(t + 4)), ==, 0);
    }
    g_assert_true((find(b, "MCFG") != NULL) == q35);
    fadt = find(b, "FACP");
    g_assert_cmpuint(ldl_le_p(fadt + 4), ==, 276);
    g_assert_cmphex(ldl_le_p(fadt + 56), ==, 0x600);   /* PM1a_EVT_BLK */
    g_assert_cmphex(ldl_le_p(fadt + 76), ==, 0x608);   /* PM_TMR_BLK */
    g_assert_cmphex(ldq_le_p(fadt + 120), ==, 0xcf9);  /* RESET_REG */
    facs = table_at(b, ldl_le_p(fadt + 36));
    dsdt = table_at(b, ldq_le_p(fadt + 140));
    g_assert_cmpmem(facs, 4, "FACS", 4);
    g_assert_cmphex(ldl_le_p(fadt + 36) % 64, ==, 0);
    g_assert_cmpmem(dsdt, 4, "DSDT", 4);
    g_assert_cmphex(ldl_le_p(fadt + 40), ==, ldq_le_p(fadt + 140));
    g_assert_cmphex(sum(dsdt, ldl_le_p(dsdt + 4)), ==, 0);
}

static void test_placed(void)
{
    for (unsigned q35 = 0; q35 < 2; q35++) {
        PcAcpiConfig c = config(q35);
        AcpiBuild b;

        pc_acpi_build(&b, &c);
        acpi_build_place(&b, TABLES_AT, RSDP_AT);
        check_tables(&b, q35);
        acpi_build_free(&b);
    }
}

/* Does what SeaBIOS and OVMF do with the script. */
static void run_script(AcpiBuild *b, const GByteArray *script)
{
    unsigned allocated = 0;

    for (unsigned at = 0; at < script->len; at += 128) {
        const uint8_t *e = script->data + at, *rest = e + 60;
        uint8_t *file = strcmp((const char *)e + 4, ACPI_RSDP_FILE) ? b->tables->data : b->rsdp;

        switch (ldl_le_p(e)) {
        case 1:
            allocated++;
            break;
        case 2: {
            uint32_t offset = ldl_le_p(rest + 56), size = rest[60];
            uint64_t value = 0;

            g_assert_cmpstr((const char *)rest, ==, ACPI_TABLES_FILE);
            g_assert_cmpuint(allocated, ==, 2);
            memcpy(&value, file + offset, size);
            g_assert_cmpuint(value, <, b->tables->len);
            value += TABLES_AT;
            memcpy(file + offset, &value, size);
            break;
        }
        case 3:
            file[ldl_le_p(rest)] = (uint8_t)(file[ldl_le_p(rest)] - sum(file + ldl_le_p(rest + 4), ldl_le_p(rest + 8)));
            break;
        default:
            g_assert_not_reached();
        }
    }
}

static void test_script(void)
{
    PcAcpiConfig c = config(true);
    GByteArray *script;
    AcpiBuild b;

    pc_acpi_build(&b, &c);
    script = acpi_build_script(&b);
    run_script(&b, script);
    check_tables(&b, true);
    g_byte_array_unref(script);
    acpi_build_free(&b);
}

/* Runs iasl with its file in folder; its report. */
static char *iasl(const char *folder, const char *option, const char *file)
{
    char *argv[] = { (char *)"iasl", (char *)option, (char *)file, NULL }, *out = NULL, *err = NULL;
    int status;

    g_assert_true(g_spawn_sync(folder, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, NULL));
    if (status)
        g_test_message("%s%s", out, err);
    g_assert_cmpint(status, ==, 0);
    g_free(err);
    return out;
}

static void disassemble(const char *folder, const uint8_t *table)
{
    g_autofree char *name = g_strdup_printf("%.4s.aml", (const char *)table), *path = g_build_filename(folder, name, NULL);
    g_autofree char *report, *source = g_strdup_printf("%.4s.dsl", (const char *)table), *text = NULL;
    g_autofree char *source_path = g_build_filename(folder, source, NULL);

    g_assert_true(g_file_set_contents(path, (const char *)table, ldl_le_p(table + 4), NULL));
    report = iasl(folder, "-d", name);
    g_assert_null(strstr(report, "Error"));
    g_assert_true(g_file_get_contents(source_path, &text, NULL, NULL));
    g_assert_null(strstr(text, "Invalid"));
    g_assert_null(strstr(text, "**** "));
    if (!memcmp(table, "DSDT", 4)) {
        g_autofree char *again = iasl(folder, "-vs", source);

        g_assert_null(strstr(again, "Error "));
        g_assert_nonnull(strstr(again, "0 Errors"));
    }
}

static void test_iasl(void)
{
    static const char *const names[] = { "FACP", "APIC", "HPET", "MCFG" };
    g_autofree char *found = g_find_program_in_path("iasl");

    if (!found) {
        g_test_skip("iasl is not installed");
        return;
    }
    for (unsigned q35 = 0; q35 < 2; q35++) {
        g_autofree char *folder = g_dir_make_tmp("calque-acpi-XXXXXX", NULL);
        PcAcpiConfig c = config(q35);
        AcpiBuild b;

        pc_acpi_build(&b, &c);
        acpi_build_place(&b, TABLES_AT, RSDP_AT);
        for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
            if (find(&b, names[i]))
                disassemble(folder, find(&b, names[i]));
        disassemble(folder, table_at(&b, ldl_le_p(find(&b, "FACP") + 40)));
        disassemble(folder, table_at(&b, ldl_le_p(find(&b, "FACP") + 36)));
        acpi_build_free(&b);
        g_autofree char *command = g_strdup_printf("rm -r %s", folder);
        g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    }
}

static GByteArray *nested(unsigned bytes)
{
    Aml a;

    aml_init(&a);
    aml_scope(&a, "\\_SB");
    aml_name(&a, "BUFF");
    aml_string(&a, "");
    for (unsigned i = 0; i < bytes; i++)
        aml_int(&a, 0);
    aml_end(&a);
    return aml_finish(&a);
}

/* PkgLength grows from one byte to three; each counts itself. */
static void test_lengths(void)
{
    for (unsigned n = 0; n < 0x1800; n = n < 80 || (n > 0xfc0 && n < 0x1040) ? n + 1 : n + 500) {
        GByteArray *bytes = nested(n);
        unsigned extra = bytes->data[1] >> 6, len = bytes->data[1] & (extra ? 15 : 63);

        for (unsigned i = 0; i < extra; i++)
            len |= (unsigned)bytes->data[2 + i] << (4 + 8 * i);
        g_assert_cmpuint(len, ==, bytes->len - 1);
        g_byte_array_unref(bytes);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi/aml/package-lengths", test_lengths);
    g_test_add_func("/acpi/tables/placed", test_placed);
    g_test_add_func("/acpi/tables/by-loader-script", test_script);
    g_test_add_func("/acpi/tables/iasl-reads-them", test_iasl);
    return g_test_run();
}
