/* SPDX-License-Identifier: MIT */
/* The local APIC: the device, its priorities, acknowledge and EOI, its pins, and what the CPU calls. See apic_internal.h. */
#include "base/error.h"
#include "hw/intc/apic_internal.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"

static Apic *apics[APIC_MAX_CPUS]; /* (c) by CPU index; all three are set while the machine is built */
static unsigned limit;             /* (c) one more than the highest index in use so far */
static Device *pic;                /* (c) who answers ExtINT; NULL: nobody */

Apic *apic_of(unsigned cpu_index)
{
    return cpu_index < APIC_MAX_CPUS ? apics[cpu_index] : NULL;
}

unsigned apic_limit(void)
{
    return limit;
}

/* ---- priorities (SDM vol. 3, 10.8.3) ---- */
static int highest(const uint32_t *v)
{
    for (int i = 7; i >= 0; i--) {
        uint32_t word = APIC_GET(v[i]);

        if (word)
            return i * 32 + 31 - __builtin_clz(word);
    }
    return -1;
}

uint32_t apic_ppr(const Apic *a)
{
    int isr = highest(a->isr);
    uint32_t in_service = isr < 0 ? 0 : (uint32_t)isr & 0xf0, tpr = APIC_GET(a->tpr);

    return (tpr & 0xf0) >= in_service ? tpr : in_service;
}

/* The vector that may interrupt now, or -1. */
static int deliverable(const Apic *a)
{
    int irr = highest(a->irr);

    return irr >= 0 && ((uint32_t)irr & 0xf0) > (apic_ppr(a) & 0xf0) ? irr : -1;
}

/* The PIC's request reaches the CPU through LINT0 in ExtINT mode, around an APIC that is off, or was sent as a message. */
static bool pic_requests(const Apic *a)
{
    uint32_t lvt = APIC_GET(a->lvt[LVT_LINT0]);

    if (APIC_GET(a->extint))
        return true;
    if (!(APIC_GET(a->lint) & 1))
        return false;
    return apic_is_enabled(a) ? !(lvt & APIC_LVT_MASKED) && (lvt >> 8 & 7) == DM_EXTINT : x86_cpu_is_bsp(a->cpu);
}

static bool has_interrupt(void *opaque)
{
    const Apic *a = opaque;

    return (apic_is_enabled(a) && deliverable(a) >= 0) || pic_requests(a);
}

/* See apic_internal.h for the fences. */
void apic_update(Apic *a)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!has_interrupt(a)) {
        x86_cpu_set_intr(a->cpu, false);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (!has_interrupt(a))
            return;
    }
    x86_cpu_set_intr(a->cpu, true);
}

/* The PIC is asked without the lock: its answer moves its output, which comes back here by LINT0. */
static int get_interrupt(void *opaque)
{
    Apic *a = opaque;
    int vector;
    bool ask_pic = false;

    lock_acquire(&a->lock);
    vector = apic_is_enabled(a) ? deliverable(a) : -1;
    if (vector >= 0) {
        apic_vector_clear(a->irr, (unsigned)vector);
        apic_vector_set(a->isr, (unsigned)vector);
    } else if (pic && pic_requests(a)) {
        APIC_SET(a->extint, false);
        ask_pic = true;
    }
    apic_update(a);
    lock_release(&a->lock);
    return ask_pic ? i8259_acknowledge(pic) : vector;
}

/* A level-triggered LINT pin: its remote IRR falls, and it is taken again while it is high. */
static void eoi_lint(Apic *a, unsigned vector)
{
    for (unsigned n = 0; n < 2; n++) {
        uint32_t *lvt = &a->lvt[LVT_LINT0 + n];

        if ((*lvt & APIC_LVT_REMOTE_IRR) && (uint8_t)*lvt == vector) {
            APIC_SET(*lvt, *lvt & ~APIC_LVT_REMOTE_IRR);
            apic_lint_changed(a, n, false);
        }
    }
}

