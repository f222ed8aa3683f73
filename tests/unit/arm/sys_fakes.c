/* SPDX-License-Identifier: MIT */
/* Fakes of accel for tests of target/arm's system part; weak, so that a library which brings the real ones may be linked in. */
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "tests/unit/arm/sys_fakes.h"

FakeLog fake;
static bool catching;
#define FAKE __attribute__((weak))

FAKE void mmu_init_cpu(CPUState *cpu) {}
FAKE void mmu_set_by_asid(CPUState *cpu, uint32_t idx_mask) {}

FAKE void mmu_set_asid(CPUState *cpu, uint32_t asid)
{
    fake.asid = asid;
}

FAKE void mmu_set_page(CPUState *cpu, unsigned mmu_idx, const MMUPage *page)
{
    fake.page = *page;
    fake.page_idx = mmu_idx;
}

static void flushed(const char *kind, uint64_t va, uint64_t n, unsigned bits, uint32_t asid)
{
    fake.flushes++;
    g_strlcpy(fake.flush, kind, sizeof(fake.flush));
    fake.flush_va = va;
    fake.flush_pages = n;
    fake.flush_page_bits = bits;
    fake.flush_asid = asid;
}

FAKE void mmu_flush(CPUState *cpu, uint32_t m) { flushed("all", 0, 0, 0, 0); }
FAKE void mmu_flush_all(CPUState *cpu, uint32_t m) { flushed("all*", 0, 0, 0, 0); }
FAKE void mmu_flush_asid(CPUState *cpu, uint32_t a, uint32_t m) { flushed("asid", 0, 0, 0, a); }
FAKE void mmu_flush_asid_all(CPUState *cpu, uint32_t a, uint32_t m) { flushed("asid*", 0, 0, 0, a); }
FAKE void mmu_flush_range(CPUState *cpu, uint64_t va, uint64_t n, unsigned b, uint32_t a, uint32_t m) { flushed("range", va, n, b, a); }
FAKE void mmu_flush_range_all(CPUState *cpu, uint64_t va, uint64_t n, unsigned b, uint32_t a, uint32_t m) { flushed("range*", va, n, b, a); }

FAKE void *mmu_probe(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, bool *fault, uintptr_t ra)
{
    *fault = fake.probe_faults;
    return NULL;
}

FAKE void cpu_loop_exit(CPUState *cpu)
{
    fake.loop_exits++;
    g_assert_true(catching);
    siglongjmp(cpu->jmp_env, 1);
}

FAKE void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra) { cpu_loop_exit(cpu); }
FAKE bool cpu_restore_state(CPUState *cpu, uintptr_t ra) { return false; }
FAKE uint32_t arm_fpcr_get(CPUState *cpu) { return arm_env(cpu)->fpcr; }
FAKE void arm_fpcr_set(CPUState *cpu, uint32_t v) { arm_env(cpu)->fpcr = v; }
FAKE uint32_t arm_fpsr_get(CPUState *cpu) { return arm_env(cpu)->fpsr; }
FAKE void arm_fpsr_set(CPUState *cpu, uint32_t v) { arm_env(cpu)->fpsr = v; }
FAKE const TargetOps target_aarch64 = { .name = "aarch64", .reset = arm_reset, .tlb_fill = arm_tlb_fill };

static MemoryRegion ram;

uint8_t *sys_ram(void)
{
    return memory_region_ram_ptr(&ram);
}

ArmCPU *sys_cpu(const char *spec)
{
    static int next_index;
    GError *error = NULL;
    CPUState *cs;

    bql_lock();
    if (next_index == 0) {
        g_assert_true(memory_region_init_ram(&ram, "ram", RAM_SIZE, &error));
        memory_region_add_subregion(memory_system_root(), RAM_BASE, &ram);
    }
    cs = cpu_arch_aarch64.create(spec, NULL, next_index++, false, &error);
    bql_unlock();
    g_assert_no_error(error);
    g_assert_nonnull(cs);
    memset(sys_ram(), 0, RAM_SIZE);
    memset(&fake, 0, sizeof(fake));
    return arm_cpu(cs);
}

bool sys_leaves(ArmCPU *cpu, void (*fn)(ArmCPU *, void *), void *arg)
{
    bool left;

    catching = true;
    left = sigsetjmp(cpu->parent.jmp_env, 0) != 0;
    if (!left)
        fn(cpu, arg);
    catching = false;
    return left;
}

typedef struct Access { const ARMSysReg *r; uint64_t value; bool is_read; } Access;

static void do_access(ArmCPU *cpu, void *arg)
{
    Access *a = arg;
    if (a->is_read)
        a->value = arm_sysreg_read(cpu, a->r, SYS_TRAP, 0);
    else
        arm_sysreg_write(cpu, a->r, a->value, SYS_TRAP, 0);
}

static bool access_register(ArmCPU *cpu, uint32_t enc, Access *a)
{
    a->r = arm_sysreg_find(cpu, enc);
    if (!a->r) {
        cpu->env.exc.syndrome = ARM_SYN(EC_UNKNOWN, 0);
        return false;
    }
    return !sys_leaves(cpu, do_access, a);
}

bool sys_mrs(ArmCPU *cpu, uint32_t enc, uint64_t *value)
{
    Access a = { .is_read = true };
    bool ok = access_register(cpu, enc, &a);
    *value = a.value;
    return ok;
}

bool sys_msr(ArmCPU *cpu, uint32_t enc, uint64_t value)
{
    Access a = { .value = value };
    return access_register(cpu, enc, &a);
}
