/* SPDX-License-Identifier: MIT */
/* Every device class by name. A new device is one line in DEVICES, kept in alphabetical order of the constants. */
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
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

static int by_name(const void *a, const void *b)
{
    return g_ascii_strcasecmp((*(const DeviceClass *const *)a)->name, (*(const DeviceClass *const *)b)->name);
}

static void list_part(bool user_creatable, const char *title, GString *out)
{
    const DeviceClass *sorted[ARRAY_SIZE(device_classes)];
    size_t n = 0;

    for (const DeviceClass *const *c = device_classes; *c; c++)
        if ((*c)->user_creatable == user_creatable)
            sorted[n++] = *c;
    qsort(sorted, n, sizeof(sorted[0]), by_name);
    g_string_append(out, title);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "  %-17s %s\n", sorted[i]->name, sorted[i]->description);
}

void device_list_help(GString *out)
{
    list_part(true, "Devices that can be added to machines pc and q35 ('-device NAME,help' lists a device's properties):\n", out);
    list_part(false, "Devices that belong to their machines:\n", out);
}
