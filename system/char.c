/* SPDX-License-Identifier: MIT */
/* From a -serial argument to a back end. */
#include "system/char.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "system/char_fd.h"
#include "system/terminal.h"

static const ChardevOps null_ops = { 0 };

static Chardev *char_null_new(const char *label)
{
    Chardev *chr = g_new0(Chardev, 1);
    chr->ops = &null_ops;
    chr->label = g_strdup(label);
    return chr;
}

static bool open_stdio(const char *label, bool with_monitor, Chardev **chr, GError **error)
{
    static bool taken;
    if (taken)
        return error_set(error, "%s: stdio is used twice; give one of the two another place, such as 'null' or 'pty'", label);
    taken = true;
    terminal_raw(!with_monitor);
    *chr = char_fd_new(label, STDIN_FILENO, STDOUT_FILENO, true);
    if (with_monitor)
        *chr = char_mux_new(label, *chr);
    return true;
}

/* A file is made when everything else about the machine is known to be right: char_open_files. */
typedef struct PendingFile { Chardev *chr; char *path; } PendingFile;
static GArray *pending_files; /* (B) */

static Chardev *char_file_new(const char *path, const char *label)
{
    PendingFile p = { char_fd_new(label, -1, -1, false), g_strdup(path) };
    if (!pending_files)
        pending_files = g_array_new(FALSE, FALSE, sizeof(PendingFile));
    g_array_append_val(pending_files, p);
    return p.chr;
}

bool char_open_files(GError **error)
{
    for (unsigned i = 0; pending_files && i < pending_files->len; i++) {
        PendingFile *p = &g_array_index(pending_files, PendingFile, i);
        int fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            return error_set(error, "%s: file:%s: %s", p->chr->label, p->path, strerror(errno));
        ((CharFd *)p->chr)->fd_out = fd;
        g_free(p->path);
    }
    g_clear_pointer(&pending_files, g_array_unref);
    return true;
}

bool char_open(const char *text, const char *label, Chardev **chr, GError **error)
{
    static const char *const names[] = { "stdio", "mon:stdio", "null", "none", "pty", "file:", "tcp:", "unix:", "chardev:" };
    *chr = NULL;
    if (!strcmp(text, "none"))
        return true;
    if (!strcmp(text, "null")) {
        *chr = char_null_new(label);
        return true;
    }
    if (!strcmp(text, "stdio") || !strcmp(text, "mon:stdio"))
        return open_stdio(label, text[0] == 'm', chr, error);
    if (!strcmp(text, "pty"))
        return char_pty_new(label, chr, error);
    if (g_str_has_prefix(text, "file:"))
        return *chr = char_file_new(text + 5, label), true;
    if (g_str_has_prefix(text, "tcp:") || g_str_has_prefix(text, "unix:"))
        return char_socket_new(text, label, chr, error);
    if (g_str_has_prefix(text, "chardev:")) {
        *chr = chardev_find(text + 8);
        return *chr || error_set(error, "%s: '%s': no -chardev has this id", label, text);
    }
    const char *near = error_nearest(text, names, G_N_ELEMENTS(names));
    return error_set(error, "%s: '%s' is not known%s%s%s; accepted are stdio, mon:stdio, null, none, pty, file:PATH, tcp:HOST:PORT[,server][,nowait], unix:PATH[,server][,nowait] and chardev:ID",
                     label, text, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}
