/* SPDX-License-Identifier: MIT */
/*
 * PIIX3 IDE (Intel 290550): two channels of two drives at the ports of old, with bus mastering (BAR 4).
 *
 *   1f0-1f7, 3f6 (IRQ 14)   170-177, 376 (IRQ 15)   BAR 4: for each channel command, status, descriptor table address
 *
 * A PIO transfer lends the drive's buffer to the data port until the guest has read or written all of it. A DMA transfer waits for
 * the start bit of the bus master, then follows the descriptor table: at most MAX_PRDS entries a transfer, so that a table that never
 * ends costs nothing more.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/ide/ide_internal.h"
#include "hw/pci/pci.h"

#define MAX_PRDS 8192
enum { BM_START = 1, BM_READ = 8 };                    /* command: READ writes to memory */
enum { BM_ACTIVE = 1, BM_ERROR = 2, BM_IRQ = 4, BM_DMA_CAPABLE = 0x60 };

typedef struct PiixIde PiixIde;
typedef struct Channel {
    PiixIde *ide;
    unsigned number;
    MemoryRegion command, control;
    IdeDrive drive[2];
    uint8_t selected, devctl;
    int irq_level;
    /* PIO transfer under way: the drive's buffer, or NULL. */
    uint8_t *pio;
    uint32_t pio_len, pio_pos;
    bool pio_to_guest;
    bool first;                                        /* no transfer of this command has been made */
    /* DMA transfer that the drive waits for. */
    uint8_t *dma;
    uint32_t dma_len;
    bool dma_to_guest;
    uint8_t bm_command, bm_status;
    uint32_t bm_table;
    uint32_t prd_next, prd_addr, prd_left;             /* where the bus master is in the table; left in the current region */
    bool prd_last;
} Channel;

struct PiixIde {
    PCIDevice pci;
    MemoryRegion bm;
    Channel channel[2];
    IrqLine irq[2];                                    /* outputs: 14, 15 */
};

static const uint16_t command_port[2] = { 0x1f0, 0x170 }, control_port[2] = { 0x3f6, 0x376 };

static IdeDrive *current(Channel *c) { return &c->drive[c->selected]; }

/* ---- interrupts ---- */
static void set_irq(Channel *c, int level)
{
    c->irq_level = level;
    if (level)
        c->bm_status |= BM_IRQ;
    irq_set(&c->ide->irq[c->number], level && !(c->devctl & 2));
}

/* ---- PIO ---- */
static void pio_start(Channel *c, uint8_t *buf, uint32_t len, bool to_guest)
{
    c->pio = buf;
    c->pio_len = len;
    c->pio_pos = 0;
    c->pio_to_guest = to_guest;
}

static void pio_advance(Channel *c, unsigned bytes)
{
    c->pio_pos += bytes;
    if (c->pio_pos < c->pio_len)
        return;
    c->pio = NULL;
    ide_transferred(current(c), true);
}

static uint32_t data_read(Channel *c, unsigned size)
{
    uint32_t v = 0;
    if (!c->pio || !c->pio_to_guest)
        return 0xffffffffu;
    memcpy(&v, c->pio + c->pio_pos, MIN_OF(size, c->pio_len - c->pio_pos));
    pio_advance(c, size);
    return v;
}

static void data_write(Channel *c, uint32_t v, unsigned size)
{
    if (!c->pio || c->pio_to_guest)
        return;
    memcpy(c->pio + c->pio_pos, &v, MIN_OF(size, c->pio_len - c->pio_pos));
    pio_advance(c, size);
}

/* ---- bus master ---- */
static bool next_prd(Channel *c)
{
    uint8_t prd[8];
    if (c->prd_last || c->prd_next - c->bm_table >= MAX_PRDS * sizeof(prd) ||
        pci_dma_read(&c->ide->pci, c->prd_next, prd, sizeof(prd)) != MEMTX_OK)
        return false;
    uint32_t count = lduw_le_p(prd + 4) & 0xfffe;
    c->prd_addr = ldl_le_p(prd) & ~1u;
    c->prd_left = count ? count : 0x10000;
    c->prd_last = prd[7] & 0x80;
    c->prd_next += sizeof(prd);
    return true;
}

static bool dma_copy(Channel *c, uint8_t *buf, uint32_t len, bool to_guest)
{
    while (len) {
        if (!c->prd_left && !next_prd(c))
            return false;
        uint32_t n = MIN_OF(len, c->prd_left);
        MemTxResult r = to_guest ? pci_dma_write(&c->ide->pci, c->prd_addr, buf, n) : pci_dma_read(&c->ide->pci, c->prd_addr, buf, n);
        if (r != MEMTX_OK)
            return false;
        buf += n, c->prd_addr += n, c->prd_left -= n, len -= n;
    }
    return true;
}

static void dma_run(Channel *c)
{
    uint8_t *buf = c->dma;
    if (!buf || !(c->bm_status & BM_ACTIVE))
        return;
    c->dma = NULL;
    bool ok = dma_copy(c, buf, c->dma_len, c->dma_to_guest);
    if (!ok)
        c->bm_status |= BM_ERROR;
    ide_transferred(current(c), ok);
}

