/* SPDX-License-Identifier: MIT */
/*
 * The PC boards as a whole: memory map, shadow RAM, configuration window, interrupt routing, what firmware finds in fw_cfg and CMOS,
 * and what a kernel without firmware finds in memory. Each machine is built in a process of its own: there is one machine to a program.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/core/board.h"
#include "hw/pci/pci.h"
#include "tests/unit/hw/fakes.h"
#include "tests/unit/hw/fakes_x86.h"

#define MIB (1ull << 20)
#define LPC PCI_DEVFN(31, 0)
#define PIIX3 PCI_DEVFN(1, 0)
#define PIIX4_PM PCI_DEVFN(1, 3)

static MachineConfig config;
static char *bios_path;

/* ---- access as a guest's ---- */
static uint64_t ld(hwaddr at, unsigned size)
{
    return address_space_ld(&address_space_memory, at, size, MEMTXATTRS_NONE, NULL);
}

static void st(hwaddr at, uint64_t value, unsigned size)
{
    address_space_st(&address_space_memory, at, value, size, MEMTXATTRS_NONE, NULL);
}

static uint32_t in(unsigned port, unsigned size)
{
    return (uint32_t)address_space_ld(&address_space_io, port, size, MEMTXATTRS_NONE, NULL);
}

static void out(unsigned port, uint32_t value, unsigned size)
{
    address_space_st(&address_space_io, port, value, size, MEMTXATTRS_NONE, NULL);
}

static uint32_t config_read(unsigned devfn, unsigned offset, unsigned size)
{
    out(0xcf8, 0x80000000 | devfn << 8 | (offset & 0xfc), 4);
    return in(0xcfc + (offset & 3), size);
}

static void config_write(unsigned devfn, unsigned offset, uint32_t value, unsigned size)
{
    out(0xcf8, 0x80000000 | devfn << 8 | (offset & 0xfc), 4);
    out(0xcfc + (offset & 3), value, size);
}

static uint8_t cmos(unsigned index)
{
    out(0x70, index, 1);
    return (uint8_t)in(0x71, 1);
}

/* A firmware image of 256 KiB: each 4 KiB page starts with its number. */
static void make_bios(void)
{
    g_autofree uint8_t *image = g_malloc0(256 << 10);

    for (unsigned i = 0; i < 64; i++)
        image[i << 12] = (uint8_t)i;
    bios_path = g_strdup_printf("%s/calque-test-bios-%d", g_get_tmp_dir(), (int)getpid());
    g_assert_true(g_file_set_contents(bios_path, (char *)image, 256 << 10, NULL));
}

static void start(const char *board, uint64_t ram)
{
    g_autoptr(GError) error = NULL;

    fakes_init();
    fakes_x86_init();
    make_bios();
    config.smp = cpu_topology_flat(2);
    config.ram_bytes = ram;
    config.bios = config.kernel ? NULL : bios_path;
    if (!board_find(board)->init(&config, &error))
        g_error("%s", error->message);
    g_unlink(bios_path);
}

/* ---- in processes of their own ---- */
static void memory_map(void)
{
    start("q35", 5120 * MIB);
    st(0x7ffff000, 1, 4);                       /* low RAM ends at 2 GiB */
    st(0x100000000, 2, 4);
    st(0x1bffff000, 3, 4);                      /* and 3 GiB are above 4 GiB */
    g_assert_cmphex(ld(0x7ffff000, 4), ==, 1);
    g_assert_cmphex(ld(0x100000000, 4), ==, 2);
    g_assert_cmphex(ld(0x1bffff000, 4), ==, 3);
    MemTxResult r;
    address_space_ld(&address_space_memory, 0x1c0000000, 4, MEMTXATTRS_NONE, &r);
    g_assert_cmpint(r, ==, MEMTX_DECODE_ERROR);
    address_space_ld(&address_space_memory, 0x80000000, 4, MEMTXATTRS_NONE, &r);
    g_assert_cmpint(r, ==, MEMTX_DECODE_ERROR);
    g_assert_cmphex(ld(0xfffc0000, 1), ==, 0);  /* all of the firmware below 4 GiB */
    g_assert_cmphex(ld(0xfffff000, 1), ==, 63);
    g_assert_cmphex(ld(0xff000, 1), ==, 63);    /* its last 128 KiB below 1 MiB */
    g_assert_cmphex(ld(0xe0000, 1), ==, 32);
    g_assert_cmphex(cmos(0x34) | cmos(0x35) << 8, ==, (2048 - 16) * 16);
    g_assert_cmphex(cmos(0x5b) | cmos(0x5c) << 8 | cmos(0x5d) << 16, ==, 3072 * 16);
    g_assert_cmphex(cmos(0x5f), ==, 1);
    g_assert_cmphex(cmos(0x3d), ==, 0x12);      /* hard disk, floppy */
}

