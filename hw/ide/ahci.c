/* SPDX-License-Identifier: MIT */
/*
 * ICH9's AHCI controller (Serial ATA AHCI 1.3.1): six ports, one command at a time on each, no native command queuing (CAP says so).
 *
 * A port runs the lowest slot of PxCI while PxCMD.ST is set. The command comes as a register FIS in the command table; data goes through the
 * table's PRDT; the end is a device-to-host FIS in the received-FIS area and a bit in PxIS. After an error the slot stays set and the port
 * stands until software clears ST (6.2.2).
 *
 * What guest memory says is read once and bounded: the PRDT has at most 65,535 entries, each read when the data gets there.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/ide/ide_internal.h"
#include "hw/pci/pci.h"

enum { HBA_CAP = 0x00, HBA_GHC = 0x04, HBA_IS = 0x08, HBA_PI = 0x0c, HBA_VS = 0x10, HBA_PORTS = 0x100, PORT_BYTES = 0x80 };
enum { PX_CLB = 0x00, PX_CLBU = 0x04, PX_FB = 0x08, PX_FBU = 0x0c, PX_IS = 0x10, PX_IE = 0x14, PX_CMD = 0x18, PX_TFD = 0x20, PX_SIG = 0x24,
       PX_SSTS = 0x28, PX_SCTL = 0x2c, PX_SERR = 0x30, PX_SACT = 0x34, PX_CI = 0x38 };
#define GHC_AE 0x80000000u
#define GHC_IE 2u
#define GHC_HR 1u
#define CMD_ST 0x1u
#define CMD_SUD 0x2u
#define CMD_POD 0x4u
#define CMD_CLO 0x8u
#define CMD_FRE 0x10u
#define CMD_FR 0x4000u
#define CMD_CR 0x8000u
#define CMD_ATAPI 0x1000000u
#define CMD_WRITABLE (CMD_ST | CMD_SUD | CMD_POD | CMD_FRE | CMD_ATAPI | 0xf0000000u)
#define IS_DHRS 0x1u
#define IS_PSS 0x2u
#define IS_PCS 0x40u
#define IS_PRCS 0x400000u
#define IS_HBFS 0x20000000u
#define IS_TFES 0x40000000u
#define SSTS_UP 0x123u        /* present and talking, generation 2, active */
#define SIG_DISK 0x00000101u
#define SIG_ATAPI 0xeb140101u
#define FIS_H2D 0x27
#define FIS_D2H 0x34
#define FIS_PIO_SETUP 0x5f
#define FIS_AREA_PIO 0x20
#define FIS_AREA_D2H 0x40

typedef struct Ahci Ahci;
typedef struct AhciPort {
    Ahci *hba;
    unsigned number;
    IdeDrive drive;
    uint64_t clb, fb;
    uint32_t is, ie, cmd, tfd, sig, sctl, serr, ci;
    /* The command being executed. */
    int slot;                 /* -1: none */
    uint64_t table;           /* its command table */
    uint32_t prdtl, prd;      /* entries, and the next one */
    uint64_t region;          /* address and bytes left of the current entry */
    uint32_t region_left;
    uint32_t moved;           /* bytes, for PRDBC */
    bool first, soft_reset, starting;
} AhciPort;

struct Ahci {
    PCIDevice pci;
    MemoryRegion mmio;
    uint32_t ghc, is;
    AhciPort port[AHCI_PORTS];
};

static void port_next(AhciPort *p);

/* ---- interrupts ---- */
static void update_irq(Ahci *s)
{
    bool before = s->is != 0;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        if (s->port[i].is & s->port[i].ie)
            s->is |= 1u << i;
    }
    if (pci_msi_enabled(&s->pci)) {
        if (s->is && !before && s->ghc & GHC_IE)
            pci_msi_notify(&s->pci, 0);
    } else {
        pci_set_irq(&s->pci, s->is && s->ghc & GHC_IE);
    }
}

static void raise_is(AhciPort *p, uint32_t bits)
{
    p->is |= bits;
    update_irq(p->hba);
}

/* ---- what is sent to the guest's memory ---- */
static void send_fis(AhciPort *p, unsigned offset, const uint8_t *fis, unsigned len)
{
    if (p->cmd & CMD_FRE)
        pci_dma_write(&p->hba->pci, p->fb + offset, fis, len);
}

static void task_file_fis(const AhciPort *p, uint8_t *fis, uint8_t type)
{
    const IdeTaskFile *t = &p->drive.tf;
    fis[0] = type;
    fis[1] = 0x40; /* interrupt */
    fis[2] = t->status;
    fis[3] = t->error;
    fis[4] = t->lba0, fis[5] = t->lba1, fis[6] = t->lba2, fis[7] = t->device;
    fis[8] = t->hob_lba0, fis[9] = t->hob_lba1, fis[10] = t->hob_lba2;
    fis[12] = t->count, fis[13] = t->hob_count;
}

