/* SPDX-License-Identifier: MIT */
/* PCI: configuration space, BARs, INTx, MSI and MSI-X, through a function that is only registers. */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_regs.h"
#include "cpus/runstate.h"
#include "tests/unit/hw/fakes.h"

typedef struct Toy { PCIDevice pci; MemoryRegion mem, big, io; } Toy;

static MemTxResult toy_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = 0x11223344;
    return MEMTX_OK;
}

static MemTxResult toy_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return MEMTX_OK;
}

static const MemoryRegionOps toy_ops = { toy_read, toy_write };

static bool toy_realize(Device *dev, GError **error)
{
    Toy *t = (Toy *)dev;

    pci_config_set_ids(&t->pci, 0x1234, 0x5678, 0x1af4, 0x1100, 0xff0000, 3);
    pci_config_set_pin(&t->pci, 2);
    memory_region_init_io(&t->mem, &toy_ops, t, "toy-mem", 0x2000);
    memory_region_init_io(&t->big, &toy_ops, t, "toy-big", 1ull << 32);
    memory_region_init_io(&t->io, &toy_ops, t, "toy-io", 0x20);
    pci_register_bar(&t->pci, 0, 0, &t->mem);
    pci_register_bar(&t->pci, 1, PCI_BAR_IO, &t->io);
    pci_register_bar(&t->pci, 2, PCI_BAR_64 | PCI_BAR_PREFETCH, &t->big);
    return pci_msi_init(&t->pci, 4, true, error) && pci_msix_init(&t->pci, 3, 0, 0x1000, 0x1800, error);
}

static const DeviceClass toy_class = { .name = "toy", .description = "for tests", .instance_size = sizeof(Toy), .realize = toy_realize };

static MemoryRegion window, io_window;
static struct { unsigned devfn, pin, changes; int level; } intx;
static struct { unsigned count; uint64_t address; uint32_t data; } msi;

static void set_intx(void *opaque, unsigned devfn, unsigned pin, int level)
{
    intx.devfn = devfn, intx.pin = pin, intx.level = level, intx.changes++;
}

static void send_msi(void *opaque, uint64_t address, uint32_t data, uint16_t requester)
{
    msi.count++, msi.address = address, msi.data = data;
}

static PCIBus *bus;

static Toy *new_toy(int devfn)
{
    Toy *t = (Toy *)device_new_class(&toy_class);

    g_assert_true(pci_place(&t->pci, bus, devfn, NULL));
    g_assert_true(device_realize(&t->pci.parent, NULL));
    return t;
}

static void free_toy(Toy *t)
{
    pci_remove(&t->pci);
    device_free(&t->pci.parent);
}

static uint32_t get(Toy *t, unsigned offset, unsigned size)
{
    return pci_config_cycle_read(bus, 0, t->pci.devfn, offset, size);
}

static void set(Toy *t, unsigned offset, uint32_t value, unsigned size)
{
    pci_config_cycle_write(bus, 0, t->pci.devfn, offset, value, size);
}

static void test_config(void)
{
    Toy *t = new_toy(-1);

    g_assert_cmphex(t->pci.devfn, ==, PCI_DEVFN(1, 0));
    g_assert_cmphex(get(t, 0, 4), ==, 0x56781234);
    set(t, 0, 0, 4); /* read-only */
    g_assert_cmphex(get(t, 0, 4), ==, 0x56781234);
    g_assert_cmphex(get(t, PCI_REVISION_ID, 4), ==, 0xff000003);
    g_assert_cmphex(pci_config_cycle_read(bus, 0, PCI_DEVFN(9, 0), 0, 4), ==, 0xffffffff);
    g_assert_cmphex(pci_config_cycle_read(bus, 1, t->pci.devfn, 0, 2), ==, 0xffff);
    g_assert_cmphex(get(t, 2, 4), ==, 0xffffffff); /* not aligned */
    g_assert_cmphex(get(t, 0x100, 4), ==, 0xffffffff); /* a conventional function ends at 256 */
    set(t, PCI_INTERRUPT_LINE, 0x0b, 1);
    g_assert_cmphex(get(t, PCI_INTERRUPT_LINE, 2), ==, 0x020b);
    free_toy(t);
}

