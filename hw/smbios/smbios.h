/* SPDX-License-Identifier: MIT */
/* SMBIOS tables (DMTF DSP0134, version 2.8 with the 32-bit entry point): what a machine says it is. */
#ifndef HW_SMBIOS_SMBIOS_H
#define HW_SMBIOS_SMBIOS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SMBIOS_ANCHOR_SIZE 31u
#define SMBIOS_ANCHOR_FILE "etc/smbios/smbios-anchor"
#define SMBIOS_TABLES_FILE "etc/smbios/smbios-tables"

typedef struct SmbiosConfig {
    const char *product;            /* the machine's name */
    bool no_firmware;               /* adds type 0 even when no option asks for it: else firmware has its own */
    unsigned n_sockets, cores, threads; /* cores and threads of a socket */
    uint32_t cpu_signature, cpu_features; /* CPUID leaf 1, EAX and EDX */
    uint64_t low_ram, high_ram;     /* bytes from 0 and from 4 GiB */
    const GPtrArray *options;       /* (char *) texts of -smbios, or NULL */
} SmbiosConfig;

typedef struct Smbios {
    uint8_t anchor[SMBIOS_ANCHOR_SIZE];
    GByteArray *tables;
} Smbios;

/* False: an option is not understood. smbios_clear frees it. */
bool smbios_build(const SmbiosConfig *config, Smbios *out, GError **error);
/* Sets the tables' address and the checksums. */
void smbios_place(Smbios *s, uint32_t tables);
void smbios_clear(Smbios *s);

#endif
