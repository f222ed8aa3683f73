/* SPDX-License-Identifier: MIT */
/*
 * The virt board: CPUs, a GIC, a UART and little else, at the addresses of QEMU's board of that name, so that kernels, device trees
 * and command lines made for it work here.
 *
 * Left out so far: PCIe, GICv2m and ITS, firmware in flash (the flash range is an empty ROM), EL2, EL3 and memory tagging.
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/board/arm_boot.h"
#include "hw/board/virt_internal.h"
#include "hw/intc/gic.h"
#include "hw/misc/fw_cfg.h"

#define POWER_KEY_NS (100 * 1000000ll) /* how long the key is held: longer than any debouncing */

const VirtRange virt_map[VIRT_NB_RANGES] = {
#define X(n, base, size) [VIRT_##n] = { base, size },
    VIRT_MAP(X)
#undef X
};

static VirtBoard virt; /* (B) there is one machine */

/* ---- options ---- */
static const BoardOption virt_options[] = {
    { "gic-version", "2|3|max", "interrupt controller; 2 serves up to 8 CPUs (default: 2, or 3 for more CPUs)" },
    { "dumpdtb", "FILE", "write the device tree to FILE and end" },
    { NULL },
};

static bool parse_gic_version(VirtBoard *b, const char *value, GError **error)
{
    if (!strcmp(value, "2"))
        b->gic_version = 2;
    else if (!strcmp(value, "3") || !strcmp(value, "max"))
        b->gic_version = 3;
    else
        return error_set(error, "-M virt,gic-version=%s: accepted: 2, 3, max", value);
    return true;
}

