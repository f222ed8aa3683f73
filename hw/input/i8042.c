/* SPDX-License-Identifier: MIT */
/*
 * The PC's keyboard controller (Intel 8042 with IBM's PS/2 program).
 *
 * One output buffer of a byte for three sources: the controller's own answers, the keyboard, the mouse, in this order. A byte moves
 * there as soon as the buffer is free and its device is not disabled; reading port 0x60 frees it. The interrupt lines follow the buffer:
 * reading lowers the line, and the next byte is then a new edge. The input buffer is always empty: writes are acted on at once.
 */
#include "hw/input/i8042.h"

#include "base/bits.h"
#include "base/log.h"
#include "cpus/runstate.h"
#include "hw/input/ps2_internal.h"

#define STATUS_OBF 0x01u
#define STATUS_SYSTEM 0x04u
#define STATUS_COMMAND 0x08u
#define STATUS_UNLOCKED 0x10u
#define STATUS_AUX 0x20u

#define MODE_KBD_INT 0x01u
#define MODE_AUX_INT 0x02u
#define MODE_SYSTEM 0x04u
#define MODE_KBD_OFF 0x10u
#define MODE_AUX_OFF 0x20u
#define MODE_TRANSLATE 0x40u

#define OUT_NO_RESET 0x01u
#define OUT_A20 0x02u
#define OUT_KBD_INT 0x10u
#define OUT_AUX_INT 0x20u

typedef struct I8042 {
    Device parent;
    MemoryRegion data_port, command_port;
    IrqLine kbd, mouse, a20;
    Ps2Keyboard keyboard;
    Ps2Mouse ps2_mouse;
    Ps2Queue answers;       /* the controller's */
    uint8_t mode;           /* byte 0 of its RAM: the command byte */
    uint8_t ram[32];
    uint8_t out;            /* output buffer */
    uint8_t outport;
    uint8_t pending;        /* command whose data byte comes next, 0: none */
    bool full, aux;         /* the output buffer's state; aux: from the mouse */
    bool last_was_command, translating_break;
} I8042;

/* ---- the output buffer ---- */
static void drive(I8042 *s)
{
    bool kbd = s->full && !s->aux && (s->mode & MODE_KBD_INT), aux = s->full && s->aux && (s->mode & MODE_AUX_INT);

    s->outport = (uint8_t)((s->outport & ~(OUT_KBD_INT | OUT_AUX_INT)) | (kbd ? OUT_KBD_INT : 0) | (aux ? OUT_AUX_INT : 0));
    irq_set(&s->kbd, kbd);
    irq_set(&s->mouse, aux);
}

static void offer(I8042 *s, uint8_t byte, bool aux)
{
    s->out = byte;
    s->aux = aux;
    s->full = true;
}

/* One byte of the keyboard, translated if need be. False: it was a prefix that translation swallows. */
static bool offer_keyboard(I8042 *s)
{
    uint8_t byte = ps2_take(&s->keyboard.queue);

    if (!(s->mode & MODE_TRANSLATE)) {
        offer(s, byte, false);
        return true;
    }
    if (byte == 0xf0) {
        s->translating_break = true;
        return false;
    }
    offer(s, (uint8_t)(ps2_set2_to_set1[byte] | (s->translating_break ? 0x80 : 0)), false);
    s->translating_break = false;
    return true;
}

static void fill(I8042 *s)
{
    while (!s->full) {
        if (s->answers.count) {
            offer(s, ps2_take(&s->answers), false);
        } else if (s->keyboard.queue.count && !(s->mode & MODE_KBD_OFF)) {
            offer_keyboard(s);
        } else if (s->ps2_mouse.queue.count && !(s->mode & MODE_AUX_OFF)) {
            offer(s, ps2_take(&s->ps2_mouse.queue), true);
            ps2_mouse_report(&s->ps2_mouse);
        } else {
            break;
        }
    }
    drive(s);
}

static void answer(I8042 *s, uint8_t byte)
{
    ps2_put(&s->answers, byte);
}

/* ---- commands ---- */
static void write_outport(I8042 *s, uint8_t value)
{
    s->outport = (uint8_t)((value & ~(OUT_KBD_INT | OUT_AUX_INT)) | (s->outport & (OUT_KBD_INT | OUT_AUX_INT)));
    irq_set(&s->a20, (value & OUT_A20) != 0);
    if (!(value & OUT_NO_RESET))
        runstate_request(RUN_REQ_RESET);
}

static void self_test(I8042 *s)
{
    s->mode = (s->mode & MODE_TRANSLATE) | MODE_KBD_OFF | MODE_AUX_OFF | MODE_SYSTEM;
    s->full = false;
    answer(s, 0x55);
}

static void write_ram(I8042 *s, unsigned n, uint8_t value)
{
    if (n == 0)
        s->mode = value;
    else
        s->ram[n] = value;
}

static void write_command(I8042 *s, uint8_t command)
{
    s->pending = 0;
    if (command >= 0x20 && command < 0x40)
        answer(s, command == 0x20 ? s->mode : s->ram[command & 0x1f]);
    else if (command >= 0xf0 && !(command & 1)) /* pulses the lines whose bits are 0; the lowest is reset */
        runstate_request(RUN_REQ_RESET);
    switch (command) {
    case 0xa4: answer(s, 0xf1); break; /* no password */
    case 0xa7: s->mode |= MODE_AUX_OFF; break;
    case 0xa8: s->mode &= (uint8_t)~MODE_AUX_OFF; break;
    case 0xa9: case 0xab: answer(s, 0x00); break; /* the interfaces are fine */
    case 0xaa: self_test(s); break;
    case 0xad: s->mode |= MODE_KBD_OFF; break;
    case 0xae: s->mode &= (uint8_t)~MODE_KBD_OFF; break;
    case 0xc0: answer(s, 0x80); break; /* keyboard not locked */
    case 0xd0: answer(s, (uint8_t)(s->outport | OUT_NO_RESET)); break;
    case 0xdd: case 0xdf: write_outport(s, (uint8_t)(command == 0xdf ? s->outport | OUT_A20 : s->outport & ~OUT_A20)); break;
    case 0xd1: case 0xd2: case 0xd3: case 0xd4: s->pending = command; break;
    default:
        if (command >= 0x60 && command < 0x80)
            s->pending = command;
        else if (command < 0x20 || (command >= 0x40 && command < 0xf0))
            log_printf(LOG_GUEST_ERROR, "i8042: unknown command 0x%x\n", command);
    }
    fill(s);
}