static void send_d2h(AhciPort *p)
{
    uint8_t fis[20] = { 0 };
    task_file_fis(p, fis, FIS_D2H);
    p->tfd = p->drive.tf.status | (uint32_t)p->drive.tf.error << 8;
    send_fis(p, FIS_AREA_D2H, fis, sizeof(fis));
}

static void send_pio_setup(AhciPort *p, uint32_t len, bool to_guest)
{
    uint8_t fis[20] = { 0 };
    task_file_fis(p, fis, FIS_PIO_SETUP);
    fis[1] = 0x40 | (to_guest ? 0x20 : 0);
    fis[15] = ATA_DRDY | ATA_DSC; /* status at the transfer's end */
    stw_le_p(fis + 16, (uint16_t)len);
    send_fis(p, FIS_AREA_PIO, fis, sizeof(fis));
}

static void send_signature(AhciPort *p)
{
    p->sig = p->drive.is_cd ? SIG_ATAPI : SIG_DISK;
    send_d2h(p);
    p->is |= IS_DHRS;
}

/* ---- data ---- */
static bool next_region(AhciPort *p)
{
    uint8_t entry[16];
    if (p->prd >= p->prdtl || pci_dma_read(&p->hba->pci, p->table + 0x80 + (uint64_t)p->prd * sizeof(entry), entry, sizeof(entry)) != MEMTX_OK)
        return false;
    p->prd++;
    p->region = ldq_le_p(entry);
    p->region_left = (ldl_le_p(entry + 12) & 0x3fffff) + 1;
    return true;
}

static bool copy(AhciPort *p, uint8_t *buf, uint32_t len, bool to_guest)
{
    while (len) {
        if (!p->region_left && !next_region(p))
            return false;
        uint32_t n = MIN_OF(len, p->region_left);
        MemTxResult r = to_guest ? pci_dma_write(&p->hba->pci, p->region, buf, n) : pci_dma_read(&p->hba->pci, p->region, buf, n);
        if (r != MEMTX_OK)
            return false;
        buf += n, p->region += n, p->region_left -= n, len -= n, p->moved += n;
    }
    return true;
}

static bool host_transfer(void *opaque, uint8_t *buf, uint32_t len, bool to_guest, bool dma)
{
    AhciPort *p = opaque;
    bool packet = p->first && p->drive.tf.command == 0xa0, ok;
    p->first = false;
    if (packet) {
        ok = pci_dma_read(&p->hba->pci, p->table + 0x40, buf, len) == MEMTX_OK;
    } else {
        ok = copy(p, buf, len, to_guest);
        if (!dma) {
            send_pio_setup(p, len, to_guest);
            p->is |= IS_PSS;
        }
    }
    if (!ok)
        ide_transferred(&p->drive, false);
    return ok;
}

static void host_complete(void *opaque)
{
    AhciPort *p = opaque;
    uint8_t count[4];
    if (p->slot < 0)
        return;
    bool failed = p->drive.tf.status & ATA_ERR;
    stl_le_p(count, p->moved);
    pci_dma_write(&p->hba->pci, p->clb + (unsigned)p->slot * 32 + 4, count, sizeof(count));
    send_d2h(p);
    if (failed) {
        raise_is(p, IS_TFES | IS_DHRS);
        return;
    }
    p->ci &= ~(1u << p->slot);
    p->slot = -1;
    raise_is(p, IS_DHRS);
    port_next(p);
}

static const IdeHost ahci_host = { host_transfer, host_complete };

/* ---- commands ---- */
static void load_task_file(IdeTaskFile *t, const uint8_t *fis)
{
    t->command = fis[2];
    t->feature = fis[3];
    t->lba0 = fis[4], t->lba1 = fis[5], t->lba2 = fis[6], t->device = fis[7];
    t->hob_lba0 = fis[8], t->hob_lba1 = fis[9], t->hob_lba2 = fis[10];
    t->hob_feature = fis[11];
    t->count = fis[12], t->hob_count = fis[13];
}

/* A FIS that updates the control register only: SRST set, then cleared, resets the drive. */
static void control_fis(AhciPort *p, const uint8_t *fis)
{
    bool srst = fis[15] & 4;
    p->ci &= ~(1u << p->slot);
    p->slot = -1;
    if (p->soft_reset && !srst) {
        ide_reset(&p->drive);
        send_signature(p);
        update_irq(p->hba);
    }
    p->soft_reset = srst;
}