/* What is asked for and not here is refused, so that nobody believes to have it. */
static bool refuse_absent(const MachineConfig *config, GError **error)
{
    const struct { bool given; const char *option, *what; } absent[] = {
        { config->devices, "device", "a bus for devices" }, { config->bios, "bios", "firmware" }, { config->smbios, "smbios", "SMBIOS tables" },
        { config->vga && strcmp(config->vga, "none"), "vga", "a graphics adapter" },
        { config->boot_order || config->boot_menu, "boot", "firmware that would read it" }, { config->rtc_base, "rtc", "a clock that can be set here" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
        if (absent[i].given)
            return error_set(error, "-%s: machine virt does not have %s", absent[i].option, absent[i].what);
    return true;
}

static bool parse_config(VirtBoard *b, const MachineConfig *config, const BoardClass *class, GError **error)
{
    b->config = config;
    b->topology = config->smp.cpus ? config->smp : cpu_topology_flat(1);
    b->smp = b->topology.cpus;
    b->ram_bytes = config->ram_bytes ? config->ram_bytes : class->default_ram;
    b->dumpdtb = config->dumpdtb;
    b->gic_version = b->smp > GICV2_MAX_CPUS ? 3 : 2;
    if (!board_check_options(class, config, error) || !refuse_absent(config, error))
        return false;
    for (unsigned i = 0; i < config->n_options; i++) {
        if (!strcmp(config->options[i].key, "dumpdtb"))
            b->dumpdtb = config->options[i].value;
        else if (!parse_gic_version(b, config->options[i].value, error))
            return false;
    }
    if (b->smp > class->max_cpus)
        return error_set(error, "-smp %u: machine virt has at most %u CPUs", b->smp, class->max_cpus);
    if (b->gic_version == 2 && b->smp > GICV2_MAX_CPUS)
        return error_set(error, "-smp %u: gic-version=2 serves at most %u CPUs; use gic-version=3", b->smp, GICV2_MAX_CPUS);
    if (b->ram_bytes > virt_map[VIRT_RAM].size || b->ram_bytes % MEM_PAGE_SIZE || b->ram_bytes < (1 << 20))
        return error_set(error, "-m: %" PRIu64 " bytes; machine virt takes 1 MiB to 255 GiB in whole pages", b->ram_bytes);
    return true;
}

/* ---- wiring ---- */
static bool create_cpus(VirtBoard *b, const BoardClass *class, GError **error)
{
    b->cpus = g_new0(CPUState *, b->smp);
    for (unsigned i = 0; i < b->smp; i++) {
        b->cpus[i] = class->arch->create(b->config->cpu ? b->config->cpu : class->default_cpu, &b->topology, (int)i, i > 0, error);
        if (!b->cpus[i])
            return false;
        arm_cpu_enable_psci_hvc(b->cpus[i]);
    }
    return true;
}

static bool create_memory(VirtBoard *b, GError **error)
{
    if (!memory_region_init_rom(&b->flash, "flash", virt_map[VIRT_FLASH].size, error) ||
        !memory_region_init_ram(&b->ram, "ram", b->ram_bytes, error))
        return false;
    memory_region_add_subregion(memory_system_root(), virt_map[VIRT_FLASH].base, &b->flash);
    memory_region_add_subregion(memory_system_root(), virt_map[VIRT_RAM].base, &b->ram);
    return true;
}

static void place(MemoryRegion *mr, unsigned range)
{
    memory_region_add_subregion(memory_system_root(), virt_map[range].base, mr);
}

static void cpu_output(void *opaque, int level)
{
    irq_set(opaque, level);
}

static void wire_cpu(VirtBoard *b, unsigned i)
{
    static const struct { ArmTimerLine line; unsigned intid; } ppis[] = {
        { ARM_TIMER_PHYS, VIRT_PPI_TIMER_PHYS }, { ARM_TIMER_VIRT, VIRT_PPI_TIMER_VIRT }, { ARM_TIMER_HYP, VIRT_PPI_TIMER_HYP },
        { ARM_TIMER_SEC, VIRT_PPI_TIMER_SEC },   { ARM_PMU_IRQ, VIRT_PPI_PMU },
    };
    IrqLine *lines = g_new0(IrqLine, ARRAY_SIZE(ppis)); /* as long as the CPU lives */

    for (unsigned n = 0; n < ARRAY_SIZE(ppis); n++) {
        lines[n] = device_input(b->gic, "ppi", i * 32 + ppis[n].intid);
        arm_cpu_set_output(b->cpus[i], ppis[n].line, cpu_output, &lines[n]);
    }
}

static bool create_gic(VirtBoard *b, GError **error)
{
    b->gic = device_new(b->gic_version == 2 ? "arm-gic" : "arm-gicv3", error);
    device_set_link(b->gic, "cpus", b->cpus);
    device_set_uint(b->gic, "num-cpu", b->smp);
    if (!device_realize(b->gic, error))
        return false;
    place(device_region(b->gic, GIC_REGION_DIST), VIRT_GIC_DIST);
    if (b->gic_version == 2) {
        place(device_region(b->gic, GICV2_REGION_CPUIF), VIRT_GIC_CPU);
    } else {
        place(gicv3_redist_region(b->gic, 0), VIRT_GIC_REDIST);
        if (gicv3_redist_region(b->gic, 1))
            place(gicv3_redist_region(b->gic, 1), VIRT_GIC_REDIST_HIGH);
    }
    for (unsigned i = 0; i < b->smp; i++)
        wire_cpu(b, i);
    return true;
}

/* A device with one region and at most one interrupt (spi 0: none). */
static Device *create_device(VirtBoard *b, const char *name, unsigned range, unsigned spi, Chardev *chr, GError **error)
{
    Device *dev = device_new(name, error);

    if (chr)
        device_set_link(dev, "chardev", chr);
    if (spi)
        device_connect_irq(dev, "irq", 0, device_input(b->gic, "spi", spi));
    if (!device_realize(dev, error)) {
        device_free(dev);
        return NULL;
    }
    place(device_region(dev, 0), range);
    return dev;
}

static void power_key_release(void *opaque)
{
    irq_set(&((VirtBoard *)opaque)->power_key, 0);
}

static bool create_devices(VirtBoard *b, GError **error)
{
    if (!(b->uart = create_device(b, "pl011", VIRT_UART, VIRT_SPI_UART, b->config->serial[0], error)) ||
        !(b->rtc = create_device(b, "pl031", VIRT_RTC, VIRT_SPI_RTC, NULL, error)) ||
        !(b->gpio = create_device(b, "pl061", VIRT_GPIO, VIRT_SPI_GPIO, NULL, error)) ||
        !(b->fw_cfg = create_device(b, "fw_cfg_mmio", VIRT_FW_CFG, 0, NULL, error)) ||
        !(b->virtio_mmio = create_device(b, "virtio-mmio-empty", VIRT_VIRTIO_MMIO, 0, NULL, error)))
        return false;
    b->power_key = device_input(b->gpio, "pin", VIRT_GPIO_POWER_PIN);
    b->power_key_timer = timer_new(timer_list_main(), CLOCK_VIRTUAL, power_key_release, b);
    fw_cfg_add_u16(b->fw_cfg, FW_CFG_NB_CPUS, (uint16_t)b->smp);
    fw_cfg_add_u16(b->fw_cfg, FW_CFG_MAX_CPUS, (uint16_t)b->smp);
    return fw_cfg_add_file(b->fw_cfg, "bootorder", "", 0, error);
}

static bool dump_fdt(VirtBoard *b, void *fdt, GError **error)
{
    fdt_pack(fdt);
    if (!g_file_set_contents(b->dumpdtb, fdt, (gssize)fdt_totalsize(fdt), error))
        return false;
    runstate_request_quit(0);
    return true;
}

static bool boot(VirtBoard *b, GError **error)
{
    const MachineConfig *c = b->config;
    void *fdt = c->dtb ? virt_fdt_load(b, c->dtb, error) : virt_fdt_build(b, error);
    ArmBootInfo info = { .ram_base = virt_map[VIRT_RAM].base, .ram_bytes = b->ram_bytes, .kernel = c->kernel, .initrd = c->initrd,
                         .append = c->append, .cpu = b->cpus[0], .fdt = fdt };
    bool ok = true;

    if (!fdt)
        return false;
    if (c->kernel && !b->dumpdtb)
        return arm_boot_setup(&info, error);
    if (b->dumpdtb)
        ok = dump_fdt(b, fdt, error);
    g_free(fdt);
    return ok;
}

/* ---- the board ---- */
extern const BoardClass board_virt;

static bool virt_init(const MachineConfig *config, GError **error)
{
    VirtBoard *b = &virt;

    return parse_config(b, config, &board_virt, error) && create_cpus(b, &board_virt, error) && create_memory(b, error) &&
           create_gic(b, error) && create_devices(b, error) && boot(b, error);
}

static void virt_powerdown(void)
{
    irq_set(&virt.power_key, 1);
    timer_mod(virt.power_key_timer, clock_get_ns(CLOCK_VIRTUAL) + POWER_KEY_NS);
}

const BoardClass board_virt = {
    .name = "virt",
    .description = "Arm virtual machine, as QEMU's",
    .arch = &cpu_arch_aarch64,
    .default_cpu = "max",
    .max_cpus = GICV3_MAX_CPUS,
    .has_clusters = true,
    .default_ram = 128ull << 20,
    .options = virt_options,
    .init = virt_init,
    .powerdown = virt_powerdown,
};
