/* SPDX-License-Identifier: MIT */
/* What is on the screen, for whoever wants a picture of it. Big lock held throughout. */
#ifndef HW_DISPLAY_DISPLAY_H
#define HW_DISPLAY_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct DisplayFrame {
    unsigned width, height;
    uint8_t *rgb;          /* 3 bytes a pixel, rows from the top; g_free */
} DisplayFrame;

typedef void DisplayCaptureFn(void *opaque, DisplayFrame *out);

/* A display device offers itself; the last one is the screen. */
void display_register(DisplayCaptureFn *fn, void *opaque);
/* Forgets it. */
void display_unregister(void *opaque);
/* The picture as of now; false: there is no display. */
bool display_capture(DisplayFrame *out);

#endif