static void start_slot(AhciPort *p, unsigned slot)
{
    uint8_t header[16], fis[20];
    p->slot = (int)slot;
    if (pci_dma_read(&p->hba->pci, p->clb + slot * 32, header, sizeof(header)) != MEMTX_OK ||
        pci_dma_read(&p->hba->pci, ldq_le_p(header + 8) & ~0x7full, fis, sizeof(fis)) != MEMTX_OK || fis[0] != FIS_H2D) {
        raise_is(p, IS_HBFS);
        return;
    }
    p->table = ldq_le_p(header + 8) & ~0x7full;
    p->prdtl = lduw_le_p(header + 2);
    p->prd = p->region_left = p->moved = 0;
    p->cmd = (p->cmd & ~0x1f00u) | slot << 8;
    if (!(fis[1] & 0x80)) {
        control_fis(p, fis);
        return;
    }
    p->first = true;
    load_task_file(&p->drive.tf, fis);
    p->tfd = ATA_BSY | ATA_DRDY;
    ide_start(&p->drive);
}

static bool can_start(const AhciPort *p)
{
    return p->ci && p->slot < 0 && p->cmd & CMD_ST && ide_present(&p->drive) && !p->drive.busy;
}

/* A drive that ends its command at once comes back here from within start_slot: the loop goes on for it. */
static void port_next(AhciPort *p)
{
    if (p->starting)
        return;
    p->starting = true;
    for (unsigned n = 0; n < 32 && can_start(p); n++)
        start_slot(p, ctz64(p->ci));
    p->starting = false;
}

/* ---- registers ---- */
static void stop_port(AhciPort *p)
{
    if (ide_present(&p->drive) && p->drive.busy)
        ide_reset(&p->drive);
    p->ci = 0;
    p->slot = -1;
    p->cmd &= ~(CMD_CR | 0x1f00u);
}

static void write_cmd(AhciPort *p, uint32_t v)
{
    uint32_t old = p->cmd;
    p->cmd = (old & ~CMD_WRITABLE) | (v & CMD_WRITABLE & 0x0fffffffu);
    if (v & CMD_CLO)
        p->tfd &= ~(uint32_t)(ATA_BSY | ATA_DRQ);
    if (old & CMD_ST && !(v & CMD_ST))
        stop_port(p);
    p->cmd = p->cmd & CMD_ST ? p->cmd | CMD_CR : p->cmd & ~CMD_CR;
    p->cmd = p->cmd & CMD_FRE ? p->cmd | CMD_FR : p->cmd & ~CMD_FR;
    port_next(p);
}

static void port_reset(AhciPort *p)
{
    stop_port(p);
    p->soft_reset = false;
    p->tfd = 0x7f;
    p->sig = 0xffffffffu;
    if (ide_present(&p->drive)) {
        ide_reset(&p->drive);
        send_signature(p);
    }
}

/* COMRESET: DET goes to 1 and back to 0. */
static void write_sctl(AhciPort *p, uint32_t v)
{
    bool release = (p->sctl & 15) == 1 && (v & 15) == 0;
    p->sctl = v & 0xfff;
    if ((v & 15) == 1)
        stop_port(p);
    if (release) {
        port_reset(p);
        p->serr |= 1u << 26; /* exchanged */
        raise_is(p, IS_PCS | IS_PRCS);
    }
}

static uint32_t port_read(const AhciPort *p, unsigned reg)
{
    switch (reg) {
    case PX_CLB: return (uint32_t)p->clb;
    case PX_CLBU: return (uint32_t)(p->clb >> 32);
    case PX_FB: return (uint32_t)p->fb;
    case PX_FBU: return (uint32_t)(p->fb >> 32);
    case PX_IS: return p->is;
    case PX_IE: return p->ie;
    case PX_CMD: return p->cmd;
    case PX_TFD: return p->tfd;
    case PX_SIG: return p->sig;
    case PX_SSTS: return ide_present(&p->drive) && (p->sctl & 15) == 0 ? SSTS_UP : 0;
    case PX_SCTL: return p->sctl;
    case PX_SERR: return p->serr;
    case PX_CI: return p->ci;
    default: return 0;
    }
}