static void test_place(void)
{
    Toy *t = new_toy(PCI_DEVFN(5, 0)), *other = new_toy(PCI_DEVFN(5, 3));
    PCIDevice *third = (PCIDevice *)device_new_class(&toy_class);
    g_autoptr(GError) error = NULL;

    g_assert_true(get(t, PCI_HEADER_TYPE, 1) & PCI_HEADER_MULTI_FUNCTION);
    g_assert_false(pci_place(third, bus, PCI_DEVFN(5, 3), &error));
    g_assert_nonnull(strstr(error->message, "05.3"));
    device_free(&third->parent);
    free_toy(other);
    free_toy(t);
}

static void test_sizing(void)
{
    Toy *t = new_toy(-1);

    set(t, 0x10, 0xffffffff, 4);
    g_assert_cmphex(get(t, 0x10, 4), ==, 0xffffe000);
    set(t, 0x14, 0xffffffff, 4);
    g_assert_cmphex(get(t, 0x14, 4), ==, 0xffffffe1);
    set(t, 0x18, 0xffffffff, 4);
    set(t, 0x1c, 0xffffffff, 4);
    g_assert_cmphex(get(t, 0x18, 4), ==, PCI_BAR_64 | PCI_BAR_PREFETCH);
    g_assert_cmphex(get(t, 0x1c, 4), ==, 0xffffffff);
    set(t, 0x20, 0xffffffff, 4);
    g_assert_cmphex(get(t, 0x20, 4), ==, 0);
    /* All ones is how sizes are asked for: nothing is mapped there. */
    set(t, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_IO, 2);
    g_assert_null(t->mem.container);
    g_assert_null(t->big.container);
    g_assert_null(t->io.container);
    free_toy(t);
}