void apic_eoi(Apic *a)
{
    int vector;
    bool level = false;

    lock_acquire(&a->lock);
    vector = highest(a->isr);
    if (vector >= 0) {
        apic_vector_clear(a->isr, (unsigned)vector);
        level = apic_vector_test(a->tmr, (unsigned)vector);
        if (level)
            eoi_lint(a, (unsigned)vector);
        apic_update(a);
    }
    lock_release(&a->lock);
    if (level)
        ioapic_broadcast_eoi((uint8_t)vector);
}

/* ---- interrupts coming in ---- */
static void accept_locked(Apic *a, unsigned mode, uint8_t vector, bool level);

/* An error's own interrupt with an illegal vector only sets the bit again. */
void apic_error_locked(Apic *a, uint32_t error)
{
    uint32_t lvt = a->lvt[LVT_ERROR];

    a->errors |= error;
    if (lvt & APIC_LVT_MASKED)
        return;
    if ((uint8_t)lvt >= 16)
        accept_locked(a, DM_FIXED, (uint8_t)lvt, false);
    else
        a->errors |= APIC_ESR_RECEIVE_VECTOR;
}

/* Any thread, with or without the lock. TMR is right before IRR shows the vector; it seldom changes. */
static void accept_vector(Apic *a, uint8_t vector, bool level)
{
    if (!apic_is_software_enabled(a) || !apic_is_enabled(a))
        return;
    if (level && !apic_vector_test(a->tmr, vector))
        apic_vector_set(a->tmr, vector);
    else if (!level && apic_vector_test(a->tmr, vector))
        apic_vector_clear(a->tmr, vector);
    apic_vector_set(a->irr, vector);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with apic_update's */
    if (has_interrupt(a))
        x86_cpu_set_intr(a->cpu, true);
}

static void init_state(Apic *a);

static void accept_locked(Apic *a, unsigned mode, uint8_t vector, bool level)
{
    switch (mode) {
    case DM_FIXED: case DM_LOWEST:
        if (vector < 16)
            apic_error_locked(a, APIC_ESR_RECEIVE_VECTOR);
        else
            accept_vector(a, vector, level);
        break;
    case DM_SMI: x86_cpu_smi(a->cpu); break;
    case DM_NMI: x86_cpu_nmi(a->cpu); break;
    case DM_INIT:
        init_state(a);
        x86_cpu_init(a->cpu);
        break;
    case DM_SIPI: x86_cpu_sipi(a->cpu, vector); break;
    case DM_EXTINT:
        APIC_SET(a->extint, true);
        apic_update(a);
        break;
    default: break;
    }
}

void apic_accept(Apic *a, unsigned mode, uint8_t vector, bool level)
{
    if ((mode == DM_FIXED || mode == DM_LOWEST) && vector >= 16) {
        accept_vector(a, vector, level);
        return;
    }
    lock_acquire(&a->lock);
    accept_locked(a, mode, vector, level);
    lock_release(&a->lock);
}

void apic_local_interrupt(Apic *a, unsigned lvt)
{
    uint32_t entry = a->lvt[lvt];
    unsigned mode = lvt == LVT_TIMER || lvt == LVT_ERROR ? DM_FIXED : entry >> 8 & 7;

    if (!(entry & APIC_LVT_MASKED))
        accept_locked(a, mode, (uint8_t)entry, false);
}

/* ExtINT and, with the APIC off, LINT0 are levels that apic_update looks at; all else but level-triggered fixed goes by edges. */
void apic_lint_changed(Apic *a, unsigned n, bool rising)
{
    uint32_t *lvt = &a->lvt[LVT_LINT0 + n];
    unsigned mode = *lvt >> 8 & 7;

    if (!apic_is_enabled(a)) {
        if (n == 1 && rising)
            x86_cpu_nmi(a->cpu);
    } else if (!(*lvt & APIC_LVT_MASKED)) {
        if (mode == DM_FIXED && (*lvt & APIC_LVT_LEVEL)) {
            if ((a->lint >> n & 1) && !(*lvt & APIC_LVT_REMOTE_IRR)) {
                APIC_SET(*lvt, *lvt | APIC_LVT_REMOTE_IRR);
                accept_locked(a, DM_FIXED, (uint8_t)*lvt, true);
            }
        } else if (rising && mode != DM_EXTINT) {
            apic_local_interrupt(a, LVT_LINT0 + n);
        }
    }
    apic_update(a);
}

