/* SPDX-License-Identifier: MIT */
/*
 * "VGA": the standard display adapter of PCs here, PCI 1234:1111.
 *
 *   BAR 0   video memory, linear
 *   BAR 2   4 KiB: EDID at 0, ports 3c0-3df at 0x400, DISPI registers at 0x500 (16 bits each)
 *   ROM     SeaBIOS's VGA BIOS for it, when it is installed
 *
 * The legacy ports and the window at 0xa0000 are always decoded. The window is I/O: firmware and consoles write text through it,
 * and modern systems use BAR 0.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/read_file.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"

#define VGA_ROM_MAX (256u << 10)
#define MMIO_BYTES 0x1000
#define MMIO_PORTS 0x400
#define MMIO_DISPI 0x500
#define EDID_BYTES 128

typedef struct VgaPci {
    PCIDevice pci;
    Vga vga;
    MemoryRegion vram, mmio, window, rom, ports[2], dispi;
    MemoryRegion *window_memory;  /* link: where the window is placed */
    uint64_t vgamem;
    char *romfile;
    uint8_t edid[EDID_BYTES];
} VgaPci;

/* ---- EDID 1.3: 1024x768 preferred ---- */
static void make_edid(uint8_t *e)
{
    static const uint8_t head[] = {
        0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x0c, 0x31, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, /* "CAQ" */
        1, 30, 1, 3, 0xa5, 33, 25, 120, 0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54, 0x21, 0x08, 0x00,
        0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01,
        /* 65.00 MHz, 1024 + 320, 768 + 38 */
        0x64, 0x19, 0x00, 0x40, 0x41, 0x00, 0x26, 0x30, 0x18, 0x88, 0x36, 0x00, 0x4a, 0xfa, 0x10, 0x00, 0x00, 0x18,
        0x00, 0x00, 0x00, 0xfc, 0x00, 'c', 'a', 'l', 'q', 'u', 'e', '\n', ' ', ' ', ' ', ' ', ' ', ' ',
        0x00, 0x00, 0x00, 0xfd, 0x00, 50, 75, 30, 80, 16, 0x00, '\n', ' ', ' ', ' ', ' ', ' ', ' ',
        0x00, 0x00, 0x00, 0x10, 0x00,
    };
    uint8_t sum = 0;
    memset(e, 0, EDID_BYTES);
    memcpy(e, head, sizeof(head));
    for (unsigned i = 0; i < EDID_BYTES - 1; i++)
        sum += e[i];
    e[EDID_BYTES - 1] = (uint8_t)-sum;
}

/* ---- regions ---- */
static MemTxResult port_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs, unsigned base)
{
    VgaPci *s = opaque;
    *value = vga_port_read(&s->vga, base + (unsigned)offset);
    return MEMTX_OK;
}

static MemTxResult port_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs, unsigned base)
{
    VgaPci *s = opaque;
    vga_port_write(&s->vga, base + (unsigned)offset, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult mono_read(void *o, hwaddr a, uint64_t *v, unsigned n, MemTxAttrs t) { return port_read(o, a, v, n, t, 0x3b0); }
static MemTxResult mono_write(void *o, hwaddr a, uint64_t v, unsigned n, MemTxAttrs t) { return port_write(o, a, v, n, t, 0x3b0); }
static MemTxResult color_read(void *o, hwaddr a, uint64_t *v, unsigned n, MemTxAttrs t) { return port_read(o, a, v, n, t, 0x3c0); }
static MemTxResult color_write(void *o, hwaddr a, uint64_t v, unsigned n, MemTxAttrs t) { return port_write(o, a, v, n, t, 0x3c0); }

/* 1ce: index, 1cf: data, both of 16 bits; 1d0 is the data's port too, for machines without unaligned ones. */
static MemTxResult dispi_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    *value = offset == 0 ? s->vga.dispi_index : vga_dispi_read(&s->vga, s->vga.dispi_index);
    return MEMTX_OK;
}

static MemTxResult dispi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    if (offset == 0)
        s->vga.dispi_index = (uint16_t)value;
    else
        vga_dispi_write(&s->vga, s->vga.dispi_index, (uint16_t)value);
    return MEMTX_OK;
}

static MemTxResult window_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    *value = vga_window_read(&s->vga, (uint32_t)offset);
    return MEMTX_OK;
}

static MemTxResult window_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    vga_window_write(&s->vga, (uint32_t)offset, (uint8_t)value);
    return MEMTX_OK;
}

static MemTxResult mmio_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    unsigned reg = (unsigned)(offset - MMIO_DISPI) / 2;
    if (offset < EDID_BYTES)
        *value = size == 1 ? s->edid[offset] : lduw_le_p(s->edid + (offset & ~1ull));
    else if (offset >= MMIO_PORTS && offset < MMIO_PORTS + 0x20)
        *value = vga_port_read(&s->vga, 0x3c0 + (unsigned)offset - MMIO_PORTS);
    else if (offset >= MMIO_DISPI && reg < DISPI_NB)
        *value = vga_dispi_read(&s->vga, reg);
    else
        *value = MASK64(size * 8);
    return MEMTX_OK;
}

static MemTxResult mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    VgaPci *s = opaque;
    unsigned reg = (unsigned)(offset - MMIO_DISPI) / 2;
    if (offset >= MMIO_PORTS && offset < MMIO_PORTS + 0x20)
        vga_port_write(&s->vga, 0x3c0 + (unsigned)offset - MMIO_PORTS, (uint8_t)value);
    else if (offset >= MMIO_DISPI && reg < DISPI_NB)
        vga_dispi_write(&s->vga, reg, (uint16_t)value);
    return MEMTX_OK;
}

