/* SPDX-License-Identifier: MIT */
/*
 * The local APIC's registers, as memory (SDM vol. 3, table 10-1) and as MSRs (table 10-6).
 *
 * Both go through one read and one write function; x2APIC adds what raises #GP there: reserved bits, and registers that exist in
 * the other form only. The lock is taken in those functions, and not held when a write of EOI or ICR reaches other devices.
 */
#include <inttypes.h>

#include "base/log.h"
#include "hw/intc/apic_internal.h"

#define VERSION (0x14u | (APIC_NB_LVT - 1) << 16)
#define MSR_FIRST 0x800u
#define MSR_TSC_DEADLINE 0x6e0u

/* What a write may change; the rest reads 0 and is reserved in x2APIC. */
static const uint32_t lvt_bits[APIC_NB_LVT] = {
    [LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_PERF] = 0x107ff, [LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff,
    [LVT_ERROR] = 0x100ff,
};
#define ICR_BITS 0xccfffu
#define LVT_READ_ONLY (1u << 12 | APIC_LVT_REMOTE_IRR)

static bool is_vector_register(unsigned reg)
{
    return reg >= APIC_ISR && reg < APIC_IRR + 8;
}

static uint32_t read_vectors(const Apic *a, unsigned reg)
{
    return reg < APIC_TMR ? APIC_GET(a->isr[reg - APIC_ISR]) : reg < APIC_IRR ? APIC_GET(a->tmr[reg - APIC_TMR]) : APIC_GET(a->irr[reg - APIC_IRR]);
}

static bool read_locked(Apic *a, unsigned reg, uint32_t *value)
{
    if (is_vector_register(reg)) {
        *value = read_vectors(a, reg);
        return true;
    }
    if (reg >= APIC_LVT_FIRST && reg < APIC_LVT_FIRST + APIC_NB_LVT) {
        *value = a->lvt[reg - APIC_LVT_FIRST];
        return true;
    }
    switch (reg) {
    case APIC_ID: *value = apic_is_x2(a) ? a->initial_id : a->initial_id << 24; return true;
    case APIC_VERSION: *value = VERSION; return true;
    case APIC_TPR: *value = a->tpr; return true;
    case APIC_APR: case APIC_PPR: *value = apic_ppr(a); return true;
    case APIC_EOI: return !apic_is_x2(a);
    case APIC_LDR: *value = a->ldr; return true;
    case APIC_DFR: *value = a->dfr; return true;
    case APIC_SVR: *value = a->svr; return true;
    case APIC_ESR: *value = a->esr; return true;
    case APIC_ICR: *value = a->icr_low; return true;
    case APIC_ICR_HIGH: *value = a->icr_high; return true;
    case APIC_TIMER_INITIAL: *value = a->initial_count; return true;
    case APIC_TIMER_CURRENT: *value = apic_timer_current(a); return true;
    case APIC_TIMER_DIVIDE: *value = a->divide; return true;
    default: return false;
    }
}

bool apic_reg_read(Apic *a, unsigned reg, uint32_t *value)
{
    bool known;

    *value = 0;
    lock_acquire(&a->lock);
    known = read_locked(a, reg, value);
    lock_release(&a->lock);
    return known;
}

static void write_lvt(Apic *a, unsigned n, uint32_t value)
{
    uint32_t old = a->lvt[n];

    value = (value & lvt_bits[n]) | (old & LVT_READ_ONLY & (n == LVT_LINT0 || n == LVT_LINT1 ? ~0u : 0));
    if (!apic_is_software_enabled(a))
        value |= APIC_LVT_MASKED;
    if (n == LVT_TIMER && (!a->has_deadline || (value >> 17 & 3) == 3))
        value &= ~(1u << 18);
    APIC_SET(a->lvt[n], value);
    if (n == LVT_TIMER)
        apic_timer_lvt_changed(a, old);
    else if (n == LVT_LINT0 || n == LVT_LINT1)
        apic_lint_changed(a, n - LVT_LINT0, false);
}

static void write_svr(Apic *a, uint32_t value)
{
    APIC_SET(a->svr, value & 0x3ff);
    if (apic_is_software_enabled(a))
        return;
    for (unsigned i = 0; i < APIC_NB_LVT; i++)
        APIC_SET(a->lvt[i], a->lvt[i] | APIC_LVT_MASKED);
    apic_timer_arm(a);
    apic_update(a);
}

static bool write_other(Apic *a, unsigned reg, uint32_t value)
{
    switch (reg) {
    case APIC_TPR:
        APIC_SET(a->tpr, value & 0xff);
        apic_update(a);
        return true;
    case APIC_LDR:
        if (!apic_is_x2(a))
            APIC_SET(a->ldr, value & 0xff000000);
        return !apic_is_x2(a);
    case APIC_DFR: APIC_SET(a->dfr, value | 0x0fffffff); return true;
    case APIC_SVR: write_svr(a, value); return true;
    case APIC_ESR:
        a->esr = a->errors;
        a->errors = 0;
        return true;
    case APIC_ICR_HIGH: a->icr_high = value & 0xff000000; return true;
    case APIC_TIMER_INITIAL: apic_timer_set_initial(a, value); return true;
    case APIC_TIMER_DIVIDE: apic_timer_set_divide(a, value); return true;
    default: return false;
    }
}

static bool write_locked(Apic *a, unsigned reg, uint32_t value)
{
    if (reg >= APIC_LVT_FIRST && reg < APIC_LVT_FIRST + APIC_NB_LVT) {
        write_lvt(a, reg - APIC_LVT_FIRST, value);
        return true;
    }
    return write_other(a, reg, value);
}

bool apic_reg_write(Apic *a, unsigned reg, uint32_t value)
{
    bool known;

    if (reg == APIC_EOI) {
        apic_eoi(a);
        return true;
    }
    if (reg == APIC_ICR) {
        apic_send_ipi(a, value & ICR_BITS);
        return true;
    }
    lock_acquire(&a->lock);
    known = write_locked(a, reg, value);
    lock_release(&a->lock);
    return known;
}

static void report_error(Apic *a, uint32_t error)
{
    lock_acquire(&a->lock);
    apic_error_locked(a, error);
    lock_release(&a->lock);
}

/* ---- x2APIC and the deadline ---- */
static uint64_t read_deadline(Apic *a)
{
    uint64_t value;

    lock_acquire(&a->lock);
    value = apic_timer_get_deadline(a);
    lock_release(&a->lock);
    return value;
}

static void write_deadline(Apic *a, uint64_t value)
{
    lock_acquire(&a->lock);
    apic_timer_set_deadline(a, value);
    lock_release(&a->lock);
}

static void write_icr_high(Apic *a, uint32_t value)
{
    lock_acquire(&a->lock);
    a->icr_high = value;
    lock_release(&a->lock);
}

static uint64_t read_icr(Apic *a)
{
    uint64_t value;

    lock_acquire(&a->lock);
    value = (uint64_t)a->icr_high << 32 | a->icr_low;
    lock_release(&a->lock);
    return value;
}

bool apic_msr_read(void *opaque, uint32_t index, uint64_t *value)
{
    Apic *a = opaque;
    unsigned reg = index - MSR_FIRST;
    uint32_t low;

    if (index == MSR_TSC_DEADLINE) {
        *value = read_deadline(a);
        return a->has_deadline;
    }
    if (!apic_is_x2(a) || reg > APIC_SELF_IPI || reg == APIC_APR || reg == APIC_DFR || reg == APIC_ICR_HIGH)
        return false;
    if (!apic_reg_read(a, reg, &low))
        return false;
    *value = reg == APIC_ICR ? read_icr(a) : low;
    return true;
}

/* Bits that may be written; 0: only 0 may. */
static uint64_t writable_bits(unsigned reg)
{
    if (reg >= APIC_LVT_FIRST && reg < APIC_LVT_FIRST + APIC_NB_LVT)
        return lvt_bits[reg - APIC_LVT_FIRST] | LVT_READ_ONLY;
    switch (reg) {
    case APIC_TPR: case APIC_SELF_IPI: return 0xff;
    case APIC_SVR: return 0x3ff;
    case APIC_ICR: return 0xffffffffull << 32 | ICR_BITS | 1u << 12;
    case APIC_TIMER_INITIAL: return UINT32_MAX;
    case APIC_TIMER_DIVIDE: return 0xb;
    default: return 0;
    }
}

bool apic_msr_write(void *opaque, uint32_t index, uint64_t value)
{
    Apic *a = opaque;
    unsigned reg = index - MSR_FIRST;

    if (index == MSR_TSC_DEADLINE) {
        if (a->has_deadline)
            write_deadline(a, value);
        return a->has_deadline;
    }
    if (!apic_is_x2(a) || reg > APIC_SELF_IPI || reg == APIC_DFR || reg == APIC_ICR_HIGH || (value & ~writable_bits(reg)))
        return false;
    if (reg == APIC_SELF_IPI) {
        if (value < 16)
            report_error(a, APIC_ESR_SEND_VECTOR);
        else
            apic_accept(a, DM_FIXED, (uint8_t)value, false);
        return true;
    }
    if (reg == APIC_ICR)
        write_icr_high(a, (uint32_t)(value >> 32));
    return apic_reg_write(a, reg, (uint32_t)value);
}

/* ---- the page ---- */
/* The APIC whose registers the access means; NULL: it is none of the CPU's own, or they are not in memory now. */
static Apic *apic_accessed(hwaddr offset, MemTxAttrs attrs, bool debugger)
{
    Apic *a = current_cpu ? apic_of((unsigned)current_cpu->index) : debugger ? apic_of(0) : NULL;

    return offset < 0x1000 && a && apic_is_enabled(a) && !apic_is_x2(a) && (debugger || !attrs.unspecified) ? a : NULL;
}

static MemTxResult region_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Apic *a = apic_accessed(offset, attrs, true);
    uint32_t low;

    *value = UINT32_MAX;
    if (!a)
        return MEMTX_OK;
    *value = 0;
    if (offset & 15) /* the rest of a register's 16 bytes is reserved */
        return MEMTX_OK;
    if (!apic_reg_read(a, (unsigned)(offset >> 4), &low))
        report_error(a, APIC_ESR_REGISTER);
    *value = low;
    return MEMTX_OK;
}

static MemTxResult region_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Apic *a = apic_accessed(offset, attrs, false);

    if (!a) {
        apic_send_msi(APIC_DEFAULT_BASE + offset, (uint32_t)value);
    } else if (!(offset & 15) && !apic_reg_write(a, (unsigned)(offset >> 4), (uint32_t)value)) {
        log_printf(LOG_GUEST_ERROR, "apic: bad write at 0x%" PRIx64 "\n", offset);
        report_error(a, APIC_ESR_REGISTER);
    }
    return MEMTX_OK;
}

const MemoryRegionOps apic_region_ops = { .read = region_read, .write = region_write, .valid = { 1, 8, true }, .impl = { 4, 4, false } };
