/* SPDX-License-Identifier: MIT */
/* PL011, PL031, PL061, fw_cfg and the device framework, through registers. */
#include <endian.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "fakes.h"
#include "hw/misc/fw_cfg.h"

/* ---- a character device that keeps what is written ---- */
static char sent[64];
static size_t n_sent;
static unsigned accepts;

static size_t keep(Chardev *chr, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len && n_sent < sizeof(sent); i++)
        sent[n_sent++] = (char)buf[i];
    return len;
}

static void count_accept(Chardev *chr)
{
    accepts++;
}

static const ChardevOps keep_ops = { .write = keep, .accept_input = count_accept };
static Chardev chr = { .ops = &keep_ops, .label = "test" };

static Device *make(const char *name, Probe *p)
{
    Device *dev = device_new(name, NULL);

    *p = (Probe){ 0 };
    device_connect_irq(dev, "irq", 0, probe_line(p));
    if (!strcmp(name, "pl011"))
        device_set_link(dev, "chardev", &chr);
    g_assert_true(device_realize(dev, NULL));
    return dev;
}

static void feed(const char *text)
{
    g_assert_cmpuint(chardev_be_receive(&chr, (const uint8_t *)text, strlen(text)), ==, strlen(text));
}

/* ---- PL011 ---- */
static void test_pl011_output(void)
{
    Probe p;
    Device *d = make("pl011", &p);
    MemoryRegion *mr = device_region(d, 0);

    n_sent = 0;
    wr(mr, 0x38, 0x20, 4, 0);
    g_assert_cmpint(p.level, ==, 0);
    wr(mr, 0x00, 'h', 4, 0);
    wr(mr, 0x00, 'i', 1, 0);
    g_assert_cmpmem(sent, n_sent, "hi", 2);
    g_assert_cmpint(p.level, ==, 1);
    wr(mr, 0x44, 0x20, 4, 0);
    g_assert_cmpint(p.level, ==, 0);
    g_assert_cmphex(rd(mr, 0x18, 4, 0) & 0xa0, ==, 0x80); /* TXFE, not TXFF */
    g_assert_cmphex(rd(mr, 0xfe0, 4, 0) | rd(mr, 0xfe4, 4, 0) << 8, ==, 0x1011);
    device_free(d);
}

static void test_pl011_fifo(void)
{
    Probe p;
    Device *d = make("pl011", &p);
    MemoryRegion *mr = device_region(d, 0);

    wr(mr, 0x2c, 0x70, 4, 0);
    wr(mr, 0x34, 2 << 3, 4, 0); /* half full */
    wr(mr, 0x38, 0x10, 4, 0);
    g_assert_cmpuint(chardev_be_can_receive(&chr), ==, 16);
    feed("1234567");
    g_assert_cmpint(p.level, ==, 0);
    g_assert_cmphex(rd(mr, 0x3c, 4, 0) & 0x50, ==, 0x40); /* below the level: time-out */
    feed("8");
    g_assert_cmpint(p.level, ==, 1);
    feed("abcdefgh");
    g_assert_cmpuint(chardev_be_can_receive(&chr), ==, 0);
    g_assert_cmphex(rd(mr, 0x18, 4, 0) & 0x50, ==, 0x40); /* RXFF */
    for (const char *c = "12345678abcdefgh"; *c; c++)
        g_assert_cmphex(rd(mr, 0, 4, 0), ==, *c);
    g_assert_cmphex(rd(mr, 0x18, 4, 0) & 0x50, ==, 0x10); /* RXFE */
    g_assert_cmpint(p.level, ==, 0);
    accepts = 0;
    feed("x");
    rd(mr, 0, 4, 0);
    g_assert_cmpuint(accepts, >, 0);
    device_free(d);
}

static void test_pl011_single(void)
{
    Probe p;
    Device *d = make("pl011", &p);
    MemoryRegion *mr = device_region(d, 0);

    wr(mr, 0x38, 0x250, 4, 0);
    g_assert_cmpuint(chardev_be_can_receive(&chr), ==, 1);
    feed("a");
    g_assert_cmphex(rd(mr, 0x40, 4, 0), ==, 0x10);
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, 'a');
    chardev_be_event(&chr, CHR_EVENT_BREAK);
    g_assert_cmphex(rd(mr, 0x40, 4, 0), ==, 0x210);
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, 0x400);
    g_assert_cmphex(rd(mr, 4, 4, 0), ==, 4);
    device_free(d);
}

