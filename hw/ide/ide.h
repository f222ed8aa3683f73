/* SPDX-License-Identifier: MIT */
/*
 * ATA disks and ATAPI CD-ROM drives (ATA8-ACS, MMC-5), apart from what they are plugged into.
 *
 * A drive executes one command at a time: the host adapter (a PIIX channel or an AHCI port) fills the task file and calls
 * ide_start. The drive then alternates between its medium and the adapter: it asks for a block of bytes to be moved by
 * IdeHost.transfer, and ends with IdeHost.complete. All under the big lock; media requests are asynchronous, so that either may be called
 * from within ide_start or later.
 */
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "hw/core/block.h"
#include "hw/core/device.h"

/* Status and error register bits. */
#define ATA_ERR 0x01u
#define ATA_DRQ 0x08u
#define ATA_DSC 0x10u
#define ATA_DF 0x20u
#define ATA_DRDY 0x40u
#define ATA_BSY 0x80u
#define ATA_ABRT 0x04u
#define ATA_IDNF 0x10u
#define ATA_UNC 0x40u

/* The registers, with their previous contents ("high order byte") for 48-bit commands. */
typedef struct IdeTaskFile {
    uint8_t feature, count, lba0, lba1, lba2, device, command;
    uint8_t hob_feature, hob_count, hob_lba0, hob_lba1, hob_lba2;
    uint8_t status, error;
} IdeTaskFile;

typedef struct IdeDrive IdeDrive;

typedef struct IdeHost {
    /*
     * Moves len bytes (at most IDE_BUFFER) between buf and the guest. dma: by the adapter; else the guest reads or writes the data port, a DRQ block.
     * True: done. False: later, told by ide_transferred. The drive has set status (BSY or DRQ); an adapter that moves PIO data itself does as for dma.
     */
    bool (*transfer)(void *opaque, uint8_t *buf, uint32_t len, bool to_guest, bool dma);
    /* The command has ended: status and error are set; the interrupt is due. */
    void (*complete)(void *opaque);
} IdeHost;

#define IDE_BUFFER (128 * 1024u)

struct IdeDrive {
    BlockBackend *blk;          /* (c) NULL: no drive here */
    bool is_cd;                 /* (c) */
    char serial[21], model[41]; /* (c) */
    const IdeHost *host;        /* (c) */
    void *host_opaque;          /* (c) */
    IdeTaskFile tf;             /* (B) */

    /* ---- the command being executed (B) ---- */
    void (*moved)(IdeDrive *d, bool ok); /* what follows the transfer under way */
    uint64_t request;           /* media request under way, 0: none */
    uint64_t lba;               /* next sector */
    uint32_t left;              /* sectors still to do */
    uint32_t chunk;             /* sectors in the buffer */
    uint32_t block;             /* sectors a transfer, at most */
    bool dma, busy;
    bool transferring, transferred; /* transfer() runs; one that it started has been made at once */
    uint8_t *buf;               /* IDE_BUFFER bytes */

    /* ---- what stays between commands (B) ---- */
    uint8_t multiple;           /* sectors a DRQ block of READ/WRITE MULTIPLE */
    uint8_t heads, sectors;     /* geometry in use */
    uint8_t udma;               /* transfer mode of SET FEATURES */
    bool write_cache;

    /* ---- ATAPI (B) ---- */
    uint8_t sense_key, asc, ascq;
    bool medium_changed, locked, tray_open;
    uint8_t packet[12];
    uint32_t cd_len, cd_pos;    /* bytes of a reply that is in the buffer, and how many have been moved */
    uint64_t cd_bytes_left;     /* of a read: still to come from the medium */
};

/* Takes blk (attached to user) as a drive. */
bool ide_drive_init(IdeDrive *d, BlockBackend *blk, bool is_cd, const IdeHost *host, void *opaque, const char *user, GError **error);
void ide_drive_free(IdeDrive *d);
static inline bool ide_present(const IdeDrive *d) { return d->host != NULL; }
/* Power-on or software reset: ends what was under way and leaves the signature in the task file. */
void ide_reset(IdeDrive *d);
/* Executes tf.command. */
void ide_start(IdeDrive *d);
/* The transfer that was pending has been made, or (ok false) will not be. */
void ide_transferred(IdeDrive *d, bool ok);

/* ---- controllers ---- */
/* Plugs a drive into a controller ("piix3-ide", "ich9-ahci"), before the machine runs. unit: 0..3 (channel * 2 + drive), or an AHCI port. */
bool ide_controller_attach(Device *controller, unsigned unit, BlockBackend *blk, bool is_cd, GError **error);
#define PIIX_IDE_UNITS 4
#define AHCI_PORTS 6

#endif
