/* SPDX-License-Identifier: MIT */
/*
 * Parallel NOR flash with Intel's basic command set (CFI publication 100; Intel 28F128J3 data sheet), eight bits wide.
 *
 * While the chip is in read-array mode its contents are ROM to the guest: code runs from it at full speed, and a write goes to the
 * command machine. In any other mode reads give the status, identifiers or the query table: the ROM is disabled, and an I/O region below it
 * answers. Changes are written to the drive at once; firmware writes few.
 */
#include "hw/block/pflash.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/log.h"

enum { CMD_READ_ARRAY = 0xff, CMD_READ_ID = 0x90, CMD_QUERY = 0x98, CMD_READ_STATUS = 0x70, CMD_CLEAR_STATUS = 0x50, CMD_ERASE = 0x20, CMD_CONFIRM = 0xd0,
       CMD_PROGRAM = 0x40, CMD_PROGRAM_ALT = 0x10, CMD_BUFFER = 0xe8, CMD_LOCK = 0x60 };
enum { STATUS_READY = 0x80, STATUS_ERASE_ERROR = 0x20, STATUS_PROGRAM_ERROR = 0x10 };
#define BUFFER_BYTES 64u
#define NB_CFI 0x40

typedef struct PFlash {
    Device parent;
    MemoryRegion all, rom, io; /* container of the two */
    BlockBackend *blk;
    uint64_t size;
    uint8_t command;           /* READ_ARRAY: the ROM is enabled */
    uint8_t cycle;             /* of a command of several writes */
    uint8_t status;
    uint32_t left;             /* bytes of a buffered write still to come */
    uint64_t buffer_start, buffer_end;
    uint8_t cfi[NB_CFI];
} PFlash;

static uint8_t *contents(PFlash *s) { return memory_region_ram_ptr(&s->rom); }

static void set_command(PFlash *s, uint8_t command)
{
    bool was = s->command == CMD_READ_ARRAY, is = command == CMD_READ_ARRAY;
    s->command = command;
    s->cycle = 0;
    if (was != is)
        memory_region_set_enabled(&s->rom, is);
}

/* ---- changing contents ---- */
static void store(PFlash *s, uint64_t from, uint64_t to)
{
    g_autoptr(GError) error = NULL;
    from = ALIGN_DOWN(from, BLOCK_SECTOR_SIZE);
    to = ALIGN_UP(to, BLOCK_SECTOR_SIZE);
    ram_notify_write(s->rom.ram, s->rom.ram->offset + from, to - from);
    if (!block_write_now(s->blk, from, contents(s) + from, to - from, &error)) {
        log_printf(LOG_GUEST_ERROR, "pflash: %s\n", error->message);
        s->status |= STATUS_PROGRAM_ERROR;
    }
}

/* Programming clears bits. */
static void program(PFlash *s, hwaddr offset, uint8_t value)
{
    if (block_readonly(s->blk))
        s->status |= STATUS_PROGRAM_ERROR;
    else
        contents(s)[offset] &= value;
    s->status |= STATUS_READY;
}

static void program_one(PFlash *s, hwaddr offset, uint8_t value)
{
    program(s, offset, value);
    if (!block_readonly(s->blk))
        store(s, offset, offset + 1);
}

static void erase(PFlash *s, hwaddr offset)
{
    offset = ALIGN_DOWN(offset, PFLASH_SECTOR);
    s->status |= STATUS_READY;
    if (block_readonly(s->blk)) {
        s->status |= STATUS_ERASE_ERROR;
        return;
    }
    memset(contents(s) + offset, 0xff, PFLASH_SECTOR);
    store(s, offset, offset + PFLASH_SECTOR);
}

/* ---- the command machine ---- */
static void first_cycle(PFlash *s, uint8_t value)
{
    switch (value) {
    case CMD_PROGRAM: case CMD_PROGRAM_ALT: case CMD_ERASE: case CMD_BUFFER: case CMD_LOCK:
        set_command(s, value);
        s->cycle = 1;
        if (value == CMD_BUFFER)
            s->status |= STATUS_READY;
        break;
    case CMD_CLEAR_STATUS:
        s->status = 0;
        set_command(s, CMD_READ_ARRAY);
        break;
    case CMD_READ_ID: case CMD_QUERY: case CMD_READ_STATUS: set_command(s, value); break;
    default: set_command(s, CMD_READ_ARRAY); break;
    }
}

static void buffer_cycle(PFlash *s, hwaddr offset, uint8_t value)
{
    if (s->cycle == 1) { /* the count */
        s->left = MIN_OF((uint32_t)value + 1, BUFFER_BYTES);
        s->buffer_start = s->size;
        s->buffer_end = 0;
        s->cycle = 2;
    } else if (s->left) {
        program(s, offset, value);
        s->buffer_start = MIN_OF(s->buffer_start, offset);
        s->buffer_end = MAX_OF(s->buffer_end, offset + 1);
        s->left--;
    } else {
        if (value != CMD_CONFIRM)
            s->status |= STATUS_PROGRAM_ERROR;
        if (!block_readonly(s->blk) && s->buffer_start < s->buffer_end)
            store(s, s->buffer_start, s->buffer_end);
        set_command(s, CMD_READ_STATUS);
    }
}