static void test_mapping(void)
{
    Toy *t = new_toy(-1);

    set(t, 0x10, 0xc0000000, 4);
    set(t, 0x14, 0xc000, 4);
    set(t, 0x1c, 0x10, 4);
    g_assert_null(t->mem.container);
    set(t, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_true(t->mem.container == &window && t->mem.addr == 0xc0000000);
    g_assert_true(t->big.container == &window && t->big.addr == 0x1000000000);
    g_assert_null(t->io.container);
    set(t, 0x10, 0xd0000000, 4); /* moves while mapped */
    g_assert_cmphex(t->mem.addr, ==, 0xd0000000);
    g_assert_cmphex(address_space_ld(&address_space_memory, 0xd0000000, 4, MEMTXATTRS_NONE, NULL), ==, 0x11223344);
    set(t, PCI_COMMAND, PCI_COMMAND_IO, 2);
    g_assert_null(t->mem.container);
    g_assert_true(t->io.container == &io_window && t->io.addr == 0xc000);
    set(t, 0x14, 0xfff0, 4); /* BAR of 32 ports: the low bits are the core's */
    g_assert_cmphex(t->io.addr, ==, 0xffe0);
    runstate_reset_all();
    g_assert_null(t->io.container);
    g_assert_cmphex(get(t, 0x10, 4), ==, 0);
    g_assert_cmphex(get(t, 0x14, 4), ==, 1);
    free_toy(t);
}

static void test_intx(void)
{
    Toy *t = new_toy(PCI_DEVFN(3, 0));

    memset(&intx, 0, sizeof(intx));
    pci_set_irq(&t->pci, 1);
    pci_set_irq(&t->pci, 1);
    g_assert_true(intx.changes == 1 && intx.level == 1 && intx.pin == 1 && intx.devfn == PCI_DEVFN(3, 0));
    g_assert_true(get(t, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT);
    set(t, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
    g_assert_true(intx.changes == 2 && intx.level == 0);
    g_assert_true(get(t, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT); /* pending all the same */
    set(t, PCI_COMMAND, 0, 2);
    g_assert_true(intx.changes == 3 && intx.level == 1);
    runstate_reset_all();
    g_assert_true(intx.changes == 4 && intx.level == 0);
    free_toy(t);
}

static unsigned find_cap(Toy *t, unsigned id)
{
    for (unsigned at = get(t, PCI_CAPABILITY_LIST, 1); at; at = get(t, at + 1, 1))
        if (get(t, at, 1) == id)
            return at;
    return 0;
}

static void test_msi(void)
{
    Toy *t = new_toy(-1);
    unsigned cap = find_cap(t, PCI_CAP_ID_MSI);

    memset(&msi, 0, sizeof(msi));
    g_assert_cmphex(get(t, cap + 2, 2), ==, 0x0084); /* 64-bit, four vectors */
    set(t, cap + 4, 0xfee01000, 4);
    set(t, cap + 12, 0x4041, 2);
    pci_msi_notify(&t->pci, 0);
    g_assert_cmpuint(msi.count, ==, 0);
    set(t, cap + 2, 0x11, 2); /* enabled, two vectors */
    pci_msi_notify(&t->pci, 0);
    g_assert_cmpuint(msi.count, ==, 0); /* no bus mastering, no message */
    set(t, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
    pci_msi_notify(&t->pci, 3);
    g_assert_true(msi.count == 1 && msi.address == 0xfee01000 && msi.data == 0x4041);
    pci_msi_notify(&t->pci, 0);
    g_assert_cmphex(msi.data, ==, 0x4040);
    set(t, cap + 2, 0x71, 2); /* more than there are: four */
    pci_msi_notify(&t->pci, 7);
    g_assert_cmphex(msi.data, ==, 0x4043);
    free_toy(t);
}

static void test_msix(void)
{
    Toy *t = new_toy(-1);
    unsigned cap = find_cap(t, PCI_CAP_ID_MSIX);
    hwaddr table = 0xc0001000, pba = 0xc0001800;

    memset(&msi, 0, sizeof(msi));
    g_assert_cmphex(get(t, cap + 2, 2), ==, 2);
    set(t, 0x10, 0xc0000000, 4);
    set(t, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(address_space_ld(&address_space_memory, table + 16 * i + 12, 4, MEMTXATTRS_NONE, NULL), ==, 1);
        address_space_st(&address_space_memory, table + 16 * i, 0xfee00000, 4, MEMTXATTRS_NONE, NULL);
        address_space_st(&address_space_memory, table + 16 * i + 8, 0x30 + i, 4, MEMTXATTRS_NONE, NULL);
    }
    set(t, cap + 2, 0x8000, 2);
    pci_msix_notify(&t->pci, 1); /* masked by its entry: pending */
    pci_msix_notify(&t->pci, 77);
    g_assert_cmpuint(msi.count, ==, 0);
    g_assert_cmphex(address_space_ld(&address_space_memory, pba, 8, MEMTXATTRS_NONE, NULL), ==, 2);
    set(t, cap + 2, 0xc000, 2);
    address_space_st(&address_space_memory, table + 16 + 12, 0, 4, MEMTXATTRS_NONE, NULL);
    g_assert_cmpuint(msi.count, ==, 0); /* masked by the function */
    set(t, cap + 2, 0x8000, 2);
    g_assert_true(msi.count == 1 && msi.data == 0x31 && msi.address == 0xfee00000);
    g_assert_cmphex(address_space_ld(&address_space_memory, pba, 8, MEMTXATTRS_NONE, NULL), ==, 0);
    pci_msix_notify(&t->pci, 1);
    g_assert_cmpuint(msi.count, ==, 2);
    free_toy(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    memory_region_init(&window, "pci", UINT64_MAX);
    memory_region_init(&io_window, "pci-io", 0x10000);
    memory_region_add_subregion_overlap(memory_system_root(), 0, &window, -1);
    memory_region_add_subregion_overlap(memory_io_root(), 0, &io_window, -1);
    bus = pci_bus_new(&(PCIBusConfig){ .name = "pci.0", .memory = &window, .io = &io_window, .set_intx = set_intx, .send_msi = send_msi });
    g_test_add_func("/pci/config/masks-and-holes", test_config);
    g_test_add_func("/pci/config/places", test_place);
    g_test_add_func("/pci/bar/sizing", test_sizing);
    g_test_add_func("/pci/bar/mapping-follows-command-and-address", test_mapping);
    g_test_add_func("/pci/intx/disable-and-reset", test_intx);
    g_test_add_func("/pci/msi/vectors-and-mastering", test_msi);
    g_test_add_func("/pci/msix/masks-keep-pending", test_msix);
    return g_test_run();
}