/* ---- the drive's calls ---- */
static bool host_transfer(void *opaque, uint8_t *buf, uint32_t len, bool to_guest, bool dma)
{
    Channel *c = opaque;
    if (dma) {
        c->dma = buf;
        c->dma_len = len;
        c->dma_to_guest = to_guest;
        dma_run(c);
        return false;
    }
    bool quiet = !to_guest && c->first; /* the host polls for the first block that it sends */
    c->first = false;
    pio_start(c, buf, len, to_guest);
    if (!quiet)
        set_irq(c, 1);
    return false;
}

static void host_complete(void *opaque)
{
    Channel *c = opaque;
    c->pio = c->dma = NULL;
    if (c->bm_status & BM_ACTIVE && (c->prd_last && !c->prd_left))
        c->bm_status &= (uint8_t)~BM_ACTIVE;
    set_irq(c, 1);
}

static const IdeHost ide_host = { host_transfer, host_complete };

/* ---- the command block ---- */
enum { REG_DATA, REG_ERROR, REG_COUNT, REG_LBA0, REG_LBA1, REG_LBA2, REG_DEVICE, REG_STATUS };

static uint8_t read_register(Channel *c, unsigned reg)
{
    const IdeTaskFile *t = &current(c)->tf;
    bool hob = c->devctl & 0x80;
    if (!ide_present(current(c)))
        return 0;
    switch (reg) {
    case REG_ERROR: return hob ? t->hob_feature : t->error;
    case REG_COUNT: return hob ? t->hob_count : t->count;
    case REG_LBA0: return hob ? t->hob_lba0 : t->lba0;
    case REG_LBA1: return hob ? t->hob_lba1 : t->lba1;
    case REG_LBA2: return hob ? t->hob_lba2 : t->lba2;
    case REG_DEVICE: return t->device | 0xa0;
    default:
        set_irq(c, 0);
        return t->status;
    }
}

static MemTxResult command_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Channel *c = opaque;
    *value = offset == REG_DATA ? data_read(c, size) : read_register(c, (unsigned)offset);
    return MEMTX_OK;
}

static void shift_in(uint8_t *reg, uint8_t *hob, uint8_t value)
{
    *hob = *reg;
    *reg = value;
}

/* Both drives of a channel see the registers. */
static void write_task_file(IdeTaskFile *t, unsigned reg, uint8_t v)
{
    switch (reg) {
    case REG_ERROR: shift_in(&t->feature, &t->hob_feature, v); break;
    case REG_COUNT: shift_in(&t->count, &t->hob_count, v); break;
    case REG_LBA0: shift_in(&t->lba0, &t->hob_lba0, v); break;
    case REG_LBA1: shift_in(&t->lba1, &t->hob_lba1, v); break;
    case REG_LBA2: shift_in(&t->lba2, &t->hob_lba2, v); break;
    default: t->device = v; break;
    }
}

static void start_command(Channel *c, uint8_t command)
{
    IdeDrive *d = current(c);
    set_irq(c, 0);
    if (!ide_present(d) || (d->busy && command != 0x08))
        return;
    c->pio = c->dma = NULL;
    c->first = true;
    d->tf.command = command;
    ide_start(d);
}

static void write_register(Channel *c, unsigned reg, uint8_t v)
{
    c->devctl &= 0x7f;
    if (reg == REG_STATUS) {
        start_command(c, v);
        return;
    }
    if (current(c)->busy)
        return;
    if (reg == REG_DEVICE)
        c->selected = v >> 4 & 1;
    for (unsigned i = 0; i < 2; i++)
        write_task_file(&c->drive[i].tf, reg, v);
}

static MemTxResult command_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Channel *c = opaque;
    if (offset == REG_DATA)
        data_write(c, (uint32_t)value, size);
    else
        write_register(c, (unsigned)offset, (uint8_t)value);
    return MEMTX_OK;
}

static void reset_channel(Channel *c)
{
    c->pio = c->dma = NULL;
    c->selected = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (ide_present(&c->drive[i]))
            ide_reset(&c->drive[i]);
    }
    set_irq(c, 0);
}

static MemTxResult control_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Channel *c = opaque;
    *value = ide_present(current(c)) ? current(c)->tf.status : 0;
    return MEMTX_OK;
}

static MemTxResult control_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Channel *c = opaque;
    bool reset = value & 4 && !(c->devctl & 4);
    c->devctl = (uint8_t)value;
    if (reset)
        reset_channel(c);
    irq_set(&c->ide->irq[c->number], c->irq_level && !(c->devctl & 2));
    return MEMTX_OK;
}

/* ---- the bus master's registers ---- */
static void bm_command_write(Channel *c, uint8_t v)
{
    bool start = v & BM_START && !(c->bm_command & BM_START), stop = !(v & BM_START) && c->bm_command & BM_START;
    c->bm_command = v & (BM_START | BM_READ);
    if (start) {
        c->prd_next = c->bm_table;
        c->prd_left = 0;
        c->prd_last = false;
        c->bm_status |= BM_ACTIVE;
        dma_run(c);
    } else if (stop) {
        c->bm_status &= (uint8_t)~BM_ACTIVE;
    }
}

