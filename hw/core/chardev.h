/* SPDX-License-Identifier: MIT */
/*
 * A character device: where a serial port's or a console's bytes go and come from.
 *
 * Two sides. The front end (a device model) writes, and registers handlers for what arrives. The back end (system/: stdio, socket,
 * file, ...) embeds a Chardev, fills in ops, and hands over input through the chardev_be_* calls. One front end at a time.
 *
 * Flow control: the back end asks chardev_be_can_receive before it reads from its source and delivers at most so many bytes; when
 * that was 0 it stops reading until the front end calls chardev_accept_input.
 *
 * Locks: handlers run with the big lock held, as do chardev_set_handlers and chardev_accept_input. chardev_write may be called
 * from any thread: the back end queues under LOCK_CHARDEV and does not block the caller for long; what cannot be queued is dropped.
 */
#ifndef HW_CORE_CHARDEV_H
#define HW_CORE_CHARDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ChardevEvent {
    CHR_EVENT_OPENED, /* a peer is there */
    CHR_EVENT_CLOSED, /* it went away */
    CHR_EVENT_BREAK,  /* a serial break (or the user's escape key for one) */
} ChardevEvent;

typedef struct Chardev Chardev;

/* The back end. Each may be NULL. */
typedef struct ChardevOps {
    /* Takes up to len bytes; returns how many it took. */
    size_t (*write)(Chardev *chr, const uint8_t *buf, size_t len);
    /* The front end has room again. */
    void (*accept_input)(Chardev *chr);
    /* A front end came (true) or left. */
    void (*set_open)(Chardev *chr, bool open);
} ChardevOps;

/* The front end's handlers. */
typedef size_t ChardevCanReceiveFn(void *opaque);                              /* bytes it has room for */
typedef void ChardevReceiveFn(void *opaque, const uint8_t *buf, size_t len);   /* len <= what can_receive said */
typedef void ChardevEventFn(void *opaque, ChardevEvent event);

struct Chardev {
    const ChardevOps *ops; /* (c) */
    const char *label;     /* (c) id= of -chardev, or serial0; owned by the back end */
    ChardevCanReceiveFn *can_receive; /* (B) the front end's */
    ChardevReceiveFn *receive;
    ChardevEventFn *event;
    void *opaque;
};

/* ---- front end ---- */
/* chr may be NULL throughout: nothing is connected, output vanishes. */
void chardev_write(Chardev *chr, const void *buf, size_t len);
/* Registers handlers; all NULL: leaves. */
void chardev_set_handlers(Chardev *chr, ChardevCanReceiveFn *can_receive, ChardevReceiveFn *receive, ChardevEventFn *event, void *opaque);
void chardev_accept_input(Chardev *chr);
bool chardev_in_use(const Chardev *chr);
/* What a front end with a lock of its own wants done when it has released it: a byte sent, the back end told of room. */
typedef struct ChardevLater {
    bool send, room;
    uint8_t byte;
} ChardevLater;
/* Does it. No lock ranked behind the big lock is held; the big lock may be. */
void chardev_do_later(Chardev *chr, const ChardevLater *later);

/* ---- back end; big lock held ---- */
size_t chardev_be_can_receive(Chardev *chr);
/* Delivers up to len bytes; returns how many were taken. */
size_t chardev_be_receive(Chardev *chr, const uint8_t *buf, size_t len);
void chardev_be_event(Chardev *chr, ChardevEvent event);

/* ---- those that can be named by chardev=LABEL ---- */
void chardev_register(Chardev *chr);
void chardev_unregister(Chardev *chr);
Chardev *chardev_find(const char *label);

#endif