static const MemoryRegionOps mono_ops = { mono_read, mono_write, .valid = { 1, 4, true }, .impl = { 1, 1 } };
static const MemoryRegionOps color_ops = { color_read, color_write, .valid = { 1, 4, true }, .impl = { 1, 1 } };
static const MemoryRegionOps dispi_ops = { dispi_read, dispi_write, .valid = { 1, 4, true }, .impl = { 1, 4, true } };
static const MemoryRegionOps window_ops = { window_read, window_write, .valid = { 1, 8, true }, .impl = { 1, 1 } };
static const MemoryRegionOps mmio_ops = { mmio_read, mmio_write, .valid = { 1, 4 }, .impl = { 1, 2 } };

/* ---- life ---- */
static void vga_capture(void *opaque, DisplayFrame *out)
{
    VgaPci *s = opaque;
    vga_render(&s->vga, out);
}

/* No VGA BIOS installed: systems that bring a driver of their own do without. */
static char *find_rom(const VgaPci *s)
{
    static const char *const folders[] = { "/usr/share/seabios", "/usr/share/qemu" };
    if (s->romfile)
        return g_strdup(s->romfile);
    for (unsigned i = 0; i < ARRAY_SIZE(folders); i++) {
        g_autofree char *path = g_build_filename(folders[i], "vgabios-stdvga.bin", NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static bool load_rom(VgaPci *s, GError **error)
{
    g_autofree char *path = find_rom(s);
    size_t len, size = 2048;
    if (!path || !*path)
        return true;
    g_autofree uint8_t *data = board_read_file(path, VGA_ROM_MAX, &len, error);
    if (!data)
        return false;
    while (size < len)
        size *= 2;
    if (!memory_region_init_rom(&s->rom, "vga-rom", ALIGN_UP(size, MEM_PAGE_SIZE), error))
        return false;
    memcpy(memory_region_ram_ptr(&s->rom), data, len);
    pci_register_bar(&s->pci, PCI_ROM_BAR, 0, &s->rom);
    return true;
}

static void place_legacy(VgaPci *s)
{
    memory_region_init_io(&s->ports[0], &mono_ops, s, "vga-mono", 0x0c);
    memory_region_init_io(&s->ports[1], &color_ops, s, "vga", 0x20);
    memory_region_init_io(&s->dispi, &dispi_ops, s, "vga-dispi", 4);
    memory_region_init_io(&s->window, &window_ops, s, "vga-window", VGA_WINDOW);
    memory_region_add_subregion(memory_io_root(), 0x3b0, &s->ports[0]);
    memory_region_add_subregion(memory_io_root(), 0x3c0, &s->ports[1]);
    memory_region_add_subregion(memory_io_root(), 0x1ce, &s->dispi);
    if (s->window_memory)
        memory_region_add_subregion_overlap(s->window_memory, 0xa0000, &s->window, 1);
}

static bool vga_pci_realize(Device *dev, GError **error)
{
    VgaPci *s = (VgaPci *)dev;
    if (!is_power_of_2(s->vgamem) || s->vgamem < 1 << 20 || s->vgamem > 256 << 20)
        return error_set(error, "VGA vgamem=%llu: a power of two, 1 to 256 MiB", (unsigned long long)s->vgamem);
    pci_config_set_ids(&s->pci, 0x1234, 0x1111, 0x1af4, 0x1100, 0x030000, 2);
    if (!memory_region_init_ram(&s->vram, "vga-memory", s->vgamem, error) || !load_rom(s, error))
        return false;
    s->vga.vram = memory_region_ram_ptr(&s->vram);
    s->vga.vram_size = (uint32_t)s->vgamem;
    make_edid(s->edid);
    memory_region_init_io(&s->mmio, &mmio_ops, s, "vga-mmio", MMIO_BYTES);
    pci_register_bar(&s->pci, 0, PCI_BAR_PREFETCH, &s->vram);
    pci_register_bar(&s->pci, 2, 0, &s->mmio);
    place_legacy(s);
    display_register(vga_capture, s);
    return true;
}

static void vga_pci_unrealize(Device *dev)
{
    VgaPci *s = (VgaPci *)dev;
    display_unregister(s);
    memory_region_del_subregion(memory_io_root(), &s->ports[0]);
    memory_region_del_subregion(memory_io_root(), &s->ports[1]);
    memory_region_del_subregion(memory_io_root(), &s->dispi);
    if (s->window_memory)
        memory_region_del_subregion(s->window_memory, &s->window);
}

static void vga_pci_reset(Device *dev) { vga_reset(&((VgaPci *)dev)->vga); }

static const Property vga_pci_properties[] = {
    { "vgamem", PROP_SIZE, offsetof(VgaPci, vgamem), "16M", "video memory, a power of two" },
    { "romfile", PROP_STRING, offsetof(VgaPci, romfile), NULL, "VGA BIOS; empty: none (default: SeaBIOS's, when installed)" },
    { "window-memory", PROP_LINK, offsetof(VgaPci, window_memory), NULL, "address space of the window at 0xa0000" },
    { NULL },
};

const DeviceClass vga_pci_class = {
    .name = "VGA",
    .description = "standard VGA with linear modes (PCI)",
    .instance_size = sizeof(VgaPci),
    .user_creatable = true,
    .bus = DEVICE_PCI,
    .properties = vga_pci_properties,
    .realize = vga_pci_realize,
    .unrealize = vga_pci_unrealize,
    .reset = vga_pci_reset,
};