static void test_pl011_loopback(void)
{
    Probe p;
    Device *d = make("pl011", &p);
    MemoryRegion *mr = device_region(d, 0);

    n_sent = 0;
    wr(mr, 0x2c, 0x10, 4, 0);
    wr(mr, 0x30, 0x381, 4, 0);
    for (unsigned i = 0; i < 17; i++)
        wr(mr, 0, 'A' + i, 4, 0);
    g_assert_cmpuint(n_sent, ==, 0);
    g_assert_cmpuint(chardev_be_can_receive(&chr), ==, 0);
    g_assert_cmphex(rd(mr, 0x3c, 4, 0) & 0x400, ==, 0x400); /* the seventeenth: overrun */
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, 'A');
    g_assert_cmphex(rd(mr, 0x18, 4, 0) & 7, ==, 0);
    wr(mr, 0x30, 0xb81, 4, 0); /* RTS comes back as CTS */
    g_assert_cmphex(rd(mr, 0x18, 4, 0) & 7, ==, 1);
    g_assert_cmphex(rd(mr, 0x3c, 4, 0) & 2, ==, 2);
    device_free(d);
}

/* ---- PL031 ---- */
static void test_pl031(void)
{
    Probe p;
    Device *d = make("pl031", &p);
    MemoryRegion *mr = device_region(d, 0);
    uint64_t now = (uint64_t)(clock_get_ns(CLOCK_HOST) / NS_PER_SEC), seen = rd(mr, 0, 4, 0);

    g_assert_true(seen - now <= 1);
    wr(mr, 0x08, 1000, 4, 0);
    g_assert_true(rd(mr, 0, 4, 0) - 1000 <= 1);
    wr(mr, 0x10, 1, 4, 0);
    wr(mr, 0x04, 5000, 4, 0);
    g_assert_cmpint(p.level, ==, 0);
    g_assert_true(timer_list_deadline_ns(timer_list_main()) > 3900 * NS_PER_SEC);
    wr(mr, 0x08, 5000, 4, 0); /* set to the match: at once */
    g_assert_cmpint(p.level, ==, 1);
    g_assert_cmphex(rd(mr, 0x18, 4, 0), ==, 1);
    wr(mr, 0x1c, 1, 4, 0);
    g_assert_cmpint(p.level, ==, 0);
    device_free(d);
    g_assert_cmpint(timer_list_deadline_ns(timer_list_main()), ==, -1);
}

/* ---- PL061 ---- */
static void test_pl061(void)
{
    Probe p, pin = { 0 };
    Device *d = make("pl061", &p);
    MemoryRegion *mr = device_region(d, 0);
    IrqLine in3 = device_input(d, "pin", 3);

    device_connect_irq(d, "pin", 0, probe_line(&pin));
    wr(mr, 0x40c, 8, 4, 0);
    wr(mr, 0x410, 8, 4, 0);
    irq_set(&in3, 1);
    g_assert_cmpint(p.level, ==, 1);
    irq_set(&in3, 0);
    g_assert_cmpint(p.level, ==, 1);
    wr(mr, 0x41c, 8, 4, 0);
    g_assert_cmpint(p.level, ==, 0);
    wr(mr, 0x408, 8, 4, 0); /* both edges */
    irq_set(&in3, 1);
    wr(mr, 0x41c, 8, 4, 0);
    irq_set(&in3, 0);
    g_assert_cmpint(p.level, ==, 1);
    wr(mr, 0x404, 8, 4, 0); /* high level */
    g_assert_cmpint(p.level, ==, 0);
    irq_set(&in3, 1);
    g_assert_cmpint(p.level, ==, 1);
    g_assert_cmphex(rd(mr, 0x3fc, 4, 0), ==, 8);
    g_assert_cmphex(rd(mr, 0x3fc & ~(8 << 2), 4, 0), ==, 0); /* masked by the address */
    wr(mr, 0x400, 1, 4, 0);
    wr(mr, 0x3fc, 0xff, 4, 0);
    g_assert_cmpint(pin.level, ==, 1);
    wr(mr, 0x3fc & ~(1 << 2), 0, 4, 0);
    g_assert_cmpint(pin.level, ==, 1);
    g_assert_cmphex(rd(mr, 0xfe0, 4, 0), ==, 0x61);
    device_free(d);
}

