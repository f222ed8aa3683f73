/* SPDX-License-Identifier: MIT */
/*
 * The local APIC (Intel SDM vol. 3 ch. 10, "Advanced Programmable Interrupt Controller"): state shared by its four files.
 *
 *   apic.c        the device: priorities, acknowledge and EOI, pins, IA32_APIC_BASE, what the CPU calls
 *   apic_regs.c   registers, by memory (xAPIC) and by MSR (x2APIC)
 *   apic_bus.c    messages: destinations, delivery modes, MSIs
 *   apic_timer.c  the timer in its three modes
 *
 * An APIC tells its CPU only the level of "something to deliver" (x86_cpu_set_intr), and computes it again after every change of
 * IRR, ISR, TPR or pins; the vector is chosen when the CPU acknowledges. Hence no interrupt is ever committed early, and the
 * spurious vector is never needed.
 *
 * Locking. The big lock is not needed. Each APIC has a lock of its own (LOCK_CPU_IRQ), which in nearly all cases its own vCPU
 * takes, uncontended: registers, acknowledge, EOI, the timer's callback. Others take it for pins and for messages that are more
 * than a vector. A message with a vector (IPI, MSI) takes no lock: it sets bits of TMR and IRR, and raises INTR when
 * the bit may interrupt. No lock is held while a message is sent, a PIC acknowledged, or an EOI broadcast; a sender may
 * hold an IRQCHIP lock.
 *
 * Why no interrupt is lost between a sender (S) without the lock and the owner (O) under it:
 *
 *     S: IRR |= bit; fence; read TPR, ISR, SVR; deliverable? INTR := 1 and kick
 *     O: write TPR, ISR, SVR; fence; read IRR; deliverable? INTR := 1, else INTR := 0, fence, and read IRR again
 *
 * Of S's bit and O's write at least one is seen by the other's read, so that one of them raises INTR; and when O's INTR := 0 comes
 * after S's INTR := 1, O's second read comes after S's bit. INTR may stay high for nothing when S has read an old TPR:
 * get_interrupt then finds nothing and lowers it, and a CPU that sleeps asks has_interrupt. S raises INTR even when it is
 * high already, since the CPU may have looked and gone to sleep.
 *
 * Left out: relocating the register page (IA32_APIC_BASE keeps an address that is written, the page stays), EOI-broadcast
 * suppression, CMCI, arbitration priorities; CPUID and the version register say none of them is there.
 */
#ifndef HW_INTC_APIC_INTERNAL_H
#define HW_INTC_APIC_INTERNAL_H

#include "base/bits.h"
#include "base/clock.h"
#include "base/lock.h"
#include "hw/intc/apic.h"
#include "target/api/machine.h"

#define APIC_MAX_CPUS 256u
#define APIC_LINE 64u /* bytes of a cache line */
#define APIC_BASE_BSP (1ull << 8)
#define APIC_BASE_EXTD (1ull << 10)
#define APIC_BASE_EN (1ull << 11)

#define APIC_SVR_ENABLE (1u << 8)
#define APIC_LVT_MASKED (1u << 16)
#define APIC_LVT_LEVEL (1u << 15)
#define APIC_LVT_REMOTE_IRR (1u << 14)

#define APIC_ESR_REDIRECTABLE (1u << 4)
#define APIC_ESR_SEND_VECTOR (1u << 5)
#define APIC_ESR_RECEIVE_VECTOR (1u << 6)
#define APIC_ESR_REGISTER (1u << 7)

/* Registers by number: offset / 16 in the page, MSR 0x800 + n. */
enum {
    APIC_ID = 0x02, APIC_VERSION = 0x03, APIC_TPR = 0x08, APIC_APR = 0x09, APIC_PPR = 0x0a, APIC_EOI = 0x0b, APIC_LDR = 0x0d,
    APIC_DFR = 0x0e, APIC_SVR = 0x0f, APIC_ISR = 0x10, APIC_TMR = 0x18, APIC_IRR = 0x20, APIC_ESR = 0x28, APIC_ICR = 0x30,
    APIC_ICR_HIGH = 0x31, APIC_LVT_FIRST = 0x32, APIC_TIMER_INITIAL = 0x38, APIC_TIMER_CURRENT = 0x39, APIC_TIMER_DIVIDE = 0x3e,
    APIC_SELF_IPI = 0x3f
};
enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, APIC_NB_LVT };
enum { DM_FIXED, DM_LOWEST, DM_SMI, DM_RESERVED, DM_NMI, DM_INIT, DM_SIPI, DM_EXTINT };
enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_TSC_DEADLINE };

