/* SPDX-License-Identifier: MIT */
/*
 * PS/2 mouse with the IntelliMouse's wheel: setting the sample rates 200, 100, 80 in turn changes its identity to 3 and its packets
 * to four bytes.
 */
#include "base/bits.h"
#include "hw/input/ps2_internal.h"

#define QUEUE_PACKETS 40u /* beyond that packets wait; answers still have room */

static void set_defaults(Ps2Mouse *m)
{
    m->rate = 100;
    m->resolution = 2;
    m->scale_2_1 = m->enabled = m->remote = m->wrap = false;
    m->pending = 0;
}

void ps2_mouse_reset(Ps2Mouse *m)
{
    set_defaults(m);
    m->queue.count = 0;
    m->id = m->knock = 0;
    m->dx = m->dy = m->dz = 0;
    m->sent_buttons = m->buttons;
}

/* ---- packets ---- */
static int take_delta(int32_t *delta, int limit)
{
    int part = MAX_OF(MIN_OF(*delta, limit), -limit);

    *delta -= part;
    return part;
}

static void put_packet(Ps2Mouse *m)
{
    int dx = take_delta(&m->dx, 255), dy = take_delta(&m->dy, 255);

    ps2_put(&m->queue, (uint8_t)(8 | m->buttons | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0)));
    ps2_put(&m->queue, (uint8_t)dx);
    ps2_put(&m->queue, (uint8_t)dy);
    if (m->id == 3)
        ps2_put(&m->queue, (uint8_t)take_delta(&m->dz, 7));
    m->sent_buttons = m->buttons;
}

void ps2_mouse_report(Ps2Mouse *m)
{
    bool news = m->dx || m->dy || (m->dz && m->id == 3) || m->buttons != m->sent_buttons;

    if (m->enabled && !m->remote && !m->wrap && news && m->queue.count < QUEUE_PACKETS)
        put_packet(m);
}

/* The wire's dy points up. */
void ps2_mouse_move(Ps2Mouse *m, int dx, int dy, int dz, unsigned buttons)
{
    if (!m->enabled && !m->remote)
        return;
    m->dx = MAX_OF(MIN_OF(m->dx + (int64_t)dx, 0xffff), -0xffff);
    m->dy = MAX_OF(MIN_OF(m->dy - (int64_t)dy, 0xffff), -0xffff);
    m->dz = MAX_OF(MIN_OF(m->dz + (int64_t)dz, 0xff), -0xff);
    m->buttons = buttons & 7;
    ps2_mouse_report(m);
}

/* ---- commands ---- */
static void set_rate(Ps2Mouse *m, uint8_t rate)
{
    static const uint8_t sequence[3] = { 200, 100, 80 };

    m->rate = rate;
    m->knock = rate == sequence[m->knock] ? m->knock + 1 : rate == sequence[0];
    if (m->knock == 3) {
        m->id = 3;
        m->knock = 0;
    }
}

static void write_parameter(Ps2Mouse *m, uint8_t command, uint8_t byte)
{
    m->pending = 0;
    if (command == 0xf3)
        set_rate(m, byte);
    else
        m->resolution = byte & 3;
    ps2_put(&m->queue, PS2_ACK);
}

static void put_status(Ps2Mouse *m)
{
    uint8_t buttons = (uint8_t)((m->buttons & 1) << 2 | (m->buttons & 2) >> 1 | (m->buttons & 4) >> 1); /* left, middle, right */

    ps2_put(&m->queue, (uint8_t)(m->remote << 6 | m->enabled << 5 | m->scale_2_1 << 4 | buttons));
    ps2_put(&m->queue, m->resolution);
    ps2_put(&m->queue, m->rate);
}

static bool write_mode(Ps2Mouse *m, uint8_t byte)
{
    switch (byte) {
    case 0xe6: case 0xe7: m->scale_2_1 = byte == 0xe7; return true;
    case 0xea: m->remote = false; return true;
    case 0xf0: m->remote = true; return true;
    case 0xec: case 0xee: m->wrap = byte == 0xee; return true;
    case 0xe8: case 0xf3: m->pending = byte; return true;
    case 0xf4: case 0xf5: m->enabled = byte == 0xf4; return true;
    case 0xf6: set_defaults(m); return true;
    default: return false;
    }
}

static void write_query(Ps2Mouse *m, uint8_t byte)
{
    switch (byte) {
    case 0xe9:
        ps2_put(&m->queue, PS2_ACK);
        put_status(m);
        break;
    case 0xeb:
        ps2_put(&m->queue, PS2_ACK);
        put_packet(m);
        break;
    case 0xf2:
        ps2_put(&m->queue, PS2_ACK);
        ps2_put(&m->queue, m->id);
        break;
    case 0xff:
        ps2_mouse_reset(m);
        ps2_put(&m->queue, PS2_ACK);
        ps2_put(&m->queue, PS2_SELF_TEST_PASSED);
        ps2_put(&m->queue, m->id);
        break;
    default: ps2_put(&m->queue, PS2_RESEND); break;
    }
}

void ps2_mouse_write(Ps2Mouse *m, uint8_t byte)
{
    if (m->wrap && byte != 0xec && byte != 0xff) {
        ps2_put(&m->queue, byte);
    } else if (m->pending) {
        write_parameter(m, m->pending, byte);
    } else {
        if (byte != 0xeb)
            m->queue.count = 0; /* a command ends what was being sent */
        if (write_mode(m, byte))
            ps2_put(&m->queue, PS2_ACK);
        else
            write_query(m, byte);
    }
}
