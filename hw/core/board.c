/* SPDX-License-Identifier: MIT */
/* The list of machines, their help, and the check of -M options against a board's table. */
#include "hw/core/board.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"

extern const BoardClass board_pc, board_q35, board_virt;

const BoardClass *const boards[] = { &board_pc, &board_q35, &board_virt, NULL };

const BoardClass *board_find(const char *name)
{
    for (const BoardClass *const *b = boards; *b; b++)
        if (!strcmp((*b)->name, name) || ((*b)->alias && !strcmp((*b)->alias, name)))
            return *b;
    return NULL;
}

static bool has_option(const BoardClass *board, const char *key)
{
    for (const BoardOption *o = board->options; o && o->name; o++)
        if (!strcmp(o->name, key))
            return true;
    return false;
}

bool board_check_options(const BoardClass *board, const MachineConfig *config, GError **error)
{
    for (unsigned i = 0; i < config->n_options; i++) {
        const char *names[32], *near;
        size_t n = 0;

        if (has_option(board, config->options[i].key))
            continue;
        for (const BoardOption *o = board->options; o && o->name && n < G_N_ELEMENTS(names); o++)
            names[n++] = o->name;
        near = error_nearest(config->options[i].key, names, n);
        return error_set(error, "-M %s: no option '%s'%s%s%s; '-M %s,help' lists them", board->name, config->options[i].key,
                         near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", board->name);
    }
    return true;
}

void board_list_help(const char *arch, GString *out)
{
    for (const BoardClass *const *b = boards; *b; b++) {
        if (strcmp((*b)->arch->name, arch))
            continue;
        g_string_append_printf(out, "%-16s %s", (*b)->name, (*b)->description);
        if ((*b)->alias)
            g_string_append_printf(out, " (also: %s)", (*b)->alias);
        g_string_append_c(out, '\n');
    }
}

void board_help(const BoardClass *board, GString *out)
{
    g_string_append_printf(out, "%s: %s\n", board->name, board->description);
    g_string_append_printf(out, "  up to %u CPUs, default %s, default memory %" PRIu64 " MiB\n", board->max_cpus, board->default_cpu,
                           board->default_ram >> 20);
    for (const BoardOption *o = board->options; o && o->name; o++)
        g_string_append_printf(out, "  %s=%s  %s\n", o->name, o->values, o->help);
}
