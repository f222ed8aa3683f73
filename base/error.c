/* SPDX-License-Identifier: MIT */
/* Errors as sentences, suggestions for mistyped names, sizes with suffixes. */
#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_QUARK(calque-error-quark, calque_error)

bool error_set(GError **error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (error && !*error)
        *error = g_error_new_valist(CALQUE_ERROR, 0, fmt, ap);
    va_end(ap);
    return false;
}

/* Levenshtein distance with transpositions of neighbours counted as one, bounded by the words' lengths. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), w = m + 1;
    g_autofree unsigned *d = g_new(unsigned, (n + 1) * w);
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (!i || !j) {
                d[i * w + j] = i + j;
                continue;
            }
            unsigned best = d[(i - 1) * w + j - 1] + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));
            best = MIN(best, d[(i - 1) * w + j] + 1);
            best = MIN(best, d[i * w + j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = MIN(best, d[(i - 2) * w + j - 2] + 1);
            d[i * w + j] = best;
        }
    }
    return d[n * w + m];
}

const char *error_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t length = strlen(word);
    if (!length || length > 200)
        return NULL;
    unsigned best_distance = MAX(2u, length / 3) + 1;
    for (size_t i = 0; i < n; i++) {
        unsigned distance = edit_distance(word, names[i]);
        if (distance < best_distance && distance < length) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

bool parse_size(const char *text, uint64_t default_unit, uint64_t *bytes)
{
    static const char suffixes[] = "BKMGTPE";
    char *end;
    if (!g_ascii_isdigit(text[0]))
        return false;
    errno = 0;
    uint64_t whole = g_ascii_strtoull(text, &end, 0);
    double fraction = 0;
    if (errno)
        return false;
    if (*end == '.')
        fraction = g_ascii_strtod(end, &end);
    uint64_t unit = default_unit;
    if (*end) {
        const char *s = strchr(suffixes, g_ascii_toupper(*end));
        if (!s || end[1])
            return false;
        unit = 1ull << 10 * (s - suffixes);
    }
    unsigned __int128 total = (unsigned __int128)whole * unit + (uint64_t)(fraction * unit);
    if (total >> 64)
        return false;
    *bytes = (uint64_t)total;
    return true;
}
