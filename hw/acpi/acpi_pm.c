/* SPDX-License-Identifier: MIT */
/*
 * ACPI fixed hardware of the PIIX4 (82371AB 7.2) and the ICH9 (13.8): the PM1a blocks, PM timer, GPE0, SMI control.
 *
 * The PM timer is virtual time at 3.579545 MHz; its status bit, set when the top bit changes, is brought up to date when somebody looks,
 * and by a timer while its interrupt is enabled. All of the block is handled a byte at a time: only the PM timer, where bytes of one
 * read must belong together, and PM1a_CNT, whose SLP_EN acts on the whole word, are more than stored bits.
 *
 * The PM timer is read without a lock: it follows from the virtual clock alone. All else is under the big lock, which the handlers
 * take.
 *
 * SLP_EN with the type of S5 ends the machine; other types are refused: sleeping states are not there.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "cpus/runstate.h"
#include "hw/acpi/acpi_internal.h"
#include "hw/acpi/acpi_pm.h"
#include "target/api/machine.h"

#define PM_HZ 3579545u

#define PM1_TMR 0x0001u
#define PM1_GBL 0x0020u
#define PM1_PWRBTN 0x0100u
#define PM1_RTC 0x0400u
#define PM1_STS_W1C 0xcd31u       /* WAK, PCIEXP_WAKE, PRBTNOR, RTC, PWRBTN, GBL, BM, TMR */
#define PM1_EN_BITS 0x4521u
#define CNT_SCI_EN 0x0001u
#define CNT_SLP_EN 0x2000u
#define CNT_STORED 0x1c03u        /* SLP_TYP, BM_RLD, SCI_EN */
#define SLP_TYP_S5_ICH9 7u

#define SMI_GBL_EN 0x01u
#define SMI_EOS 0x02u
#define SMI_APMC 0x20u
#define ICH9_SMI_EN 0x30u
#define ICH9_SMI_STS 0x34u
#define APM_CNT 0u                /* port 0xb2; APM_STS is 0xb3 */

typedef struct AcpiPm {
    Device parent;
    MemoryRegion pm, apm;
    IrqLine sci;
    Timer *timer;                 /* (c) the PM timer's top bit changes */
    bool ich9, smm;               /* (c) */
    bool acpi_mode;               /* SCI_EN after a reset */
    bool apmc_smi, smi_locked;
    uint16_t pm1_sts, pm1_en, pm1_cnt;
    uint16_t gpe_sts, gpe_en, gpe_level;
    uint32_t smi_en, smi_sts;
    uint8_t apm_cnt, apm_sts;
    uint8_t stored[ACPI_PM_ICH9_SIZE]; /* bytes without a function here */
    uint32_t timer_latch;         /* what the read of the PM timer's first byte has seen */
    int64_t seen_half;            /* half periods of the PM timer up to which TMR_STS has been looked at */
    AcpiTco tco;
} AcpiPm;

/* ---- the PM timer ---- */
static int64_t pm_ticks(void)
{
    return (int64_t)((unsigned __int128)clock_get_ns(CLOCK_VIRTUAL) * PM_HZ / NS_PER_SEC);
}

static unsigned timer_bits(const AcpiPm *s)
{
    return s->ich9 ? 32 : 24;
}

static int64_t halves(const AcpiPm *s)
{
    return pm_ticks() >> (timer_bits(s) - 1);
}

static void timer_catch_up(AcpiPm *s)
{
    if (halves(s) != s->seen_half) {
        s->seen_half = halves(s);
        s->pm1_sts |= PM1_TMR;
    }
}

static void timer_arm(AcpiPm *s)
{
    unsigned __int128 next = (unsigned __int128)(halves(s) + 1) << (timer_bits(s) - 1);

    if ((s->pm1_en & PM1_TMR) && !(s->pm1_sts & PM1_TMR))
        timer_mod(s->timer, (int64_t)((next * NS_PER_SEC + PM_HZ - 1) / PM_HZ));
    else
        timer_del(s->timer);
}

/* ---- interrupts ---- */
static void update(AcpiPm *s)
{
    bool event;

    timer_catch_up(s);
    s->gpe_sts |= s->gpe_level;
    event = (s->pm1_sts & s->pm1_en) || (s->gpe_sts & s->gpe_en);
    irq_set(&s->sci, event && (s->pm1_cnt & CNT_SCI_EN));
    timer_arm(s);
}

