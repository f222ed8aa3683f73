/* SPDX-License-Identifier: MIT */
/*
 * An ATA drive's commands.
 *
 * Data commands go round: a read fetches up to a block from the image and sends it; a write receives one and stores it. The buffer is
 * the drive's own, so that a guest that takes its memory away hurts nobody. Each step ends in a call of the host adapter or in a media
 * request; nothing loops here over what a guest chose.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/ide/ide_internal.h"

#define BUFFER_SECTORS (IDE_BUFFER / BLOCK_SECTOR_SIZE)

/* ---- life ---- */
bool ide_drive_init(IdeDrive *d, BlockBackend *blk, bool is_cd, const IdeHost *host, void *opaque, const char *user, GError **error)
{
    static unsigned number;
    if (ide_present(d))
        return error_set(error, "%s has a drive already", user);
    if (!block_attach(blk, user, error))
        return false;
    *d = (IdeDrive){ .blk = blk, .is_cd = is_cd, .host = host, .host_opaque = opaque, .write_cache = true, .udma = 5 };
    d->buf = g_malloc0(IDE_BUFFER);
    g_snprintf(d->serial, sizeof(d->serial), "CQ%05u", ++number);
    g_snprintf(d->model, sizeof(d->model), "%s", is_cd ? "CALQUE DVD-ROM" : "CALQUE HARDDISK");
    ide_reset(d);
    return true;
}

void ide_drive_free(IdeDrive *d)
{
    if (!ide_present(d))
        return;
    ide_reset(d);
    block_detach(d->blk);
    g_free(d->buf);
    *d = (IdeDrive){ 0 };
}

/* The signature that tells a disk from a packet drive (9.12). */
static void set_signature(IdeDrive *d)
{
    d->tf.count = d->tf.lba0 = 1;
    d->tf.lba1 = d->is_cd ? 0x14 : 0;
    d->tf.lba2 = d->is_cd ? 0xeb : 0;
    d->tf.device &= 0x10;
    d->tf.error = 1;
    d->tf.status = d->is_cd ? 0 : ATA_DRDY | ATA_DSC;
}

static void stop(IdeDrive *d)
{
    if (d->request)
        block_cancel(d->blk, d->request);
    d->request = 0;
    d->moved = NULL;
    d->busy = false;
}

void ide_reset(IdeDrive *d)
{
    stop(d);
    d->multiple = 16;
    d->heads = 16;
    d->sectors = 63;
    if (d->is_cd)
        atapi_reset(d);
    set_signature(d);
}

/* ---- steps ---- */
void ide_done(IdeDrive *d)
{
    d->busy = false;
    d->moved = NULL;
    d->tf.status = ATA_DRDY | ATA_DSC;
    d->tf.error = 0;
    d->host->complete(d->host_opaque);
}

void ide_fail(IdeDrive *d, uint8_t error)
{
    d->busy = false;
    d->moved = NULL;
    d->tf.status = ATA_DRDY | ATA_DSC | ATA_ERR;
    d->tf.error = error;
    d->host->complete(d->host_opaque);
}

/*
 * What follows a transfer often starts the next one. An adapter that makes each at once would come back here from within, as many times as
 * the guest has asked for parts: those are left to the first call's loop.
 */
static void transfer(IdeDrive *d, uint8_t *buf, uint32_t len, bool to_guest, void (*moved)(IdeDrive *, bool))
{
    d->moved = moved;
    d->tf.status = ATA_DRDY | ATA_DSC | (d->dma ? ATA_BSY : ATA_DRQ);
    d->transferred = d->host->transfer(d->host_opaque, buf, len, to_guest, d->dma);
    if (d->transferring)
        return;
    d->transferring = true;
    while (d->transferred) {
        d->transferred = false;
        ide_transferred(d, true);
    }
    d->transferring = false;
}

void ide_send(IdeDrive *d, const uint8_t *buf, uint32_t len, void (*moved)(IdeDrive *, bool)) { transfer(d, (uint8_t *)buf, len, true, moved); }
void ide_receive(IdeDrive *d, uint8_t *buf, uint32_t len, void (*moved)(IdeDrive *, bool)) { transfer(d, buf, len, false, moved); }

