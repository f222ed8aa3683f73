/* SPDX-License-Identifier: MIT */
/* Every device class by name. A new device is one line in DEVICES, kept in alphabetical order of the constants. */
#include <string.h>

#include "hw/core/device.h"

#define DEVICES(X) \
    X(acpi_pm_class) \
    X(ahci_class) \
    X(apic_class) \
    X(fw_cfg_io_class) \
    X(fw_cfg_mmio_class) \
    X(gicv2_class) \
    X(gicv3_class) \
    X(hpet_class) \
    X(i440fx_class) \
    X(i8042_class) \
    X(i8254_class) \
    X(i8259_class) \
    X(ich9_lpc_class) \
    X(ioapic_class) \
    X(isa_debug_exit_class) \
    X(isa_debugcon_class) \
    X(isa_serial_class) \
    X(mc146818rtc_class) \
    X(mch_class) \
    X(pci_host_class) \
    X(pflash_class) \
    X(piix3_class) \
    X(piix4_pm_class) \
    X(piix_ide_class) \
    X(pl011_class) \
    X(pl031_class) \
    X(pl061_class) \
    X(vga_pci_class) \
    X(port92_class) \
    X(reset_control_class) \
    X(virtio_mmio_empty_class)

#define X(c) extern const DeviceClass c;
DEVICES(X)
#undef X

const DeviceClass *const device_classes[] = {
#define X(c) &c,
    DEVICES(X)
#undef X
    NULL,
};

const DeviceClass *device_class_find(const char *name)
{
    for (const DeviceClass *const *c = device_classes; *c; c++)
        if (!strcmp((*c)->name, name))
            return *c;
    return NULL;
}

void device_list_help(GString *out)
{
    for (const DeviceClass *const *c = device_classes; *c; c++)
        g_string_append_printf(out, "%-16s %s%s\n", (*c)->name, (*c)->description, (*c)->user_creatable ? "" : " (part of a machine)");
}
