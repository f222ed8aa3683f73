/* SPDX-License-Identifier: MIT */
/*
 * Sockets as character devices: client, or server with one client at a time. A server takes the next client when one goes away.
 * Names are resolved and sockets made by GIO; bytes then travel as over any descriptor (char_fd).
 */
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "system/char.h"
#include "system/char_fd.h"

typedef struct CharSocket {
    CharFd fd;                   /* first */
    GSocketService *service;     /* a server's; NULL for a client */
} CharSocket;

typedef struct SocketSpec {
    GSocketConnectable *where;   /* owned */
    GSocketAddress *bind;        /* owned; what a server listens on */
    bool server, nowait;
} SocketSpec;

static void socket_hung_up(CharFd *c)
{
    char_fd_detach(c);
    chardev_be_event(&c->chr, CHR_EVENT_CLOSED);
}

static void take_connection(CharSocket *s, GSocketConnection *connection)
{
    GSocket *socket = g_socket_connection_get_socket(connection);
    int fd = dup(g_socket_get_fd(socket));
    if (fd < 0)
        return;
    char_fd_attach(&s->fd, fd);
    chardev_be_event(&s->fd.chr, CHR_EVENT_OPENED);
}

static gboolean incoming(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer opaque)
{
    CharSocket *s = opaque;
    if (s->fd.fd_out < 0)
        take_connection(s, connection); /* else refused by closing it: one client at a time */
    return TRUE;
}

static bool parse_flags(const char *text, SocketSpec *spec, char **address, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    for (char **w = words + 1; words[0] && *w; w++) {
        if (!strcmp(*w, "server") || !strcmp(*w, "server=on"))
            spec->server = true;
        else if (!strcmp(*w, "nowait") || !strcmp(*w, "wait=off"))
            spec->nowait = true;
        else if (strcmp(*w, "nodelay") && strcmp(*w, "server=off") && strcmp(*w, "wait=on"))
            return error_set(error, "'%s' in '%s' is not known; accepted are server and nowait", *w, text);
    }
    *address = g_strdup(words[0]);
    return true;
}

static bool parse_spec(const char *text, SocketSpec *spec, GError **error)
{
    g_autofree char *address = NULL;
    if (!parse_flags(text, spec, &address, error))
        return false;
    if (g_str_has_prefix(address, "unix:")) {
        spec->bind = g_unix_socket_address_new(address + 5);
        spec->where = G_SOCKET_CONNECTABLE(g_object_ref(spec->bind));
        if (spec->server)
            unlink(address + 5);
        return true;
    }
    const char *colon = strrchr(address + 4, ':');
    guint64 port;
    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
        return error_set(error, "'%s': write tcp:HOST:PORT, port 1 to 65535", text);
    g_autofree char *host = colon > address + 4 ? g_strndup(address + 4, (gsize)(colon - address - 4)) : g_strdup(spec->server ? "0.0.0.0" : "127.0.0.1");
    if (spec->server) {
        spec->bind = g_inet_socket_address_new_from_string(strcmp(host, "localhost") ? host : "127.0.0.1", (guint)port);
        if (!spec->bind)
            return error_set(error, "'%s': a server needs an address such as 127.0.0.1, not a name", text);
    } else {
        spec->where = g_network_address_new(host, (guint16)port);
    }
    return true;
}

static bool start_server(CharSocket *s, const SocketSpec *spec, const char *label, GError **error)
{
    s->service = g_socket_service_new();
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(s->service), spec->bind, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error))
        return false;
    if (!spec->nowait) {
        fprintf(stderr, "%s: waiting for a connection\n", label);
        g_autoptr(GSocketConnection) c = g_socket_listener_accept(G_SOCKET_LISTENER(s->service), NULL, NULL, error);
        if (!c)
            return false;
        take_connection(s, c);
    }
    g_signal_connect(s->service, "incoming", G_CALLBACK(incoming), s);
    g_socket_service_start(s->service);
    return true;
}

static bool start_client(CharSocket *s, const SocketSpec *spec, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) c = g_socket_client_connect(client, spec->where, NULL, error);
    if (!c)
        return false;
    take_connection(s, c);
    return true;
}

bool char_socket_new(const char *text, const char *label, Chardev **chr, GError **error)
{
    SocketSpec spec = { 0 };
    g_autoptr(GError) cause = NULL;
    bool ok = parse_spec(text, &spec, &cause);
    CharSocket *s = g_new0(CharSocket, 1);
    char_fd_init(&s->fd, label, -1, -1);
    s->fd.hung_up = socket_hung_up;
    ok = ok && (spec.server ? start_server(s, &spec, label, &cause) : start_client(s, &spec, &cause));
    g_clear_object(&spec.where);
    g_clear_object(&spec.bind);
    if (!ok)
        return error_set(error, "%s: %s: %s", label, text, cause->message);
    *chr = &s->fd.chr;
    return true;
}
