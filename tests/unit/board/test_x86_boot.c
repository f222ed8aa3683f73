/* SPDX-License-Identifier: MIT */
/* Loading x86 kernels: a synthetic bzImage's boot parameters and places, multiboot and PVH files, and refusals that name the file. */
#include <elf.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/x86_boot.h"

#define MIB (1ull << 20)
#define BZ_SIZE (5 * 512 + 10000)

static char *folder;
static const PcE820 map[] = { { 0, PC_EBDA, E820_RAM }, { MIB, 255 * MIB, E820_RAM } };

static char *write_file(const char *name, const void *data, size_t len)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
    return path;
}

static X86BootInfo info_for(const char *kernel)
{
    return (X86BootInfo){ .kernel = kernel, .e820 = map, .n_e820 = 2, .low_ram = 256 * MIB, .rsdp = 0xe0000, .long_mode = true };
}

/* Protocol 2.15, four setup sectors, relocatable, 64-bit entry, wants 32 MiB at 16 MiB. */
static void make_bzimage(uint8_t *d)
{
    memset(d, 0, BZ_SIZE);
    memset(d + 5 * 512, 0xcc, BZ_SIZE - 5 * 512);
    d[0x1f1] = 4;
    stw_le_p(d + 0x1fe, 0xaa55);
    d[0x200] = 0xeb, d[0x201] = 0x6a;
    memcpy(d + 0x202, "HdrS", 4);
    stw_le_p(d + 0x206, 0x20f);
    d[0x211] = 1;
    stl_le_p(d + 0x22c, 0x7fffffff);
    stl_le_p(d + 0x230, 0x200000);
    d[0x234] = 1;
    stw_le_p(d + 0x236, 1);
    stl_le_p(d + 0x238, 2047);
    stq_le_p(d + 0x258, 16 * MIB);
    stl_le_p(d + 0x260, 32 * MIB);
}

static const X86BootPiece *piece_at(const X86BootImage *image, hwaddr at)
{
    for (unsigned i = 0; i < image->pieces->len; i++)
        if (g_array_index(image->pieces, X86BootPiece, i).at == at)
            return &g_array_index(image->pieces, X86BootPiece, i);
    return NULL;
}

static void test_zero_page(void)
{
    uint8_t d[BZ_SIZE];
    g_autofree char *initrd = write_file("initrd", "12345", 5), *kernel = NULL;
    const X86BootPiece *p, *gdt;
    X86BootImage image = { 0 };
    X86BootInfo info;

    make_bzimage(d);
    kernel = write_file("bz", d, sizeof(d));
    info = info_for(kernel);
    info.initrd = initrd;
    info.append = "console=ttyS0";
    g_assert_true(x86_boot_load(&info, &image, NULL));
    p = piece_at(&image, X86_BOOT_PARAMS);
    g_assert_true(p && p->len == 4096);
    g_assert_cmphex(ldq_le_p(p->data + 0x70), ==, 0xe0000);
    g_assert_cmphex(ldl_le_p(p->data + 0x218), ==, 256 * MIB - 4096);
    g_assert_cmpuint(ldl_le_p(p->data + 0x21c), ==, 5);
    g_assert_cmphex(p->data[0x210], ==, 0xff);
    g_assert_cmpuint(p->data[0x1e8], ==, 2);
    g_assert_cmphex(ldq_le_p(p->data + 0x2d0 + 20), ==, MIB);
    g_assert_cmphex(ldl_le_p(p->data + 0x2d0 + 36), ==, E820_RAM);
    g_assert_cmpstr((char *)piece_at(&image, ldl_le_p(p->data + 0x228))->data, ==, "console=ttyS0");
    g_assert_cmpuint(ldl_le_p(piece_at(&image, ldq_le_p(p->data + 0x250))->data + 8), ==, 9);
    g_assert_cmpuint(piece_at(&image, 16 * MIB)->len, ==, 10000);
    g_assert_cmpmem(piece_at(&image, 256 * MIB - 4096)->data, 5, "12345", 5);
    g_assert_true(image.start.mode == X86_BOOT_LONG && image.start.rip == 16 * MIB + 0x200 && image.start.rsi == X86_BOOT_PARAMS);
    gdt = piece_at(&image, image.start.gdt_base);
    g_assert_cmphex(ldq_le_p(gdt->data + image.start.cs), ==, 0x00af9a000000ffffull);
    p = piece_at(&image, image.start.cr3);
    g_assert_cmphex(ldq_le_p(p->data + 4096 * 2 + 8 * 1000), ==, 1000ull << 21 | 0x83);
    x86_boot_free(&image);
}