void ide_transferred(IdeDrive *d, bool ok)
{
    void (*moved)(IdeDrive *, bool) = d->moved;
    d->moved = NULL;
    d->tf.status = ATA_DRDY | ATA_BSY;
    if (moved)
        moved(d, ok);
}

/* ---- reading and writing ---- */
static uint64_t chs_lba(const IdeDrive *d)
{
    uint32_t cylinder = d->tf.lba1 | d->tf.lba2 << 8, head = d->tf.device & 15, sector = d->tf.lba0;
    return ((uint64_t)cylinder * d->heads + head) * d->sectors + sector - 1;
}

static void get_address(IdeDrive *d, bool is_48)
{
    const IdeTaskFile *t = &d->tf;
    uint32_t low = t->lba0 | (uint32_t)t->lba1 << 8 | (uint32_t)t->lba2 << 16;
    if (is_48) {
        d->lba = low | (uint64_t)t->hob_lba0 << 24 | (uint64_t)t->hob_lba1 << 32 | (uint64_t)t->hob_lba2 << 40;
        d->left = t->count | (uint32_t)t->hob_count << 8;
        d->left = d->left ? d->left : 65536;
    } else {
        d->lba = t->device & 0x40 ? low | (uint64_t)(t->device & 15) << 24 : chs_lba(d);
        d->left = t->count ? t->count : 256;
    }
}

/* The address registers say where an error is, or the last sector. */
static void put_address(IdeDrive *d)
{
    if (!(d->tf.device & 0x40))
        return;
    d->tf.lba0 = (uint8_t)d->lba;
    d->tf.lba1 = (uint8_t)(d->lba >> 8);
    d->tf.lba2 = (uint8_t)(d->lba >> 16);
}

static bool check_range(IdeDrive *d)
{
    uint64_t sectors = block_size(d->blk) / BLOCK_SECTOR_SIZE;
    if (d->lba < sectors && d->left <= sectors - d->lba)
        return true;
    put_address(d);
    ide_fail(d, ATA_IDNF | ATA_ABRT);
    return false;
}

static void next_chunk(IdeDrive *d)
{
    d->chunk = MIN_OF(d->left, d->block);
}

static void read_next(IdeDrive *d);
static void write_next(IdeDrive *d);

static void read_sent(IdeDrive *d, bool ok)
{
    if (!ok) {
        ide_fail(d, ATA_ABRT);
        return;
    }
    d->lba += d->chunk;
    d->left -= d->chunk;
    if (d->left)
        read_next(d);
    else
        ide_done(d);
}

static void read_fetched(void *opaque, int error)
{
    IdeDrive *d = opaque;
    d->request = 0;
    if (error) {
        put_address(d);
        ide_fail(d, ATA_UNC);
    } else {
        ide_send(d, d->buf, d->chunk * BLOCK_SECTOR_SIZE, read_sent);
    }
}

static void read_next(IdeDrive *d)
{
    next_chunk(d);
    d->request = block_read(d->blk, d->lba * BLOCK_SECTOR_SIZE, d->buf, d->chunk * BLOCK_SECTOR_SIZE, read_fetched, d);
}

static void write_stored(void *opaque, int error)
{
    IdeDrive *d = opaque;
    d->request = 0;
    if (error) {
        put_address(d);
        ide_fail(d, error == EROFS ? ATA_ABRT : ATA_UNC);
        return;
    }
    d->lba += d->chunk;
    d->left -= d->chunk;
    if (d->left)
        write_next(d);
    else
        ide_done(d);
}

static void write_received(IdeDrive *d, bool ok)
{
    if (!ok)
        ide_fail(d, ATA_ABRT);
    else
        d->request = block_write(d->blk, d->lba * BLOCK_SECTOR_SIZE, d->buf, d->chunk * BLOCK_SECTOR_SIZE, write_stored, d);
}

static void write_next(IdeDrive *d)
{
    next_chunk(d);
    ide_receive(d, d->buf, d->chunk * BLOCK_SECTOR_SIZE, write_received);
}

enum { RW_48 = 1, RW_DMA = 2, RW_WRITE = 4, RW_MULTIPLE = 8, RW_VERIFY = 16 };

