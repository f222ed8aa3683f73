/* SPDX-License-Identifier: MIT */
/* Breakpoints of DR0-DR3 that the translator and the I/O helpers ask about. */
#ifndef TARGET_X86_DEBUG_H
#define TARGET_X86_DEBUG_H

#include "target/x86/cpu.h"

/* Raises #DB when an instruction breakpoint is at pc. */
void x86_check_breakpoint_from(X86CPU *cpu, uint64_t pc, uintptr_t ra);
/* BF_BREAK: for a helper that generated code calls before the instruction at pc. */
static inline __attribute__((always_inline)) void x86_check_breakpoint(X86CPU *cpu, uint64_t pc)
{
    x86_check_breakpoint_from(cpu, pc, GETPC());
}
/* BF_IOBREAK: before an access to I/O port of size bytes; the trap comes after the instruction. May leave, to run it alone. */
void x86_check_io_watch(X86CPU *cpu, uint32_t port, unsigned size, uintptr_t ra);

#endif
