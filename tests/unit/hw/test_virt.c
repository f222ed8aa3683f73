/* SPDX-License-Identifier: MIT */
/* The virt board: memory map, device tree, options, and the kernel loader with good and bad images. */
#include <glib/gstdio.h>
#include <libfdt.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "cpus/runstate.h"
#include "fakes.h"
#include "hw/board/arm_boot.h"
#include "hw/core/board.h"

#define RAM_AT 0x40000000ull
#define MIB (1ull << 20)

static char *dir;

static char *in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

/* An Image header with len bytes in all. */
static uint8_t *image(size_t len, uint64_t text_offset, uint64_t image_size)
{
    uint8_t *d = g_malloc0(len);

    memset(d + 64, 0x5a, len - 64);
    stq_le_p(d + 8, text_offset);
    stq_le_p(d + 16, image_size);
    memcpy(d + 56, "ARM\x64", 4);
    return d;
}

static uint8_t *gzip(const uint8_t *data, size_t len, size_t *out_len)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)len };
    uint8_t *out = g_malloc(len + 4096);

    g_assert_cmpint(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    z.next_out = out;
    z.avail_out = (uInt)len + 4096;
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    *out_len = z.total_out;
    deflateEnd(&z);
    return out;
}

static void refused(const uint8_t *d, size_t len, uint64_t limit, const char *word)
{
    GError *error = NULL;
    ArmKernel k = { 0 };

    g_assert_false(arm_kernel_parse(d, len, "the-file", limit, &k, &error));
    g_assert_nonnull(strstr(error->message, "the-file"));
    g_assert_nonnull(strstr(error->message, word));
    g_assert_null(strchr(error->message, '\n'));
    g_clear_error(&error);
}

static void test_bad_images(void)
{
    g_autofree uint8_t *d = image(4096, 0, 8192), *x86 = g_malloc0(1024), *zboot = g_malloc0(128), *bomb = g_malloc0(16 * MIB);
    g_autofree uint8_t *z = NULL;
    size_t n;

    refused(d, 40, 64 * MIB, "header");
    refused((const uint8_t *)"", 0, 64 * MIB, "header");
    refused(d, 4096, 4096, "RAM");
    stq_le_p(d + 16, ~0ull);
    refused(d, 4096, 64 * MIB, "RAM");
    stq_le_p(d + 16, 8192);
    stq_le_p(d + 8, ~0ull - 4096);
    refused(d, 4096, 64 * MIB, "RAM");
    memcpy(x86 + 0x202, "HdrS", 4);
    refused(x86, 1024, 64 * MIB, "x86");
    memcpy(x86, "\x7f" "ELF", 4);
    x86[0x202] = 0;
    refused(x86, 1024, 64 * MIB, "ELF");
    z = gzip(bomb, 16 * MIB, &n);
    refused(z, n, 4 * MIB, "4 MiB");
    refused(z, n / 2, 64 * MIB, "truncated");
    z[n / 2] ^= 0xff;
    refused(z, n, 64 * MIB, "the-file");
    memcpy(zboot, "MZ\0\0zimg", 8);
    stl_le_p(zboot + 8, 64);
    stl_le_p(zboot + 12, ~0u);
    refused(zboot, 128, 64 * MIB, "truncated");
    stl_le_p(zboot + 12, 64);
    memcpy(zboot + 24, "zstd22", 6);
    refused(zboot, 128, 64 * MIB, "zstd22");
}

