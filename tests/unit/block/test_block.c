/* SPDX-License-Identifier: MIT */
/* Block back ends: requests, cancelling, ranges, and the lock on images. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "system/block.h"

#define IMAGE_BYTES 5000 /* no whole number of sectors */
#define SECTORS 10

static char *make_image(void)
{
    char *path;
    int fd = g_file_open_tmp("calque-block-XXXXXX", &path, NULL);
    uint8_t bytes[IMAGE_BYTES];
    g_assert_cmpint(fd, >=, 0);
    for (unsigned i = 0; i < IMAGE_BYTES; i++)
        bytes[i] = (uint8_t)(i / 512 + 1);
    g_assert_cmpint(write(fd, bytes, sizeof(bytes)), ==, sizeof(bytes));
    close(fd);
    return path;
}

static BlockBackend *open_id(const char *id, const char *path, bool readonly, GError **error)
{
    return block_open(&(BlockOpen){ .id = id, .path = path, .readonly = readonly, .raw = true }, error);
}

typedef struct Result { int error; unsigned calls; } Result;
static void done(void *opaque, int error)
{
    Result *r = opaque;
    r->error = error;
    r->calls++;
}

static void wait_for(const Result *r)
{
    while (!r->calls)
        g_main_context_iteration(NULL, TRUE);
}

static void test_requests(void)
{
    g_autofree char *path = make_image();
    g_autoptr(GError) error = NULL;
    BlockBackend *b = open_id("rw", path, false, &error);
    uint8_t buf[1024];
    Result r = { 0 };
    g_assert_no_error(error);
    g_assert_cmpuint(block_size(b), ==, SECTORS * 512);
    block_read(b, 512, buf, 1024, done, &r);
    g_assert_cmpuint(r.calls, ==, 0); /* never from within the call */
    wait_for(&r);
    g_assert_cmpint(r.error, ==, 0);
    g_assert_true(buf[0] == 2 && buf[1023] == 3);

    memset(buf, 0xaa, sizeof(buf));
    r = (Result){ 0 };
    block_write(b, 9 * 512, buf, 512, done, &r);
    wait_for(&r);
    g_assert_cmpint(r.error, ==, 0);
    r = (Result){ 0 };
    block_flush(b, done, &r);
    block_drain(b);
    g_assert_cmpuint(r.calls, ==, 1);
    memset(buf, 0, sizeof(buf));
    g_assert_true(block_read_now(b, 8 * 512, buf, 1024, &error));
    g_assert_true(buf[0] == 9 && buf[512] == 0xaa && buf[1023] == 0xaa);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(r.calls, ==, 1); /* drained once is called once */
    g_unlink(path);
}

static void test_tail_reads_zero(void)
{
    g_autofree char *path = make_image();
    BlockBackend *b = open_id("tail", path, true, NULL);
    uint8_t buf[512];
    g_assert_true(block_read_now(b, 9 * 512, buf, 512, NULL));
    g_assert_cmpuint(buf[IMAGE_BYTES - 9 * 512 - 1], ==, 10);
    g_assert_cmpuint(buf[IMAGE_BYTES - 9 * 512], ==, 0);
    g_unlink(path);
}

static void expect_error(BlockBackend *b, bool write, uint64_t offset, uint64_t len, int want)
{
    static uint8_t buf[8192];
    Result r = { 0 };
    if (write)
        block_write(b, offset, buf, len, done, &r);
    else
        block_read(b, offset, buf, len, done, &r);
    wait_for(&r);
    g_assert_cmpint(r.error, ==, want);
}

static void test_refused(void)
{
    g_autofree char *path = make_image();
    BlockBackend *b = open_id("ro", path, true, NULL), *empty = open_id("empty", NULL, true, NULL);
    expect_error(b, true, 0, 512, EROFS);
    expect_error(b, false, 0, 100, EINVAL);
    expect_error(b, false, 10 * 512, 512, EINVAL);
    expect_error(b, false, ~511ull, 1024, EINVAL);
    expect_error(empty, false, 0, 512, ENOMEDIUM);
    g_unlink(path);
}

static void test_cancel(void)
{
    g_autofree char *path = make_image();
    BlockBackend *b = open_id("cancel", path, false, NULL);
    uint8_t buf[512];
    Result r = { 0 };
    for (unsigned i = 0; i < 100; i++)
        block_cancel(b, block_read(b, 0, buf, 512, done, &r));
    block_drain(b);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(r.calls, ==, 0);
    g_unlink(path);
}

static void test_lock(void)
{
    g_autofree char *path = make_image();
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(open_id("reader1", path, true, NULL));
    g_assert_nonnull(open_id("reader2", path, true, NULL));
    g_assert_null(open_id("writer", path, false, &error));
    g_assert_nonnull(strstr(error->message, path));
    g_unlink(path);
}

static void test_foreign(void)
{
    g_autofree char *path = make_image();
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(path, "QFI\xfb and so on", 14, NULL));
    g_assert_null(block_open(&(BlockOpen){ .id = "foreign", .path = path }, &error));
    g_assert_nonnull(strstr(error->message, "qcow2"));
    g_assert_nonnull(open_id("bytes", path, true, NULL));
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/block/requests", test_requests);
    g_test_add_func("/block/tail-reads-zero", test_tail_reads_zero);
    g_test_add_func("/block/refused", test_refused);
    g_test_add_func("/block/cancel-calls-nobody", test_cancel);
    g_test_add_func("/block/readers-keep-writers-out", test_lock);
    g_test_add_func("/block/other-formats-are-named", test_foreign);
    return g_test_run();
}
