/* SPDX-License-Identifier: MIT */
/* Character devices: the calls between front ends and back ends, and the list by label. */
#include "hw/core/chardev.h"

#include <glib.h>
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"

static GPtrArray *chardevs; /* (B) */

void chardev_write(Chardev *chr, const void *buf, size_t len)
{
    if (chr && chr->ops && chr->ops->write)
        chr->ops->write(chr, buf, len);
}

bool chardev_in_use(const Chardev *chr)
{
    return chr && (chr->can_receive || chr->receive || chr->event);
}

void chardev_set_handlers(Chardev *chr, ChardevCanReceiveFn *can_receive, ChardevReceiveFn *receive, ChardevEventFn *event, void *opaque)
{
    bool was;

    if (!chr)
        return;
    was = chardev_in_use(chr);
    chr->can_receive = can_receive;
    chr->receive = receive;
    chr->event = event;
    chr->opaque = opaque;
    if (was != chardev_in_use(chr) && chr->ops && chr->ops->set_open)
        chr->ops->set_open(chr, !was);
}

void chardev_accept_input(Chardev *chr)
{
    if (chr && chr->ops && chr->ops->accept_input)
        chr->ops->accept_input(chr);
}

void chardev_do_later(Chardev *chr, const ChardevLater *later)
{
    bool locked;

    if (later->send)
        chardev_write(chr, &later->byte, 1);
    if (!later->room)
        return;
    locked = bql_ensure();
    chardev_accept_input(chr);
    if (locked)
        bql_unlock();
}

size_t chardev_be_can_receive(Chardev *chr)
{
    return chr->can_receive && chr->receive ? chr->can_receive(chr->opaque) : 0;
}

size_t chardev_be_receive(Chardev *chr, const uint8_t *buf, size_t len)
{
    size_t n = MIN_OF(len, chardev_be_can_receive(chr));

    if (n)
        chr->receive(chr->opaque, buf, n);
    return n;
}

void chardev_be_event(Chardev *chr, ChardevEvent event)
{
    if (chr->event)
        chr->event(chr->opaque, event);
}

void chardev_register(Chardev *chr)
{
    if (!chardevs)
        chardevs = g_ptr_array_new();
    g_ptr_array_add(chardevs, chr);
}

void chardev_unregister(Chardev *chr)
{
    if (chardevs)
        g_ptr_array_remove(chardevs, chr);
}

Chardev *chardev_find(const char *label)
{
    for (unsigned i = 0; chardevs && i < chardevs->len; i++) {
        Chardev *chr = g_ptr_array_index(chardevs, i);

        if (chr->label && !strcmp(chr->label, label))
            return chr;
    }
    return NULL;
}
