/* SPDX-License-Identifier: MIT */
/*
 * "acpi-pm": ACPI's fixed hardware (ACPI 6.4 ch. 4) as the PIIX4 or the ICH9 lays it out; property "ich9" chooses.
 *
 * Regions: 0 the PM block (128 ports, PIIX4: 64), for the board to place at PMBASE; 1 the APM ports 0xb2-0xb3. Output "sci". Inputs
 * "gpe" 0..15: levels that set GPE0 status bits. Property "smm": off for machines without, then no SMI is ever raised. SMIs go to
 * the CPU that caused them, or the first.
 *
 * ACPI_PM_ACPI_ENABLE and _DISABLE, written to port 0xb2, set and clear SCI_EN at once: no firmware has to serve them.
 */
#ifndef HW_ACPI_ACPI_PM_H
#define HW_ACPI_ACPI_PM_H

#include "hw/core/device.h"

/* Offsets in the PM block. PM1a_STS is at 0, PM1a_EN at 2. */
#define ACPI_PM1_EVT 0x00u         /* 4 bytes */
#define ACPI_PM1_CNT 0x04u         /* 2 bytes */
#define ACPI_PM_TMR 0x08u          /* 4 bytes; counts 24 bits on PIIX4, 32 on ICH9 */
#define ACPI_PM_PIIX4_GPE0 0x0cu   /* 4 bytes: status, enable */
#define ACPI_PM_ICH9_GPE0 0x20u    /* 16 bytes */
#define ACPI_PM_PIIX4_SIZE 64u
#define ACPI_PM_ICH9_SIZE 128u

#define ACPI_PM_ACPI_ENABLE 0xf1u  /* both layouts, for the FADT; an ICH9 also takes 2 and 3 */
#define ACPI_PM_ACPI_DISABLE 0xf0u
#define ACPI_PM_SLP_TYP_S5 0u      /* for \_S5; an ICH9 also takes 7, as the chip does */

/* The power button was pressed: system_powerdown. */
void acpi_pm_power_button(Device *dev);
/* SCI_EN at once and at every reset: for boots without firmware. */
void acpi_pm_set_acpi_mode(Device *dev);
/* PIIX4: DEVACTB.APMC_EN, in the PCI function's configuration space: writes to port 0xb2 raise SMI. */
void acpi_pm_set_apmc_smi(Device *dev, bool enabled);
/* ICH9: GEN_PMCON_1.SMI_LOCK was set: GBL_SMI_EN holds until a reset. */
void acpi_pm_lock_smi(Device *dev);

#endif
