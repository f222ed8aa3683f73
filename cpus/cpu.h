/* SPDX-License-Identifier: MIT */
/*
 * The virtual CPU: what is common to all guests.
 *
 * A target embeds CPUState as the first member of its own struct (ArmCPU, X86CPU); generated code addresses both through one
 * base register. The fields at the top are those that generated code uses: their layout is part of the back ends' interface.
 *
 * Who touches what: (v) the owning vCPU's thread only, or anyone while the vCPU is stopped or in its work queue's functions;
 * (a) any thread, atomically; (s) under the lock of stops (pause.c); (c) constant after creation; (B) big lock.
 */
#ifndef CPUS_CPU_H
#define CPUS_CPU_H

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/lock.h"
#include "cpus/spin.h"
#include "base/park.h"

#define CPU_NB_MMU_MODES 12
#define CPU_JUMP_CACHE_BITS 14
#define CPU_JUMP_CACHE_SIZE (1u << CPU_JUMP_CACHE_BITS)
#define CPU_RETURN_STACK_SIZE 16 /* entries, a power of two */

/* An entry of the soft TLB. Low 12 bits of the tags are CPU_TLB_*: an access takes the fast path only when its page-masked address (with misaligned low bits kept, see accel/mmu/mmu.h) equals the tag. */
typedef struct CPUTLBEntry {
    uint64_t addr_read, addr_write, addr_code; /* (v) guest page address | flags; ~0: nothing */
    uint64_t addend;                           /* host address - guest address */
} CPUTLBEntry;
#define CPU_TLB_ENTRY_BITS 5
static_assert(sizeof(CPUTLBEntry) == 1 << CPU_TLB_ENTRY_BITS, "generated code shifts by CPU_TLB_ENTRY_BITS");

typedef struct CPUTLBFast {
    uint64_t mask;      /* (entries - 1) << CPU_TLB_ENTRY_BITS */
    CPUTLBEntry *table; /* index: (address >> (12 - CPU_TLB_ENTRY_BITS)) & mask, in bytes */
} CPUTLBFast;

/* A page that loads at one place in generated code found last. Each TLB flush of the index forgets it. */
typedef struct CPURecentPage {
    uint64_t page;      /* as CPUTLBEntry.addr_read of plain RAM; ~0: nothing */
    uint64_t addend;
} CPURecentPage;
#define CPU_RECENT_PAGES 32 /* an index, a power of two */

/* Jump cache: where indirect and cross-page branches find host code. Keyed as accel/tb/tb.h says. */
typedef struct CPUJumpEntry {
    uint64_t tag;     /* guest pc ^ context, as tb_jump_tag */
    const void *code; /* host code to jump to; for tag mismatches never used, so it may hold anything */
} CPUJumpEntry;

/* Return stack: a ring of predictions made by calls. */
typedef struct CPUReturnEntry {
    uint64_t tag;     /* as CPUJumpEntry's, of the return address; ~0: empty */
    const void *code;
} CPUReturnEntry;

typedef struct CPUState CPUState;
typedef void CPUWorkFn(CPUState *cpu, void *data);

/* Requests to a vCPU, bits of CPUState.interrupt_request. Bits 8.. are the target's own. */
#define CPU_INTERRUPT_HARD 1u
#define CPU_INTERRUPT_EXIT 2u   /* leave cpu_exec with EXCP_INTERRUPT */
#define CPU_INTERRUPT_HALT 4u
#define CPU_INTERRUPT_TGT(n) (0x100u << (n))

/* What cpu_exec returns, and values of exception_index at and above EXCP_FIRST; those below are the target's. */
enum {
    EXCP_FIRST = 0x10000,
    EXCP_INTERRUPT = EXCP_FIRST, /* something wants the loop's attention */
    EXCP_HLT,                    /* halted: waits for an interrupt */
    EXCP_DEBUG,                  /* breakpoint, watchpoint or single step of the debugger */
    EXCP_HALTED,                 /* was halted already, nothing to do */
    EXCP_ATOMIC,                 /* the instruction must run alone: cpu_exec_step_atomic */
    EXCP_YIELD,                  /* the guest waits for another CPU: others may run (cpus/spin.h) */
};