/* ---- fw_cfg ---- */
#define RAM_AT 0x40000000ull
#define RAM_SIZE 0x10000ull
static MemoryRegion ram;

static Device *make_fw_cfg(void)
{
    Device *d = device_new("fw_cfg_mmio", NULL);

    g_assert_true(device_realize(d, NULL));
    g_assert_true(fw_cfg_add_file(d, "opt/hello", "hello world", 11, NULL));
    return d;
}

static void test_fw_cfg_data(void)
{
    Device *d = make_fw_cfg();
    MemoryRegion *mr = device_region(d, 0);
    g_autofree char *long_name = g_strnfill(56, 'x');

    g_assert_cmphex(rd(mr, 0, 4, 0), ==, 0x554d4551); /* "QEMU" */
    wr(mr, 8, htobe16(FW_CFG_ID), 2, 0);
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, 3);
    g_assert_cmphex(rd(mr, 0, 8, 0), ==, 0);
    wr(mr, 8, htobe16(FW_CFG_FILE_DIR), 2, 0);
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, htobe32(1));
    g_assert_cmphex(rd(mr, 0, 4, 0), ==, htobe32(11));
    g_assert_cmphex(rd(mr, 0, 2, 0), ==, htobe16(0x20));
    wr(mr, 8, htobe16(0x20), 2, 0);
    g_assert_cmphex(rd(mr, 0, 1, 0), ==, 'h');
    wr(mr, 8, 0xffff, 2, 0);
    g_assert_cmphex(rd(mr, 0, 8, 0), ==, 0);
    g_assert_cmphex(rd(mr, 16, 8, 0), ==, htobe64(0x51454d5520434647ull));
    g_assert_false(fw_cfg_add_file(d, long_name, "", 0, NULL));
    device_free(d);
}

/* One transfer with the descriptor at RAM_AT; returns its control word afterwards. */
static uint32_t dma(MemoryRegion *mr, uint32_t control, uint32_t length, uint64_t address)
{
    struct { uint32_t control, length; uint64_t address; } d = { htobe32(control), htobe32(length), htobe64(address) };

    address_space_write(&address_space_memory, RAM_AT, MEMTXATTRS_NONE, &d, sizeof(d));
    wr(mr, 16, 0, 4, 0);
    wr(mr, 20, htobe32(RAM_AT), 4, 0);
    address_space_read(&address_space_memory, RAM_AT, MEMTXATTRS_NONE, &d, sizeof(d));
    return be32toh(d.control);
}

static void test_fw_cfg_dma(void)
{
    Device *d = make_fw_cfg();
    MemoryRegion *mr = device_region(d, 0);
    char buf[16];

    g_assert_cmphex(dma(mr, 0x20 << 16 | 8 | 4, 6, 0), ==, 0); /* select, skip "hello " */
    memset(memory_region_ram_ptr(&ram), 0xee, RAM_SIZE);
    g_assert_cmphex(dma(mr, 2, 8, RAM_AT + 0x100), ==, 0);
    address_space_read(&address_space_memory, RAM_AT + 0x100, MEMTXATTRS_NONE, buf, 9);
    g_assert_cmpmem(buf, 9, "world\0\0\0\xee", 9);
    g_assert_cmphex(dma(mr, 0x20 << 16 | 8 | 16, 4, RAM_AT + 0x100), ==, 1); /* nothing is writable */
    device_free(d);
}

static void test_fw_cfg_hostile(void)
{
    static const uint64_t addresses[] = { RAM_AT + 0x100, RAM_AT + RAM_SIZE - 4, 0, 0x9020000, ~0ull, ~0ull - 4 };
    static const uint32_t lengths[] = { 0, 5, 12, 0x10001, 0x7fffffff, ~0u };
    Device *d = make_fw_cfg();
    MemoryRegion *mr = device_region(d, 0);

    g_assert_cmphex(dma(mr, 0x20 << 16 | 8 | 2, ~0u, RAM_AT + 0x100), ==, 1);
    g_assert_cmphex(dma(mr, 0x20 << 16 | 8 | 2, 11, RAM_AT + RAM_SIZE - 4), ==, 1);
    g_assert_cmphex(dma(mr, 0x20 << 16 | 8 | 2, 11, ~0ull - 4), ==, 1);
    for (unsigned a = 0; a < ARRAY_SIZE(addresses); a++) {
        for (unsigned l = 0; l < ARRAY_SIZE(lengths); l++)
            for (uint32_t control = 0; control < 32; control++)
                g_assert_cmphex(dma(mr, 0x20 << 16 | control, lengths[l], addresses[a]), <=, 1);
        wr(mr, 16, htobe64(addresses[a]), 8, 0); /* the descriptor itself somewhere bad */
    }
    device_free(d);
}

