/* SPDX-License-Identifier: MIT */
/* The ICH9's TCO watchdog (Intel ICH9 datasheet 13.9): acpi_tco.c, a part of "acpi-pm". */
#ifndef HW_ACPI_ACPI_INTERNAL_H
#define HW_ACPI_ACPI_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define ACPI_TCO_OFFSET 0x60u
#define ACPI_TCO_SIZE 0x20u

/* Big lock. */
typedef struct AcpiTco {
    Timer *timer;           /* (c) */
    uint16_t sts1, sts2, cnt1, cnt2, reload;
    uint8_t data_in, data_out, message[2], wdcnt, irq_generation;
    int64_t end;            /* CLOCK_VIRTUAL at which the count is 0; halted: ns that are left */
    bool expired_once;
} AcpiTco;

void acpi_tco_init(AcpiTco *t);
void acpi_tco_destroy(AcpiTco *t);
void acpi_tco_reset(AcpiTco *t);
void acpi_tco_arm(AcpiTco *t);
/* One byte, offset from ACPI_TCO_OFFSET. */
uint8_t acpi_tco_read(AcpiTco *t, unsigned offset);
void acpi_tco_write(AcpiTco *t, unsigned offset, uint8_t value);

#endif
