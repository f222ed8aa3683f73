/* SPDX-License-Identifier: MIT */
/*
 * arm64 kernel images.
 *
 *   offset 0  code   8 text_offset   16 image_size   24 flags   56 "ARM\x64"
 *
 * All fields are little-endian; flags bit 0 says that the kernel itself is big-endian. An image_size of 0 marks a kernel from
 * before 3.17, whose text_offset field does not count: it is 0x80000. Distributions wrap Images in gzip, or in EFI zboot: "MZ", "zimg" at 4, offset
 * and size of the payload at 8 and 12, the kind of compression as text at 24.
 */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/board/arm_boot.h"

#define HEADER_SIZE 64u
#define MAGIC_OFFSET 56u
#define MAGIC 0x644d5241u
#define OLD_TEXT_OFFSET 0x80000u
#define CHUNK (1u << 20)

static bool inflate_all(z_stream *z, GByteArray *out, const char *what, uint64_t limit, GError **error)
{
    int result;

    do {
        guint old = out->len;

        if (old > limit || old > G_MAXUINT - 2 * CHUNK)
            return error_set(error, "%s: decompresses to more than the %" PRIu64 " MiB there is room for", what, limit >> 20);
        g_byte_array_set_size(out, old + CHUNK);
        z->next_out = out->data + old;
        z->avail_out = CHUNK;
        result = inflate(z, Z_NO_FLUSH);
        g_byte_array_set_size(out, old + CHUNK - z->avail_out);
    } while (result == Z_OK);
    if (result != Z_STREAM_END)
        return error_set(error, "%s: broken gzip data (%s)", what, z->msg ? z->msg : "truncated");
    return true;
}

static bool gunzip(const uint8_t *data, size_t len, const char *what, uint64_t limit, GByteArray *out, GError **error)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)MIN_OF(len, (size_t)G_MAXUINT) };
    bool ok;

    if (inflateInit2(&z, 15 + 16) != Z_OK)
        return error_set(error, "%s: zlib does not start", what);
    ok = inflate_all(&z, out, what, limit, error);
    inflateEnd(&z);
    return ok;
}

/* What the file is instead of an arm64 Image. */
static const char *foreign_format(const uint8_t *d, size_t len)
{
    if (len >= 0x206 && !memcmp(d + 0x202, "HdrS", 4))
        return "an x86 bzImage";
    if (len >= 0x28 && ldl_le_p(d + 0x24) == 0x016f2818)
        return "a 32-bit Arm zImage";
    if (len >= 4 && !memcmp(d, "\x7f" "ELF", 4))
        return "an ELF file; arch/arm64/boot/Image is what boots";
    if (len >= 4 && ldl_le_p(d) == 0x56190527)
        return "a U-Boot image";
    if (len >= HEADER_SIZE && ldl_le_p(d + 0x30) == 0x05435352)
        return "a RISC-V Image";
    return "something else (no \"ARM\\x64\" at offset 56)";
}

static bool parse_image(const uint8_t *d, size_t len, const char *what, uint64_t limit, ArmKernel *k, GError **error)
{
    if (len < HEADER_SIZE || ldl_le_p(d + MAGIC_OFFSET) != MAGIC)
        return error_set(error, "%s: not an arm64 Image but %s", what,
                         len < HEADER_SIZE ? "a file shorter than its 64-byte header" : foreign_format(d, len));
    k->text_offset = ldq_le_p(d + 8);
    k->image_size = ldq_le_p(d + 16);
    if (!k->image_size) {
        k->text_offset = OLD_TEXT_OFFSET;
        k->image_size = len;
    }
    if (len > k->image_size)
        k->image_size = len;
    if (k->text_offset >= limit || k->image_size > limit - k->text_offset)
        return error_set(error, "%s: the kernel wants %" PRIu64 " MiB at offset 0x%" PRIx64 ", RAM has %" PRIu64 " MiB", what,
                         k->image_size >> 20, k->text_offset, limit >> 20);
    k->data = g_memdup2(d, len);
    k->len = len;
    return true;
}

/* Finds the payload of an EFI zboot image; true with *payload NULL when it is none. */
static bool zboot_payload(const uint8_t *d, size_t len, const char *what, const uint8_t **payload, size_t *size, GError **error)
{
    uint32_t offset, n;

    *payload = NULL;
    if (len < HEADER_SIZE || memcmp(d, "MZ", 2) || memcmp(d + 4, "zimg", 4))
        return true;
    offset = ldl_le_p(d + 8);
    n = ldl_le_p(d + 12);
    if (offset > len || n > len - offset)
        return error_set(error, "%s: truncated: its payload ends at %" PRIu64 ", the file at %zu", what, (uint64_t)offset + n, len);
    if (memcmp(d + 24, "gzip", 5))
        return error_set(error, "%s: EFI zboot image with compression '%.*s'; gzip is what can be read", what,
                         (int)strnlen((const char *)d + 24, 32), (const char *)d + 24);
    *payload = d + offset;
    *size = n;
    return true;
}

bool arm_kernel_parse(const uint8_t *data, size_t len, const char *what, uint64_t limit, ArmKernel *kernel, GError **error)
{
    g_autoptr(GByteArray) plain = g_byte_array_new();
    const uint8_t *payload;
    size_t size;

    if (!zboot_payload(data, len, what, &payload, &size, error))
        return false;
    if (!payload && len >= 2 && data[0] == 0x1f && data[1] == 0x8b) {
        payload = data;
        size = len;
    }
    if (!payload)
        return parse_image(data, len, what, limit, kernel, error);
    return gunzip(payload, size, what, limit, plain, error) && parse_image(plain->data, plain->len, what, limit, kernel, error);
}

void arm_kernel_free(ArmKernel *kernel)
{
    g_clear_pointer(&kernel->data, g_free);
}