static void shadow(unsigned pam)
{
    config_write(0, pam, 0x30, 1);              /* f0000: RAM */
    st(0xff000, 0x77, 1);
    g_assert_cmphex(ld(0xff000, 1), ==, 0x77);
    g_assert_cmphex(ld(0xe0000, 1), ==, 32);    /* e0000 is still ROM */
    config_write(0, pam, 0x10, 1);              /* reads RAM, writes go nowhere */
    st(0xff000, 0x55, 1);
    g_assert_cmphex(ld(0xff000, 1), ==, 0x77);
    config_write(0, pam, 0x00, 1);
    g_assert_cmphex(ld(0xff000, 1), ==, 63);
    config_write(0, pam + 5, 0x03, 1);          /* PAM5, lower half: e0000-e3fff; what was written to ROM went nowhere */
    g_assert_cmphex(ld(0xe0000, 1), ==, 0);
    g_assert_cmphex(ld(0xe4000, 1), ==, 36);
    runstate_reset_all();
    g_assert_cmphex(ld(0xe0000, 1), ==, 32);
}

/* a0000: nothing but SMM sees the RAM there, once it is locked. */
static void smram(unsigned reg)
{
    config_write(0, reg, 0x4a, 1);              /* D_OPEN, G_SMRAME */
    st(0xa8000, 0x5a, 1);
    g_assert_cmphex(ld(0xa8000, 1), ==, 0x5a);
    config_write(0, reg, 0x1a, 1);              /* locked: D_OPEN stays clear */
    config_write(0, reg, 0x4a, 1);
    g_assert_cmphex(config_read(0, reg, 1), ==, 0x1a);
    g_assert_cmphex(ld(0xa8000, 1), ==, 0xff);
    fake_x86[1]->hooks.smm_changed(fake_x86[1]->hooks.opaque, true);
    g_assert_cmphex(ld(0xa8000, 1), ==, 0x5a);
    fake_x86[1]->hooks.smm_changed(fake_x86[1]->hooks.opaque, false);
    g_assert_cmphex(ld(0xa8000, 1), ==, 0xff);
}

static void pc_host_bridge(void)
{
    config.vga = "none";
    start("pc", 256 * MIB);
    g_assert_cmphex(config_read(0, 0, 4), ==, 0x12378086);
    shadow(0x59);
    smram(0x72);
}

static void q35_host_bridge(void)
{
    config.vga = "none";
    start("q35", 256 * MIB);
    g_assert_cmphex(config_read(0, 0, 4), ==, 0x29c08086);
    shadow(0x90);
    /* TSEG: the last megabyte of low RAM. */
    st(0x0fffff00, 0x1234, 4);
    config_write(0, 0x9e, 0x01, 1);
    config_write(0, 0x9d, 0x0a, 1);
    g_assert_cmphex(ld(0x0fffff00, 4), ==, 0xffffffff);
    g_assert_cmphex(ld(0x0feffffc, 4), ==, 0);
    fake_x86[0]->hooks.smm_changed(fake_x86[0]->hooks.opaque, true);
    g_assert_cmphex(ld(0x0fffff00, 4), ==, 0x1234);
    fake_x86[0]->hooks.smm_changed(fake_x86[0]->hooks.opaque, false);
    config_write(0, 0x9e, 0x00, 1);
    smram(0x9d);
    config_write(0, 0x9e, 0x01, 1);             /* SMRAM's lock holds ESMRAMC too */
    g_assert_cmphex(config_read(0, 0x9e, 1) & 1, ==, 0);
}

static void q35_ecam(void)
{
    start("q35", 256 * MIB);
    config_write(0, 0x60, 0xb0000001, 4);
    g_assert_cmphex(ld(0xb0000000, 4), ==, 0x29c08086);
    g_assert_cmphex(ld(0xb0000000 + (LPC << 12), 4), ==, 0x29188086);
    g_assert_cmphex(ld(0xb0000000 + (LPC << 12) + 0x100, 4), ==, 0xffffffff);
    g_assert_cmphex(ld(0xb0100000, 4), ==, 0xffffffff); /* bus 1 */
    st(0xb0000000 + (LPC << 12) + 0x3c, 0x0b, 1);
    g_assert_cmphex(config_read(LPC, 0x3c, 1), ==, 0x0b);
    config_write(0, 0x60, 0xe0000000, 4);
    MemTxResult r;
    address_space_ld(&address_space_memory, 0xb0000000, 4, MEMTXATTRS_NONE, &r);
    g_assert_cmpint(r, ==, MEMTX_DECODE_ERROR);
    /* Port 0xcf9 is within the address register, but for bytes. */
    out(0xcf8, 0x80000000, 4);
    out(0xcf9, 0x02, 1);
    g_assert_cmphex(in(0xcf8, 4), ==, 0x80000000);
}

