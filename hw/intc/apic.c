/* SPDX-License-Identifier: MIT */
/* The local APIC: the device, its priorities, acknowledge and EOI, its pins, and what the CPU calls. See apic_internal.h. */
#include "base/error.h"
#include "hw/intc/apic_internal.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"

static Apic *apics[APIC_MAX_CPUS]; /* (B) by CPU index */
static unsigned limit;             /* (B) one more than the highest index in use so far */
static Device *pic;                /* (B) who answers ExtINT; NULL: nobody */

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
    for (int i = 7; i >= 0; i--)
        if (v[i])
            return i * 32 + 31 - __builtin_clz(v[i]);
    return -1;
}

uint32_t apic_ppr(const Apic *a)
{
    int isr = highest(a->isr);
    uint32_t in_service = isr < 0 ? 0 : (uint32_t)isr & 0xf0;

    return (a->tpr & 0xf0) >= in_service ? a->tpr : in_service;
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
    uint32_t lvt = a->lvt[LVT_LINT0];

    if (a->extint)
        return true;
    if (!(a->lint & 1))
        return false;
    return apic_is_enabled(a) ? !(lvt & APIC_LVT_MASKED) && (lvt >> 8 & 7) == DM_EXTINT : x86_cpu_is_bsp(a->cpu);
}

static void tell_cpu(Apic *a)
{
    a->intr = (apic_is_enabled(a) && deliverable(a) >= 0) || pic_requests(a);
    x86_cpu_set_intr(a->cpu, a->intr);
}

void apic_update(Apic *a)
{
    if (a->intr != ((apic_is_enabled(a) && deliverable(a) >= 0) || pic_requests(a)))
        tell_cpu(a);
}

/* The level is told again each time: the CPU may have dropped it when it began to take the interrupt. */
static int get_interrupt(void *opaque)
{
    Apic *a = opaque;
    int vector = apic_is_enabled(a) ? deliverable(a) : -1;

    if (vector >= 0) {
        apic_vector_clear(a->irr, (unsigned)vector);
        apic_vector_set(a->isr, (unsigned)vector);
    } else if (pic && pic_requests(a)) {
        a->extint = false;
        vector = i8259_acknowledge(pic);
    }
    tell_cpu(a);
    return vector;
}

/* A level-triggered LINT pin: its remote IRR falls, and it is taken again while it is high. */
static void eoi_lint(Apic *a, unsigned vector)
{
    for (unsigned n = 0; n < 2; n++) {
        uint32_t *lvt = &a->lvt[LVT_LINT0 + n];

        if ((*lvt & APIC_LVT_REMOTE_IRR) && (uint8_t)*lvt == vector) {
            *lvt &= ~APIC_LVT_REMOTE_IRR;
            apic_lint_changed(a, n, false);
        }
    }
}

void apic_eoi(Apic *a)
{
    int vector = highest(a->isr);

    if (vector < 0)
        return;
    apic_vector_clear(a->isr, (unsigned)vector);
    if (apic_vector_test(a->tmr, (unsigned)vector)) {
        ioapic_broadcast_eoi((uint8_t)vector);
        eoi_lint(a, (unsigned)vector);
    }
    apic_update(a);
}

/* ---- interrupts coming in ---- */
/* An error's own interrupt with an illegal vector only sets the bit again. */
void apic_error(Apic *a, uint32_t error)
{
    uint32_t lvt = a->lvt[LVT_ERROR];

    a->errors |= error;
    if (lvt & APIC_LVT_MASKED)
        return;
    if ((uint8_t)lvt >= 16)
        apic_accept(a, DM_FIXED, (uint8_t)lvt, false);
    else
        a->errors |= APIC_ESR_RECEIVE_VECTOR;
}

static void accept_fixed(Apic *a, uint8_t vector, bool level)
{
    if (vector < 16) {
        apic_error(a, APIC_ESR_RECEIVE_VECTOR);
        return;
    }
    if (!apic_is_software_enabled(a) || !apic_is_enabled(a))
        return;
    apic_vector_set(a->irr, vector);
    if (level)
        apic_vector_set(a->tmr, vector);
    else
        apic_vector_clear(a->tmr, vector);
    apic_update(a);
}

static void init_state(Apic *a);

void apic_accept(Apic *a, unsigned mode, uint8_t vector, bool level)
{
    switch (mode) {
    case DM_FIXED: case DM_LOWEST: accept_fixed(a, vector, level); break;
    case DM_SMI: x86_cpu_smi(a->cpu); break;
    case DM_NMI: x86_cpu_nmi(a->cpu); break;
    case DM_INIT:
        init_state(a);
        x86_cpu_init(a->cpu);
        break;
    case DM_SIPI: x86_cpu_sipi(a->cpu, vector); break;
    case DM_EXTINT:
        a->extint = true;
        apic_update(a);
        break;
    default: break;
    }
}

