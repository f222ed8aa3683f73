/* SPDX-License-Identifier: MIT */
/*
 * "i8042": the keyboard controller with a PS/2 keyboard and a PS/2 mouse.
 *
 * Regions: 0 port 0x60, 1 port 0x64. Outputs: "kbd" (ISA IRQ 1), "mouse" (ISA IRQ 12), "a20" (a level, high after a reset). A guest's
 * reset request goes to runstate_request.
 */
#ifndef HW_INPUT_I8042_H
#define HW_INPUT_I8042_H

#include "hw/core/device.h"

/* A key by the name that the monitor's sendkey takes ("a", "ret", "ctrl", "f1", ...); -1: no such key. */
int i8042_key_code(const char *name);
/* Presses or releases it. */
void i8042_key(Device *dev, int code, bool down);
/* Moves the mouse: dx to the right, dy downwards, dz the wheel; buttons: bit 0 left, 1 right, 2 middle. */
void i8042_mouse(Device *dev, int dx, int dy, int dz, unsigned buttons);

#endif
