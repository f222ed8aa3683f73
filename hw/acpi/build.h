/* SPDX-License-Identifier: MIT */
/*
 * A set of ACPI tables: one block of bytes that holds them, the root pointer, and the list of what depends on their place.
 *
 * Two ways lead into guest memory. acpi_build_place fixes pointers and checksums for given addresses. acpi_build_script tells
 * firmware to do the same, in the commands of fw_cfg's etc/table-loader (allocate, add pointer, add checksum).
 */
#ifndef HW_ACPI_BUILD_H
#define HW_ACPI_BUILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ACPI_HEADER_SIZE 36u
#define ACPI_RSDP_SIZE 36u
#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_RSDP_FILE "etc/acpi/rsdp"

typedef struct AcpiBuild {
    GByteArray *tables;
    uint8_t rsdp[ACPI_RSDP_SIZE];
    GArray *links;             /* in the order in which they are to be carried out */
    GArray *roots;             /* uint32_t offsets of the tables that RSDT and XSDT list */
} AcpiBuild;

void acpi_build_init(AcpiBuild *b);
void acpi_build_free(AcpiBuild *b);

/* Starts a table; returns its offset. align: a power of two, at least 16. */
unsigned acpi_table_begin(AcpiBuild *b, const char *signature, unsigned revision, unsigned align);
/* Sets its length; checksum: it has a common header. listed: RSDT and XSDT point to it. */
void acpi_table_end(AcpiBuild *b, unsigned at, bool checksum, bool listed);
void acpi_put(AcpiBuild *b, const void *bytes, size_t n);
void acpi_put_int(AcpiBuild *b, uint64_t value, unsigned size);
/* The field of size 4 or 8 at offset becomes a pointer to the table at target. */
void acpi_set_pointer(AcpiBuild *b, unsigned offset, unsigned size, unsigned target);
/* RSDT, XSDT and RSDP of all that was listed; the last step. */
void acpi_build_roots(AcpiBuild *b);

/* Makes it ready for these addresses. */
void acpi_build_place(AcpiBuild *b, uint64_t tables, uint64_t rsdp);
GByteArray *acpi_build_script(const AcpiBuild *b);

#endif