void apic_local_interrupt(Apic *a, unsigned lvt)
{
    uint32_t entry = a->lvt[lvt];
    unsigned mode = lvt == LVT_TIMER || lvt == LVT_ERROR ? DM_FIXED : entry >> 8 & 7;

    if (!(entry & APIC_LVT_MASKED))
        apic_accept(a, mode, (uint8_t)entry, false);
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
                *lvt |= APIC_LVT_REMOTE_IRR;
                apic_accept(a, DM_FIXED, (uint8_t)*lvt, true);
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
    bool rising = level && !(a->lint >> n & 1);

    a->lint = (uint8_t)deposit64(a->lint, (unsigned)n, 1, level != 0);
    apic_lint_changed(a, (unsigned)n, rising);
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

    if (!region.ops)
        memory_region_init_io(&region, &apic_region_ops, NULL, "apic", APIC_REGION_SIZE);
    return &region;
}

/* ---- what the CPU calls ---- */
static uint8_t get_cr8(void *opaque)
{
    return (uint8_t)(((Apic *)opaque)->tpr >> 4);
}

static void set_cr8(void *opaque, uint8_t value)
{
    Apic *a = opaque;

    a->tpr = (uint32_t)(value & 0xf) << 4;
    apic_update(a);
}

static uint64_t get_base(void *opaque)
{
    return ((Apic *)opaque)->base;
}

/* x2APIC's logical id is derived (SDM vol. 3, 10.12.10.2). */
static void derive_ldr(Apic *a)
{
    a->ldr = (a->initial_id & 0xfffff0) << 12 | 1u << (a->initial_id & 15);
}

/* Transitions: SDM vol. 3, figure 10-27. */
static bool set_base(void *opaque, uint64_t value)
{
    Apic *a = opaque;
    uint64_t old = a->base;
    bool en = value & APIC_BASE_EN, extd = value & APIC_BASE_EXTD;

    if ((value & a->reserved_base) || (extd && (!en || !a->has_x2apic)))
        return false;
    if (en && extd != !!(old & APIC_BASE_EXTD) && (!extd || !(old & APIC_BASE_EN)))
        return false; /* x2APIC to xAPIC, off to x2APIC */
    a->base = (value & ~APIC_BASE_BSP) | (old & APIC_BASE_BSP);
    if (!en && (old & APIC_BASE_EN))
        init_state(a);
    else if (extd && !(old & APIC_BASE_EXTD))
        derive_ldr(a);
    tell_cpu(a);
    return true;
}

/* ---- life ---- */
/* As INIT leaves it: IA32_APIC_BASE and the pins stay (SDM vol. 3, 10.4.7.3). */
static void init_state(Apic *a)
{
    a->tpr = a->esr = a->errors = a->icr_low = a->icr_high = a->ldr = 0;
    a->dfr = ~0u;
    a->svr = 0xff;
    a->extint = false;
    for (unsigned i = 0; i < 8; i++)
        a->isr[i] = a->tmr[i] = a->irr[i] = 0;
    for (unsigned i = 0; i < APIC_NB_LVT; i++)
        a->lvt[i] = APIC_LVT_MASKED;
    if (apic_is_x2(a))
        derive_ldr(a);
    apic_timer_reset(a);
    tell_cpu(a);
}

/* The first CPU's LINT0 starts as firmware sets it up, in virtual wire mode: a kernel that is booted directly finds the PIC working. */
static void apic_reset(Device *dev)
{
    Apic *a = (Apic *)dev;

    a->base = APIC_DEFAULT_BASE | APIC_BASE_EN | (x86_cpu_is_bsp(a->cpu) ? APIC_BASE_BSP : 0);
    init_state(a);
    if (x86_cpu_is_bsp(a->cpu))
        a->lvt[LVT_LINT0] = DM_EXTINT << 8;
    tell_cpu(a);
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
    apic_timer_init(a);
    apics[a->cpu->index] = a;
    limit = MAX_OF(limit, (unsigned)a->cpu->index + 1);
    a->ops = (X86ApicOps){ get_interrupt, get_cr8, set_cr8, get_base, set_base, apic_msr_read, apic_msr_write, a };
    x86_cpu_set_apic(a->cpu, &a->ops);
    return true;
}

static void apic_unrealize(Device *dev)
{
    Apic *a = (Apic *)dev;

    apics[a->cpu->index] = NULL;
    timer_free(a->timer);
}

static void apic_post_load(Device *dev)
{
    Apic *a = (Apic *)dev;

    apic_timer_arm(a);
    tell_cpu(a);
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
