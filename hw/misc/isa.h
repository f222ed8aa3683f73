/* SPDX-License-Identifier: MIT */
/* Devices at fixed I/O ports: "isa-debugcon", "isa-debug-exit", "port92", "reset-control". */
#ifndef HW_MISC_ISA_H
#define HW_MISC_ISA_H

#include "hw/core/device.h"

/* Places region 0 of a realized device in the I/O space at its property "iobase". */
void isa_place(Device *dev);

/*
 * "reset-control" is port 0xcf9 (region 0, one port). That port lies within PCI's configuration address register, which takes accesses of
 * 32 bits only: rather than splitting that by a region on top, a host bridge forwards its byte accesses at 0xcf9 here.
 */
uint8_t reset_control_read(Device *dev);
void reset_control_write(Device *dev, uint8_t value);

#endif
