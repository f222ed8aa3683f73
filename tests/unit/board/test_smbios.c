/* SPDX-License-Identifier: MIT */
/* SMBIOS: structures that can be walked, checksums, options. */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/smbios/smbios.h"

static GPtrArray *options_of(const char *text)
{
    GPtrArray *list = g_ptr_array_new();

    g_ptr_array_add(list, (gpointer)text);
    return list;
}

static bool build(const char *option, bool no_firmware, Smbios *out, GError **error)
{
    g_autoptr(GPtrArray) options = option ? options_of(option) : NULL;
    SmbiosConfig c = { .product = "q35", .no_firmware = no_firmware, .n_sockets = 3, .cores = 2, .threads = 4, .low_ram = 2ull << 30, .high_ram = 38ull << 30, .options = options };

    return smbios_build(&c, out, error);
}

/* The structure after p: past its strings, which end with an empty one. */
static const uint8_t *next(const uint8_t *p)
{
    for (p += p[1]; p[0] || p[1]; p++)
        continue;
    return p + 2;
}

static const uint8_t *find(const Smbios *s, unsigned type)
{
    for (const uint8_t *p = s->tables->data; p < s->tables->data + s->tables->len; p = next(p))
        if (p[0] == type)
            return p;
    return NULL;
}

static const char *string(const uint8_t *p, unsigned number)
{
    const char *s = (const char *)p + p[1];

    while (--number)
        s += strlen(s) + 1;
    return s;
}

static uint8_t sum(const uint8_t *p, size_t n)
{
    uint8_t s = 0;

    while (n--)
        s = (uint8_t)(s + *p++);
    return s;
}

static void test_walk(void)
{
    static const uint8_t lengths[] = { [0] = 24, [1] = 27, [3] = 22, [4] = 42, [16] = 23, [17] = 40, [19] = 31, [32] = 11, [127] = 4 };
    unsigned count[128] = { 0 }, total = 0;
    const uint8_t *p;
    Smbios s;

    g_assert_true(build(NULL, true, &s, NULL));
    for (p = s.tables->data; p < s.tables->data + s.tables->len; p = next(p)) {
        g_assert_cmpuint(p[1], ==, lengths[p[0]]);
        count[p[0]]++;
        total++;
    }
    g_assert_true(p == s.tables->data + s.tables->len);
    g_assert_true(count[4] == 3 && count[17] == 3 && count[19] == 2 && count[127] == 1); /* 40 GiB: 16, 16, 8 */
    g_assert_cmpuint(lduw_le_p(s.anchor + 28), ==, total);
    g_assert_cmpuint(lduw_le_p(s.anchor + 22), ==, s.tables->len);
    smbios_place(&s, 0xf0020);
    g_assert_cmphex(ldl_le_p(s.anchor + 24), ==, 0xf0020);
    g_assert_cmphex(sum(s.anchor, 31), ==, 0);
    g_assert_cmphex(sum(s.anchor + 16, 15), ==, 0);
    smbios_clear(&s);
}

static void test_options(void)
{
    const uint8_t *p;
    Smbios s;

    g_assert_true(build("type=1,serial=a,,b,uuid=01234567-89ab-cdef-0123-456789abcdef", false, &s, NULL));
    g_assert_null(find(&s, 0)); /* firmware brings its own */
    p = find(&s, 1);
    g_assert_cmpstr(string(p, p[7]), ==, "a,b");
    g_assert_cmphex(ldl_le_p(p + 8), ==, 0x01234567);
    g_assert_cmphex(p[16], ==, 0x01);
    g_assert_cmphex(p[23], ==, 0xef);
    smbios_clear(&s);
    g_assert_true(build("type=0,vendor=me,release=4.2", false, &s, NULL));
    p = find(&s, 0);
    g_assert_cmpstr(string(p, p[4]), ==, "me");
    g_assert_true(p[20] == 4 && p[21] == 2);
    smbios_clear(&s);
}

static void test_refusals(void)
{
    static const char *const bad[][2] = {
        { "type=4,sock_pfx=x", "type=4" }, { "serial=1", "serial=1" }, { "type=1,seriall=x", "'serial'" }, { "type=1,uuid=12", "uuid=12" }, { "type=1,sku", "sku" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autoptr(GError) error = NULL;
        Smbios s;

        g_assert_false(build(bad[i][0], false, &s, &error));
        g_assert_nonnull(strstr(error->message, bad[i][1]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smbios/structures/can-be-walked", test_walk);
    g_test_add_func("/smbios/options/fields", test_options);
    g_test_add_func("/smbios/options/refusals", test_refusals);
    return g_test_run();
}