static void on_timer(void *opaque)
{
    update(opaque);
}

static void raise_smi(AcpiPm *s)
{
    CPUState *cpu = current_cpu ? current_cpu : cpu_first();

    if (s->smm && cpu)
        x86_cpu_smi(cpu);
}

void acpi_pm_power_button(Device *dev)
{
    AcpiPm *s = (AcpiPm *)dev;

    s->pm1_sts |= PM1_PWRBTN;
    update(s);
}

static void input_gpe(void *opaque, int n, int level)
{
    AcpiPm *s = opaque;

    s->gpe_level = (uint16_t)deposit64(s->gpe_level, (unsigned)n, 1, level != 0);
    update(s);
}

/* ---- sleep ---- */
static void sleep_request(const AcpiPm *s, unsigned type)
{
    if (type == ACPI_PM_SLP_TYP_S5 || (s->ich9 && type == SLP_TYP_S5_ICH9))
        runstate_request(RUN_REQ_SHUTDOWN);
    else
        log_printf(LOG_GUEST_ERROR | LOG_UNIMP, "acpi-pm: sleep type %u is not there, only S5\n", type);
}

/* SLP_EN acts when the byte that holds it is written, and reads 0. SCI_EN is set when ACPI is enabled, but may be written, too. */
static void write_cnt(AcpiPm *s, unsigned byte, uint8_t value)
{
    uint16_t new = (uint16_t)deposit64(s->pm1_cnt, byte * 8, 8, value);

    s->pm1_cnt = new & CNT_STORED;
    if (byte == 1 && (new & CNT_SLP_EN))
        sleep_request(s, new >> 10 & 7);
}

/* ---- the block, byte by byte ---- */
typedef struct WordReg { uint16_t *word; uint16_t w1c, writable; } WordReg;

/* Status and enable registers; word NULL: none is there. */
static WordReg word_reg(AcpiPm *s, unsigned offset)
{
    unsigned gpe = s->ich9 ? ACPI_PM_ICH9_GPE0 : ACPI_PM_PIIX4_GPE0, gpe_en = gpe + (s->ich9 ? 8 : 2);

    if (offset == ACPI_PM1_EVT)
        return (WordReg){ &s->pm1_sts, PM1_STS_W1C, 0 };
    if (offset == ACPI_PM1_EVT + 2)
        return (WordReg){ &s->pm1_en, 0, PM1_EN_BITS };
    if (offset == gpe)
        return (WordReg){ &s->gpe_sts, 0xffff, 0 };
    if (offset == gpe_en)
        return (WordReg){ &s->gpe_en, 0, 0xffff };
    return (WordReg){ NULL, 0, 0 };
}

static bool is_smi_reg(const AcpiPm *s, unsigned offset)
{
    return s->ich9 && offset >= ICH9_SMI_EN && offset < ICH9_SMI_STS + 4;
}

static bool is_tco_reg(const AcpiPm *s, unsigned offset)
{
    return s->ich9 && offset >= ACPI_TCO_OFFSET && offset < ACPI_TCO_OFFSET + ACPI_TCO_SIZE;
}

static uint8_t read_byte(AcpiPm *s, unsigned offset)
{
    WordReg r = word_reg(s, offset & ~1u);
    unsigned shift = (offset & 3) * 8;

    if (r.word)
        return (uint8_t)(*r.word >> (offset & 1) * 8);
    if (offset >> 1 == ACPI_PM1_CNT >> 1)
        return (uint8_t)(s->pm1_cnt >> (offset & 1) * 8);
    if (offset >> 2 == ACPI_PM_TMR >> 2) {
        if (shift == 0)
            s->timer_latch = (uint32_t)extract64((uint64_t)pm_ticks(), 0, timer_bits(s));
        return (uint8_t)(s->timer_latch >> shift);
    }
    if (is_smi_reg(s, offset))
        return (uint8_t)((offset < ICH9_SMI_STS ? s->smi_en : s->smi_sts) >> shift);
    if (is_tco_reg(s, offset))
        return acpi_tco_read(&s->tco, offset - ACPI_TCO_OFFSET);
    return s->stored[offset];
}