static void test_good_images(void)
{
    g_autofree uint8_t *d = image(5000, 0x80000, 1 * MIB), *z = NULL, *zboot = NULL;
    ArmKernel k;
    size_t n;

    g_assert_true(arm_kernel_parse(d, 5000, "f", 64 * MIB, &k, NULL));
    g_assert_cmphex(k.text_offset, ==, 0x80000);
    g_assert_cmphex(k.image_size, ==, 1 * MIB);
    arm_kernel_free(&k);
    z = gzip(d, 5000, &n);
    g_assert_true(arm_kernel_parse(z, n, "f", 64 * MIB, &k, NULL));
    g_assert_cmpmem(k.data, k.len, d, 5000);
    arm_kernel_free(&k);
    zboot = g_malloc0(64 + n);
    memcpy(zboot, "MZ\0\0zimg", 8);
    stl_le_p(zboot + 8, 64);
    stl_le_p(zboot + 12, (uint32_t)n);
    memcpy(zboot + 24, "gzip", 5);
    memcpy(zboot + 64, z, n);
    g_assert_true(arm_kernel_parse(zboot, 64 + n, "f", 64 * MIB, &k, NULL));
    g_assert_cmpmem(k.data, k.len, d, 5000);
    arm_kernel_free(&k);
    stq_le_p(d + 16, 0);
    g_assert_true(arm_kernel_parse(d, 5000, "f", 64 * MIB, &k, NULL));
    g_assert_cmphex(k.text_offset, ==, 0x80000);
    arm_kernel_free(&k);
}

static void test_options(void)
{
    const MachineOption bad = { "gic-versoin", "3" }, bad_value = { "gic-version", "4" }, v2 = { "gic-version", "2" };
    MachineConfig c = { .smp = cpu_topology_flat(1), .options = &bad, .n_options = 1 };
    GError *error = NULL;

    g_assert_nonnull(board_find("virt"));
    g_assert_false(board_find("virt")->init(&c, &error));
    g_assert_nonnull(strstr(error->message, "'gic-versoin', did you mean 'gic-version'"));
    g_clear_error(&error);
    c.options = &bad_value;
    g_assert_false(board_find("virt")->init(&c, &error));
    g_assert_nonnull(strstr(error->message, "2, 3, max"));
    g_clear_error(&error);
    c.options = &v2;
    c.smp = cpu_topology_flat(9);
    g_assert_false(board_find("virt")->init(&c, &error));
    g_assert_nonnull(strstr(error->message, "gic-version=3"));
    g_clear_error(&error);
    c = (MachineConfig){ .smp = cpu_topology_flat(513) };
    g_assert_false(board_find("virt")->init(&c, &error));
    g_clear_error(&error);
    c = (MachineConfig){ .smp = cpu_topology_flat(1), .ram_bytes = 256ull << 30 };
    g_assert_false(board_find("virt")->init(&c, &error));
    g_assert_nonnull(strstr(error->message, "255 GiB"));
    g_clear_error(&error);
}

static uint64_t ld(hwaddr addr, unsigned size)
{
    MemTxResult r;
    uint64_t v = address_space_ld(&address_space_memory, addr, size, MEMTXATTRS_NONE, &r);

    g_assert_cmpint(r, ==, MEMTX_OK);
    return v;
}

static const void *prop(const void *fdt, const char *path, const char *name, int len)
{
    int node = fdt_path_offset(fdt, path), n = 0;
    const void *p = node < 0 ? NULL : fdt_getprop(fdt, node, name, &n);

    g_assert_nonnull(p);
    g_assert_cmpint(n, ==, len);
    return p;
}

static uint64_t reg_base(const void *fdt, const char *path)
{
    int node = fdt_path_offset(fdt, path);

    g_assert_cmpint(node, >=, 0);
    return fdt64_ld(fdt_getprop(fdt, node, "reg", NULL));
}

