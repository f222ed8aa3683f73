/* SPDX-License-Identifier: MIT */
/*
 * ATAPI: SCSI multimedia commands (MMC-5, SPC-3) in PACKET commands, for a CD-ROM drive.
 *
 * A reply is built in the buffer, or streamed from the image in pieces of up to the buffer's size. By PIO it goes out in parts of at most
 * the byte count that the host put into the cylinder registers; the interrupt reason (count register: C/D, I/O) tells the phases.
 */
#include <string.h>

#include "base/bits.h"
#include "hw/ide/ide_internal.h"

#define CD_SECTOR 2048u
#define PACKET_BYTES 12
#define REASON_COMMAND 1u /* C/D */
#define REASON_TO_HOST 2u /* I/O */

enum { SENSE_NONE = 0, SENSE_NOT_READY = 2, SENSE_MEDIUM_ERROR = 3, SENSE_ILLEGAL_REQUEST = 5, SENSE_UNIT_ATTENTION = 6 };
enum { ASC_READ_ERROR = 0x11, ASC_INVALID_OPCODE = 0x20, ASC_LBA_OUT_OF_RANGE = 0x21, ASC_INVALID_FIELD = 0x24, ASC_MEDIUM_CHANGED = 0x28,
       ASC_SAVING_NOT_SUPPORTED = 0x39, ASC_NO_MEDIUM = 0x3a, ASC_LOCKED = 0x53 };

static uint32_t get_be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static uint32_t get_be32(const uint8_t *p) { return get_be16(p) << 16 | get_be16(p + 2); }
static void put_be16(uint8_t *p, uint32_t v) { p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v; }
static void put_be32(uint8_t *p, uint32_t v) { put_be16(p, v >> 16), put_be16(p + 2, v & 0xffff); }

static bool has_medium(const IdeDrive *d) { return !d->tray_open && block_size(d->blk) > 0; }
static uint32_t cd_sectors(const IdeDrive *d) { return (uint32_t)MIN_OF(block_size(d->blk) / CD_SECTOR, 0xfffffffeull); }

/* ---- ends ---- */
static void set_sense(IdeDrive *d, uint8_t key, uint8_t asc)
{
    d->sense_key = key;
    d->asc = asc;
    d->ascq = 0;
}

static void good(IdeDrive *d)
{
    d->tf.count = (uint8_t)((d->tf.count & ~7u) | REASON_COMMAND | REASON_TO_HOST);
    set_sense(d, SENSE_NONE, 0);
    ide_done(d);
}

static void check_condition(IdeDrive *d, uint8_t key, uint8_t asc)
{
    d->tf.count = (uint8_t)((d->tf.count & ~7u) | REASON_COMMAND | REASON_TO_HOST);
    set_sense(d, key, asc);
    ide_fail(d, (uint8_t)(key << 4) | (key == SENSE_ILLEGAL_REQUEST ? ATA_ABRT : 0));
}

/* ---- data to the host ---- */
static void send_part(IdeDrive *d);

