/* SPDX-License-Identifier: MIT */
/* Breakpoints of DR0-DR3 that the I/O helpers ask about. */
#ifndef TARGET_X86_DEBUG_H
#define TARGET_X86_DEBUG_H

#include "target/x86/cpu.h"

/* BF_IOBREAK: before an access to I/O port of size bytes; the trap comes after the instruction. May leave, to run it alone. */
void x86_check_io_watch(X86CPU *cpu, uint32_t port, unsigned size, uintptr_t ra);

#endif