static void check_tree(const void *fdt, uint64_t initrd_len)
{
    static const struct { const char *path; uint64_t base; } map[] = {
        { "/intc@8000000", 0x08000000 }, { "/pl011@9000000", 0x09000000 }, { "/pl031@9010000", 0x09010000 },
        { "/fw-cfg@9020000", 0x09020000 }, { "/pl061@9030000", 0x09030000 }, { "/virtio_mmio@a000000", 0x0a000000 },
        { "/virtio_mmio@a003e00", 0x0a003e00 }, { "/memory@40000000", RAM_AT },
    };
    static const unsigned timer_ppis[] = { 13, 14, 11, 10 };
    const fdt32_t *irqs;
    const fdt64_t *reg;

    g_assert_cmpint(fdt_check_full(fdt, fdt_totalsize(fdt)), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(map); i++)
        g_assert_cmphex(reg_base(fdt, map[i].path), ==, map[i].base);
    reg = prop(fdt, "/memory@40000000", "reg", 16);
    g_assert_cmphex(fdt64_ld(reg + 1), ==, 64 * MIB);
    reg = prop(fdt, "/intc@8000000", "reg", 32);
    g_assert_cmphex(fdt64_ld(reg + 2), ==, 0x080a0000);
    irqs = prop(fdt, "/timer", "interrupts", 48);
    for (unsigned i = 0; i < 4; i++)
        g_assert_cmpuint(fdt32_to_cpu(irqs[3 * i + 1]), ==, timer_ppis[i]);
    g_assert_cmpuint(fdt32_to_cpu(*(const fdt32_t *)prop(fdt, "/cpus/cpu@2", "reg", 4)), ==, 2);
    g_assert_cmpstr(prop(fdt, "/cpus/cpu@0", "enable-method", 5), ==, "psci");
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *cpu = g_strdup_printf("/cpus/cpu@%u", i), *map = g_strdup_printf("/cpus/cpu-map/socket%u/cluster0/core0/thread%u", i / 2, i % 2);
        g_assert_cmpmem(prop(fdt, map, "cpu", 4), 4, prop(fdt, cpu, "phandle", 4), 4);
    }
    g_assert_cmpmem(prop(fdt, "/cpus/cpu@1", "next-level-cache", 4), 4, prop(fdt, "/cpus/l2-cache0", "phandle", 4), 4);
    g_assert_cmpmem(prop(fdt, "/cpus/cpu@2", "next-level-cache", 4), 4, prop(fdt, "/cpus/l2-cache1", "phandle", 4), 4);
    g_assert_cmpmem(prop(fdt, "/cpus/l2-cache1", "next-level-cache", 4), 4, prop(fdt, "/cpus/l3-cache1", "phandle", 4), 4);
    g_assert_cmpint(fdt_path_offset(fdt, "/cpus/cpu-map/socket2"), ==, -FDT_ERR_NOTFOUND);
    g_assert_cmpstr(prop(fdt, "/psci", "method", 4), ==, "hvc");
    g_assert_cmpstr(prop(fdt, "/chosen", "stdout-path", 15), ==, "/pl011@9000000");
    g_assert_cmpstr(prop(fdt, "/chosen", "bootargs", 14), ==, "console=hello");
    reg = prop(fdt, "/chosen", "linux,initrd-start", 8);
    g_assert_cmphex(ld(fdt64_ld(reg), 8), ==, 0x6161616161616161);
    g_assert_cmphex(fdt64_ld(prop(fdt, "/chosen", "linux,initrd-end", 8)) - fdt64_ld(reg), ==, initrd_len);
    prop(fdt, "/chosen", "kaslr-seed", 8);
}

static uint8_t *read_tree(void)
{
    uint8_t *fdt = g_malloc(2 * MIB);

    g_assert_cmphex(fake_cpus[0]->boot_x0 % (2 * MIB), ==, 0);
    address_space_read(&address_space_memory, fake_cpus[0]->boot_x0, MEMTXATTRS_NONE, fdt, 2 * MIB);
    return fdt;
}