/* GBL_SMI_EN holds while it is locked; EOS reads 1 again when an SMI has been served, which it always has. */
static void write_smi_byte(AcpiPm *s, unsigned offset, uint8_t value)
{
    unsigned shift = (offset & 3) * 8;
    uint32_t keep = s->smi_locked ? s->smi_en & SMI_GBL_EN : 0;

    if (offset >= ICH9_SMI_STS)
        s->smi_sts &= ~((uint32_t)value << shift);
    else
        s->smi_en = (uint32_t)deposit64(s->smi_en, shift, 8, value) | SMI_EOS | keep;
}

static void write_byte(AcpiPm *s, unsigned offset, uint8_t value)
{
    WordReg r = word_reg(s, offset & ~1u);
    unsigned shift = (offset & 1) * 8;

    if (r.word) {
        *r.word &= (uint16_t)~((value << shift) & r.w1c);
        if (r.writable)
            *r.word = (uint16_t)deposit64(*r.word, shift, 8, value) & r.writable;
    } else if (offset >> 1 == ACPI_PM1_CNT >> 1) {
        write_cnt(s, offset & 1, value);
    } else if (is_smi_reg(s, offset)) {
        write_smi_byte(s, offset, value);
    } else if (is_tco_reg(s, offset)) {
        acpi_tco_write(&s->tco, offset - ACPI_TCO_OFFSET, value);
    } else if (offset >> 2 != ACPI_PM_TMR >> 2) {
        s->stored[offset] = value;
    }
}

static MemTxResult pm_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    AcpiPm *s = opaque;
    bool locked;

    if (offset == ACPI_PM_TMR && size == 4) {
        *value = extract64((uint64_t)pm_ticks(), 0, timer_bits(s));
        return MEMTX_OK;
    }
    locked = bql_ensure();
    timer_catch_up(s);
    *value = 0;
    if ((offset & 3) && offset >> 2 == ACPI_PM_TMR >> 2) /* part of the timer: of its value now */
        read_byte(s, ACPI_PM_TMR);
    for (unsigned i = 0; i < size; i++)
        *value |= (uint64_t)read_byte(s, (unsigned)offset + i) << i * 8;
    if (locked)
        bql_unlock();
    return MEMTX_OK;
}

static MemTxResult pm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    AcpiPm *s = opaque;
    bool locked = bql_ensure();

    timer_catch_up(s);
    for (unsigned i = 0; i < size; i++)
        write_byte(s, (unsigned)offset + i, (uint8_t)(value >> i * 8));
    update(s);
    if (locked)
        bql_unlock();
    return MEMTX_OK;
}

/* ---- the APM ports ---- */
static void apm_command(AcpiPm *s, uint8_t command)
{
    bool smi = s->ich9 ? (s->smi_en & (SMI_GBL_EN | SMI_APMC)) == (SMI_GBL_EN | SMI_APMC) : s->apmc_smi;

    s->apm_cnt = command;
    if (command == ACPI_PM_ACPI_ENABLE || (s->ich9 && command == 2))
        s->pm1_cnt |= CNT_SCI_EN;
    else if (command == ACPI_PM_ACPI_DISABLE || (s->ich9 && command == 3))
        s->pm1_cnt &= (uint16_t)~CNT_SCI_EN;
    update(s);
    if (smi) {
        s->smi_sts |= SMI_APMC;
        raise_smi(s);
    }
}

static MemTxResult apm_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    AcpiPm *s = opaque;

    *value = offset == APM_CNT ? s->apm_cnt : s->apm_sts;
    return MEMTX_OK;
}

static MemTxResult apm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    AcpiPm *s = opaque;

    if (offset == APM_CNT)
        apm_command(s, (uint8_t)value);
    else
        s->apm_sts = (uint8_t)value;
    return MEMTX_OK;
}

/* ---- for boards ---- */
void acpi_pm_set_acpi_mode(Device *dev)
{
    AcpiPm *s = (AcpiPm *)dev;

    s->acpi_mode = true;
    s->pm1_cnt |= CNT_SCI_EN;
    update(s);
}

void acpi_pm_set_apmc_smi(Device *dev, bool enabled)
{
    ((AcpiPm *)dev)->apmc_smi = enabled;
}

void acpi_pm_lock_smi(Device *dev)
{
    ((AcpiPm *)dev)->smi_locked = true;
}