static void fetched(void *opaque, int error)
{
    IdeDrive *d = opaque;
    d->request = 0;
    if (error)
        check_condition(d, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
    else
        send_part(d);
}

static void fetch(IdeDrive *d)
{
    uint32_t len = (uint32_t)MIN_OF(d->cd_bytes_left, IDE_BUFFER);
    d->cd_len = len;
    d->cd_pos = 0;
    d->cd_bytes_left -= len;
    d->request = block_read(d->blk, d->lba * CD_SECTOR, d->buf, len, fetched, d);
    d->lba += len / CD_SECTOR;
}

static void part_sent(IdeDrive *d, bool ok)
{
    if (!ok)
        check_condition(d, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
    else if (d->cd_pos < d->cd_len)
        send_part(d);
    else if (d->cd_bytes_left)
        fetch(d);
    else
        good(d);
}

/* The next part that the byte count allows. */
static void send_part(IdeDrive *d)
{
    const uint8_t *from = d->buf + d->cd_pos;
    uint32_t len = d->cd_len - d->cd_pos;
    if (!d->dma) {
        uint32_t limit = d->block & ~1u;
        len = MIN_OF(len, limit);
        d->tf.lba1 = (uint8_t)len;
        d->tf.lba2 = (uint8_t)(len >> 8);
    }
    d->cd_pos += len;
    d->tf.count = (uint8_t)((d->tf.count & ~7u) | REASON_TO_HOST);
    ide_send(d, from, len, part_sent);
}

/* Sends the reply of len bytes in the buffer, cut to what the packet allows. */
static void reply(IdeDrive *d, uint32_t len, uint32_t allocation)
{
    d->cd_len = MIN_OF(len, allocation);
    d->cd_pos = 0;
    d->cd_bytes_left = 0;
    if (d->cd_len)
        send_part(d);
    else
        good(d);
}

/* ---- commands ---- */
static void cmd_test_unit_ready(IdeDrive *d, const uint8_t *p) { good(d); }

static void cmd_request_sense(IdeDrive *d, const uint8_t *p)
{
    memset(d->buf, 0, 18);
    d->buf[0] = 0x70;
    d->buf[2] = d->sense_key;
    d->buf[7] = 10;
    d->buf[12] = d->asc;
    d->buf[13] = d->ascq;
    reply(d, 18, p[4]);
}

static void cmd_inquiry(IdeDrive *d, const uint8_t *p)
{
    if (p[1] & 1) {
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return;
    }
    memset(d->buf, 0, 36);
    d->buf[0] = 5;    /* CD-ROM */
    d->buf[1] = 0x80; /* removable */
    d->buf[3] = 0x21; /* ATAPI */
    d->buf[4] = 31;
    memcpy(d->buf + 8, "CALQUE  DVD-ROM         1.0 ", 28);
    reply(d, 36, get_be16(p + 3));
}

static void cmd_start_stop(IdeDrive *d, const uint8_t *p)
{
    bool start = p[4] & 1, load = p[4] & 2;
    if (load && !start && d->locked) {
        check_condition(d, has_medium(d) ? SENSE_ILLEGAL_REQUEST : SENSE_NOT_READY, ASC_LOCKED);
        return;
    }
    if (load) {
        d->medium_changed |= d->tray_open && start;
        d->tray_open = !start;
    }
    good(d);
}

static void cmd_lock(IdeDrive *d, const uint8_t *p)
{
    d->locked = p[4] & 1;
    good(d);
}

static void cmd_read_capacity(IdeDrive *d, const uint8_t *p)
{
    put_be32(d->buf, cd_sectors(d) - 1);
    put_be32(d->buf + 4, CD_SECTOR);
    reply(d, 8, 8);
}

static void read_sectors(IdeDrive *d, uint32_t lba, uint32_t count)
{
    if (lba > cd_sectors(d) || count > cd_sectors(d) - lba) {
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
        return;
    }
    d->lba = lba;
    d->cd_bytes_left = (uint64_t)count * CD_SECTOR;
    if (count)
        fetch(d);
    else
        good(d);
}

static void cmd_read10(IdeDrive *d, const uint8_t *p) { read_sectors(d, get_be32(p + 2), get_be16(p + 7)); }
static void cmd_read12(IdeDrive *d, const uint8_t *p) { read_sectors(d, get_be32(p + 2), get_be32(p + 6)); }

/* READ CD: user data of data sectors is all that there is. */
static void cmd_read_cd(IdeDrive *d, const uint8_t *p)
{
    uint32_t count = (uint32_t)p[6] << 16 | get_be16(p + 7);
    if ((p[9] & 0xf8) == 0x10)
        read_sectors(d, get_be32(p + 2), count);
    else if (!(p[9] & 0xf8) || !count)
        good(d);
    else
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
}

static void put_position(uint8_t *p, uint32_t lba, bool msf)
{
    if (msf) {
        lba += 150;
        p[0] = 0, p[1] = (uint8_t)(lba / 75 / 60), p[2] = (uint8_t)(lba / 75 % 60), p[3] = (uint8_t)(lba % 75);
    } else {
        put_be32(p, lba);
    }
}

static uint8_t *put_track(uint8_t *p, uint8_t number, uint32_t lba, bool msf)
{
    p[0] = 0;
    p[1] = 0x14; /* data, ADR 1 */
    p[2] = number;
    p[3] = 0;
    put_position(p + 4, lba, msf);
    return p + 8;
}

/* One session of one data track. */
static void cmd_read_toc(IdeDrive *d, const uint8_t *p)
{
    bool msf = p[1] & 2;
    unsigned format = p[2] & 15 ? p[2] & 15 : p[9] >> 6;
    uint8_t *q = d->buf + 4;
    d->buf[2] = d->buf[3] = 1;
    if (format == 0) {
        if (p[6] > 1 && p[6] != 0xaa) {
            check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
            return;
        }
        if (p[6] <= 1)
            q = put_track(q, 1, 0, msf);
        q = put_track(q, 0xaa, cd_sectors(d), msf);
    } else if (format == 1) {
        q = put_track(q, 1, 0, msf);
    } else {
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return;
    }
    put_be16(d->buf, (uint32_t)(q - d->buf) - 2);
    reply(d, (uint32_t)(q - d->buf), get_be16(p + 7));
}

/* Features: profile list, core, removable medium. */
static void cmd_get_configuration(IdeDrive *d, const uint8_t *p)
{
    static const uint8_t features[] = {
        0x00, 0x00, 0x03, 8, 0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0, /* profiles DVD-ROM, CD-ROM */
        0x00, 0x01, 0x07, 8, 0, 0, 0, 2, 1, 0, 0, 0,             /* core: ATAPI */
        0x00, 0x03, 0x03, 4, 0x29, 0, 0, 0,                      /* removable: tray, eject, lock */
    };
    bool dvd = cd_sectors(d) > 400000;
    uint8_t *b = d->buf;
    memset(b, 0, 8);
    memcpy(b + 8, features, sizeof(features));
    if (has_medium(d)) {
        put_be16(b + 6, dvd ? 0x10 : 0x08);
        b[8 + 4 + (dvd ? 2 : 6)] = 1; /* current profile */
    }
    put_be32(b, 4 + sizeof(features));
    reply(d, 8 + sizeof(features), get_be16(p + 7));
}

static void cmd_get_event_status(IdeDrive *d, const uint8_t *p)
{
    uint8_t *b = d->buf;
    memset(b, 0, 8);
    if (!(p[1] & 1)) { /* no asynchronous operation */
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return;
    }
    b[3] = 1 << 4; /* media events are supported */
    if (!(p[4] & 1 << 4)) {
        b[2] = 0x80;
        put_be16(b, 2);
        reply(d, 4, get_be16(p + 7));
        return;
    }
    put_be16(b, 6);
    b[2] = 4;
    b[4] = d->medium_changed ? 2 : 0;
    b[5] = (uint8_t)((d->tray_open ? 1 : 0) | (has_medium(d) ? 2 : 0));
    d->medium_changed = false;
    reply(d, 8, get_be16(p + 7));
}

static void cmd_read_disc_information(IdeDrive *d, const uint8_t *p)
{
    uint8_t *b = d->buf;
    memset(b, 0, 34);
    put_be16(b, 32);
    b[2] = 0x0e; /* finalised, last session complete */
    b[3] = b[4] = b[5] = b[6] = 1;
    b[7] = 0x20;
    reply(d, 34, get_be16(p + 7));
}

static void mode_page(IdeDrive *d, const uint8_t *p, uint32_t header, uint32_t allocation)
{
    unsigned page = p[2] & 0x3f;
    uint8_t *b = d->buf, *q = b + header;
    memset(b, 0, 64);
    if (p[2] >> 6 == 3) {
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
        return;
    }
    if (page == 0x01) {
        q[0] = 0x01, q[1] = 6;
        q += 8;
    } else if (page == 0x2a) {
        q[0] = 0x2a, q[1] = 18;
        q[2] = 0x3b;                             /* reads CD-R, CD-RW, DVD */
        q[4] = 0x70;
        q[6] = (uint8_t)(0x29 | (d->locked ? 2 : 0)); /* tray, eject, lock */
        put_be16(q + 8, 706);                    /* kB/s, four times CD speed */
        put_be16(q + 12, 512);                   /* kB of buffer */
        put_be16(q + 14, 706);
        q += 20;
    } else {
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return;
    }
    uint32_t len = (uint32_t)(q - b);
    if (header == 8)
        put_be16(b, len - 2);
    else
        b[0] = (uint8_t)(len - 1);
    b[header == 8 ? 2 : 1] = has_medium(d) ? 1 : 0x70;
    reply(d, len, allocation);
}

static void cmd_mode_sense6(IdeDrive *d, const uint8_t *p) { mode_page(d, p, 4, p[4]); }
static void cmd_mode_sense10(IdeDrive *d, const uint8_t *p) { mode_page(d, p, 8, get_be16(p + 7)); }

static void cmd_mechanism_status(IdeDrive *d, const uint8_t *p)
{
    memset(d->buf, 0, 8);
    d->buf[5] = 1;
    reply(d, 8, get_be16(p + 8));
}

static void cmd_seek(IdeDrive *d, const uint8_t *p)
{
    if (get_be32(p + 2) > cd_sectors(d))
        check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
    else
        good(d);
}

enum { NEEDS_MEDIUM = 1, TELLS_ATTENTION = 2 /* a pending unit attention goes first */ };
static const struct { uint8_t opcode, needs; void (*fn)(IdeDrive *d, const uint8_t *packet); } commands[] = {
    { 0x00, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_test_unit_ready },
    { 0x03, 0, cmd_request_sense },
    { 0x12, 0, cmd_inquiry },
    { 0x1a, 0, cmd_mode_sense6 },
    { 0x1b, 0, cmd_start_stop },
    { 0x1e, 0, cmd_lock },
    { 0x25, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read_capacity },
    { 0x28, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read10 },
    { 0x2b, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_seek },
    { 0x43, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read_toc },
    { 0x46, 0, cmd_get_configuration },
    { 0x4a, 0, cmd_get_event_status },
    { 0x51, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read_disc_information },
    { 0x5a, 0, cmd_mode_sense10 },
    { 0xa8, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read12 },
    { 0xbb, 0, cmd_test_unit_ready }, /* SET CD SPEED: there is one */
    { 0xbd, 0, cmd_mechanism_status },
    { 0xbe, NEEDS_MEDIUM | TELLS_ATTENTION, cmd_read_cd },
};

static void execute(IdeDrive *d)
{
    const uint8_t *p = d->packet;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].opcode != p[0])
            continue;
        if ((commands[i].needs & TELLS_ATTENTION) && d->medium_changed && has_medium(d)) {
            d->medium_changed = false;
            check_condition(d, SENSE_UNIT_ATTENTION, ASC_MEDIUM_CHANGED);
        } else if ((commands[i].needs & NEEDS_MEDIUM) && !has_medium(d)) {
            check_condition(d, SENSE_NOT_READY, ASC_NO_MEDIUM);
        } else {
            commands[i].fn(d, p);
        }
        return;
    }
    check_condition(d, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}

static void packet_received(IdeDrive *d, bool ok)
{
    d->dma = d->tf.feature & 1;
    if (ok)
        execute(d);
    else
        ide_fail(d, ATA_ABRT);
}

/* PACKET: the twelve bytes come by the data port whatever the data does. */
void atapi_packet(IdeDrive *d)
{
    uint32_t limit = d->tf.lba1 | (uint32_t)d->tf.lba2 << 8;
    d->block = limit < 2 || limit == 0xffff ? 0xfffe : limit;
    d->tf.count = (uint8_t)((d->tf.count & ~7u) | REASON_COMMAND);
    ide_begin(d, false);
    ide_receive(d, d->packet, PACKET_BYTES, packet_received);
}

void atapi_reset(IdeDrive *d)
{
    d->locked = false;
    d->medium_changed = true;
    set_sense(d, SENSE_UNIT_ATTENTION, 0x29);
}