/* A CPU without long mode, little RAM, and a kernel that cannot be moved. */
static void test_32_bit_and_places(void)
{
    uint8_t d[BZ_SIZE];
    g_autofree char *kernel = NULL;
    X86BootImage image = { 0 };
    g_autoptr(GError) error = NULL;
    X86BootInfo info;

    make_bzimage(d);
    kernel = write_file("bz", d, sizeof(d));
    info = info_for(kernel);
    info.long_mode = false;
    info.low_ram = 40 * MIB;
    g_assert_true(x86_boot_load(&info, &image, NULL));
    g_assert_true(image.start.mode == X86_BOOT_PM32 && image.start.rip == 2 * MIB);
    g_assert_cmphex(ldq_le_p(piece_at(&image, image.start.gdt_base)->data + image.start.cs), ==, 0x00cf9a000000ffffull);
    x86_boot_free(&image);
    d[0x234] = 0;
    g_free(kernel);
    kernel = write_file("bz", d, sizeof(d));
    info.kernel = kernel;
    g_assert_false(x86_boot_load(&info, &image, &error));
    g_assert_nonnull(strstr(error->message, "48 MiB"));
}

typedef struct Broken { const char *name; unsigned offset; uint64_t value; unsigned size; size_t len; const char *message; } Broken;

