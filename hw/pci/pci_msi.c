/* SPDX-License-Identifier: MIT */
/*
 * Message-signalled interrupts: MSI and MSI-X (PCI Local Bus 3.0, 6.8).
 *
 * A message is a write that the bus carries to the interrupt controller, so it needs the bus-master bit as any other. MSI has no
 * per-vector masks here; an MSI-X vector that is masked, itself or by the function's mask, waits in the pending-bit array until both
 * masks have gone.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/pci/pci_internal.h"

#define MSI_CONTROL 2u
#define MSI_ADDRESS 4u
#define MSI_ENABLE 0x0001u
#define MSI_MMC_SHIFT 1
#define MSI_MME_SHIFT 4
#define MSI_MME_MASK 0x0070u
#define MSI_64BIT 0x0080u
#define MSI_MAX_VECTORS 32u

#define MSIX_CONTROL 2u
#define MSIX_TABLE 4u
#define MSIX_PBA 8u
#define MSIX_SIZE 12u
#define MSIX_ENABLE 0x8000u
#define MSIX_FUNCTION_MASK 0x4000u
#define MSIX_MAX_VECTORS 2048u
#define MSIX_ENTRY 16u
#define MSIX_ENTRY_DATA 8u
#define MSIX_ENTRY_CONTROL 12u
#define MSIX_VECTOR_MASKED 1u

struct PCIMsix {
    PCIDevice *dev;
    MemoryRegion table_mr, pba_mr, *bar;
    unsigned n, cap;
    uint8_t *table, *pba; /* (B) n entries; bits in whole quadwords */
    bool may_send;        /* (B) enabled and not masked as a whole, as of the last look */
};

static void send_message(PCIDevice *dev, uint64_t address, uint32_t data)
{
    const PCIBusConfig *bus = &dev->bus->config;

    if (bus->send_msi && (lduw_le_p(dev->config + PCI_COMMAND) & PCI_COMMAND_MASTER))
        bus->send_msi(bus->opaque, address, data, dev->devfn);
}

/* ---- MSI ---- */
static uint16_t msi_control(const PCIDevice *dev)
{
    return lduw_le_p(dev->config + dev->msi_cap + MSI_CONTROL);
}

bool pci_msi_init(PCIDevice *dev, unsigned n_vectors, bool is_64, GError **error)
{
    unsigned at;

    if (!is_power_of_2(n_vectors) || n_vectors > MSI_MAX_VECTORS)
        return error_set(error, "%s: %u MSI vectors; accepted: 1, 2, 4, 8, 16, 32", dev->parent.class->name, n_vectors);
    at = pci_add_capability(dev, PCI_CAP_ID_MSI, is_64 ? 14 : 10);
    dev->msi_cap = (uint8_t)at;
    pci_config_set_word(dev, at + MSI_CONTROL, (uint16_t)(ctz64(n_vectors) << MSI_MMC_SHIFT | (is_64 ? MSI_64BIT : 0)));
    stw_le_p(dev->wmask + at + MSI_CONTROL, MSI_ENABLE | MSI_MME_MASK);
    stl_le_p(dev->wmask + at + MSI_ADDRESS, ~3u);
    if (is_64)
        stl_le_p(dev->wmask + at + MSI_ADDRESS + 4, ~0u);
    stw_le_p(dev->wmask + at + MSI_ADDRESS + (is_64 ? 8 : 4), 0xffff);
    return true;
}

bool pci_msi_enabled(const PCIDevice *dev)
{
    return dev->msi_cap && (msi_control(dev) & MSI_ENABLE);
}

/* How many vectors the driver has enabled; no more than there are, whatever it wrote. */
static unsigned msi_enabled_vectors(const PCIDevice *dev)
{
    unsigned control = msi_control(dev), log2 = (control & MSI_MME_MASK) >> MSI_MME_SHIFT, most = control >> MSI_MMC_SHIFT & 7;

    return 1u << MIN_OF(log2, most);
}

void pci_msi_notify(PCIDevice *dev, unsigned vector)
{
    const uint8_t *cap = dev->config + dev->msi_cap;
    bool is_64 = msi_control(dev) & MSI_64BIT;
    unsigned low = msi_enabled_vectors(dev) - 1;
    uint64_t address = ldl_le_p(cap + MSI_ADDRESS);
    uint32_t data = lduw_le_p(cap + MSI_ADDRESS + (is_64 ? 8 : 4));

    if (!pci_msi_enabled(dev))
        return;
    if (is_64)
        address |= (uint64_t)ldl_le_p(cap + MSI_ADDRESS + 4) << 32;
    send_message(dev, address, (data & ~low) | (vector & low));
}

/* ---- MSI-X ---- */
static bool msix_pending(const struct PCIMsix *x, unsigned vector)
{
    return x->pba[vector / 8] >> vector % 8 & 1;
}

static void msix_set_pending(struct PCIMsix *x, unsigned vector, bool on)
{
    x->pba[vector / 8] = (uint8_t)((x->pba[vector / 8] & ~(1u << vector % 8)) | (unsigned)on << vector % 8);
}

static bool msix_vector_masked(const struct PCIMsix *x, unsigned vector)
{
    return ldl_le_p(x->table + vector * MSIX_ENTRY + MSIX_ENTRY_CONTROL) & MSIX_VECTOR_MASKED;
}

static void msix_send(struct PCIMsix *x, unsigned vector)
{
    const uint8_t *entry = x->table + vector * MSIX_ENTRY;

    msix_set_pending(x, vector, false);
    send_message(x->dev, ldq_le_p(entry), ldl_le_p(entry + MSIX_ENTRY_DATA));
}