struct CPUState {
    /* ---- used by generated code; offsets are an interface ---- */
    CPUTLBFast tlb[CPU_NB_MMU_MODES];        /* (v) */
    uint32_t exit_request;                   /* (a) CPU_EXIT_*; nonzero: leave generated code at the next poll. Pairs with cpu_exec's acquire */
    uint32_t return_top;                     /* (v) byte offset of the newest entry in return_stack; wraps */
    uint64_t jump_context;                   /* (v) xor-ed into tags of non-global code, see accel/tb/tb.h */
    CPUReturnEntry return_stack[CPU_RETURN_STACK_SIZE]; /* (v) */
    uint64_t spill[64] __attribute__((aligned(16))); /* (v) scratch of the back end */
    uint64_t bounce[8] __attribute__((aligned(64))); /* (v) where ldptr's slow path puts bytes that are not plain RAM */
    CPUJumpEntry jump_cache[CPU_JUMP_CACHE_SIZE]; /* (v) */
    CPURecentPage recent[CPU_NB_MMU_MODES][CPU_RECENT_PAGES]; /* (v) */
    uint32_t tlb_sync;                       /* (v) CPU_SYNC_*: how far this vCPU's own broadcast TLB flushes are */
    uint32_t release_pending;                /* (v) a store of MO_REL since the last full barrier, or not long before it: a load of MO_ACQ makes one first */

    /* ---- written by other threads: one cache line, which a kick fetches beside exit_request's ---- */
    uint32_t interrupt_request __attribute__((aligned(64))); /* (a) CPU_INTERRUPT_* */
    uint32_t running;                        /* (a) CPU_OUTSIDE, or inside cpu_exec_start .. cpu_exec_end; see exclusive.c */
    uint32_t leave_waiters, leave_wakes;     /* (a) who waits in cpu_wait_left for this vCPU, and how often they were woken: see leave.c */
    uintptr_t work_new;                      /* (a) what others queued, newest first; bit 0: a thread serves the queue. See work.c */
    Park own_park;                           /* (a) where the thread sleeps, unless it is rr's */
    bool created;                            /* (a) its thread runs */
    bool stop;                               /* (a) asked to stop, written under (s) */
    bool stopped;                            /* (s) has stopped */

    /* ---- execution state ---- */
    int32_t exception_index __attribute__((aligned(64))); /* (v) what to raise at the top of cpu_exec; -1: nothing */
    bool halted;                             /* (v) waits for an interrupt (WFI, HLT, PSCI off) */
    bool in_exec;                            /* (v) inside cpu_exec */
    uint32_t singlestep;                     /* (v) CPU_STEP_*: set by the debugger */
    sigjmp_buf jmp_env;                      /* (v) where cpu_loop_exit goes */
    uintptr_t mem_io_pc;                     /* (v) host return address of the access being served by a device, 0 outside */
    uintptr_t interp_ra;                     /* (v) the interpreter is calling a helper for the insn that this stands for, see cpu_code_ra; 0 outside */

    /* ---- parts owned by other folders ---- */
    const struct TargetOps *target;          /* (c) */
    struct TbThread *tb;                     /* (c) accel/tb's and accel/exec's data for this vCPU */
    struct CpuMmu *mmu;                      /* (c) accel/mmu's data for this vCPU */
    bool high_by_asid;                       /* (v) accel found code that differs by ASID in the half that is normally global: the target's block flags and jump_is_global are to say so. The target's reset clears it */
    void *machine_data;                      /* (c) the board's */
    TimerList *timers;                       /* (c) timers that this vCPU's thread runs */

    /* ---- the thread ---- */
    int index;                               /* (c) 0.. */
    bool started;                            /* (a) rr: its thread is to take it up */
    pthread_t thread;                        /* (c) after creation */
    Park *park;                              /* (c) where the thread sleeps: own_park, or rr's */
    CpuSpin spin;                            /* (v) */
    struct CpuWorkItem *work_todo, **work_todo_last; /* (v) taken from work_new, oldest first */
    unsigned work_waited;                    /* (v) how many of those somebody waits for */
    CPUState *next;                          /* (a) list of all, by RCU */
};

/* Bits of exit_request. Whoever stores LEAVE alone may lose a SETTLE: what that asks for is also done before guest code is entered. */
#define CPU_EXIT_LEAVE 1u  /* out of cpu_exec */
#define CPU_EXIT_SETTLE 2u /* to the top of cpu_exec's loop: interrupt_request, or what another thread left to settle (accel/exec) */

/* Bits of tlb_sync. */
#define CPU_SYNC_UNSENT 1u /* a broadcast flush may not have reached all others: the guest's barrier must wait */
#define CPU_SYNC_WAIT 2u   /* it does: no guest code before all others have flushed */

#define CPU_STEP_ENABLE 1u
#define CPU_STEP_NO_IRQ 2u
#define CPU_STEP_NO_TIMER 4u

/* ---- list and life cycle ---- */
#define CPUS_MAX 1024
/* Zeroed memory for a target's CPU struct of size bytes, which starts with a CPUState; never freed. NULL with an error that names the CPU. */
void *cpu_alloc(size_t size, int index, GError **error);
/* Initialises the common part and adds it to the list. Big lock held. index is below CPUS_MAX and no other's. */
void cpu_init_common(CPUState *cpu, const struct TargetOps *target, int index);
/* The list is read without a lock, from any thread: a vCPU is added when it is complete, and none is taken away. */
CPUState *cpu_first(void);
#define CPU_FOREACH(cpu) for (CPUState *cpu = cpu_first(); cpu; cpu = __atomic_load_n(&cpu->next, __ATOMIC_ACQUIRE))
/* NULL: there is none. An array read. */
CPUState *cpu_by_index(int index);
int cpu_count(void);
extern __thread CPUState *current_cpu; /* the vCPU whose thread this is (rr: the one being run), or NULL */
/* cpu's work is done by this thread; rr: any vCPU's by the one thread. */
bool cpu_is_self(const CPUState *cpu);