static void cmd_rw(IdeDrive *d, unsigned how)
{
    get_address(d, how & RW_48);
    if (!check_range(d))
        return;
    if ((how & RW_MULTIPLE) && !d->multiple) {
        ide_fail(d, ATA_ABRT);
        return;
    }
    ide_begin(d, how & RW_DMA);
    d->block = how & RW_DMA ? BUFFER_SECTORS : how & RW_MULTIPLE ? d->multiple : 1;
    if (how & RW_VERIFY)
        ide_done(d);
    else if (how & RW_WRITE)
        write_next(d);
    else
        read_next(d);
}

/* ---- the others ---- */
static void reply_sent(IdeDrive *d, bool ok)
{
    if (ok)
        ide_done(d);
    else
        ide_fail(d, ATA_ABRT);
}

static void cmd_identify(IdeDrive *d, unsigned packet)
{
    if (d->is_cd != (bool)packet) {
        if (d->is_cd)
            set_signature(d);
        ide_fail(d, ATA_ABRT);
        return;
    }
    ide_begin(d, false);
    ide_identify(d, d->buf);
    ide_send(d, d->buf, 512, reply_sent);
}

static void flushed(void *opaque, int error)
{
    IdeDrive *d = opaque;
    d->request = 0;
    if (error)
        ide_fail(d, ATA_ABRT);
    else
        ide_done(d);
}

static void cmd_flush(IdeDrive *d, unsigned unused)
{
    d->request = block_flush(d->blk, flushed, d);
}

static void cmd_ok(IdeDrive *d, unsigned unused) { ide_done(d); }

static void cmd_set_multiple(IdeDrive *d, unsigned unused)
{
    if (d->tf.count > 16 || (d->tf.count & (d->tf.count - 1))) {
        ide_fail(d, ATA_ABRT);
        return;
    }
    d->multiple = d->tf.count;
    ide_done(d);
}

static void cmd_set_features(IdeDrive *d, unsigned unused)
{
    switch (d->tf.feature) {
    case 0x03: /* transfer mode */
        if (d->tf.count >> 3 == 8 && (d->tf.count & 7) > 5)
            break;
        d->udma = d->tf.count >> 3 == 8 ? d->tf.count & 7 : 0;
        ide_done(d);
        return;
    case 0x02: case 0x82:
        d->write_cache = d->tf.feature == 0x02;
        ide_done(d);
        return;
    case 0x55: case 0xaa: case 0x66: case 0xcc: /* look-ahead, power-on defaults */
        ide_done(d);
        return;
    default: break;
    }
    ide_fail(d, ATA_ABRT);
}

static void cmd_init_params(IdeDrive *d, unsigned unused)
{
    if (!d->tf.count) {
        ide_fail(d, ATA_ABRT);
        return;
    }
    d->heads = (d->tf.device & 15) + 1;
    d->sectors = d->tf.count;
    ide_done(d);
}

static void cmd_diagnostic(IdeDrive *d, unsigned unused)
{
    uint8_t status;
    set_signature(d);
    status = d->tf.status;
    ide_done(d);
    d->tf.status = status;
    d->tf.error = 1;
}

static void cmd_device_reset(IdeDrive *d, unsigned unused)
{
    ide_reset(d);
}

static void cmd_check_power(IdeDrive *d, unsigned unused)
{
    d->tf.count = 0xff; /* active */
    ide_done(d);
}

static void cmd_native_max(IdeDrive *d, unsigned how)
{
    uint64_t sectors = block_size(d->blk) / BLOCK_SECTOR_SIZE, last = sectors ? sectors - 1 : 0;
    if (!(how & RW_48))
        last = MIN_OF(last, 0x0ffffffe);
    d->tf.lba0 = (uint8_t)last, d->tf.lba1 = (uint8_t)(last >> 8), d->tf.lba2 = (uint8_t)(last >> 16);
    if (how & RW_48)
        d->tf.hob_lba0 = (uint8_t)(last >> 24), d->tf.hob_lba1 = (uint8_t)(last >> 32), d->tf.hob_lba2 = (uint8_t)(last >> 40);
    else
        d->tf.device = (uint8_t)((d->tf.device & 0xf0) | (last >> 24 & 15));
    ide_done(d);
}

static void cmd_packet(IdeDrive *d, unsigned unused) { atapi_packet(d); }

