/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg: configuration items that firmware and kernels read, with QEMU's register layouts.
 *
 *   MMIO, ports
 *    0    1     data, 1-8 bytes wide (port: 1): the next bytes of the selected item, in memory order; zero past its end
 *    8    0     selector, 2 bytes, big-endian (port: little-endian)
 *   16    4     DMA address, 8 bytes, big-endian; a write of the low half (or all) starts. Reads give "QEMU CFG"
 *
 * DMA: the address is that of a descriptor { be32 control, be32 length, be64 address } in guest memory. control: bit 0 error (out),
 * 1 read, 2 skip, 3 select the item in bits 31:16, 4 write (no item is writable: an error). The transfer is done before the write
 * returns; control is then 0, or 1 for an error. A guest may ask for 4 GiB of an item of four bytes: what lies past an
 * item's end is zeros, of which a transfer gives at most PAD_MAX, so that no request takes long.
 */
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "base/log.h"
#include "hw/misc/fw_cfg.h"

#define NB_FILES 64u
#define NB_LOCAL 8u                /* architecture-specific items, keys from FW_CFG_LOCAL up */
#define FIRST_LOCAL (FW_CFG_FILE_FIRST + NB_FILES)
#define NB_ITEMS (FIRST_LOCAL + NB_LOCAL)
#define NAME_SIZE 56u
#define PAD_MAX (1u << 20)
#define ID_TRADITIONAL 1u
#define ID_DMA 2u
#define DMA_SIGNATURE 0x51454d5520434647ull /* "QEMU CFG" */

enum { REG_DATA_END = 8, REG_SELECTOR = 8, REG_DMA = 16 };
enum { PORT_SELECTOR = 0, PORT_DATA = 1, PORT_DMA = 4 };
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

typedef struct DmaDescriptor { uint32_t control, length; uint64_t address; } DmaDescriptor; /* big-endian */
typedef struct DirEntry { uint32_t size; uint16_t select, reserved; char name[NAME_SIZE]; } DirEntry; /* big-endian */

typedef struct Item {
    uint8_t *data;
    size_t len;
    void (*on_select)(void *opaque); /* NULL: its contents are fixed */
    void *opaque;
} Item;

typedef struct FwCfg {
    Device parent;
    MemoryRegion mmio;
    Item items[NB_ITEMS];
    DirEntry dir[NB_FILES];
    unsigned n_files;
    uint32_t selected, position;
    uint64_t dma_address;
} FwCfg;

static void set_item(FwCfg *s, unsigned key, const void *data, size_t len)
{
    g_free(s->items[key].data);
    s->items[key].data = g_memdup2(data, len);
    s->items[key].len = len;
}

void fw_cfg_add_bytes(Device *dev, unsigned key, const void *data, size_t len)
{
    g_assert((key < FW_CFG_FILE_FIRST || key - FW_CFG_LOCAL < NB_LOCAL) && len <= UINT32_MAX);
    set_item((FwCfg *)dev, key < FW_CFG_LOCAL ? key : FIRST_LOCAL + key - FW_CFG_LOCAL, data, len);
}

void fw_cfg_add_u16(Device *dev, unsigned key, uint16_t value)
{
    fw_cfg_add_bytes(dev, key, &value, sizeof(value));
}

void fw_cfg_add_u32(Device *dev, unsigned key, uint32_t value)
{
    fw_cfg_add_bytes(dev, key, &value, sizeof(value));
}

/* The directory item: be32 count, then the entries. */
static void publish_directory(FwCfg *s)
{
    size_t len = 4 + s->n_files * sizeof(DirEntry);
    g_autofree uint8_t *text = g_malloc(len);

    stl_le_p(text, htobe32(s->n_files));
    memcpy(text + 4, s->dir, s->n_files * sizeof(DirEntry));
    set_item(s, FW_CFG_FILE_DIR, text, len);
}

bool fw_cfg_add_file(Device *dev, const char *name, const void *data, size_t len, GError **error)
{
    FwCfg *s = (FwCfg *)dev;
    DirEntry *e = &s->dir[s->n_files];

    if (s->n_files == NB_FILES)
        return error_set(error, "fw_cfg: no room for '%s': the directory holds %u files", name, NB_FILES);
    if (strlen(name) >= NAME_SIZE || len > UINT32_MAX)
        return error_set(error, "fw_cfg: '%s': a name has at most %u bytes, a file 4 GiB", name, NAME_SIZE - 1);
    *e = (DirEntry){ .size = htobe32((uint32_t)len), .select = htobe16((uint16_t)(FW_CFG_FILE_FIRST + s->n_files)) };
    memcpy(e->name, name, strlen(name));
    set_item(s, FW_CFG_FILE_FIRST + s->n_files++, data, len);
    publish_directory(s);
    return true;
}

