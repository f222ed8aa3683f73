/* SPDX-License-Identifier: MIT */
/* Between device.c and property.c. */
#ifndef HW_CORE_DEVICE_INTERNAL_H
#define HW_CORE_DEVICE_INTERNAL_H

#include "hw/core/device.h"

void *device_field(Device *dev, size_t offset);
void device_init_props(Device *dev);
void device_free_props(Device *dev);

#endif
