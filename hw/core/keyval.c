/* SPDX-License-Identifier: MIT */
/* Key and value lists: see keyval.h. */
#include "hw/core/keyval.h"

#include <string.h>

static void item_clear(void *data)
{
    KeyVal *item = data;

    g_free(item->key);
    g_free(item->value);
}

/* Appends an item's text to out; returns what follows its comma, NULL at the end. */
static const char *take_item(const char *p, GString *out)
{
    for (; *p; p++) {
        if (*p == ',' && p[1] != ',')
            return p + 1;
        p += *p == ',';
        g_string_append_c(out, *p);
    }
    return NULL;
}

GArray *keyval_parse(const char *text)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(KeyVal));

    g_array_set_clear_func(items, item_clear);
    while (text) {
        g_autoptr(GString) word = g_string_new(NULL);
        const char *equals;
        KeyVal item = { NULL, NULL };

        text = take_item(text, word);
        equals = strchr(word->str, '=');
        item.key = equals ? g_strndup(word->str, (gsize)(equals - word->str)) : g_strdup(word->str);
        item.value = equals ? g_strdup(equals + 1) : NULL;
        g_array_append_val(items, item);
    }
    return items;
}

const char *keyval_get(const GArray *items, const char *key)
{
    const char *found = NULL;

    for (unsigned i = 0; i < items->len; i++) {
        const KeyVal *item = &g_array_index(items, KeyVal, i);

        if (!strcmp(item->key, key))
            found = item->value;
    }
    return found;
}