/* The item of a file that was added. */
static Item *file_item(FwCfg *s, const char *name)
{
    unsigned i = 0;

    while (i < s->n_files && strncmp(s->dir[i].name, name, NAME_SIZE))
        i++;
    g_assert(i < s->n_files);
    return &s->items[FW_CFG_FILE_FIRST + i];
}

void fw_cfg_on_select(Device *dev, const char *name, void (*fn)(void *opaque), void *opaque)
{
    Item *item = file_item((FwCfg *)dev, name);

    item->on_select = fn;
    item->opaque = opaque;
}

void fw_cfg_update_file(Device *dev, const char *name, const void *data, size_t len)
{
    Item *item = file_item((FwCfg *)dev, name);

    memcpy(item->data, data, MIN_OF(len, item->len));
}

static const Item *selected_item(const FwCfg *s)
{
    static const Item nothing;

    return s->selected < NB_ITEMS ? &s->items[s->selected] : &nothing;
}

static size_t bytes_left(const FwCfg *s)
{
    const Item *item = selected_item(s);

    return s->position < item->len ? item->len - s->position : 0;
}

static void select_item(FwCfg *s, uint16_t key)
{
    s->selected = key & 0x3fff; /* bit 14 asked for writing */
    if (s->selected >= FIRST_LOCAL)
        s->selected = NB_ITEMS;
    if (key & FW_CFG_LOCAL)
        s->selected = (key & 0x3fff) < NB_LOCAL ? FIRST_LOCAL + (key & 0x3fff) : NB_ITEMS;
    s->position = 0;
    if (selected_item(s)->on_select)
        selected_item(s)->on_select(selected_item(s)->opaque);
}

static uint64_t read_data(FwCfg *s, unsigned size)
{
    const Item *item = selected_item(s);
    uint64_t value = 0;

    for (unsigned i = 0; i < size && bytes_left(s); i++)
        value |= (uint64_t)item->data[s->position++] << (8 * i);
    return value;
}

/* DMA reaches memory only: a file written to registers, byte by byte, could keep the machine busy for long. */
static const MemTxAttrs dma_attrs = { .memory = 1 };

static bool dma_pad(hwaddr address, uint32_t len)
{
    static const uint8_t zeros[4096];

    if (len > PAD_MAX)
        return false;
    for (uint32_t n; len; len -= n, address += n) {
        n = MIN_OF(len, (uint32_t)sizeof(zeros));
        if (address_space_write(&address_space_memory, address, dma_attrs, zeros, n) != MEMTX_OK)
            return false;
    }
    return true;
}

static bool dma_read(FwCfg *s, hwaddr address, uint32_t len)
{
    uint32_t n = (uint32_t)MIN_OF((size_t)len, bytes_left(s));

    if (address + len < address)
        return false;
    if (n && address_space_write(&address_space_memory, address, dma_attrs, selected_item(s)->data + s->position, n) != MEMTX_OK)
        return false;
    s->position += n;
    return dma_pad(address + n, len - n);
}

static bool dma_transfer(FwCfg *s, uint32_t control, uint32_t length, hwaddr address)
{
    if (control & DMA_SELECT)
        select_item(s, (uint16_t)(control >> 16));
    if (control & DMA_READ)
        return dma_read(s, address, length);
    if (control & DMA_WRITE)
        return false;
    if (control & DMA_SKIP)
        s->position += (uint32_t)MIN_OF((size_t)length, bytes_left(s));
    return true;
}

static void dma_run(FwCfg *s)
{
    hwaddr at = s->dma_address;
    DmaDescriptor d;
    uint32_t status;

    s->dma_address = 0;
    if (address_space_read(&address_space_memory, at, dma_attrs, &d, sizeof(d)) != MEMTX_OK) {
        log_printf(LOG_GUEST_ERROR, "fw_cfg: no DMA descriptor can be read at 0x%" PRIx64 "\n", at);
        return;
    }
    status = dma_transfer(s, be32toh(d.control), be32toh(d.length), be64toh(d.address)) ? 0 : htobe32(DMA_ERROR);
    if (status)
        log_printf(LOG_GUEST_ERROR, "fw_cfg: DMA with control 0x%x of %u bytes at 0x%" PRIx64 " failed\n", be32toh(d.control),
                   be32toh(d.length), (uint64_t)be64toh(d.address));
    address_space_write(&address_space_memory, at, dma_attrs, &status, sizeof(status));
}