static void test_malformed(void)
{
    static const Broken rows[] = {
        { "short", 0, 0, 0, 100, "less than 1 KiB" },
        { "no-magic", 0x202, 0, 4, BZ_SIZE, "HdrS" },
        { "old", 0x206, 0x204, 2, BZ_SIZE, "2.06" },
        { "low", 0x211, 0, 1, BZ_SIZE, "zImage" },
        { "truncated", 0x1f1, 200, 1, BZ_SIZE, "truncated" },
        { "no-code", 0, 0, 0, 5 * 512, "truncated" },
        { "code-cut", 0x1f4, 0x10000000, 4, BZ_SIZE, "truncated" },
        { "wild-address", 0x258, 0xfffffffffffff000ull, 8, BZ_SIZE, "preferred address" },
        { "odd-alignment", 0x230, 0x300000, 4, BZ_SIZE, "alignment" },
        { "huge", 0x260, 0xffffffff, 4, BZ_SIZE, "needs RAM" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t d[BZ_SIZE];
        g_autofree char *kernel = NULL;
        g_autoptr(GError) error = NULL;
        X86BootImage image = { 0 };
        X86BootInfo info;

        make_bzimage(d);
        memcpy(d + rows[i].offset, &rows[i].value, rows[i].size);
        kernel = write_file(rows[i].name, d, rows[i].len);
        info = info_for(kernel);
        g_assert_false(x86_boot_load(&info, &image, &error));
        g_assert_nonnull(strstr(error->message, kernel));
        g_assert_nonnull(strstr(error->message, rows[i].message));
        g_assert_null(strchr(error->message, '\n'));
        g_assert_null(image.pieces);
    }
}

static void test_limits(void)
{
    uint8_t d[BZ_SIZE];
    g_autofree char *kernel = NULL, *initrd = g_build_filename(folder, "big", NULL), *text = g_strnfill(2048, 'x');
    g_autoptr(GError) error = NULL;
    X86BootImage image = { 0 };
    X86BootInfo info;

    make_bzimage(d);
    kernel = write_file("bz", d, sizeof(d));
    info = info_for(kernel);
    info.append = text;
    g_assert_false(x86_boot_load(&info, &image, &error));
    g_assert_nonnull(strstr(error->message, "2048"));
    g_clear_error(&error);
    g_assert_true(g_file_set_contents(initrd, (char *)d, sizeof(d), NULL));
    info.append = NULL;
    info.initrd = initrd;
    stl_le_p(d + 0x22c, 48 * MIB); /* initrd_addr_max: the byte after the kernel */
    g_assert_true(g_file_set_contents(kernel, (char *)d, sizeof(d), NULL));
    g_assert_false(x86_boot_load(&info, &image, &error));
    g_assert_nonnull(strstr(error->message, initrd));
}

/* ---- multiboot ---- */
static void multiboot_header(uint8_t *h, uint32_t flags)
{
    stl_le_p(h, 0x1badb002);
    stl_le_p(h + 4, flags);
    stl_le_p(h + 8, 0u - 0x1badb002 - flags);
}

static void test_multiboot_raw(void)
{
    uint8_t d[4096] = { 0 };
    g_autofree char *kernel = NULL, *module = write_file("mod", "MODULE", 6), *modules = g_strconcat(module, " some args,", module, NULL);
    const X86BootPiece *mbi;
    X86BootImage image = { 0 };
    X86BootInfo info;

    multiboot_header(d + 64, 0x10003);
    stl_le_p(d + 64 + 12, 2 * MIB + 64);
    stl_le_p(d + 64 + 16, 2 * MIB);
    stl_le_p(d + 64 + 20, 2 * MIB + 4000);
    stl_le_p(d + 64 + 24, 2 * MIB + 8192);
    stl_le_p(d + 64 + 28, 2 * MIB + 0x100);
    kernel = write_file("mb", d, sizeof(d));
    info = info_for(kernel);
    info.initrd = modules;
    info.append = "one two";
    g_assert_true(x86_boot_load(&info, &image, NULL));
    g_assert_cmpuint(piece_at(&image, 2 * MIB)->len, ==, 8192);
    g_assert_true(image.start.mode == X86_BOOT_PM32 && image.start.rip == 2 * MIB + 0x100 && image.start.rax == 0x2badb002);
    mbi = piece_at(&image, image.start.rbx);
    g_assert_cmpuint(ldl_le_p(mbi->data + 20), ==, 2);
    g_assert_true(g_str_has_suffix((char *)piece_at(&image, ldl_le_p(mbi->data + 16))->data, " one two"));
    const uint8_t *mods = piece_at(&image, ldl_le_p(mbi->data + 24))->data;
    g_assert_cmpuint(ldl_le_p(mods + 4) - ldl_le_p(mods), ==, 6);
    g_assert_cmpmem(piece_at(&image, ldl_le_p(mods + 16))->data, 6, "MODULE", 6);
    g_assert_true(g_str_has_suffix((char *)piece_at(&image, ldl_le_p(mods + 8))->data, "mod some args"));
    const uint8_t *mmap = piece_at(&image, ldl_le_p(mbi->data + 48))->data;
    g_assert_cmpuint(ldl_le_p(mbi->data + 44), ==, 48);
    g_assert_cmphex(ldq_le_p(mmap + 24 + 4), ==, MIB);
    x86_boot_free(&image);
    /* Addresses that lie outside: one line each. */
    for (unsigned i = 0; i < 4; i++) {
        static const uint32_t bad[4][4] = { { 12, 0, 0, 0 }, { 16, 0x1000, 0, 0 }, { 20, 0x10, 0, 0 }, { 24, 0xfffffff0, 0, 0 } };
        uint8_t e[4096];
        g_autofree char *path = NULL;
        g_autoptr(GError) error = NULL;

        memcpy(e, d, sizeof(e));
        stl_le_p(e + 64 + bad[i][0], bad[i][1]);
        path = write_file("mb-bad", e, sizeof(e));
        info.kernel = path;
        g_assert_false(x86_boot_load(&info, &image, &error));
        g_assert_nonnull(strstr(error->message, path));
    }
}

static size_t make_elf(uint8_t *d, bool pvh)
{
    Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 }, .e_machine = EM_X86_64, .e_phoff = 64,
                     .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2, .e_entry = 0xffffffff81000000ull };
    Elf64_Phdr load = { .p_type = PT_LOAD, .p_offset = 0x200, .p_paddr = 16 * MIB, .p_filesz = 0x100, .p_memsz = 0x5000 };
    Elf64_Phdr note = { .p_type = pvh ? PT_NOTE : PT_NULL, .p_offset = 0x300, .p_filesz = 20 };

    memset(d, 0, 1024);
    memcpy(d, &h, sizeof(h));
    memcpy(d + 64, &load, sizeof(load));
    memcpy(d + 64 + sizeof(load), &note, sizeof(note));
    memset(d + 0x200, 0x90, 0x100);
    stl_le_p(d + 0x300, 4), stl_le_p(d + 0x304, 4), stl_le_p(d + 0x308, 18);
    memcpy(d + 0x30c, "Xen", 4);
    stl_le_p(d + 0x310, 16 * MIB + 0x40);
    return 1024;
}

