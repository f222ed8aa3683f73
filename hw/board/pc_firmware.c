/* SPDX-License-Identifier: MIT */
/*
 * What firmware leaves behind in the chipset, for kernels that are loaded without one: shadow RAM open, interrupts routed, the ACPI
 * hardware and configuration window placed, the machine in ACPI mode. Base addresses of functions are left to the kernel.
 */
#include "base/bits.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/board/pc_internal.h"

#define PORT_ELCR 0x4d0u
#define ELCR_PCI 0x0e00u             /* level-triggered: 9 (SCI), 10, 11 */
#define PCI_INTERRUPT_LINE 0x3cu
#define PCI_INTERRUPT_PIN 0x3du

/* PIRQA.. to ISA interrupts. */
static const uint8_t pirq_isa[8] = { 10, 10, 11, 11, 10, 10, 11, 11 };

static void config_write(PcBoard *b, unsigned devfn, unsigned offset, uint32_t value, unsigned size)
{
    pci_config_cycle_write(b->bus, 0, devfn, offset, value, size);
}

static void open_shadow_ram(PcBoard *b)
{
    unsigned pam = b->chipset->host->pam;

    for (unsigned i = 0; i < PC_NB_PAM_REGS; i++)
        config_write(b, 0, pam + i, i ? 0x33 : 0x30, 1);
}

/* Interrupt lines as the board's wiring gives them in PIC mode. */
static void set_interrupt_lines(PcBoard *b)
{
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        PCIDevice *dev = pci_bus_device(b->bus, devfn);
        unsigned pin = dev ? dev->config[PCI_INTERRUPT_PIN] : 0, slot = devfn >> 3;

        if (!pin)
            continue;
        if (b->chipset->q35)
            config_write(b, devfn, PCI_INTERRUPT_LINE, pirq_isa[slot < 25 ? 4 + ((slot + pin - 1) & 3) : pin - 1], 1);
        else
            config_write(b, devfn, PCI_INTERRUPT_LINE, devfn == PC_PIIX4_PM_DEVFN ? PC_SCI : pirq_isa[(slot + pin - 2) & 3], 1);
    }
}

static void setup_q35(PcBoard *b)
{
    unsigned lpc = b->chipset->isa_devfn;

    config_write(b, 0, 0x64, 0, 4);
    config_write(b, 0, 0x60, PC_ECAM_BASE | 1, 4);
    config_write(b, lpc, 0x40, PC_PM_BASE | 1, 4);
    config_write(b, lpc, 0x44, 0x80, 1);
    config_write(b, lpc, 0xf0, PC_RCBA_BASE | 1, 4);
    for (unsigned i = 0; i < 8; i++)
        config_write(b, lpc, (i < 4 ? 0x60 : 0x64) + i, pirq_isa[i], 1);
}

static void setup_i440fx(PcBoard *b)
{
    for (unsigned i = 0; i < 4; i++)
        config_write(b, b->chipset->isa_devfn, 0x60 + i, pirq_isa[i], 1);
    config_write(b, PC_PIIX4_PM_DEVFN, 0x40, PC_PM_BASE | 1, 4);
    config_write(b, PC_PIIX4_PM_DEVFN, 0x80, 1, 1);
}

void pc_firmware_setup(PcBoard *b)
{
    memory_transaction_begin();
    open_shadow_ram(b);
    if (b->chipset->q35)
        setup_q35(b);
    else
        setup_i440fx(b);
    set_interrupt_lines(b);
    memory_transaction_commit();
    for (unsigned i = 0; i < 2; i++)
        address_space_st(&address_space_io, PORT_ELCR + i, ELCR_PCI >> 8 * i & 0xff, 1, MEMTXATTRS_NONE, NULL);
    if (b->use_acpi)
        acpi_pm_set_acpi_mode(b->pm);
}