static void msix_release(struct PCIMsix *x, unsigned vector)
{
    if (x->may_send && msix_pending(x, vector) && !msix_vector_masked(x, vector))
        msix_send(x, vector);
}

static MemTxResult table_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    struct PCIMsix *x = opaque;

    memcpy(value, x->table + offset, size);
    return MEMTX_OK;
}

static MemTxResult table_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    struct PCIMsix *x = opaque;

    memcpy(x->table + offset, &value, size);
    msix_release(x, (unsigned)(offset / MSIX_ENTRY));
    return MEMTX_OK;
}

static MemTxResult pba_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    struct PCIMsix *x = opaque;

    memcpy(value, x->pba + offset, size);
    return MEMTX_OK;
}

static MemTxResult pba_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return MEMTX_OK; /* read-only */
}

static const MemoryRegionOps table_ops = { table_read, table_write, .valid = { 4, 8 }, .impl = { 4, 4 } };
static const MemoryRegionOps pba_ops = { pba_read, pba_write, .valid = { 4, 8 } };

bool pci_msix_init(PCIDevice *dev, unsigned n_vectors, unsigned bar, uint32_t table_offset, uint32_t pba_offset, GError **error)
{
    struct PCIMsix *x;
    uint64_t table_size = (uint64_t)n_vectors * MSIX_ENTRY, pba_size = ALIGN_UP(n_vectors, 64) / 8;

    if (!n_vectors || n_vectors > MSIX_MAX_VECTORS)
        return error_set(error, "%s: %u MSI-X vectors; accepted: 1 to %u", dev->parent.class->name, n_vectors, MSIX_MAX_VECTORS);
    g_assert(bar < PCI_NB_BARS && dev->bars[bar].region && !(table_offset & 7) && !(pba_offset & 7));
    g_assert(table_offset + table_size <= dev->bars[bar].size && pba_offset + pba_size <= dev->bars[bar].size);
    x = g_new0(struct PCIMsix, 1);
    *x = (struct PCIMsix){ .dev = dev, .bar = dev->bars[bar].region, .n = n_vectors, .table = g_malloc0(table_size), .pba = g_malloc0(pba_size) };
    x->cap = pci_add_capability(dev, PCI_CAP_ID_MSIX, MSIX_SIZE);
    pci_config_set_word(dev, x->cap + MSIX_CONTROL, (uint16_t)(n_vectors - 1));
    stw_le_p(dev->wmask + x->cap + MSIX_CONTROL, MSIX_ENABLE | MSIX_FUNCTION_MASK);
    pci_config_set_long(dev, x->cap + MSIX_TABLE, table_offset | bar);
    pci_config_set_long(dev, x->cap + MSIX_PBA, pba_offset | bar);
    memory_region_init_io(&x->table_mr, &table_ops, x, "msix-table", table_size);
    memory_region_init_io(&x->pba_mr, &pba_ops, x, "msix-pba", pba_size);
    memory_region_add_subregion(x->bar, table_offset, &x->table_mr);
    memory_region_add_subregion(x->bar, pba_offset, &x->pba_mr);
    dev->msix = x;
    pci_msi_reset(dev);
    return true;
}

bool pci_msix_enabled(const PCIDevice *dev)
{
    return dev->msix && (lduw_le_p(dev->config + dev->msix->cap + MSIX_CONTROL) & MSIX_ENABLE);
}

void pci_msix_notify(PCIDevice *dev, unsigned vector)
{
    struct PCIMsix *x = dev->msix;

    if (!pci_msix_enabled(dev) || vector >= x->n)
        return;
    msix_set_pending(x, vector, true);
    msix_release(x, vector);
}

/* ---- both ---- */
void pci_msi_config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    struct PCIMsix *x = dev->msix;
    uint16_t control;

    if (!x || offset >= x->cap + MSIX_CONTROL + 2 || offset + size <= x->cap + MSIX_CONTROL)
        return;
    control = lduw_le_p(dev->config + x->cap + MSIX_CONTROL);
    x->may_send = (control & MSIX_ENABLE) && !(control & MSIX_FUNCTION_MASK);
    for (unsigned i = 0; x->may_send && i < x->n; i++)
        msix_release(x, i);
}

void pci_msi_reset(PCIDevice *dev)
{
    struct PCIMsix *x = dev->msix;

    if (dev->msi_cap) {
        unsigned len = msi_control(dev) & MSI_64BIT ? 10 : 6;

        pci_config_set_word(dev, dev->msi_cap + MSI_CONTROL, msi_control(dev) & (uint16_t)~(MSI_ENABLE | MSI_MME_MASK));
        memset(dev->config + dev->msi_cap + MSI_ADDRESS, 0, len);
    }
    if (!x)
        return;
    pci_config_set_word(dev, x->cap + MSIX_CONTROL, (uint16_t)(x->n - 1));
    x->may_send = false;
    memset(x->table, 0, x->n * MSIX_ENTRY);
    memset(x->pba, 0, ALIGN_UP(x->n, 64) / 8);
    for (unsigned i = 0; i < x->n; i++)
        stl_le_p(x->table + i * MSIX_ENTRY + MSIX_ENTRY_CONTROL, MSIX_VECTOR_MASKED);
}

void pci_msi_free(PCIDevice *dev)
{
    struct PCIMsix *x = dev->msix;

    if (!x)
        return;
    memory_region_del_subregion(x->bar, &x->table_mr);
    memory_region_del_subregion(x->bar, &x->pba_mr);
    memory_region_destroy(&x->table_mr);
    memory_region_destroy(&x->pba_mr);
    g_free(x->table);
    g_free(x->pba);
    g_free(x);
    dev->msix = NULL;
}