static MemTxResult bm_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    PiixIde *s = opaque;
    const Channel *c = &s->channel[offset >> 3];
    switch (offset & 7) {
    case 0: *value = c->bm_command; break;
    case 2: *value = c->bm_status; break;
    case 4: case 5: case 6: case 7: *value = (uint8_t)(c->bm_table >> 8 * (offset & 3)); break;
    default: *value = 0; break;
    }
    return MEMTX_OK;
}

static MemTxResult bm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    PiixIde *s = opaque;
    Channel *c = &s->channel[offset >> 3];
    uint8_t v = (uint8_t)value;
    switch (offset & 7) {
    case 0: bm_command_write(c, v); break;
    case 2:
        c->bm_status = (uint8_t)((c->bm_status & BM_ACTIVE) | (v & BM_DMA_CAPABLE) | (c->bm_status & ~v & (BM_ERROR | BM_IRQ)));
        break;
    case 4: case 5: case 6: case 7:
        c->bm_table = (uint32_t)deposit64(c->bm_table, 8 * (offset & 3), 8, v) & ~3u;
        break;
    default: break;
    }
    return MEMTX_OK;
}

static const MemoryRegionOps command_ops = { command_read, command_write, .valid = { 1, 4, true }, .impl = { 1, 4, true } };
static const MemoryRegionOps control_ops = { control_read, control_write, .valid = { 1, 4 }, .impl = { 1, 1 } };
static const MemoryRegionOps bm_ops = { bm_read, bm_write, .valid = { 1, 4 }, .impl = { 1, 1 } };

/* ---- life ---- */
static bool piix_ide_realize(Device *dev, GError **error)
{
    PiixIde *s = (PiixIde *)dev;
    pci_config_set_ids(&s->pci, 0x8086, 0x7010, 0x1af4, 0x1100, 0x010180, 0);
    memory_region_init_io(&s->bm, &bm_ops, s, "piix-bmdma", 16);
    pci_register_bar(&s->pci, 4, PCI_BAR_IO, &s->bm);
    for (unsigned i = 0; i < 2; i++) {
        Channel *c = &s->channel[i];
        c->ide = s;
        c->number = i;
        memory_region_init_io(&c->command, &command_ops, c, "ide-command", 8);
        memory_region_init_io(&c->control, &control_ops, c, "ide-control", 1);
        memory_region_add_subregion(memory_io_root(), command_port[i], &c->command);
        memory_region_add_subregion(memory_io_root(), control_port[i], &c->control);
        s->pci.wmask[0x40 + 2 * i] = s->pci.wmask[0x41 + 2 * i] = 0xff; /* IDETIM */
    }
    return true;
}

static void piix_ide_unrealize(Device *dev)
{
    PiixIde *s = (PiixIde *)dev;
    for (unsigned i = 0; i < 2; i++) {
        Channel *c = &s->channel[i];
        memory_region_del_subregion(memory_io_root(), &c->command);
        memory_region_del_subregion(memory_io_root(), &c->control);
        memory_region_destroy(&c->command);
        memory_region_destroy(&c->control);
        ide_drive_free(&c->drive[0]);
        ide_drive_free(&c->drive[1]);
    }
}

static void piix_ide_reset(Device *dev)
{
    PiixIde *s = (PiixIde *)dev;
    for (unsigned i = 0; i < 2; i++) {
        Channel *c = &s->channel[i];
        c->devctl = c->bm_command = 0;
        c->bm_status = (uint8_t)((ide_present(&c->drive[0]) ? 0x20 : 0) | (ide_present(&c->drive[1]) ? 0x40 : 0));
        c->bm_table = 0;
        reset_channel(c);
        pci_config_set_word(&s->pci, 0x40 + 2 * i, 0x8000); /* ports decoded, as firmware leaves it */
    }
}

bool piix_ide_attach(Device *dev, unsigned unit, BlockBackend *blk, bool is_cd, GError **error)
{
    PiixIde *s = (PiixIde *)dev;
    if (unit >= PIIX_IDE_UNITS)
        return error_set(error, "IDE has places 0 to 3 (index=), not %u", unit);
    g_autofree char *user = g_strdup_printf("IDE channel %u drive %u", unit / 2, unit % 2);
    return ide_drive_init(&s->channel[unit / 2].drive[unit % 2], blk, is_cd, &ide_host, &s->channel[unit / 2], user, error);
}

static const DeviceOutput piix_ide_outputs[] = { { "irq", offsetof(PiixIde, irq), 2 }, { NULL } };

const DeviceClass piix_ide_class = {
    .name = "piix3-ide",
    .description = "Intel PIIX3 IDE controller: two channels of two drives",
    .instance_size = sizeof(PiixIde),
    .outputs = piix_ide_outputs,
    .realize = piix_ide_realize,
    .unrealize = piix_ide_unrealize,
    .reset = piix_ide_reset,
};
