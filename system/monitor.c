/* SPDX-License-Identifier: MIT */
/* The monitor's line editor: echo, backspace, Ctrl-U, history by the arrow keys left out. Commands are in monitor_commands.c. */
#include "system/monitor.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define PROMPT "(calque) "
#define LINE_MAX_BYTES 1024

typedef struct Monitor {
    Chardev *chr;
    GString *line;
    bool greeted;
    unsigned escape;  /* bytes of an escape sequence still to swallow */
} Monitor;

static void print(Monitor *m, const char *text)
{
    chardev_write(m->chr, text, strlen(text));
}

/* Terminals in raw mode need a carriage return before each line feed. */
static void print_lines(Monitor *m, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        print(m, *l);
        if (l[1])
            print(m, "\r\n");
    }
}

static void run_line(Monitor *m)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    print(m, "\r\n");
    monitor_run(m->line->str, out);
    fclose(out);
    print_lines(m, text);
    free(text);
    g_string_truncate(m->line, 0);
    print(m, PROMPT);
}

static void take_byte(Monitor *m, char c)
{
    if (m->escape) {
        m->escape = m->escape == 2 && (c == '[' || c == 'O') ? 1 : 0;
    } else if (c == '\r' || c == '\n') {
        run_line(m);
    } else if (c == 0x1b) {
        m->escape = 2;
    } else if ((c == 0x7f || c == '\b') && m->line->len) {
        g_string_truncate(m->line, m->line->len - 1);
        print(m, "\b \b");
    } else if (c == 0x15) {
        for (; m->line->len; g_string_truncate(m->line, m->line->len - 1))
            print(m, "\b \b");
    } else if (c >= 0x20 && c != 0x7f && m->line->len < LINE_MAX_BYTES) {
        g_string_append_c(m->line, c);
        chardev_write(m->chr, &c, 1);
    }
}

static size_t can_receive(void *opaque)
{
    return 64;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        take_byte(opaque, (char)buf[i]);
}

static void event(void *opaque, ChardevEvent what)
{
    Monitor *m = opaque;
    if (what != CHR_EVENT_OPENED)
        return;
    if (!m->greeted)
        print(m, "\r\ncalque monitor: 'help' lists the commands");
    m->greeted = true;
    print(m, "\r\n" PROMPT);
    print(m, m->line->str);
}

void monitor_new(Chardev *chr)
{
    Monitor *m = g_new0(Monitor, 1);
    m->chr = chr;
    m->line = g_string_new(NULL);
    chardev_set_handlers(chr, can_receive, receive, event, m);
}