enum { FOR_DISK = 1, FOR_CD = 2 };
static const struct { uint8_t command, drives; void (*fn)(IdeDrive *d, unsigned arg); unsigned arg; } commands[] = {
    { 0x08, FOR_CD, cmd_device_reset, 0 },
    { 0x10, FOR_DISK, cmd_ok, 0 },              /* RECALIBRATE */
    { 0x20, FOR_DISK, cmd_rw, 0 }, { 0x21, FOR_DISK, cmd_rw, 0 }, { 0x24, FOR_DISK, cmd_rw, RW_48 },
    { 0x25, FOR_DISK, cmd_rw, RW_48 | RW_DMA },
    { 0x27, FOR_DISK, cmd_native_max, RW_48 },
    { 0x29, FOR_DISK, cmd_rw, RW_48 | RW_MULTIPLE },
    { 0x30, FOR_DISK, cmd_rw, RW_WRITE }, { 0x31, FOR_DISK, cmd_rw, RW_WRITE }, { 0x34, FOR_DISK, cmd_rw, RW_48 | RW_WRITE },
    { 0x35, FOR_DISK, cmd_rw, RW_48 | RW_DMA | RW_WRITE }, { 0x3d, FOR_DISK, cmd_rw, RW_48 | RW_DMA | RW_WRITE },
    { 0x39, FOR_DISK, cmd_rw, RW_48 | RW_MULTIPLE | RW_WRITE },
    { 0x40, FOR_DISK, cmd_rw, RW_VERIFY }, { 0x41, FOR_DISK, cmd_rw, RW_VERIFY }, { 0x42, FOR_DISK, cmd_rw, RW_48 | RW_VERIFY },
    { 0x70, FOR_DISK, cmd_ok, 0 },              /* SEEK */
    { 0x90, FOR_DISK | FOR_CD, cmd_diagnostic, 0 },
    { 0x91, FOR_DISK, cmd_init_params, 0 },
    { 0xa0, FOR_CD, cmd_packet, 0 },
    { 0xa1, FOR_DISK | FOR_CD, cmd_identify, 1 },
    { 0xc4, FOR_DISK, cmd_rw, RW_MULTIPLE }, { 0xc5, FOR_DISK, cmd_rw, RW_MULTIPLE | RW_WRITE },
    { 0xc6, FOR_DISK, cmd_set_multiple, 0 },
    { 0xc8, FOR_DISK, cmd_rw, RW_DMA }, { 0xc9, FOR_DISK, cmd_rw, RW_DMA },
    { 0xca, FOR_DISK, cmd_rw, RW_DMA | RW_WRITE }, { 0xcb, FOR_DISK, cmd_rw, RW_DMA | RW_WRITE },
    { 0xce, FOR_DISK, cmd_rw, RW_48 | RW_MULTIPLE | RW_WRITE },
    { 0xe0, FOR_DISK | FOR_CD, cmd_ok, 0 }, { 0xe1, FOR_DISK | FOR_CD, cmd_ok, 0 }, { 0xe2, FOR_DISK | FOR_CD, cmd_ok, 0 },
    { 0xe3, FOR_DISK | FOR_CD, cmd_ok, 0 }, { 0xe6, FOR_DISK | FOR_CD, cmd_ok, 0 }, /* standby, idle, sleep */
    { 0xe5, FOR_DISK | FOR_CD, cmd_check_power, 0 },
    { 0xe7, FOR_DISK, cmd_flush, 0 }, { 0xea, FOR_DISK, cmd_flush, 0 },
    { 0xec, FOR_DISK | FOR_CD, cmd_identify, 0 },
    { 0xef, FOR_DISK | FOR_CD, cmd_set_features, 0 },
    { 0xf8, FOR_DISK, cmd_native_max, 0 },
};

void ide_start(IdeDrive *d)
{
    unsigned kind = d->is_cd ? FOR_CD : FOR_DISK;
    if (d->busy && d->tf.command != 0x08)
        return;
    stop(d);
    d->busy = true;
    d->tf.status = ATA_DRDY | ATA_BSY;
    d->tf.error = 0;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].command == d->tf.command && commands[i].drives & kind) {
            commands[i].fn(d, commands[i].arg);
            return;
        }
    }
    ide_fail(d, ATA_ABRT);
}
