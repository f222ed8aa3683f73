/* SPDX-License-Identifier: MIT */
/*
 * One terminal for a serial port and the monitor. Ctrl-A begins a command: x quits, c switches between the two, h tells, b
 * sends a break, Ctrl-A sends itself. Each side keeps a short queue of input while it has no room.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "cpus/runstate.h"
#include "system/char.h"
#include "system/monitor.h"

#define ESCAPE 0x01
#define PENDING_MAX 4096
enum { SIDE_PORT, SIDE_MONITOR, NB_SIDES };

typedef struct MuxSide {
    Chardev chr;               /* first: what the front end is given */
    struct Mux *mux;
    GByteArray *pending;       /* (B) typed, not yet taken */
} MuxSide;

typedef struct Mux {
    MuxSide side[NB_SIDES];
    Chardev *back_end;
    int focus;                 /* (B) */
    bool escaped;              /* (B) the last byte was Ctrl-A */
} Mux;

static size_t side_write(Chardev *chr, const uint8_t *buf, size_t len)
{
    chardev_write(((MuxSide *)chr)->mux->back_end, buf, len);
    return len;
}

static void side_deliver(MuxSide *s)
{
    while (s->pending->len) {
        size_t n = chardev_be_receive(&s->chr, s->pending->data, s->pending->len);
        if (!n)
            return;
        g_byte_array_remove_range(s->pending, 0, (guint)n);
    }
}

static void side_accept_input(Chardev *chr)
{
    MuxSide *s = (MuxSide *)chr;
    side_deliver(s);
    chardev_accept_input(s->mux->back_end);
}

static const ChardevOps side_ops = { .write = side_write, .accept_input = side_accept_input };

static void print(Mux *m, const char *text)
{
    chardev_write(m->back_end, text, strlen(text));
}

static void print_help(Mux *m)
{
    print(m, "\r\nCtrl-A h    this help\r\n"
             "Ctrl-A x    end the emulator\r\n"
             "Ctrl-A c    switch between the guest's console and the monitor\r\n"
             "Ctrl-A b    send a break\r\n"
             "Ctrl-A Ctrl-A  send Ctrl-A\r\n");
}

static void switch_focus(Mux *m)
{
    m->focus = m->focus == SIDE_PORT ? SIDE_MONITOR : SIDE_PORT;
    if (m->focus == SIDE_MONITOR)
        chardev_be_event(&m->side[SIDE_MONITOR].chr, CHR_EVENT_OPENED);
    else
        print(m, "\r\n");
}

/* The byte after Ctrl-A. Returns true when it is to be sent on. */
static bool command(Mux *m, uint8_t c)
{
    switch (g_ascii_tolower((char)c)) {
    case 'x':
        print(m, "\r\ncalque: ended by Ctrl-A x\r\n");
        runstate_request_quit(0);
        return false;
    case 'c':
        switch_focus(m);
        return false;
    case 'h':
    case '?':
        print_help(m);
        return false;
    case 'b':
        chardev_be_event(&m->side[SIDE_PORT].chr, CHR_EVENT_BREAK);
        return false;
    case ESCAPE:
        return true;
    default:
        return false;
    }
}

static size_t mux_can_receive(void *opaque)
{
    Mux *m = opaque;
    size_t used = m->side[m->focus].pending->len;
    return used < PENDING_MAX ? PENDING_MAX - used : 1; /* always one: Ctrl-A x must get through to a guest that does not listen */
}

static void mux_receive(void *opaque, const uint8_t *buf, size_t len)
{
    Mux *m = opaque;
    for (size_t i = 0; i < len; i++) {
        if (!m->escaped && buf[i] == ESCAPE) {
            m->escaped = true;
            continue;
        }
        bool pass = !m->escaped || command(m, buf[i]);
        m->escaped = false;
        GByteArray *pending = m->side[m->focus].pending;
        if (pass && pending->len < PENDING_MAX)
            g_byte_array_append(pending, &buf[i], 1);
    }
    side_deliver(&m->side[m->focus]);
}

static void mux_event(void *opaque, ChardevEvent event)
{
    Mux *m = opaque;
    for (int i = 0; i < NB_SIDES; i++)
        chardev_be_event(&m->side[i].chr, event);
}

Chardev *char_mux_new(const char *label, Chardev *back_end)
{
    Mux *m = g_new0(Mux, 1);
    m->back_end = back_end;
    for (int i = 0; i < NB_SIDES; i++) {
        m->side[i].chr.ops = &side_ops;
        m->side[i].chr.label = i == SIDE_PORT ? g_strdup(label) : g_strdup_printf("%s-monitor", label);
        m->side[i].mux = m;
        m->side[i].pending = g_byte_array_new();
    }
    chardev_set_handlers(back_end, mux_can_receive, mux_receive, mux_event, m);
    monitor_new(&m->side[SIDE_MONITOR].chr);
    return &m->side[SIDE_PORT].chr;
}