/* The signature item, "QEMU", written to the DMA register's low half would name a descriptor that does the same again: DMA reaches memory alone. */
static void test_fw_cfg_recursion(void)
{
    struct { uint32_t control, length; uint64_t address; } d = { htobe32(8 | 2), htobe32(4), htobe64(0x9020014) };
    Device *dev = make_fw_cfg();
    MemoryRegion *mr = device_region(dev, 0), more;

    g_assert_true(memory_region_init_ram(&more, "more", 0x1000, NULL));
    memory_region_add_subregion(memory_system_root(), 0x51454000, &more);
    memory_region_add_subregion(memory_system_root(), 0x9020000, mr);
    address_space_write(&address_space_memory, 0x51454d55, MEMTXATTRS_NONE, &d, sizeof(d));
    wr(mr, 20, htobe32(0x51454d55), 4, 0);
    address_space_read(&address_space_memory, 0x51454d55, MEMTXATTRS_NONE, &d, sizeof(d));
    g_assert_cmphex(d.control, ==, htobe32(1));
    memory_region_del_subregion(memory_system_root(), mr);
    memory_region_del_subregion(memory_system_root(), &more);
    memory_region_destroy(&more);
    device_free(dev);
}

/* ---- framework ---- */
static void test_framework(void)
{
    g_autoptr(GString) help = g_string_new(NULL);
    GError *error = NULL;
    Device *d;

    g_assert_null(device_new("pl01", &error));
    g_assert_nonnull(strstr(error->message, "pl011"));
    g_clear_error(&error);
    d = device_new("pl011", NULL);
    g_assert_false(device_set_prop(d, "chardv", "x", &error));
    g_assert_nonnull(strstr(error->message, "chardev"));
    g_clear_error(&error);
    g_assert_false(device_set_prop(d, "chardev", "nobody", &error));
    g_clear_error(&error);
    chardev_register(&chr);
    g_assert_true(device_set_prop(d, "chardev", "test", NULL));
    chardev_unregister(&chr);
    g_assert_null(chardev_find("test"));
    device_free(d);
    d = device_new("arm-gic", NULL);
    g_assert_true(device_set_prop(d, "num-cpu", "9", NULL));
    g_assert_false(device_set_prop(d, "num-cpu", "-1", NULL));
    g_assert_false(device_set_prop(d, "num-cpu", "0x100000000", NULL));
    g_assert_false(device_realize(d, &error));
    g_assert_nonnull(strstr(error->message, "1 to 8"));
    g_clear_error(&error);
    device_class_help(d->class, help);
    g_assert_nonnull(strstr(help->str, "num-cpu=<number>"));
    device_free(d);
    for (unsigned i = 0; device_classes[i]; i++)
        g_assert_true(device_class_find(device_classes[i]->name) == device_classes[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    g_assert_true(memory_region_init_ram(&ram, "ram", RAM_SIZE, NULL));
    memory_region_add_subregion(memory_system_root(), RAM_AT, &ram);
    g_test_add_func("/hw/device/errors-name-what-is-accepted", test_framework);
    g_test_add_func("/hw/pl011/output-and-transmit-interrupt", test_pl011_output);
    g_test_add_func("/hw/pl011/fifo-levels", test_pl011_fifo);
    g_test_add_func("/hw/pl011/one-entry-and-break", test_pl011_single);
    g_test_add_func("/hw/pl011/loopback-and-overrun", test_pl011_loopback);
    g_test_add_func("/hw/pl031/counts-and-matches", test_pl031);
    g_test_add_func("/hw/pl061/edges-levels-masks", test_pl061);
    g_test_add_func("/hw/fw-cfg/items-by-data-register", test_fw_cfg_data);
    g_test_add_func("/hw/fw-cfg/dma", test_fw_cfg_dma);
    g_test_add_func("/hw/fw-cfg/dma-hostile", test_fw_cfg_hostile);
    g_test_add_func("/hw/fw-cfg/dma-does-not-recurse", test_fw_cfg_recursion);
    return g_test_run();
}
