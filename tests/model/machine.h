/* SPDX-License-Identifier: MIT */
/*
 * A machine that runs several threads in every order that there is, and looks at each state that can come of it.
 *
 * A program is a table of instructions on small shared variables. Memory is x86's: a store waits in its thread's buffer, in
 * order, where its own loads see it, and reaches memory at some later time; a fence waits until the buffer is empty, and so do
 * read-modify-writes and calls of the kernel. One step is one access to memory, the arrival of one store, or one call; what
 * touches registers only goes with the step before it.
 *
 * Forbidden: a state that breaks an assertion; one in which nobody can go on although somebody should (a deadlock, a lost wake-up);
 * and a way back to a state that was passed before (threads that keep each other busy for ever).
 */
#ifndef TESTS_MODEL_MACHINE_H
#define TESTS_MODEL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_CPUS 3
#define MAX_THREADS 5
#define MAX_ITEMS 8
#define MAX_DEPTH 12
#define MAX_BUFFER 3

/* Variables. Those of a vCPU are MAX_CPUS in a row. */
enum {
    RUNNING = 0,
    EXIT_REQUEST = RUNNING + MAX_CPUS,
    PARK = EXIT_REQUEST + MAX_CPUS,
    STOP = PARK + MAX_CPUS,
    STOPPED = STOP + MAX_CPUS,
    IRQ = STOPPED + MAX_CPUS,       /* interrupt_request */
    HALTED = IRQ + MAX_CPUS,
    LEAVE_WAITERS = HALTED + MAX_CPUS,
    LEAVE_WAKES = LEAVE_WAITERS + MAX_CPUS,
    SETTLED = LEAVE_WAKES + MAX_CPUS, /* what cpu_wait_left takes for enough */
    DONE = SETTLED + MAX_CPUS,        /* CpuWorkItem.done, by item */
    PENDING = DONE + MAX_ITEMS,     /* gate.* of exclusive.c */
    TO_LEAVE,
    HELD_BACK,
    PAUSES,
    BIG_LOCK,
    SECTION_LOCK,
    STOP_LOCK,
    CHANGED,                        /* the condition of pause.c */
    NB_VARS
};
enum { OUTSIDE, INSIDE, INSIDE_AWAITED };    /* of RUNNING */
enum { AWAKE, WOKEN, ASLEEP };               /* of PARK and DONE */
enum { EXIT_LEAVE = 1, EXIT_SETTLE = 2 };    /* bits of EXIT_REQUEST */

typedef enum Op {
    OP_LABEL,                       /* the name of a function or a place in it; no step */
    OP_LOAD, OP_STORE, OP_FENCE,    /* acc = var; var = n */
    OP_XCHG, OP_OR, OP_AND_NOT,     /* acc = old */
    OP_CAS, OP_ADD,                 /* var is n2 ? n, acc = 1 : acc = 0; acc = var += n */
    OP_JUMP, OP_JUMP_EQ, OP_JUMP_NE,/* acc compared with n */
    OP_JUMP_BIT, OP_JUMP_NO_BIT,    /* bit n of acc is set, is clear */
    OP_SET, OP_KEEP,                /* acc = n; kept = acc */
    OP_CALL, OP_RETURN, OP_RETURN_TO, OP_DONE,
    OP_FOR_CPUS, OP_NEXT_CPU,       /* each = 0; back to the label while ++each is a vCPU */
    OP_TARGET_EACH,                 /* target = each */
    OP_TARGET_WAITER,               /* target = the vCPU that waits for the item, or jump */
    OP_JUMP_NO_CPU,                 /* jump when this thread is no vCPU's */
    OP_JUMP_PLAIN, OP_JUMP_ASYNC,   /* jump when the item wants no section; when nobody waits for it */
    OP_LOCK, OP_UNLOCK,             /* a mutex: 0, or 1 + its holder */
    OP_COND_WAIT, OP_BROADCAST,     /* mutex in n */
    OP_FUTEX_WAIT, OP_FUTEX_WAKE,   /* while var is n, acc or kept; all who wait on var */
    OP_PUSH,                        /* the item to target's queue */
    OP_LOAD_QUEUE, OP_TAKE,         /* acc = something is in the own queue; all of it to the own list */
    OP_TODO, OP_TODO_WAITED, OP_POP,/* acc = something, something waited for, is in the list; item = its first */
    OP_CALL_ITEM,                   /* the item's function */
    OP_ENTER, OP_LEAVE,             /* guest code; asserts */
    OP_GUEST,                       /* polls exit_request (label: where to look at it), or does the vCPU's next act */
    OP_SECTION, OP_SECTION_OVER, OP_PAUSED, OP_PAUSED_OVER, /* the thread thinks that nobody runs guest code; asserts */
    OP_IDLE,                        /* n: where a vCPU may be left for good, asleep */
    OP_SCRIPT,                      /* calls the next word of the thread's script, or DONE */
} Op;

#define ACC 255
#define KEPT 254

/* How var is indexed. */
typedef enum By { BY_NONE, BY_SELF, BY_TARGET, BY_EACH, BY_ITEM } By;

typedef struct Insn {
    Op op;
    int var;
    By by;
    int n, n2;
    const char *label;
    const char *mark;               /* "x": left out by the mistake x; "+x": there only with it */
} Insn;

/* A word of a script: a label to call, and what run_on_cpu and its kin are called with. */
typedef struct Word { const char *call; int target, item; } Word;

typedef struct Item { const char *fn; Word arg; bool exclusive, waited; int waiter; /* vCPU, or -1 */ } Item;

typedef struct Scenario {
    const char *name;
    int n_cpus, n_threads;          /* threads 0..n_cpus-1 are the vCPUs' */
    Word script[MAX_THREADS][5];    /* vCPUs: what the guest does; others: what they call */
    Item items[MAX_ITEMS];          /* from 1 */
    bool settled;                   /* vCPUs are in guest code at first, not at their threads' beginning, */
    int halted;                     /* or asleep, from this one on; 0: none */
    const char *mistake;            /* a mark, or NULL */
} Scenario;

typedef struct Result {
    const char *wrong;              /* NULL: nothing */
    uint64_t states;
    unsigned depth;                 /* the longest way */
    char where[400];                /* of the threads, if something is wrong */
} Result;

Result model_search(const Scenario *s, const Insn *program, unsigned n);

#endif
