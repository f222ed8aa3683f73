/* SPDX-License-Identifier: MIT */
/* The board's SMBIOS tables: for firmware in fw_cfg, and in memory when there is none. */
#include "base/bits.h"
#include "base/error.h"
#include "hw/board/pc_internal.h"
#include "hw/misc/fw_cfg.h"

#define AT_TABLES (PC_SMBIOS + 32)   /* after the entry point, which lies on 16 bytes */

bool pc_create_smbios(PcBoard *b, GError **error)
{
    unsigned threads = cpu_topology_per_socket(&b->topology);
    uint32_t leaf1[4];
    SmbiosConfig c = { .product = b->class->name, .no_firmware = b->config->kernel != NULL, .n_sockets = b->topology.sockets,
                       .cores = threads / b->topology.threads, .threads = threads, .low_ram = b->low_ram, .high_ram = b->high_ram, .options = b->config->smbios };

    x86_cpu_cpuid(b->cpus[0], 1, 0, leaf1);
    c.cpu_signature = leaf1[0];
    c.cpu_features = leaf1[3];
    if (!smbios_build(&c, &b->smbios, error))
        return false;
    if (AT_TABLES + b->smbios.tables->len > PC_TABLES_END)
        return error_set(error, "-smbios: the tables have %u bytes, %u is what there is room for", b->smbios.tables->len, PC_TABLES_END - AT_TABLES);
    if (b->config->kernel)
        smbios_place(&b->smbios, AT_TABLES);
    return fw_cfg_add_file(b->fw_cfg, SMBIOS_ANCHOR_FILE, b->smbios.anchor, SMBIOS_ANCHOR_SIZE, error) &&
           fw_cfg_add_file(b->fw_cfg, SMBIOS_TABLES_FILE, b->smbios.tables->data, b->smbios.tables->len, error);
}

void pc_smbios_place_direct(PcBoard *b)
{
    address_space_write_rom(&address_space_memory, PC_SMBIOS, b->smbios.anchor, SMBIOS_ANCHOR_SIZE);
    address_space_write_rom(&address_space_memory, AT_TABLES, b->smbios.tables->data, b->smbios.tables->len);
}
