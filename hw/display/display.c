/* SPDX-License-Identifier: MIT */
/* The one screen. */
#include "hw/display/display.h"

#include <stddef.h>

static DisplayCaptureFn *capture; /* (B) */
static void *capture_opaque;

void display_register(DisplayCaptureFn *fn, void *opaque)
{
    capture = fn;
    capture_opaque = opaque;
}

void display_unregister(void *opaque)
{
    if (capture_opaque == opaque)
        capture = NULL;
}

bool display_capture(DisplayFrame *out)
{
    if (!capture)
        return false;
    capture(capture_opaque, out);
    return true;
}