static void pm_reset(Device *dev)
{
    AcpiPm *s = (AcpiPm *)dev;

    s->pm1_sts = s->pm1_en = s->gpe_sts = s->gpe_en = 0;
    s->pm1_cnt = s->acpi_mode ? CNT_SCI_EN : 0;
    s->smi_en = SMI_EOS;
    s->smi_sts = 0;
    s->apmc_smi = s->smi_locked = false;
    s->apm_cnt = s->apm_sts = 0;
    for (unsigned i = 0; i < sizeof(s->stored); i++)
        s->stored[i] = 0;
    s->seen_half = halves(s);
    acpi_tco_reset(&s->tco);
    update(s);
}

static bool pm_realize(Device *dev, GError **error)
{
    AcpiPm *s = (AcpiPm *)dev;

    s->pm.size = s->ich9 ? ACPI_PM_ICH9_SIZE : ACPI_PM_PIIX4_SIZE;
    s->timer = timer_new(timer_list_main(), CLOCK_VIRTUAL, on_timer, s);
    acpi_tco_init(&s->tco);
    return true;
}

static void pm_unrealize(Device *dev)
{
    AcpiPm *s = (AcpiPm *)dev;

    timer_free(s->timer);
    acpi_tco_destroy(&s->tco);
}

static void pm_post_load(Device *dev)
{
    AcpiPm *s = (AcpiPm *)dev;

    acpi_tco_arm(&s->tco);
    update(s);
}

static const MemoryRegionOps pm_ops = { .read = pm_read, .write = pm_write, .valid = { 1, 4, false } };
static const MemoryRegionOps apm_ops = { .read = apm_read, .write = apm_write, .valid = { 1, 2, false }, .impl = { 1, 1, false } };
static const Property pm_properties[] = {
    { "ich9", PROP_BOOL, offsetof(AcpiPm, ich9), "off", "the ICH9's layout, not the PIIX4's" },
    { "smm", PROP_BOOL, offsetof(AcpiPm, smm), "on", "raise SMIs" },
    { NULL },
};
static const DeviceRegion pm_regions[] = {
    { "acpi-pm", offsetof(AcpiPm, pm), &pm_ops, ACPI_PM_ICH9_SIZE, true },
    { "apm", offsetof(AcpiPm, apm), &apm_ops, 2, false },
    { NULL },
};
static const DeviceOutput pm_outputs[] = { { "sci", offsetof(AcpiPm, sci), 1 }, { NULL } };
static const DeviceInput pm_inputs[] = { { "gpe", input_gpe, 16 }, { NULL } };
static const SnapshotField pm_fields[] = {
    SNAP(AcpiPm, acpi_mode), SNAP(AcpiPm, apmc_smi), SNAP(AcpiPm, smi_locked), SNAP(AcpiPm, pm1_sts), SNAP(AcpiPm, pm1_en),
    SNAP(AcpiPm, pm1_cnt), SNAP(AcpiPm, gpe_sts), SNAP(AcpiPm, gpe_en), SNAP(AcpiPm, gpe_level), SNAP(AcpiPm, smi_en),
    SNAP(AcpiPm, smi_sts), SNAP(AcpiPm, apm_cnt), SNAP(AcpiPm, apm_sts), SNAP_ARRAY(AcpiPm, stored), SNAP(AcpiPm, timer_latch),
    SNAP(AcpiPm, seen_half), SNAP(AcpiPm, tco.sts1), SNAP(AcpiPm, tco.sts2), SNAP(AcpiPm, tco.cnt1), SNAP(AcpiPm, tco.cnt2),
    SNAP(AcpiPm, tco.reload), SNAP(AcpiPm, tco.end), SNAP(AcpiPm, tco.expired_once), { NULL },
};

const DeviceClass acpi_pm_class = {
    .name = "acpi-pm",
    .description = "ACPI fixed hardware and SMI control",
    .instance_size = sizeof(AcpiPm),
    .properties = pm_properties,
    .regions = pm_regions,
    .outputs = pm_outputs,
    .inputs = pm_inputs,
    .fields = pm_fields,
    .realize = pm_realize,
    .unrealize = pm_unrealize,
    .reset = pm_reset,
    .post_load = pm_post_load,
};
