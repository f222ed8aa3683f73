/* SPDX-License-Identifier: MIT */
/* IDENTIFY DEVICE and IDENTIFY PACKET DEVICE (ATA8-ACS 7.16, 7.17): words of the drive's data, by number. */
#include <string.h>

#include "base/bits.h"
#include "hw/ide/ide_internal.h"

#define MAX_MULTIPLE 16
#define LBA28_MAX 0x0fffffffull

static void put(uint8_t *out, unsigned word, uint16_t value) { stw_le_p(out + word * 2, value); }

static void put2(uint8_t *out, unsigned word, uint32_t value)
{
    put(out, word, (uint16_t)value);
    put(out, word + 1, (uint16_t)(value >> 16));
}

/* Strings are padded with spaces, and their bytes swapped within words. */
static void put_string(uint8_t *out, unsigned word, const char *text, unsigned len)
{
    size_t n = strlen(text);
    for (unsigned i = 0; i < len; i++)
        out[word * 2 + (i ^ 1)] = i < n ? (uint8_t)text[i] : ' ';
}

static void common(const IdeDrive *d, uint8_t *out)
{
    put_string(out, 10, d->serial, 20);
    put_string(out, 23, "1.0", 8);
    put_string(out, 27, d->model, 40);
    put(out, 53, 6);                                   /* words 64-70 and 88 are valid */
    put(out, 63, 7);                                   /* multiword DMA 0-2 */
    put(out, 64, 3);                                   /* PIO 3, 4 */
    put(out, 65, 120), put(out, 66, 120), put(out, 67, 120), put(out, 68, 120); /* cycle times, ns */
    put(out, 80, 0xf0);                                /* ATA-4 to ATA-7 */
    put(out, 81, 0x16);
    put(out, 88, 0x3f | (d->udma ? 0x100u << d->udma : 0)); /* Ultra DMA 0-5, and the one selected */
    put(out, 93, 0x6001);                     /* an 80-conductor cable */
}

static void disk(const IdeDrive *d, uint8_t *out)
{
    uint64_t sectors = block_size(d->blk) / BLOCK_SECTOR_SIZE;
    uint64_t cylinders = MIN_OF(sectors / (16 * 63), 16383);
    uint32_t chs = (uint32_t)cylinders * 16 * 63;
    put(out, 0, 0x0040);                               /* fixed */
    put(out, 1, (uint16_t)cylinders);
    put(out, 3, 16);
    put(out, 6, 63);
    put(out, 47, 0x8000 | MAX_MULTIPLE);
    put(out, 48, 1);
    put(out, 49, 0x0f00);                              /* IORDY, LBA, DMA */
    put(out, 50, 0x4000);
    put(out, 53, 7);
    put(out, 54, (uint16_t)cylinders);
    put(out, 55, d->heads);
    put(out, 56, d->sectors);
    put2(out, 57, chs);
    put(out, 59, 0x100 | d->multiple);
    put2(out, 60, (uint32_t)MIN_OF(sectors, LBA28_MAX));
    put(out, 82, 0x4020);                              /* NOP, write cache */
    put(out, 83, 0x7400);                              /* 48-bit addresses, FLUSH CACHE (EXT) */
    put(out, 84, 0x4000);
    put(out, 85, 0x4000 | (d->write_cache ? 0x20 : 0));
    put(out, 86, 0x3400);
    put(out, 87, 0x4000);
    put2(out, 100, (uint32_t)sectors);
    put2(out, 102, (uint32_t)(sectors >> 32));
    put(out, 106, 0x4000);                             /* logical sectors of 512 bytes */
    put(out, 217, 1);                                  /* non-rotating: schedulers need not sort */
}

static void cdrom(uint8_t *out)
{
    put(out, 0, 0x8580);                               /* ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets */
    put(out, 49, 0x0f00);
    put(out, 71, 30);
    put(out, 72, 30);
    put(out, 82, 0x4210);                              /* NOP, DEVICE RESET, PACKET */
    put(out, 83, 0x4000);
    put(out, 84, 0x4000);
    put(out, 85, 0x4210);
    put(out, 87, 0x4000);
}

void ide_identify(const IdeDrive *d, uint8_t *out)
{
    memset(out, 0, 512);
    common(d, out);
    if (d->is_cd)
        cdrom(out);
    else
        disk(d, out);
    uint8_t sum = 0;
    out[510] = 0xa5;
    for (unsigned i = 0; i < 511; i++)
        sum += out[i];
    out[511] = (uint8_t)-sum;
}
