/* SPDX-License-Identifier: MIT */
/* The main thread: events, timers, and requests to end, reset or stop the machine. */
#ifndef SYSTEM_MAIN_LOOP_H
#define SYSTEM_MAIN_LOOP_H

#include <stdbool.h>

typedef struct MainLoopConfig { bool no_reboot, no_shutdown; } MainLoopConfig;

/* Runs until the program is to end; returns its exit status. Big lock held on entry and exit, released while waiting. */
int main_loop_run(const MainLoopConfig *config);
/* Starts and stops guest and virtual time. Big lock held. */
void vm_start(void);
void vm_stop(void);
bool vm_running(void);

#endif
