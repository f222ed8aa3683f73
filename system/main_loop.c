/* SPDX-License-Identifier: MIT */
/*
 * The main loop: glib's default context, polled with the big lock released, dispatched with it held; then the main timer list;
 * then what CPUs, devices or the user asked for (cpus/runstate.h).
 */
#include "system/main_loop.h"

#include <glib.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/lock.h"
#include "cpus/cpu.h"
#include "cpus/runstate.h"
#include "target/api/target.h"

static bool running; /* (B) */

void vm_start(void)
{
    if (running)
        return;
    running = true;
    clock_virtual_set_running(true);
    resume_all_vcpus();
}

void vm_stop(void)
{
    if (!running)
        return;
    running = false;
    pause_all_vcpus();
    clock_virtual_set_running(false);
}

bool vm_running(void)
{
    return running;
}

static void machine_reset(void)
{
    bool was_running = running;
    vm_stop();
    CPU_FOREACH (cpu)
        cpu->target->reset(cpu); /* before the handlers: the boot loader sets the first CPU's start */
    runstate_reset_all();
    if (was_running)
        vm_start();
}

/* Returns true when the program is to end. */
static bool handle_requests(const MainLoopConfig *config, int *status)
{
    for (;;) {
        switch (runstate_take_request(status)) {
        case RUN_REQ_NONE:
            return false;
        case RUN_REQ_QUIT:
            return true;
        case RUN_REQ_SHUTDOWN:
        case RUN_REQ_PANIC:
            *status = 0;
            if (!config->no_shutdown)
                return true;
            vm_stop();
            break;
        case RUN_REQ_RESET:
            *status = 0;
            if (config->no_reboot)
                return true;
            machine_reset();
            break;
        case RUN_REQ_STOP:
            vm_stop();
            break;
        }
    }
}

/* Nanoseconds to wait: the nearer of glib's time-out (ms, -1: none) and the main timer list's deadline. */
static int64_t wait_ns(int glib_ms)
{
    int64_t glib_ns = glib_ms < 0 ? -1 : glib_ms * 1000000ll, timer_ns = timer_list_deadline_ns(timer_list_main());
    if (glib_ns < 0 || (timer_ns >= 0 && timer_ns < glib_ns))
        return timer_ns;
    return glib_ns;
}

static void iterate(GMainContext *context, GArray *fds)
{
    int priority, timeout;
    g_main_context_prepare(context, &priority);
    int n;
    while ((n = g_main_context_query(context, priority, &timeout, (GPollFD *)(void *)fds->data, (int)fds->len)) > (int)fds->len)
        g_array_set_size(fds, (guint)n);
    int64_t ns = wait_ns(timeout);
    struct timespec ts = { ns / NS_PER_SEC, ns % NS_PER_SEC };
    bql_unlock();
    ppoll((struct pollfd *)(void *)fds->data, (nfds_t)n, ns < 0 ? NULL : &ts, NULL);
    bql_lock();
    if (g_main_context_check(context, priority, (GPollFD *)(void *)fds->data, n))
        g_main_context_dispatch(context);
    timer_list_run(timer_list_main());
}

static void wake_up(void)
{
    g_main_context_wakeup(NULL);
}

int main_loop_run(const MainLoopConfig *config)
{
    static_assert(sizeof(GPollFD) == sizeof(struct pollfd), "glib's poll records are the system's");
    GMainContext *context = g_main_context_default();
    g_autoptr(GArray) fds = g_array_new(FALSE, TRUE, sizeof(GPollFD));
    int status = 0;
    runstate_set_wakeup(wake_up);
    g_main_context_acquire(context);
    while (!handle_requests(config, &status))
        iterate(context, fds);
    g_main_context_release(context);
    vm_stop();
    return status;
}