static void input_lint(void *opaque, int n, int level)
{
    Apic *a = opaque;
    bool rising;

    lock_acquire(&a->lock);
    rising = level && !(a->lint >> n & 1);
    APIC_SET(a->lint, (uint8_t)deposit64(a->lint, (unsigned)n, 1, level != 0));
    apic_lint_changed(a, (unsigned)n, rising);
    lock_release(&a->lock);
}

static void pic_changed(void *opaque, int n, int level)
{
    for (unsigned i = 0; i < limit; i++)
        if (apics[i])
            input_lint(apics[i], 0, level);
}

void apic_connect_pic(Device *i8259)
{
    pic = i8259;
    device_connect_irq(i8259, "intr", 0, (IrqLine){ .fn = pic_changed });
    pic_changed(NULL, 0, i8259_pending(i8259));
}

MemoryRegion *apic_create_region(void)
{
    static MemoryRegion region;

    if (!region.ops) {
        memory_region_init_io(&region, &apic_region_ops, NULL, "apic", APIC_REGION_SIZE);
        memory_region_set_lockless(&region);
    }
    return &region;
}

/* ---- what the CPU calls ---- */
static uint8_t get_cr8(void *opaque)
{
    const Apic *a = opaque;

    return (uint8_t)(APIC_GET(a->tpr) >> 4);
}

static void set_cr8(void *opaque, uint8_t value)
{
    Apic *a = opaque;

    lock_acquire(&a->lock);
    APIC_SET(a->tpr, (uint32_t)(value & 0xf) << 4);
    apic_update(a);
    lock_release(&a->lock);
}

static uint64_t get_base(void *opaque)
{
    const Apic *a = opaque;

    return APIC_GET(a->base);
}

/* x2APIC's logical id is derived (SDM vol. 3, 10.12.10.2). */
static void derive_ldr(Apic *a)
{
    APIC_SET(a->ldr, (a->initial_id & 0xfffff0) << 12 | 1u << (a->initial_id & 15));
}

/* Transitions: SDM vol. 3, figure 10-27. */
static bool set_base_locked(Apic *a, uint64_t value)
{
    uint64_t old = a->base;
    bool en = value & APIC_BASE_EN, extd = value & APIC_BASE_EXTD;

    if ((value & a->reserved_base) || (extd && (!en || !a->has_x2apic)))
        return false;
    if (en && extd != !!(old & APIC_BASE_EXTD) && (!extd || !(old & APIC_BASE_EN)))
        return false; /* x2APIC to xAPIC, off to x2APIC */
    APIC_SET(a->base, (value & ~APIC_BASE_BSP) | (old & APIC_BASE_BSP));
    if (en != !!(old & APIC_BASE_EN)) /* also when it is enabled: a sender may have set IRR on its way out */
        init_state(a);
    else if (extd && !(old & APIC_BASE_EXTD))
        derive_ldr(a);
    apic_update(a);
    return true;
}

static bool set_base(void *opaque, uint64_t value)
{
    Apic *a = opaque;
    bool ok;

    lock_acquire(&a->lock);
    ok = set_base_locked(a, value);
    lock_release(&a->lock);
    return ok;
}

/* ---- life ---- */
/* As INIT leaves it: IA32_APIC_BASE and the pins stay (SDM vol. 3, 10.4.7.3). */
static void init_state(Apic *a)
{
    a->esr = a->errors = a->icr_low = a->icr_high = 0;
    APIC_SET(a->tpr, 0);
    APIC_SET(a->ldr, 0);
    APIC_SET(a->dfr, ~0u);
    APIC_SET(a->svr, 0xff);
    APIC_SET(a->extint, false);
    for (unsigned i = 0; i < 8; i++) {
        APIC_SET(a->isr[i], 0);
        APIC_SET(a->tmr[i], 0);
        APIC_SET(a->irr[i], 0);
    }
    for (unsigned i = 0; i < APIC_NB_LVT; i++)
        APIC_SET(a->lvt[i], APIC_LVT_MASKED);
    if (apic_is_x2(a))
        derive_ldr(a);
    apic_timer_reset(a);
    apic_update(a);
}