/* One machine in this process, so one test: boot, look at everything, wreck RAM, reset, look again. */
static void test_machine(void)
{
    g_autofree char *kernel = in_dir("Image.gz"), *initrd = in_dir("initrd"), *text = g_strnfill(5000, 'a');
    g_autofree uint8_t *plain = image(9000, 0, 3 * MIB), *packed = NULL, *fdt = NULL, *fdt2 = NULL;
    const MachineOption v3 = { "gic-version", "3" };
    MachineConfig c = { .smp = { .cpus = 4, .sockets = 2, .dies = 1, .clusters = 1, .cores = 1, .threads = 2 }, .ram_bytes = 64 * MIB, .kernel = kernel, .initrd = initrd, .append = "console=hello", .options = &v3, .n_options = 1 };
    GError *error = NULL;
    size_t n;

    packed = gzip(plain, 9000, &n);
    g_assert_true(g_file_set_contents(kernel, (const char *)packed, (gssize)n, NULL));
    g_assert_true(g_file_set_contents(initrd, text, 5000, NULL));
    g_assert_true(board_find("virt")->init(&c, &error));
    g_assert_no_error(error);
    for (unsigned i = 0; i < 4; i++)
        g_assert_true(fake_cpus[i]->created && fake_cpus[i]->psci && fake_cpus[i]->off == (i > 0));
    g_assert_cmphex(fake_cpus[0]->boot_pc, ==, RAM_AT + 2 * MIB);
    g_assert_cmphex(ld(RAM_AT + 2 * MIB + 64, 4), ==, 0x5a5a5a5a);
    fdt = read_tree();
    check_tree(fdt, 5000);

    g_assert_cmphex(ld(0x0800ffe8, 4), ==, 0x3b);     /* the map, seen by an access */
    g_assert_cmphex(ld(0x080affe8, 4), ==, 0x3b);
    g_assert_cmphex(ld(0x09000fe0, 4), ==, 0x11);
    g_assert_cmphex(ld(0x09010fe0, 4), ==, 0x31);
    g_assert_cmphex(ld(0x09030fe0, 4), ==, 0x61);
    g_assert_cmphex(ld(0x09020000, 4), ==, 0x554d4551);
    g_assert_cmphex(ld(0x0a003e00, 4), ==, 0x74726976);
    g_assert_cmphex(ld(0x0a003e04, 4), ==, 2);
    g_assert_cmphex(ld(0x0a003e08, 4), ==, 0);
    g_assert_cmphex(ld(0, 8), ==, 0);

    fake_cpus[2]->out[ARM_TIMER_VIRT].fn(fake_cpus[2]->out[ARM_TIMER_VIRT].opaque, 1); /* the timer's PPI arrives */
    g_assert_cmphex(ld(0x080a0000 + 2 * 0x20000 + 0x10200, 4), ==, 1u << 27);
    board_find("virt")->powerdown();
    g_assert_cmphex(ld(0x090303fc, 4), ==, 8);

    address_space_st(&address_space_memory, RAM_AT + 2 * MIB + 64, 0, 8, MEMTXATTRS_NONE, NULL);
    address_space_st(&address_space_memory, fake_cpus[0]->boot_x0, 0, 8, MEMTXATTRS_NONE, NULL);
    fake_cpus[0]->boot_pc = 0;
    runstate_reset_all();
    g_assert_cmphex(fake_cpus[0]->boot_pc, ==, RAM_AT + 2 * MIB);
    g_assert_cmphex(ld(RAM_AT + 2 * MIB + 64, 4), ==, 0x5a5a5a5a);
    fdt2 = read_tree();
    check_tree(fdt2, 5000);
    g_assert_true(memcmp(prop(fdt, "/chosen", "rng-seed", 32), prop(fdt2, "/chosen", "rng-seed", 32), 32) != 0);
    g_remove(kernel);
    g_remove(initrd);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    fakes_init();
    dir = g_dir_make_tmp("calque-virt-XXXXXX", NULL);
    g_assert_nonnull(dir);
    g_test_add_func("/hw/boot/bad-images-are-named", test_bad_images);
    g_test_add_func("/hw/boot/images-gzip-zboot", test_good_images);
    g_test_add_func("/hw/virt/options-are-checked", test_options);
    g_test_add_func("/hw/virt/map-tree-and-reset", test_machine);
    result = g_test_run();
    g_rmdir(dir);
    g_free(dir);
    return result;
}