static void port_write(AhciPort *p, unsigned reg, uint32_t v)
{
    switch (reg) {
    case PX_CLB: p->clb = deposit64(p->clb, 0, 32, v & ~0x3ffu); break;
    case PX_CLBU: p->clb = deposit64(p->clb, 32, 32, v); break;
    case PX_FB: p->fb = deposit64(p->fb, 0, 32, v & ~0xffu); break;
    case PX_FBU: p->fb = deposit64(p->fb, 32, 32, v); break;
    case PX_IS:
        p->is &= ~v;
        update_irq(p->hba);
        break;
    case PX_IE:
        p->ie = v & 0xfdc000ffu;
        update_irq(p->hba);
        break;
    case PX_CMD: write_cmd(p, v); break;
    case PX_SCTL: write_sctl(p, v); break;
    case PX_SERR: p->serr &= ~v; break;
    case PX_CI:
        if (p->cmd & CMD_ST)
            p->ci |= v;
        port_next(p);
        break;
    default: break;
    }
}

static void ahci_reset(Device *dev)
{
    Ahci *s = (Ahci *)dev;
    s->ghc = GHC_AE;
    s->is = 0;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        AhciPort *p = &s->port[i];
        p->clb = p->fb = 0;
        p->ie = p->sctl = p->serr = 0;
        p->cmd = CMD_SUD | CMD_POD;
        port_reset(p);
        p->is = 0;
    }
    update_irq(s);
}

static MemTxResult ahci_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Ahci *s = opaque;
    if (offset >= HBA_PORTS) {
        unsigned n = (unsigned)(offset - HBA_PORTS) / PORT_BYTES;
        *value = n < AHCI_PORTS ? port_read(&s->port[n], offset % PORT_BYTES) : 0;
        return MEMTX_OK;
    }
    switch (offset) {
    case HBA_CAP: *value = (AHCI_PORTS - 1) | 31u << 8 | 2u << 20 | 1u << 18 | 1u << 31; break; /* 32 slots, generation 2, AHCI only, 64-bit */
    case HBA_GHC: *value = s->ghc; break;
    case HBA_IS: *value = s->is; break;
    case HBA_PI: *value = (1u << AHCI_PORTS) - 1; break;
    case HBA_VS: *value = 0x00010300; break;
    default: *value = 0; break;
    }
    return MEMTX_OK;
}

static MemTxResult ahci_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Ahci *s = opaque;
    if (offset >= HBA_PORTS) {
        unsigned n = (unsigned)(offset - HBA_PORTS) / PORT_BYTES;
        if (n < AHCI_PORTS)
            port_write(&s->port[n], offset % PORT_BYTES, (uint32_t)value);
    } else if (offset == HBA_GHC && value & GHC_HR) {
        ahci_reset(&s->pci.parent);
    } else if (offset == HBA_GHC) {
        s->ghc = GHC_AE | ((uint32_t)value & GHC_IE);
        update_irq(s);
    } else if (offset == HBA_IS) {
        s->is &= ~(uint32_t)value;
        update_irq(s);
    }
    return MEMTX_OK;
}

static const MemoryRegionOps ahci_ops = { ahci_read, ahci_write, .valid = { 1, 8 }, .impl = { 4, 4 } };

/* ---- life ---- */
static bool ahci_realize(Device *dev, GError **error)
{
    Ahci *s = (Ahci *)dev;
    pci_config_set_ids(&s->pci, 0x8086, 0x2922, 0x1af4, 0x1100, 0x010601, 2);
    pci_config_set_pin(&s->pci, 1);
    memory_region_init_io(&s->mmio, &ahci_ops, s, "ahci", 0x1000);
    pci_register_bar(&s->pci, 5, 0, &s->mmio);
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        s->port[i].hba = s;
        s->port[i].number = i;
        s->port[i].slot = -1;
    }
    return pci_msi_init(&s->pci, 1, true, error);
}

static void ahci_unrealize(Device *dev)
{
    Ahci *s = (Ahci *)dev;
    for (unsigned i = 0; i < AHCI_PORTS; i++)
        ide_drive_free(&s->port[i].drive);
}

bool ahci_attach(Device *dev, unsigned port, BlockBackend *blk, bool is_cd, GError **error)
{
    Ahci *s = (Ahci *)dev;
    if (port >= AHCI_PORTS)
        return error_set(error, "AHCI has ports 0 to %d (index=), not %u", AHCI_PORTS - 1, port);
    g_autofree char *user = g_strdup_printf("AHCI port %u", port);
    if (!ide_drive_init(&s->port[port].drive, blk, is_cd, &ahci_host, &s->port[port], user, error))
        return false;
    port_reset(&s->port[port]);
    s->port[port].is = 0;
    return true;
}

const DeviceClass ahci_class = {
    .name = "ich9-ahci",
    .description = "Intel ICH9 AHCI controller: six Serial ATA ports",
    .instance_size = sizeof(Ahci),
    .realize = ahci_realize,
    .unrealize = ahci_unrealize,
    .reset = ahci_reset,
};