static void test_pvh(void)
{
    uint8_t d[1024];
    size_t len = make_elf(d, true);
    g_autofree char *kernel = write_file("vmlinux", d, len), *plain = NULL;
    g_autoptr(GError) error = NULL;
    X86BootInfo info = info_for(kernel);
    X86BootImage image = { 0 };
    const X86BootPiece *start;

    g_assert_true(x86_boot_load(&info, &image, NULL));
    g_assert_true(image.start.mode == X86_BOOT_PM32 && image.start.rip == 16 * MIB + 0x40);
    g_assert_cmpuint(piece_at(&image, 16 * MIB)->len, ==, 0x5000);
    start = piece_at(&image, image.start.rbx);
    g_assert_cmphex(ldl_le_p(start->data), ==, 0x336ec578);
    g_assert_cmpuint(ldl_le_p(start->data + 48), ==, 2);
    g_assert_cmphex(ldq_le_p(start->data + 32), ==, 0xe0000);
    x86_boot_free(&image);
    make_elf(d, false);
    plain = write_file("plain", d, len);
    info.kernel = plain;
    g_assert_false(x86_boot_load(&info, &image, &error));
    g_assert_nonnull(strstr(error->message, "PVH"));
}

/* Every byte of an ELF file's headers changed in turn: refused or loaded, never read outside (the sanitizer's part). */
static void test_elf_fuzz(void)
{
    uint8_t d[1024];
    size_t len = make_elf(d, true);

    for (unsigned at = 4; at < 64 + 2 * sizeof(Elf64_Phdr); at++)
        for (unsigned v = 0; v < 4; v++) {
            static const uint8_t values[4] = { 0, 0x7f, 0x80, 0xff };
            X86BootFile file = { "fuzz", NULL, len }, none = { NULL };
            X86BootInfo info = info_for("fuzz");
            X86BootImage image = { 0 };
            bool mine;

            file.data = g_memdup2(d, len);
            file.data[at] = values[v];
            info.low_ram = 64 * MIB;
            x86_pvh_load(&info, &file, &none, &image, &mine, NULL);
            x86_boot_free(&image);
            g_free(file.data);
        }
}

int main(int argc, char **argv)
{
    g_autofree char *command = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("calque-boot-XXXXXX", NULL);
    g_test_add_func("/x86-boot/bzimage/zero-page", test_zero_page);
    g_test_add_func("/x86-boot/bzimage/32-bit-and-places", test_32_bit_and_places);
    g_test_add_func("/x86-boot/bzimage/malformed-is-refused-by-name", test_malformed);
    g_test_add_func("/x86-boot/bzimage/limits", test_limits);
    g_test_add_func("/x86-boot/multiboot/raw-and-modules", test_multiboot_raw);
    g_test_add_func("/x86-boot/pvh/start-info", test_pvh);
    g_test_add_func("/x86-boot/elf/any-byte-may-be-wrong", test_elf_fuzz);
    status = g_test_run();
    command = g_strdup_printf("rm -r %s", folder);
    g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
    return status;
}
