/* SPDX-License-Identifier: MIT */
/*
 * A PS/2 keyboard and a PS/2 mouse, as "i8042" has them on its two ports: each takes bytes and fills a queue, from which the controller
 * fetches when its output buffer is free. Plain state, part of the controller's and of its snapshot. Big lock.
 *
 * A queue holds what the devices' own buffers hold: what does not fit is dropped; the keyboard leaves room for its answers.
 */
#ifndef HW_INPUT_PS2_INTERNAL_H
#define HW_INPUT_PS2_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#define PS2_QUEUE_SIZE 64u
#define PS2_QUEUE_KEYS 48u /* scan codes leave the rest to answers */

typedef struct Ps2Queue { uint8_t data[PS2_QUEUE_SIZE]; uint8_t head, count; } Ps2Queue;

static inline void ps2_put(Ps2Queue *q, uint8_t byte)
{
    if (q->count < PS2_QUEUE_SIZE)
        q->data[(q->head + q->count++) % PS2_QUEUE_SIZE] = byte;
}

/* The queue is not empty. */
static inline uint8_t ps2_take(Ps2Queue *q)
{
    uint8_t byte = q->data[q->head];

    q->head = (q->head + 1) % PS2_QUEUE_SIZE;
    q->count--;
    return byte;
}

#define PS2_ACK 0xfau
#define PS2_RESEND 0xfeu
#define PS2_SELF_TEST_PASSED 0xaau

typedef struct Ps2Keyboard {
    Ps2Queue queue;
    uint8_t pending;      /* command that waits for its parameter, 0: none */
    uint8_t set, leds, typematic, last;
    bool scanning;
} Ps2Keyboard;

void ps2_keyboard_reset(Ps2Keyboard *k);
void ps2_keyboard_write(Ps2Keyboard *k, uint8_t byte);
int ps2_key_code(const char *name);
void ps2_keyboard_key(Ps2Keyboard *k, int code, bool down);
/* Set 2 to set 1, as the controller translates; 0xf0 (break) aside. */
extern const uint8_t ps2_set2_to_set1[256];

typedef struct Ps2Mouse {
    Ps2Queue queue;
    uint8_t pending;
    uint8_t id, rate, resolution, buttons, sent_buttons;
    uint8_t knock;        /* how much of the IntelliMouse's 200, 100, 80 has been seen */
    bool enabled, remote, wrap, scale_2_1;
    int32_t dx, dy, dz;   /* moved and not yet told */
} Ps2Mouse;

void ps2_mouse_reset(Ps2Mouse *m);
void ps2_mouse_write(Ps2Mouse *m, uint8_t byte);
void ps2_mouse_move(Ps2Mouse *m, int dx, int dy, int dz, unsigned buttons);
/* Queues a packet if there is something to tell and room for it. */
void ps2_mouse_report(Ps2Mouse *m);

#endif
