/* SPDX-License-Identifier: MIT */
/*
 * The machines pc (Intel 440FX and PIIX) and q35 (Q35 and ICH9), as QEMU's boards of those names: memory, devices, then firmware from a
 * file or a kernel that is loaded directly.
 *
 * With -kernel no firmware runs: the board leaves chipset, tables and memory map as one would, and starts the kernel. -bios
 * beside it is refused, since no firmware here would find that kernel.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/board/x86_boot.h"

#define MAX_RAM (1ull << 40)
#define MIN_RAM (2ull << 20)

static PcBoard pc; /* (B) there is one machine */
static MachineConfig pc_config; /* (c) a copy: firmware asks for tables long after the caller's is gone */

static const PcChipset chipset_i440fx = {
    .bus = "pci.0", .host = &i440fx_bridge, .isa = &piix3_bridge, .isa_devfn = PCI_DEVFN(1, 0), .low_ram_all = 0xe0000000, .low_ram = 0xc0000000,
};
static const PcChipset chipset_q35 = {
    .bus = "pcie.0", .host = &mch_bridge, .isa = &ich9_lpc_bridge, .isa_devfn = PCI_DEVFN(31, 0), .q35 = true, .low_ram_all = PC_ECAM_BASE,
    .low_ram = 0x80000000,
};

/* ---- options ---- */
static const BoardOption pc_options[] = {
    { "hpet", "on|off", "high-precision event timer (default: on)" },
    { "smm", "on|off|auto", "system management mode (default: on)" },
    { "i8042", "on|off", "keyboard controller (default: on)" },
    { "acpi", "on|off|auto", "ACPI tables (default: on)" },
    { NULL },
};

static bool parse_switch(const BoardClass *class, const MachineOption *o, bool *value, GError **error)
{
    bool on = !strcmp(o->value, "on") || !strcmp(o->value, "auto");

    if (!on && strcmp(o->value, "off"))
        return error_set(error, "-M %s,%s=%s: accepted: on, off", class->name, o->key, o->value);
    *value = on;
    return true;
}

static bool parse_options(PcBoard *b, GError **error)
{
    const struct { const char *key; bool *value; } switches[] = {
        { "hpet", &b->use_hpet }, { "smm", &b->use_smm }, { "i8042", &b->use_i8042 }, { "acpi", &b->use_acpi },
    };

    for (unsigned i = 0; i < b->config->n_options; i++)
        for (unsigned k = 0; k < ARRAY_SIZE(switches); k++)
            if (!strcmp(b->config->options[i].key, switches[k].key) && !parse_switch(b->class, &b->config->options[i], switches[k].value, error))
                return false;
    return true;
}

static bool parse_config(PcBoard *b, const MachineConfig *config, const BoardClass *class, const PcChipset *chipset, GError **error)
{
    pc_config = *config;
    *b = (PcBoard){ .config = &pc_config, .class = class, .chipset = chipset, .topology = config->smp.cpus ? config->smp : cpu_topology_flat(1), .use_hpet = true, .use_smm = true,
                    .use_i8042 = true, .use_acpi = !config->no_acpi };
    b->smp = b->topology.cpus;
    b->ram_bytes = config->ram_bytes ? config->ram_bytes : class->default_ram;
    if (!board_check_options(class, config, error) || !parse_options(b, error))
        return false;
    if (b->smp > class->max_cpus)
        return error_set(error, "-smp %u: machine %s has at most %u CPUs", b->smp, class->name, class->max_cpus);
    if (b->ram_bytes > MAX_RAM || b->ram_bytes % MEM_PAGE_SIZE || b->ram_bytes < MIN_RAM)
        return error_set(error, "-m: %" PRIu64 " bytes; machine %s takes 2 MiB to 1 TiB in whole pages", b->ram_bytes, class->name);
    if (config->kernel && config->bios)
        return error_set(error, "-kernel and -bios: a kernel is loaded without firmware; give one of the two");
    if (config->dtb || config->dumpdtb)
        return error_set(error, "%s: machine %s has no device tree", config->dtb ? "-dtb" : "-M dumpdtb", class->name);
    b->low_ram = b->ram_bytes >= chipset->low_ram_all ? chipset->low_ram : b->ram_bytes;
    b->high_ram = b->ram_bytes - b->low_ram;
    return true;
}