/* ---- registers; offset of the DMA register: from its start ---- */
static uint64_t dma_register_read(hwaddr offset, unsigned size)
{
    uint64_t signature = htobe64(DMA_SIGNATURE);

    return signature >> (8 * offset) & MASK64(8 * size);
}

/* False: not an access that it takes. */
static bool dma_register_write(FwCfg *s, hwaddr offset, uint64_t value, unsigned size)
{
    if (offset == 0 && size == 8)
        s->dma_address = be64toh(value);
    else if (offset == 0 && size == 4)
        s->dma_address = (uint64_t)be32toh((uint32_t)value) << 32;
    else if (offset == 4 && size == 4)
        s->dma_address |= be32toh((uint32_t)value);
    else
        return false;
    if (offset + size == 8)
        dma_run(s);
    return true;
}

static MemTxResult bad_write(hwaddr offset, unsigned size)
{
    log_printf(LOG_GUEST_ERROR, "fw_cfg: bad write of %u bytes at 0x%" PRIx64 "\n", size, offset);
    return MEMTX_OK;
}

static MemTxResult fw_cfg_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = 0;
    if (offset < REG_DATA_END)
        *value = read_data(opaque, size);
    else if (offset >= REG_DMA)
        *value = dma_register_read(offset - REG_DMA, size);
    return MEMTX_OK;
}

static MemTxResult fw_cfg_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    if (offset == REG_SELECTOR && size == 2)
        select_item(opaque, be16toh((uint16_t)value));
    else if (offset < REG_DMA || !dma_register_write(opaque, offset - REG_DMA, value, size))
        return bad_write(offset, size);
    return MEMTX_OK;
}

static MemTxResult ports_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = 0;
    if (offset == PORT_DATA && size == 1)
        *value = read_data(opaque, 1);
    else if (offset >= PORT_DMA)
        *value = dma_register_read(offset - PORT_DMA, size);
    return MEMTX_OK;
}

static MemTxResult ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    if (offset == PORT_SELECTOR && size == 2)
        select_item(opaque, (uint16_t)value);
    else if (offset < PORT_DMA || !dma_register_write(opaque, offset - PORT_DMA, value, size))
        return bad_write(offset, size);
    return MEMTX_OK;
}

static void fw_cfg_reset(Device *dev)
{
    FwCfg *s = (FwCfg *)dev;

    s->dma_address = 0;
    select_item(s, FW_CFG_SIGNATURE);
}

static bool fw_cfg_realize(Device *dev, GError **error)
{
    FwCfg *s = (FwCfg *)dev;

    fw_cfg_add_bytes(dev, FW_CFG_SIGNATURE, "QEMU", 4);
    fw_cfg_add_u32(dev, FW_CFG_ID, ID_TRADITIONAL | ID_DMA);
    publish_directory(s);
    return true;
}

static void fw_cfg_unrealize(Device *dev)
{
    FwCfg *s = (FwCfg *)dev;

    for (unsigned i = 0; i < NB_ITEMS; i++)
        g_free(s->items[i].data);
}

static const MemoryRegionOps fw_cfg_ops = { .read = fw_cfg_read, .write = fw_cfg_write, .valid = { 1, 8, false } };
static const DeviceRegion fw_cfg_regions[] = { { "fw_cfg", offsetof(FwCfg, mmio), &fw_cfg_ops, 0x18, false }, { NULL } };
static const SnapshotField fw_cfg_fields[] = { SNAP(FwCfg, selected), SNAP(FwCfg, position), SNAP(FwCfg, dma_address), { NULL } };

const DeviceClass fw_cfg_mmio_class = {
    .name = "fw_cfg_mmio",
    .description = "firmware configuration",
    .instance_size = sizeof(FwCfg),
    .regions = fw_cfg_regions,
    .fields = fw_cfg_fields,
    .realize = fw_cfg_realize,
    .unrealize = fw_cfg_unrealize,
    .reset = fw_cfg_reset,
};

static const MemoryRegionOps fw_cfg_port_ops = { .read = ports_read, .write = ports_write, .valid = { 1, 8, true }, .impl = { 1, 8, true } };
static const DeviceRegion fw_cfg_port_regions[] = { { "fw_cfg", offsetof(FwCfg, mmio), &fw_cfg_port_ops, 12, false }, { NULL } };

const DeviceClass fw_cfg_io_class = {
    .name = "fw_cfg_io",
    .description = "firmware configuration by I/O ports",
    .instance_size = sizeof(FwCfg),
    .regions = fw_cfg_port_regions,
    .fields = fw_cfg_fields,
    .realize = fw_cfg_realize,
    .unrealize = fw_cfg_unrealize,
    .reset = fw_cfg_reset,
};