static void next_cycle(PFlash *s, hwaddr offset, uint8_t value)
{
    switch (s->command) {
    case CMD_PROGRAM: case CMD_PROGRAM_ALT:
        program_one(s, offset, value);
        set_command(s, CMD_READ_STATUS);
        break;
    case CMD_ERASE:
        if (value == CMD_CONFIRM)
            erase(s, offset);
        else
            s->status |= STATUS_READY | STATUS_ERASE_ERROR | STATUS_PROGRAM_ERROR;
        set_command(s, CMD_READ_STATUS);
        break;
    case CMD_BUFFER: buffer_cycle(s, offset, value); break;
    default: /* LOCK: accepted, blocks are never locked */
        s->status |= STATUS_READY;
        set_command(s, CMD_READ_STATUS);
        break;
    }
}

static MemTxResult pflash_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    PFlash *s = opaque;
    if (s->cycle)
        next_cycle(s, offset, (uint8_t)value);
    else
        first_cycle(s, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult pflash_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    PFlash *s = opaque;
    switch (s->command) {
    case CMD_READ_ARRAY: *value = contents(s)[offset]; break; /* an access that was on its way when the mode changed */
    case CMD_READ_ID: *value = (offset & 0xff) == 0 ? 0x89 : (offset & 0xff) == 1 ? 0x18 : 0; break; /* Intel, 28F128J3 */
    case CMD_QUERY: *value = (offset & 0xff) < NB_CFI ? s->cfi[offset & 0xff] : 0; break;
    default: *value = s->status; break;
    }
    return MEMTX_OK;
}

static const MemoryRegionOps pflash_ops = { pflash_read, pflash_write, .valid = { 1, 8, true }, .impl = { 1, 1 } };

/* ---- life ---- */
static void fill_cfi(PFlash *s)
{
    uint32_t sectors = (uint32_t)(s->size / PFLASH_SECTOR);
    static const uint8_t head[] = { 'Q', 'R', 'Y', 0x01, 0x00, 0x31, 0x00 }; /* Intel's extended command set; primary table at 0x31 */
    memcpy(s->cfi + 0x10, head, sizeof(head));
    s->cfi[0x1b] = 0x45, s->cfi[0x1c] = 0x55; /* Vcc 4.5 to 5.5 V */
    s->cfi[0x1f] = s->cfi[0x20] = 7;          /* times: 2^n us */
    s->cfi[0x21] = 10;
    s->cfi[0x23] = s->cfi[0x24] = 4;
    s->cfi[0x25] = 4;
    s->cfi[0x27] = (uint8_t)ctz64(s->size);
    s->cfi[0x2a] = (uint8_t)ctz64(BUFFER_BYTES);
    s->cfi[0x2c] = 1;                         /* one erase region */
    stw_le_p(s->cfi + 0x2d, (uint16_t)(sectors - 1));
    stw_le_p(s->cfi + 0x2f, PFLASH_SECTOR / 256);
    memcpy(s->cfi + 0x31, "PRI10", 5);
}

static bool pflash_realize(Device *dev, GError **error)
{
    PFlash *s = (PFlash *)dev;
    if (!s->blk)
        return error_set(error, "cfi.pflash01: no drive");
    s->size = block_size(s->blk);
    if (!s->size || s->size % PFLASH_SECTOR || s->size > (64u << 20))
        return error_set(error, "drive '%s': a flash chip's image is 4 KiB to 64 MiB in whole sectors of 4 KiB, this one has %llu bytes", block_id(s->blk),
                         (unsigned long long)s->size);
    if (!block_attach(s->blk, "a flash chip", error) || !memory_region_init_rom(&s->rom, "pflash-array", s->size, error) ||
        !block_read_now(s->blk, 0, contents(s), s->size, error))
        return false;
    s->rom.ops = &pflash_ops;
    s->rom.opaque = s;
    memory_region_init(&s->all, "pflash", s->size);
    memory_region_init_io(&s->io, &pflash_ops, s, "pflash-command", s->size);
    memory_region_add_subregion(&s->all, 0, &s->io);
    memory_region_add_subregion_overlap(&s->all, 0, &s->rom, 1);
    s->command = CMD_READ_ARRAY;
    fill_cfi(s);
    return true;
}

static void pflash_reset(Device *dev)
{
    PFlash *s = (PFlash *)dev;
    set_command(s, CMD_READ_ARRAY);
    s->status = 0;
}

MemoryRegion *pflash_memory(Device *dev) { return &((PFlash *)dev)->all; }

static const Property pflash_properties[] = {
    { "drive", PROP_LINK, offsetof(PFlash, blk), NULL, "the drive that holds its contents" },
    { NULL },
};
static const SnapshotField pflash_fields[] = { SNAP(PFlash, command), SNAP(PFlash, cycle), SNAP(PFlash, status), SNAP(PFlash, left), { NULL } };

const DeviceClass pflash_class = {
    .name = "cfi.pflash01",
    .description = "parallel flash, Intel command set",
    .instance_size = sizeof(PFlash),
    .properties = pflash_properties,
    .fields = pflash_fields,
    .realize = pflash_realize,
    .reset = pflash_reset,
};