typedef struct Apic {
    Device parent;
    CPUState *cpu;                 /* (c) */
    X86ApicOps ops;                /* (c) */
    Timer *timer;                  /* (c) on the vCPU's list */
    uint32_t initial_id;           /* (c) */
    uint64_t reserved_base;        /* (c) bits of IA32_APIC_BASE that must be 0 */
    bool has_x2apic, has_deadline; /* (c) CPUID's */
    Lock lock;
    /* (a) Messages set bits, the owner clears them. In cache lines of their own: all senders write here. */
    uint8_t pad_before[APIC_LINE];
    uint32_t irr[8], tmr[8];
    uint8_t pad_after[APIC_LINE];
    /* (l) written under the lock; (a) those that senders and has_interrupt read without it. */
    uint64_t base;                 /* (a) IA32_APIC_BASE */
    uint32_t tpr, ldr, dfr, svr;   /* (a) */
    uint32_t isr[8];               /* (a) */
    uint32_t lvt[APIC_NB_LVT];     /* (a) */
    bool extint;                   /* (a) an ExtINT message waits to be acknowledged */
    uint8_t lint;                  /* (a) levels of the pins */
    uint32_t esr, errors;          /* errors: seen, not yet latched into ESR by a write */
    uint32_t icr_low, icr_high;
    uint32_t divide, initial_count;
    int64_t timer_end;             /* CLOCK_VIRTUAL at which the count is (or was) next 0; INT64_MAX: not counting */
    uint64_t tsc_deadline;         /* 0: disarmed */
} Apic;

/* Access to (a). */
#define APIC_GET(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)
#define APIC_SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)

static inline bool apic_is_enabled(const Apic *a) { return APIC_GET(a->base) & APIC_BASE_EN; }
static inline bool apic_is_x2(const Apic *a) { return APIC_GET(a->base) & APIC_BASE_EXTD; }
static inline bool apic_is_software_enabled(const Apic *a) { return APIC_GET(a->svr) & APIC_SVR_ENABLE; }
static inline bool apic_vector_test(const uint32_t *v, unsigned n) { return APIC_GET(v[n / 32]) >> n % 32 & 1; }
static inline void apic_vector_set(uint32_t *v, unsigned n) { __atomic_fetch_or(&v[n / 32], 1u << n % 32, __ATOMIC_SEQ_CST); }
static inline void apic_vector_clear(uint32_t *v, unsigned n) { __atomic_fetch_and(&v[n / 32], ~(1u << n % 32), __ATOMIC_SEQ_CST); }

/* apic.c. The APIC of a CPU, by number; NULL when there is none. All numbers are below apic_limit. */
Apic *apic_of(unsigned cpu_index);
unsigned apic_limit(void);
uint32_t apic_ppr(const Apic *a);
/* No lock held but an IRQCHIP one. An interrupt for this CPU, as its bus interface accepts it. */
void apic_accept(Apic *a, unsigned mode, uint8_t vector, bool level);
void apic_eoi(Apic *a);
/* The rest: lock held. Tells the CPU whether there is something to deliver. */
void apic_update(Apic *a);
/* Raises the LVT's interrupt, unless it is masked. */
void apic_local_interrupt(Apic *a, unsigned lvt);
void apic_error_locked(Apic *a, uint32_t error);
/* The pins' effect under the present LVT entries. */
void apic_lint_changed(Apic *a, unsigned n, bool rising);

/* apic_regs.c. No lock held. False: no such register, or not readable, not writable. */
bool apic_reg_read(Apic *a, unsigned reg, uint32_t *value);
bool apic_reg_write(Apic *a, unsigned reg, uint32_t value);
bool apic_msr_read(void *opaque, uint32_t index, uint64_t *value);
bool apic_msr_write(void *opaque, uint32_t index, uint64_t value);
extern const MemoryRegionOps apic_region_ops;

/* apic_bus.c */
typedef struct ApicMessage {
    uint32_t destination;
    bool logical, broadcast;       /* broadcast: destination is the sender's "all" */
    uint8_t mode, vector;
    bool level;
} ApicMessage;
void apic_send(const ApicMessage *m);
/* The ICR's low half is written. No lock held. */
void apic_send_ipi(Apic *a, uint32_t icr_low);
/* A new APIC with the id id, for the search by destination. */
void apic_bus_add(Apic *a);
void apic_bus_remove(Apic *a);

/* apic_timer.c. Lock held. */
void apic_timer_init(Apic *a);
void apic_timer_reset(Apic *a);
/* The timer's LVT entry changed from old. */
void apic_timer_lvt_changed(Apic *a, uint32_t old);
void apic_timer_set_initial(Apic *a, uint32_t count);
uint32_t apic_timer_current(Apic *a);
void apic_timer_set_divide(Apic *a, uint32_t value);
uint64_t apic_timer_get_deadline(const Apic *a);
void apic_timer_set_deadline(Apic *a, uint64_t tsc);
/* Arms the host's timer for what the registers say. */
void apic_timer_arm(Apic *a);

#endif
