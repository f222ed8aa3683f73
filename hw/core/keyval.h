/* SPDX-License-Identifier: MIT */
/* Texts of the form "name,key=value,flag": what -device and -smbios carry to boards. ",," stands for a comma. */
#ifndef HW_CORE_KEYVAL_H
#define HW_CORE_KEYVAL_H

#include <glib.h>

typedef struct KeyVal { char *key, *value; } KeyVal; /* value NULL: a bare word */

/* The items in order; of a first bare word, key is it. Free with g_array_unref. */
GArray *keyval_parse(const char *text);
/* The last value of key; NULL: none, or a bare word. */
const char *keyval_get(const GArray *items, const char *key);

#endif
