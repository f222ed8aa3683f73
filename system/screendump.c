/* SPDX-License-Identifier: MIT */
/* PPM (P6), and PNG with one IDAT (ISO/IEC 15948): 8-bit RGB, no filter, compressed by zlib. */
#include "system/screendump.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "hw/display/display.h"

static void put_be32(GByteArray *out, uint32_t v)
{
    uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    g_byte_array_append(out, b, 4);
}

static void put_chunk(GByteArray *out, const char *type, const uint8_t *data, size_t len)
{
    put_be32(out, (uint32_t)len);
    guint start = out->len;
    g_byte_array_append(out, (const uint8_t *)type, 4);
    g_byte_array_append(out, data, (guint)len);
    put_be32(out, (uint32_t)crc32(0, out->data + start, (uInt)len + 4));
}

/* Rows, each behind a byte that names its filter: none. */
static GByteArray *filtered(const DisplayFrame *f)
{
    GByteArray *rows = g_byte_array_sized_new((guint)(f->height * (f->width * 3 + 1)));
    for (unsigned y = 0; y < f->height; y++) {
        g_byte_array_append(rows, (const uint8_t *)"", 1);
        g_byte_array_append(rows, f->rgb + (size_t)y * f->width * 3, f->width * 3);
    }
    return rows;
}

static GByteArray *make_png(const DisplayFrame *f)
{
    g_autoptr(GByteArray) rows = filtered(f), head = g_byte_array_new();
    GByteArray *out = g_byte_array_new();
    uLongf len = compressBound(rows->len);
    g_autofree uint8_t *packed = g_malloc(len);
    compress2(packed, &len, rows->data, rows->len, Z_DEFAULT_COMPRESSION);
    put_be32(head, f->width);
    put_be32(head, f->height);
    g_byte_array_append(head, (const uint8_t *)"\x08\x02\0\0", 5); /* 8 bits, RGB, deflate, filters, not interlaced */
    g_byte_array_append(out, (const uint8_t *)"\x89PNG\r\n\x1a\n", 8);
    put_chunk(out, "IHDR", head->data, head->len);
    put_chunk(out, "IDAT", packed, len);
    put_chunk(out, "IEND", NULL, 0);
    return out;
}

static GByteArray *make_ppm(const DisplayFrame *f)
{
    g_autofree char *head = g_strdup_printf("P6\n%u %u\n255\n", f->width, f->height);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const uint8_t *)head, (guint)strlen(head));
    g_byte_array_append(out, f->rgb, f->width * f->height * 3);
    return out;
}

bool screendump(const char *path, const char *format, GError **error)
{
    DisplayFrame f;
    bool png = format ? !strcmp(format, "png") : g_str_has_suffix(path, ".png");
    if (format && !png && strcmp(format, "ppm"))
        return error_set(error, "screendump: format '%s' is not known; accepted are ppm and png", format);
    if (!display_capture(&f))
        return error_set(error, "screendump: this machine has no display");
    g_autoptr(GByteArray) file = png ? make_png(&f) : make_ppm(&f);
    g_free(f.rgb);
    g_autoptr(GError) problem = NULL;
    return g_file_set_contents(path, (const char *)file->data, file->len, &problem) || error_set(error, "screendump: %s", problem->message);
}