static bool create_cpus(PcBoard *b, GError **error)
{
    b->cpus = g_new0(CPUState *, b->smp);
    for (unsigned i = 0; i < b->smp; i++) {
        b->cpus[i] = b->class->arch->create(b->config->cpu ? b->config->cpu : b->class->default_cpu, &b->topology, (int)i, i > 0, error);
        if (!b->cpus[i])
            return false;
    }
    return true;
}

/* ---- booting a kernel ---- */
typedef struct DirectBoot { PcBoard *board; X86BootImage image; } DirectBoot;

/* As the machine's reset handler, after the devices' and CPUs'. */
static void direct_boot(void *opaque)
{
    DirectBoot *d = opaque;

    pc_firmware_setup(d->board);
    pc_smbios_place_direct(d->board);
    if (d->board->use_acpi)
        pc_acpi_place_direct(d->board);
    x86_boot_place(&d->image, d->board->cpus[0]);
}

static bool load_kernel(PcBoard *b, GError **error)
{
    DirectBoot *d = g_new0(DirectBoot, 1);
    X86BootInfo info = { .kernel = b->config->kernel, .initrd = b->config->initrd, .append = b->config->append, .low_ram = b->low_ram,
                         .long_mode = x86_cpu_has_feature(b->cpus[0], "lm") };
    g_autofree PcE820 *map = pc_e820(b, true, &info.n_e820);

    d->board = b;
    info.e820 = map;
    info.rsdp = b->use_acpi ? pc_acpi_build_direct(b) : 0;
    if (!x86_boot_load(&info, &d->image, error)) {
        g_free(d);
        return false;
    }
    direct_boot(d);
    runstate_add_reset(direct_boot, d);
    return true;
}

/* ---- the boards ---- */
extern const BoardClass board_pc, board_q35;

static void firmware_restarts(void *opaque)
{
    pc_fw_cfg_reset(opaque);
}

static bool init(const MachineConfig *config, const BoardClass *class, const PcChipset *chipset, GError **error)
{
    PcBoard *b = &pc;

    if (!parse_config(b, config, class, chipset, error) || !create_cpus(b, error) || !pc_create_memory(b, error) || !pc_create_devices(b, error) ||
        !pc_create_fw_cfg(b, error) || !pc_create_smbios(b, error) || !pc_create_user_devices(b, error))
        return false;
    pc_fill_cmos(b);
    runstate_add_reset(firmware_restarts, b);
    return config->kernel ? load_kernel(b, error) : b->has_bios || pc_load_bios(b, error);
}

static bool pc_init(const MachineConfig *config, GError **error)
{
    return init(config, &board_pc, &chipset_i440fx, error);
}

static bool q35_init(const MachineConfig *config, GError **error)
{
    return init(config, &board_q35, &chipset_q35, error);
}

static void powerdown(void)
{
    acpi_pm_power_button(pc.pm);
}

const BoardClass board_pc = {
    .name = "pc", .description = "PC with Intel 440FX and PIIX, as QEMU's", .arch = &cpu_arch_x86_64, .default_cpu = "max",
    .max_cpus = PC_MAX_CPUS, .has_dies = true, .default_ram = 128ull << 20, .has_drives = true, .options = pc_options, .init = pc_init, .powerdown = powerdown,
};

const BoardClass board_q35 = {
    .name = "q35", .description = "PC with Intel Q35 and ICH9, as QEMU's", .arch = &cpu_arch_x86_64, .default_cpu = "max",
    .max_cpus = PC_MAX_CPUS, .has_dies = true, .default_ram = 128ull << 20, .has_drives = true, .options = pc_options, .init = q35_init, .powerdown = powerdown,
};
