/* SPDX-License-Identifier: MIT */
/* What the files of a drive share. */
#ifndef HW_IDE_IDE_INTERNAL_H
#define HW_IDE_IDE_INTERNAL_H

#include "hw/ide/ide.h"

/* Ends the command: well, or with an error register. */
void ide_done(IdeDrive *d);
void ide_fail(IdeDrive *d, uint8_t error);
/* Sends or takes len bytes of the buffer, then moved; that may be from within the call. */
void ide_send(IdeDrive *d, const uint8_t *buf, uint32_t len, void (*moved)(IdeDrive *d, bool ok));
void ide_receive(IdeDrive *d, uint8_t *buf, uint32_t len, void (*moved)(IdeDrive *d, bool ok));
/* Whether transfers of the command go by DMA rather than by the data port. */
static inline void ide_begin(IdeDrive *d, bool dma) { d->dma = dma; }

/* ---- identify.c ---- */
/* The 512 bytes of IDENTIFY DEVICE or IDENTIFY PACKET DEVICE. */
void ide_identify(const IdeDrive *d, uint8_t *out);

/* ---- controllers: ide_controller_attach chooses by class ---- */
bool piix_ide_attach(Device *dev, unsigned unit, BlockBackend *blk, bool is_cd, GError **error);
bool ahci_attach(Device *dev, unsigned port, BlockBackend *blk, bool is_cd, GError **error);

/* ---- atapi.c ---- */
void atapi_packet(IdeDrive *d);
void atapi_reset(IdeDrive *d);

#endif
