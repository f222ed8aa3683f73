/* SPDX-License-Identifier: MIT */
/*
 * What SeaBIOS and OVMF find in fw_cfg: numbers of CPUs and bytes, the memory map, ACPI and SMBIOS tables, boot order.
 *
 * ACPI tables name addresses that firmware chooses (the ACPI hardware's ports, the configuration window), so they are built when
 * firmware first asks for one of their files after a reset. Their sizes are published at the start: the files have room to spare.
 */
#include <string.h>

#include "base/bits.h"
#include "hw/board/pc_internal.h"
#include "hw/misc/fw_cfg.h"

#define PORT_FW_CFG 0x510u
#define FW_CFG_RAM_SIZE 0x03u
#define FW_CFG_NOGRAPHIC 0x04u
#define FW_CFG_BOOT_MENU 0x0eu
#define FW_CFG_IRQ0_OVERRIDE (FW_CFG_LOCAL + 2u)
#define MENU_WAIT_MS 3000u
#define TABLES_FILE_SIZE 0x10000u
#define LOADER_FILE_SIZE 0x1000u
#define LOADER_FILE "etc/table-loader"

static void update_acpi(void *opaque)
{
    PcBoard *b = opaque;
    g_autofree uint8_t *tables = g_malloc0(TABLES_FILE_SIZE);
    g_autofree uint8_t *loader = g_malloc0(LOADER_FILE_SIZE);
    GByteArray *script;
    AcpiBuild acpi;

    if (b->acpi_is_fresh)
        return;
    b->acpi_is_fresh = true;
    pc_acpi_build_now(b, &acpi);
    script = acpi_build_script(&acpi);
    memcpy(tables, acpi.tables->data, MIN_OF(acpi.tables->len, TABLES_FILE_SIZE));
    memcpy(loader, script->data, MIN_OF(script->len, LOADER_FILE_SIZE));
    fw_cfg_update_file(b->fw_cfg, ACPI_TABLES_FILE, tables, TABLES_FILE_SIZE);
    fw_cfg_update_file(b->fw_cfg, ACPI_RSDP_FILE, acpi.rsdp, sizeof(acpi.rsdp));
    fw_cfg_update_file(b->fw_cfg, LOADER_FILE, loader, LOADER_FILE_SIZE);
    g_byte_array_unref(script);
    acpi_build_free(&acpi);
}

static bool add_acpi(PcBoard *b, GError **error)
{
    static const struct { const char *name; size_t size; } files[] = {
        { ACPI_TABLES_FILE, TABLES_FILE_SIZE }, { ACPI_RSDP_FILE, ACPI_RSDP_SIZE }, { LOADER_FILE, LOADER_FILE_SIZE },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        g_autofree uint8_t *zeros = g_malloc0(files[i].size);

        if (!fw_cfg_add_file(b->fw_cfg, files[i].name, zeros, files[i].size, error))
            return false;
        fw_cfg_on_select(b->fw_cfg, files[i].name, update_acpi, b);
    }
    return true;
}

static void add_numbers(PcBoard *b)
{
    uint64_t ram = b->ram_bytes;

    fw_cfg_add_u16(b->fw_cfg, FW_CFG_NB_CPUS, (uint16_t)b->smp);
    fw_cfg_add_u16(b->fw_cfg, FW_CFG_MAX_CPUS, (uint16_t)(x86_cpu_apic_id(b->cpus[b->smp - 1]) + 1)); /* a limit of APIC ids, as SeaBIOS takes it */
    fw_cfg_add_bytes(b->fw_cfg, FW_CFG_RAM_SIZE, &ram, sizeof(ram));
    fw_cfg_add_u16(b->fw_cfg, FW_CFG_NOGRAPHIC, b->config->nographic);
    fw_cfg_add_u16(b->fw_cfg, FW_CFG_BOOT_MENU, b->config->boot_menu);
    fw_cfg_add_u32(b->fw_cfg, FW_CFG_IRQ0_OVERRIDE, 1);
}

/* struct { u64 base, size; u32 type } each. */
static bool add_memory_map(PcBoard *b, GError **error)
{
    unsigned n;
    g_autofree PcE820 *map = pc_e820(b, false, &n);
    g_autofree uint8_t *bytes = g_malloc0(n * 20);

    for (unsigned i = 0; i < n; i++) {
        stq_le_p(bytes + 20 * i, map[i].base);
        stq_le_p(bytes + 20 * i + 8, map[i].size);
        stl_le_p(bytes + 20 * i + 16, map[i].type);
    }
    return fw_cfg_add_file(b->fw_cfg, "etc/e820", bytes, n * 20, error);
}

static bool add_files(PcBoard *b, GError **error)
{
    /* Sleep states: S0, S5 there, S3 and S4 not (their SLP_TYP values in the low bits). */
    static const uint8_t states[6] = { 0x80, 0, 0, 1, 2, 0x80 };
    static const uint8_t never[4] = { 0xff, 0xff, 0xff, 0xff };
    uint16_t wait, serial_console;

    stw_le_p(&wait, MENU_WAIT_MS);
    stw_le_p(&serial_console, 0x3f8); /* SeaBIOS shows there what goes to the screen */
    return fw_cfg_add_file(b->fw_cfg, "bootorder", "", 0, error) && fw_cfg_add_file(b->fw_cfg, "etc/system-states", states, sizeof(states), error) &&
           (!b->config->nographic || fw_cfg_add_file(b->fw_cfg, "etc/sercon-port", &serial_console, sizeof(serial_console), error)) &&
           fw_cfg_add_file(b->fw_cfg, "etc/boot-fail-wait", never, sizeof(never), error) &&
           (!b->config->boot_menu || fw_cfg_add_file(b->fw_cfg, "etc/boot-menu-wait", &wait, sizeof(wait), error));
}

void pc_fw_cfg_reset(PcBoard *b)
{
    b->acpi_is_fresh = false;
}

bool pc_create_fw_cfg(PcBoard *b, GError **error)
{
    Device *dev = device_new("fw_cfg_io", error);

    if (!dev || !device_realize(dev, error))
        return false;
    b->fw_cfg = dev;
    memory_region_add_subregion(memory_io_root(), PORT_FW_CFG, device_region(dev, 0));
    add_numbers(b);
    return add_memory_map(b, error) && add_files(b, error) && (!b->use_acpi || add_acpi(b, error));
}