/* Interrupt requests that the PIC has latched. */
static unsigned pic_requests(void)
{
    out(0x20, 0x0a, 1);
    out(0xa0, 0x0a, 1);
    return in(0x20, 1) | in(0xa0, 1) << 8;
}

/* Whether a pin of the I/O APIC is asserted: remote IRR of a level-triggered entry for a CPU that takes nothing. */
static bool ioapic_asserted(unsigned pin)
{
    st(0xfec00000, 0x10 + 2 * pin, 4);
    return ld(0xfec00010, 4) >> 14 & 1;
}

static void arm_ioapic(unsigned pin)
{
    st(0xfec00000, 0x11 + 2 * pin, 4);
    st(0xfec00010, 0, 4);
    st(0xfec00000, 0x10 + 2 * pin, 4);
    st(0xfec00010, 0x8000 | 0x40, 4);
}

static void q35_interrupts(void)
{
    PCIBus *bus;
    PCIDevice *ahci;

    start("q35", 256 * MIB);
    bus = pci_bus_find("pcie.0");
    ahci = pci_bus_device(bus, PCI_DEVFN(31, 2));
    arm_ioapic(16);
    out(0x4d1, 0x0c, 1);
    pci_set_irq(ahci, 1);                       /* slot 31, INTA: PIRQA, pin 16 */
    g_assert_true(ioapic_asserted(16));
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0);
    config_write(LPC, 0x60, 0x0a, 1);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0x0400);
    config_write(LPC, 0x60, 0x0b, 1);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0x0800);
    config_write(LPC, 0x60, 0x8b, 1);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0);
    /* D31IR moves the pin to PIRQC. */
    config_write(LPC, 0xf0, 0xfed1c001, 4);
    config_write(LPC, 0x62, 0x0a, 1);
    g_assert_cmphex(ld(0xfed1c000 + 0x3140, 2), ==, 0x3210);
    st(0xfed1c000 + 0x3140, 0x3212, 2);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0x0400);
    pci_set_irq(ahci, 0);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0);
}

static bool answers(unsigned port)
{
    MemTxResult r;

    address_space_ld(&address_space_io, port, 2, MEMTXATTRS_NONE, &r);
    return r == MEMTX_OK;
}

static void pc_interrupts(void)
{
    PCIDevice *pm;

    start("pc", 256 * MIB);
    pm = pci_bus_device(pci_bus_find("pci.0"), PIIX4_PM);
    out(0x4d1, 0x0c, 1);
    config_write(PIIX3, 0x60, 0x0b, 1);
    arm_ioapic(11);
    pci_set_irq(pm, 1);                         /* slot 1, INTA: PIRQA */
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0x0800);
    g_assert_true(ioapic_asserted(11));
    pci_set_irq(pm, 0);
    g_assert_cmphex(pic_requests() & 0x0c00, ==, 0);
    /* The ACPI hardware's ports go where PMBA says. */
    config_write(PIIX4_PM, 0x40, 0xb000, 4);
    g_assert_false(answers(0xb004));
    config_write(PIIX4_PM, 0x80, 1, 1);
    g_assert_true(answers(0xb004));
    config_write(PIIX4_PM, 0x40, 0x600, 4);
    g_assert_true(answers(0x604) && !answers(0xb004));
}

/* ---- fw_cfg ---- */
static void fw_read(unsigned key, void *buf, unsigned n)
{
    out(0x510, key, 2);
    for (unsigned i = 0; i < n; i++)
        ((uint8_t *)buf)[i] = (uint8_t)in(0x511, 1);
}

static uint32_t be32(const uint8_t *p)
{
    return __builtin_bswap32(ldl_le_p(p));
}

/* A file's contents; *len: bytes. */
static uint8_t *fw_file(const char *name, unsigned *len)
{
    uint8_t dir[4 + 64 * 64];

    fw_read(0x19, dir, sizeof(dir));
    for (unsigned i = 0; i < be32(dir); i++) {
        const uint8_t *e = dir + 4 + 64 * i;

        if (!strcmp((const char *)e + 8, name)) {
            uint8_t *data = g_malloc0(be32(e) + 1);

            *len = be32(e);
            fw_read(be32(e + 4) >> 16, data, *len);
            return data;
        }
    }
    return NULL;
}

