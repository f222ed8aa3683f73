/* SPDX-License-Identifier: MIT */
/*
 * Requests that end, reset or stop the machine. Any thread may make one; the main loop carries it out. system/ registers the
 * wake-up; devices and CPUs only ask.
 */
#ifndef CPUS_RUNSTATE_H
#define CPUS_RUNSTATE_H

#include <stdbool.h>

typedef enum RunRequest { RUN_REQ_NONE, RUN_REQ_SHUTDOWN, RUN_REQ_RESET, RUN_REQ_PANIC, RUN_REQ_QUIT, RUN_REQ_STOP } RunRequest;

/* Guest powered itself off / asked for a reset / the user ended the program (status). The first of a kind counts until taken. */
void runstate_request(RunRequest what);
void runstate_request_quit(int status);
/* Takes the most urgent pending request (QUIT, PANIC, SHUTDOWN, RESET, STOP). */
RunRequest runstate_take_request(int *quit_status);
void runstate_set_wakeup(void (*wakeup)(void));
/* Reset handlers run in the order of registration, big lock held, vCPUs paused. */
void runstate_add_reset(void (*fn)(void *opaque), void *opaque);
void runstate_reset_all(void);

#endif