/* How threads run vCPUs; accel sets it before vCPU threads start. */
typedef struct CpuExecOps {
    int (*exec)(CPUState *cpu);             /* runs until something needs the loop; returns EXCP_* */
    void (*exec_step_atomic)(CPUState *cpu);/* runs one instruction with all other vCPUs outside exec */
    bool (*has_work)(CPUState *cpu);        /* a halted vCPU should wake */
    void (*thread_init)(CPUState *cpu);     /* on the vCPU's thread, before its first exec */
    void (*debug_stop)(CPUState *cpu);      /* exec returned EXCP_DEBUG; may be NULL */
} CpuExecOps;
void cpus_set_exec_ops(const CpuExecOps *ops);

/* Starts the vCPU threads: one each, or one for all (rr). They wait stopped until resume_all_vcpus. Big lock held. */
void cpus_start(bool single_thread);
/* Starts one that was added since. It runs at once unless all are paused. Big lock held. */
void cpu_start(CPUState *cpu);
/*
 * Waits until none runs guest code, nor anything else of its thread's but the functions of run_on_cpu. Pauses nest: vCPUs go on when
 * each has been resumed. Drops the big lock while it waits, if it is held. From a vCPU's thread it only asks: this vCPU stops, as
 * the others do, when its block or function ends. Not in an exclusive section.
 */
void pause_all_vcpus(void);
void resume_all_vcpus(void);
bool all_vcpus_paused(void);
/* Ends the threads and joins them; work that is queued is done. Big lock held. Not from a vCPU's thread. */
void cpus_shutdown(void);

/* ---- requests, from any thread; no lock is taken ---- */
void cpu_interrupt(CPUState *cpu, uint32_t mask);       /* sets bits; out of sleep, and to the top of cpu_exec's loop, soon */
void cpu_reset_interrupt(CPUState *cpu, uint32_t mask);
void cpu_kick(CPUState *cpu);                           /* out of generated code and out of sleep, soon */
void cpu_exit(CPUState *cpu);                           /* out of generated code only */
void cpu_exit_settle(CPUState *cpu);                    /* to the top of cpu_exec's loop only */

/* ---- work queues ---- */
/*
 * Runs fn on cpu's thread between blocks and waits for it; at once when called there, or when no thread runs cpu. Drops the big lock
 * while it waits, if it is held; no other lock may be. Not from within cpu_exec_start..end, nor in an exclusive section. A vCPU's
 * thread that waits does its own queue's work meanwhile.
 */
void run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data);
/* The same without waiting; in order. Not done while cpu is paused, unless run_on_cpu comes after it. Any locks may be held. */
void async_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data);
/* The same while all other vCPUs are outside guest code (exclusive section). */
void async_safe_run_on_cpu(CPUState *cpu, CPUWorkFn *fn, void *data);
void cpu_process_work(CPUState *cpu);                   /* the vCPU's loop calls it */

/* ---- exclusive sections ---- */
/* Values of CPUState.running. */
enum { CPU_OUTSIDE, CPU_INSIDE, CPU_INSIDE_AWAITED /* and an exclusive section's owner counts on cpu_exec_end's report */ };
/*
 * Waits until every vCPU is outside cpu_exec_start..end, and keeps them there. From any thread; sections of one thread nest. Not from
 * within cpu_exec_start..end (use async_safe_run_on_cpu), nor with any lock held.
 */
void start_exclusive(void);
void end_exclusive(void);
void cpu_exec_start(CPUState *cpu);
void cpu_exec_end(CPUState *cpu);
bool in_exclusive_section(void);

/* ---- waiting for one vCPU, see leave.c ---- */
typedef bool CpuLeftFn(CPUState *cpu, uint64_t arg);
/* Waits until cpu is outside cpu_exec_start..end or enough(cpu, arg). The caller is outside, too, and holds no lock. */
void cpu_wait_left(CPUState *cpu, CpuLeftFn *enough, uint64_t arg);
void cpu_wake_leave_waiters(CPUState *cpu);
/* cpu's thread has changed what somebody may wait for, by a sequentially consistent store. */
static inline void cpu_left(CPUState *cpu)
{
    if (__builtin_expect(__atomic_load_n(&cpu->leave_waiters, __ATOMIC_SEQ_CST) != 0, 0))
        cpu_wake_leave_waiters(cpu);
}

#endif
