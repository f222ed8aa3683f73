/* SPDX-License-Identifier: MIT */
/* The user's terminal: raw while the guest has it, restored on every way out. */
#ifndef SYSTEM_TERMINAL_H
#define SYSTEM_TERMINAL_H

#include <stdbool.h>

/* Puts standard input into raw mode if it is a terminal. keep_signals: Ctrl-C and friends still act on this program. */
void terminal_raw(bool keep_signals);
/* Back to what it was. Async-signal-safe. */
void terminal_restore(void);
/* Handlers that restore the terminal on fatal signals, then let them take their course. */
void terminal_install_handlers(void);

#endif
