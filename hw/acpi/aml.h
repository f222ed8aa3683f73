/* SPDX-License-Identifier: MIT */
/*
 * Writing AML (ACPI 6.4 ch. 20): a term after a term, into one growing buffer.
 *
 * Terms with a length (scopes, devices, methods, packages, If) are opened by a function and closed by aml_end, which inserts the length; they
 * nest. Resource templates likewise, between aml_resources and aml_end. Operands are written in prefix order, as AML has them:
 *
 *   aml_store(a); aml_arg(a, 0); aml_path(a, "PICF");        Store (Arg0, PICF)
 */
#ifndef HW_ACPI_AML_H
#define HW_ACPI_AML_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define AML_MAX_DEPTH 16

typedef struct Aml {
    GByteArray *bytes;
    unsigned depth;
    struct { unsigned at; enum { AML_PLAIN, AML_BUFFER } kind; } open[AML_MAX_DEPTH];
} Aml;

void aml_init(Aml *a);
/* The bytes; all that was opened has been closed. The caller frees them. */
GByteArray *aml_finish(Aml *a);

/* ---- named objects ---- */
void aml_scope(Aml *a, const char *path);
void aml_device(Aml *a, const char *name);
void aml_method(Aml *a, const char *name, unsigned args);
/* Name (name, ...): the object follows. */
void aml_name(Aml *a, const char *name);
void aml_name_int(Aml *a, const char *name, uint64_t value);
void aml_name_string(Aml *a, const char *name, const char *text);
void aml_name_eisa(Aml *a, const char *name, const char *id); /* "PNP0501" */
enum { AML_SYSTEM_IO = 1, AML_PCI_CONFIG = 2 };
void aml_region(Aml *a, const char *name, unsigned space, uint32_t offset, uint32_t size);
/* Field (region, ByteAcc, NoLock, Preserve): aml_field_entry for each, aml_end. NULL: a gap. */
void aml_field(Aml *a, const char *region);
void aml_field_entry(Aml *a, const char *name, unsigned bits);
/* CreateDWordField (source, offset, name): source is an argument's number, or a path when that is not NULL. */
void aml_create_dword_field(Aml *a, const char *path, unsigned arg, uint32_t offset, const char *name);

/* ---- objects and operators ---- */
void aml_int(Aml *a, uint64_t value);
/* Always the dword encoding: objects of one size whatever the value. */
void aml_dword(Aml *a, uint32_t value);
void aml_string(Aml *a, const char *text);
void aml_eisa(Aml *a, const char *id);
/* Buffer with the bytes of a UUID as ToUUID lays them out. */
void aml_uuid(Aml *a, const char *text);
void aml_path(Aml *a, const char *path);
void aml_arg(Aml *a, unsigned n);
void aml_local(Aml *a, unsigned n);
void aml_package(Aml *a, unsigned elements);
void aml_return(Aml *a);
void aml_store(Aml *a);              /* source, target */
void aml_and(Aml *a);                /* operands, target (aml_int(a, 0): none) */
void aml_or(Aml *a);
void aml_equal(Aml *a);
void aml_if(Aml *a);                 /* predicate; aml_end closes */
void aml_else(Aml *a);
/* Closes what was opened last. */
void aml_end(Aml *a);

/* ---- resource templates ---- */
void aml_resources(Aml *a);
void aml_io(Aml *a, uint16_t first, uint16_t last_first, uint8_t align, uint8_t length);
void aml_irq(Aml *a, unsigned irq);  /* edge, active high, exclusive */
void aml_memory32(Aml *a, uint32_t base, uint32_t size);
/* Extended interrupts: level, active high, shared. */
void aml_interrupts(Aml *a, const uint32_t *numbers, unsigned n);
void aml_bus_range(Aml *a, uint16_t first, uint16_t last);
void aml_io_range(Aml *a, uint16_t first, uint16_t last);
void aml_memory_range(Aml *a, uint32_t first, uint32_t last, bool cacheable);
void aml_memory_range64(Aml *a, uint64_t first, uint64_t last);

#endif