/* Data without a command is the keyboard's, and switches its clock on. */
static void write_data(I8042 *s, uint8_t value)
{
    uint8_t command = s->pending;

    s->pending = 0;
    switch (command) {
    case 0:
        s->mode &= (uint8_t)~MODE_KBD_OFF;
        ps2_keyboard_write(&s->keyboard, value);
        break;
    case 0xd1: write_outport(s, value); break;
    case 0xd2: offer(s, value, false); break;
    case 0xd3: offer(s, value, true); break;
    case 0xd4:
        s->mode &= (uint8_t)~MODE_AUX_OFF;
        ps2_mouse_write(&s->ps2_mouse, value);
        break;
    default: write_ram(s, command & 0x1f, value); break;
    }
    fill(s);
}

/* ---- ports ---- */
static MemTxResult data_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    I8042 *s = opaque;

    *value = s->out;
    s->full = false;
    drive(s);
    fill(s);
    return MEMTX_OK;
}

static MemTxResult data_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    I8042 *s = opaque;

    s->last_was_command = false;
    write_data(s, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult status_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    const I8042 *s = opaque;

    *value = STATUS_UNLOCKED | (s->full ? STATUS_OBF : 0) | (s->full && s->aux ? STATUS_AUX : 0) |
             (s->mode & MODE_SYSTEM ? STATUS_SYSTEM : 0) | (s->last_was_command ? STATUS_COMMAND : 0);
    return MEMTX_OK;
}

static MemTxResult command_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    I8042 *s = opaque;

    s->last_was_command = true;
    write_command(s, (uint8_t)value);
    return MEMTX_OK;
}

/* ---- the user's side ---- */
int i8042_key_code(const char *name)
{
    return ps2_key_code(name);
}

void i8042_key(Device *dev, int code, bool down)
{
    I8042 *s = (I8042 *)dev;

    ps2_keyboard_key(&s->keyboard, code, down);
    fill(s);
}

void i8042_mouse(Device *dev, int dx, int dy, int dz, unsigned buttons)
{
    I8042 *s = (I8042 *)dev;

    ps2_mouse_move(&s->ps2_mouse, dx, dy, dz, buttons);
    fill(s);
}

/* ---- life ---- */
static void i8042_reset(Device *dev)
{
    I8042 *s = (I8042 *)dev;

    s->mode = MODE_KBD_INT | MODE_AUX_INT | MODE_TRANSLATE;
    s->answers.count = 0;
    s->pending = 0;
    s->full = s->aux = s->last_was_command = s->translating_break = false;
    s->outport = OUT_NO_RESET | OUT_A20;
    ps2_keyboard_reset(&s->keyboard);
    ps2_mouse_reset(&s->ps2_mouse);
    irq_set(&s->a20, 1);
    drive(s);
}

static void check_queue(Ps2Queue *q)
{
    q->head %= PS2_QUEUE_SIZE;
    q->count = MIN_OF(q->count, PS2_QUEUE_SIZE);
}

static void i8042_post_load(Device *dev)
{
    I8042 *s = (I8042 *)dev;

    check_queue(&s->answers);
    check_queue(&s->keyboard.queue);
    check_queue(&s->ps2_mouse.queue);
    s->ps2_mouse.knock %= 3;
    irq_set(&s->a20, (s->outport & OUT_A20) != 0);
    drive(s);
}

static const MemoryRegionOps data_ops = { .read = data_read, .write = data_write, .valid = { 1, 1, false } };
static const MemoryRegionOps command_ops = { .read = status_read, .write = command_write, .valid = { 1, 1, false } };
static const DeviceRegion i8042_regions[] = {
    { "i8042-data", offsetof(I8042, data_port), &data_ops, 1, false },
    { "i8042-command", offsetof(I8042, command_port), &command_ops, 1, false },
    { NULL },
};
static const DeviceOutput i8042_outputs[] = {
    { "kbd", offsetof(I8042, kbd), 1 }, { "mouse", offsetof(I8042, mouse), 1 }, { "a20", offsetof(I8042, a20), 1 }, { NULL },
};
static const SnapshotField i8042_fields[] = {
    SNAP(I8042, keyboard), SNAP(I8042, ps2_mouse), SNAP(I8042, answers), SNAP(I8042, mode), SNAP_ARRAY(I8042, ram), SNAP(I8042, out),
    SNAP(I8042, outport), SNAP(I8042, pending), SNAP(I8042, full), SNAP(I8042, aux), SNAP(I8042, last_was_command),
    SNAP(I8042, translating_break), { NULL },
};

const DeviceClass i8042_class = {
    .name = "i8042",
    .description = "PS/2 keyboard controller with keyboard and mouse",
    .instance_size = sizeof(I8042),
    .regions = i8042_regions,
    .outputs = i8042_outputs,
    .fields = i8042_fields,
    .reset = i8042_reset,
    .post_load = i8042_post_load,
};