/* The first CPU's LINT0 starts as firmware sets it up, in virtual wire mode: a kernel that is booted directly finds the PIC working. */
static void apic_reset(Device *dev)
{
    Apic *a = (Apic *)dev;

    lock_acquire(&a->lock);
    APIC_SET(a->base, APIC_DEFAULT_BASE | APIC_BASE_EN | (x86_cpu_is_bsp(a->cpu) ? APIC_BASE_BSP : 0));
    init_state(a);
    if (x86_cpu_is_bsp(a->cpu))
        APIC_SET(a->lvt[LVT_LINT0], DM_EXTINT << 8);
    apic_update(a);
    lock_release(&a->lock);
}

static unsigned physical_bits(CPUState *cpu)
{
    uint32_t out[4];

    x86_cpu_cpuid(cpu, 0x80000000, 0, out);
    if (out[0] < 0x80000008)
        return 36;
    x86_cpu_cpuid(cpu, 0x80000008, 0, out);
    return MIN_OF(MAX_OF(out[0] & 0xff, 32u), 52u);
}

static bool apic_realize(Device *dev, GError **error)
{
    Apic *a = (Apic *)dev;

    if (!a->cpu || (unsigned)a->cpu->index >= APIC_MAX_CPUS)
        return error_set(error, "apic: the link 'cpu' is a CPU below number %u", APIC_MAX_CPUS);
    a->initial_id = x86_cpu_apic_id(a->cpu);
    a->has_x2apic = x86_cpu_has_feature(a->cpu, "x2apic");
    a->has_deadline = x86_cpu_has_feature(a->cpu, "tsc-deadline");
    a->reserved_base = ~MASK64(physical_bits(a->cpu)) | 0x2ff;
    lock_init(&a->lock, LOCK_CPU_IRQ, "apic");
    apic_timer_init(a);
    apics[a->cpu->index] = a;
    limit = MAX_OF(limit, (unsigned)a->cpu->index + 1);
    apic_bus_add(a);
    a->ops = (X86ApicOps){ has_interrupt, get_interrupt, get_cr8, set_cr8, get_base, set_base, apic_msr_read, apic_msr_write, a };
    x86_cpu_set_apic(a->cpu, &a->ops);
    return true;
}

static void apic_unrealize(Device *dev)
{
    Apic *a = (Apic *)dev;

    apic_bus_remove(a);
    apics[a->cpu->index] = NULL;
    timer_free(a->timer);
    lock_destroy(&a->lock);
}

static void apic_post_load(Device *dev)
{
    Apic *a = (Apic *)dev;

    lock_acquire(&a->lock);
    apic_timer_arm(a);
    apic_update(a);
    lock_release(&a->lock);
}

static const Property apic_properties[] = { { "cpu", PROP_LINK, offsetof(Apic, cpu), NULL, "the CPU that it belongs to" }, { NULL } };
static const DeviceInput apic_inputs[] = { { "lint", input_lint, 2 }, { NULL } };
static const SnapshotField apic_fields[] = {
    SNAP(Apic, extint), SNAP(Apic, lint), SNAP(Apic, base), SNAP(Apic, tpr), SNAP(Apic, ldr), SNAP(Apic, dfr), SNAP(Apic, svr),
    SNAP(Apic, esr), SNAP(Apic, errors), SNAP(Apic, icr_low), SNAP(Apic, icr_high), SNAP_ARRAY(Apic, isr), SNAP_ARRAY(Apic, tmr),
    SNAP_ARRAY(Apic, irr), SNAP_ARRAY(Apic, lvt), SNAP(Apic, divide), SNAP(Apic, initial_count), SNAP(Apic, timer_end),
    SNAP(Apic, tsc_deadline), { NULL },
};

const DeviceClass apic_class = {
    .name = "apic",
    .description = "x86 local APIC",
    .instance_size = sizeof(Apic),
    .properties = apic_properties,
    .inputs = apic_inputs,
    .fields = apic_fields,
    .realize = apic_realize,
    .unrealize = apic_unrealize,
    .reset = apic_reset,
    .post_load = apic_post_load,
};
