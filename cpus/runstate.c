/* SPDX-License-Identifier: MIT */
/* Requests to end, reset or stop the machine, from any thread, and the list of reset handlers. */
#include "cpus/runstate.h"

#include <glib.h>

static unsigned requests;      /* (a) a bit for each RunRequest */
static int quit_status;        /* (a) */
static void (*wakeup)(void);   /* (c) once set */

typedef struct ResetHandler { void (*fn)(void *opaque); void *opaque; } ResetHandler;
static GArray *reset_handlers; /* (B) */

void runstate_set_wakeup(void (*fn)(void))
{
    wakeup = fn;
}

void runstate_request(RunRequest what)
{
    __atomic_fetch_or(&requests, 1u << what, __ATOMIC_SEQ_CST);
    if (wakeup)
        wakeup();
}

void runstate_request_quit(int status)
{
    __atomic_store_n(&quit_status, status, __ATOMIC_SEQ_CST);
    runstate_request(RUN_REQ_QUIT);
}

RunRequest runstate_take_request(int *status)
{
    static const RunRequest order[] = { RUN_REQ_QUIT, RUN_REQ_PANIC, RUN_REQ_SHUTDOWN, RUN_REQ_RESET, RUN_REQ_STOP };
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        unsigned bit = 1u << order[i];
        if (__atomic_fetch_and(&requests, ~bit, __ATOMIC_SEQ_CST) & bit) {
            *status = __atomic_load_n(&quit_status, __ATOMIC_SEQ_CST);
            return order[i];
        }
    }
    return RUN_REQ_NONE;
}

void runstate_add_reset(void (*fn)(void *opaque), void *opaque)
{
    if (!reset_handlers)
        reset_handlers = g_array_new(FALSE, FALSE, sizeof(ResetHandler));
    ResetHandler h = { fn, opaque };
    g_array_append_val(reset_handlers, h);
}

void runstate_reset_all(void)
{
    for (unsigned i = 0; reset_handlers && i < reset_handlers->len; i++) {
        ResetHandler *h = &g_array_index(reset_handlers, ResetHandler, i);
        h->fn(h->opaque);
    }
}