static void firmware_files(void)
{
    uint8_t signature[4];
    unsigned n;

    start("q35", 5120 * MIB);
    fw_read(0, signature, 4);
    g_assert_cmpmem(signature, 4, "QEMU", 4);
    g_autofree uint8_t *e820 = fw_file("etc/e820", &n);
    g_assert_cmpuint(n, ==, 40);
    g_assert_cmphex(ldq_le_p(e820 + 8), ==, 2048 * MIB);
    g_assert_cmphex(ldq_le_p(e820 + 20), ==, 4096 * MIB);
    g_autofree uint8_t *smbios = fw_file("etc/smbios/smbios-anchor", &n);
    g_assert_cmpmem(smbios, 4, "_SM_", 4);
    g_autofree uint8_t *loader = fw_file("etc/table-loader", &n);
    g_assert_cmpuint(ldl_le_p(loader), ==, 1);
    g_assert_cmpstr((char *)loader + 4, ==, "etc/acpi/tables");
    /* Tables are made of what firmware has set up when it asks. */
    runstate_reset_all();
    config_write(LPC, 0x40, 0x1200, 4);
    config_write(0, 0x60, 0xe0000001, 4);
    g_autofree uint8_t *tables = fw_file("etc/acpi/tables", &n);
    const uint8_t *fadt = memmem(tables, n, "FACP", 4), *mcfg = memmem(tables, n, "MCFG", 4);
    g_assert_true(fadt && mcfg);
    g_assert_cmphex(ldl_le_p(fadt + 56), ==, 0x1200);
    g_assert_cmphex(ldq_le_p(mcfg + 44), ==, 0xe0000000);
}

/* ---- a kernel without firmware ---- */
static void direct_boot(void)
{
    uint8_t kernel[8192] = { [0x1f1] = 4, [0x1fe] = 0x55, [0x1ff] = 0xaa, [0x200] = 0xeb, [0x201] = 0x6a };
    g_autofree char *path = g_strdup_printf("%s/calque-test-kernel-%d", g_get_tmp_dir(), (int)getpid());

    memcpy(kernel + 0x202, "HdrS", 4);
    stw_le_p(kernel + 0x206, 0x20f);
    kernel[0x211] = 1;
    stl_le_p(kernel + 0x22c, 0x7fffffff);
    stw_le_p(kernel + 0x236, 1);
    stl_le_p(kernel + 0x238, 2047);
    stq_le_p(kernel + 0x258, MIB);
    memset(kernel + 2560, 0xf4, sizeof(kernel) - 2560);
    g_assert_true(g_file_set_contents(path, (char *)kernel, sizeof(kernel), NULL));
    config.kernel = path;
    start("q35", 256 * MIB);
    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(ld(MIB + 100, 1), ==, 0xf4);
        g_assert_cmphex(ld(0xe0000, 8), ==, 0x2052545020445352ull); /* "RSD PTR " */
        g_assert_cmphex(ld(0xf0000, 4), ==, 0x5f4d535f);            /* "_SM_" */
        g_assert_cmphex(ld(0xb0000000, 4), ==, 0x29c08086);
        g_assert_cmphex(in(0x604, 2) & 1, ==, 1);                    /* SCI_EN */
        g_assert_cmphex(in(0x4d1, 1), ==, 0x0e);
        g_assert_cmphex(fake_x86[0]->boot.rip, ==, MIB + 0x200);
        g_assert_cmphex(config_read(PCI_DEVFN(31, 2), 0x3c, 1), ==, 10);
        st(MIB + 100, 0, 4);                                         /* a reset places everything again */
        st(0xe0000, 0, 8);
        fake_x86[0]->boot.rip = 0;
        runstate_reset_all();
    }
    g_unlink(path);
}

static void in_subprocess(gconstpointer fn)
{
    if (g_test_subprocess()) {
        ((void (*)(void))fn)();
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

static void test_refusals(void)
{
    static const MachineOption odd = { "hpet", "maybe" };
    const MachineConfig rows[] = {
        { .smp = cpu_topology_flat(65) }, { .ram_bytes = 1 << 20 }, { .kernel = "k", .bios = "b" }, { .dtb = "tree" }, { .options = &odd, .n_options = 1 },
    };
    static const char *const messages[] = { "-smp 65", "-m:", "-bios", "-dtb", "hpet=maybe" };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(board_find("pc")->init(&rows[i], &error));
        g_assert_nonnull(strstr(error->message, messages[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/pc/memory/map-and-cmos", memory_map, in_subprocess);
    g_test_add_data_func("/pc/i440fx/shadow-and-smram", pc_host_bridge, in_subprocess);
    g_test_add_data_func("/pc/q35/shadow-smram-tseg", q35_host_bridge, in_subprocess);
    g_test_add_data_func("/pc/q35/ecam", q35_ecam, in_subprocess);
    g_test_add_data_func("/pc/q35/interrupt-routing", q35_interrupts, in_subprocess);
    g_test_add_data_func("/pc/piix/interrupt-routing-and-pm-base", pc_interrupts, in_subprocess);
    g_test_add_data_func("/pc/fw-cfg/files", firmware_files, in_subprocess);
    g_test_add_data_func("/pc/direct-boot/what-firmware-leaves", direct_boot, in_subprocess);
    g_test_add_func("/pc/options/refusals", test_refusals);
    return g_test_run();
}
