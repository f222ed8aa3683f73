/* SPDX-License-Identifier: MIT */
/*
 * Finding and accessing system registers.
 *
 * The rows live in tables by group (sysreg_*.c). The first look-up builds one open-addressed hash table of all of them, which
 * is constant afterwards. A row exists for a CPU when it has the row's feature; ID space that no row names reads as zero.
 */
#include <pthread.h>

#include "base/bits.h"
#include "target/arm/internals.h"

#define HASH_SIZE 2048u

static const ARMSysReg *hash[HASH_SIZE];
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static uint64_t read_reserved_id(ArmCPU *cpu, const ARMSysReg *r)
{
    return 0;
}

/* AArch32 ID registers and those not allocated yet: op0 3, op1 0, CRn 0, CRm 1..7 (D17.3.1). */
static const ARMSysReg reserved_id = { .name = "reserved ID", .min_el_read = EL1, .min_el_write = ELX, .read = read_reserved_id };

static unsigned hash_of(uint32_t enc)
{
    return (enc * 0x9e3779b1u) >> 21;
}

static void add_table(const ArmSysRegTable *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        unsigned h = hash_of(t->rows[i].enc);
        while (hash[h]) {
            assert(hash[h]->enc != t->rows[i].enc);
            h = (h + 1) % HASH_SIZE;
        }
        hash[h] = &t->rows[i];
    }
}

static void build_hash(void)
{
    add_table(&arm_sysregs_id);
    add_table(&arm_sysregs_vm);
    add_table(&arm_sysregs_timer);
    add_table(&arm_sysregs_pmu);
    add_table(&arm_sysregs_debug);
    add_table(&arm_sysregs_misc);
    add_table(&arm_sysregs_cache);
    add_table(&arm_sysregs_gic);
}

static bool in_table(const ArmSysRegTable *t, const ARMSysReg *r)
{
    return r >= t->rows && r < t->rows + t->n;
}

/* Groups whose presence no ARMFeature names, and counters and breakpoints beyond the CPU's number. */
static bool group_present(ArmCPU *cpu, const ARMSysReg *r)
{
    unsigned crm = r->enc >> 3 & 15, op2 = r->enc & 7;

    if (in_table(&arm_sysregs_gic, r))
        return cpu->gic.read && cpu->gic.write;
    if (in_table(&arm_sysregs_pmu, r)) {
        unsigned n = (crm & 3) * 8 + op2;
        bool numbered = (r->enc >> 7 & 15) == 14 && !(crm == 15 && op2 == 7);
        return arm_pmu_present(cpu) && (!numbered || n < cpu->id.n_pmu_counters);
    }
    if (in_table(&arm_sysregs_debug, r) && (r->enc >> 7 & 127) == 0 && op2 >= 4) {
        unsigned count = extract64(cpu->id.aa64dfr0, op2 >= 6 ? 20 : 12, 4) + 1;
        return crm < count;
    }
    return true;
}

/*
 * SP_EL0 is UNDEFINED at EL1 while it is the current stack pointer. Kernels read it all the time, so the access must stay a plain one:
 * the look-up decides. It is made for a block that starts in the CPU's present state, and SPSel is among the block flags.
 */
static bool is_current_sp(const ArmCPU *cpu, uint32_t enc)
{
    return enc == SYSREG_ENC(3, 0, 4, 1, 0) && !(cpu->env.pstate & PSTATE_SP);
}

const ARMSysReg *arm_sysreg_find(ArmCPU *cpu, uint32_t enc)
{
    pthread_once(&hash_once, build_hash);
    for (unsigned h = hash_of(enc); hash[h]; h = (h + 1) % HASH_SIZE) {
        if (hash[h]->enc == enc)
            return !is_current_sp(cpu, enc) && arm_has(cpu, hash[h]->feature) && group_present(cpu, hash[h]) ? hash[h] : NULL;
    }
    if ((enc & ~0x7fu) == SYSREG_ENC(3, 0, 0, 0, 0) && (enc & 0x78) != 0)
        return &reserved_id;
    return NULL;
}

uint64_t arm_sysreg_read(ArmCPU *cpu, const ARMSysReg *r, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) < r->min_el_read)
        arm_raise_undefined(cpu, ra);
    if (r->check)
        r->check(cpu, r, true, syndrome, ra);
    cpu->sysreg_ra = ra;
    if (r->read)
        return r->read(cpu, r);
    return r->env_offset ? *arm_sysreg_field(cpu, r) : r->reset;
}

void arm_sysreg_write(ArmCPU *cpu, const ARMSysReg *r, uint64_t value, uint32_t syndrome, uintptr_t ra)
{
    if (arm_el(&cpu->env) < r->min_el_write)
        arm_raise_undefined(cpu, ra);
    if (r->check)
        r->check(cpu, r, false, syndrome, ra);
    cpu->sysreg_ra = ra;
    if (r->mask)
        value &= r->mask;
    if (r->write)
        r->write(cpu, r, value);
    else if (r->env_offset)
        *arm_sysreg_field(cpu, r) = value;
}
