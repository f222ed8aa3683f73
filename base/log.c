/* SPDX-License-Identifier: MIT */
/*
 * The log behind -d, -D and -dfilter. A lock is held from log_begin to log_end, so that one thread's lines stay together.
 * Settings are made before vCPUs start or with them paused, hence read without a lock.
 */
#include "base/log.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "base/sync_profile.h"

uint32_t log_mask;

typedef struct AddrRange { uint64_t first, last; } AddrRange;

static Lock log_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_LOG, .name = "log" };
static FILE *log_stream;
static AddrRange *filter;
static size_t n_filter;

static const struct { uint32_t bit; const char *name, *help; } items[] = {
#define X(c, n, h) { c, n, h },
    LOG_ITEMS(X)
#undef X
};

FILE *log_begin(uint32_t mask)
{
    if (!log_enabled(mask))
        return NULL;
    lock_acquire(&log_lock);
    return log_stream ? log_stream : stderr;
}

void log_end(FILE *f)
{
    if (!f)
        return;
    fflush(f);
    lock_release(&log_lock);
}

void log_printf(uint32_t mask, const char *fmt, ...)
{
    FILE *f = log_begin(mask);
    if (!f)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    log_end(f);
}

bool log_set_mask(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    uint32_t mask = 0;
    for (char **w = words; *w; w++) {
        uint32_t bit = !strcmp(*w, "all") ? (1u << LOG_NB_ITEMS) - 1 : 0;
        const char *names[LOG_NB_ITEMS];
        for (size_t i = 0; i < LOG_NB_ITEMS; i++) {
            names[i] = items[i].name;
            if (!strcmp(*w, items[i].name))
                bit = items[i].bit;
        }
        if (!bit) {
            const char *near = error_nearest(*w, names, LOG_NB_ITEMS);
            return error_set(error, "-d: no log item '%s'%s%s%s; '-d help' lists them", *w, near ? ", did you mean '" : "", near ? near : "",
                             near ? "'?" : "");
        }
        mask |= bit;
    }
    log_mask = mask;
    if (mask & LOG_SYNC)
        sync_profile_enable(true);
    return true;
}

bool log_set_file(const char *path, GError **error)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return error_set(error, "-D %s: %s", path, strerror(errno));
    lock_acquire(&log_lock);
    if (log_stream)
        fclose(log_stream);
    log_stream = f;
    lock_release(&log_lock);
    return true;
}

/* first..last, first+length, or last-length (length bytes up to last). */
static bool parse_range(const char *text, AddrRange *range)
{
    char *end;
    uint64_t a = g_ascii_strtoull(text, &end, 0), b;
    if (end == text)
        return false;
    bool dots = g_str_has_prefix(end, "..");
    char op = *end;
    if (!dots && op != '+' && op != '-')
        return false;
    const char *second = end + (dots ? 2 : 1);
    b = g_ascii_strtoull(second, &end, 0);
    if (end == second || *end || (!dots && b == 0))
        return false;
    if (dots)
        *range = (AddrRange){ a, b };
    else if (op == '+')
        *range = (AddrRange){ a, a + b - 1 };
    else
        *range = (AddrRange){ a - (b - 1), a };
    return range->first <= range->last;
}

bool log_set_filter(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    size_t n = g_strv_length(words);
    g_autofree AddrRange *fresh = g_new0(AddrRange, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!parse_range(words[i], &fresh[i]))
            return error_set(error, "-dfilter: '%s' is not a range: write FIRST..LAST, FIRST+LENGTH or LAST-LENGTH", words[i]);
    }
    g_free(filter);
    filter = g_steal_pointer(&fresh);
    n_filter = n;
    return true;
}

bool log_in_filter(uint64_t addr)
{
    for (size_t i = 0; i < n_filter; i++) {
        if (addr >= filter[i].first && addr <= filter[i].last)
            return true;
    }
    return n_filter == 0;
}

void log_help(FILE *out)
{
    fprintf(out, "Log items for -d (comma-separated, or 'all'):\n");
    for (size_t i = 0; i < LOG_NB_ITEMS; i++)
        fprintf(out, "  %-14s %s\n", items[i].name, items[i].help);
}
