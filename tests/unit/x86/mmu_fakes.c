/* SPDX-License-Identifier: MIT */
/* See mmu_fakes.h. All are weak, so that a library which brings the real ones may be linked in. */
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "tests/unit/x86/mmu_fakes.h"

FakeLog fake;
static bool catching;
#define FAKE __attribute__((weak))

/* ---- accel ---- */
FAKE void mmu_init_cpu(CPUState *cpu) {}
FAKE void mmu_set_by_asid(CPUState *cpu, uint32_t idx_mask) {}
FAKE void mmu_set_asid(CPUState *cpu, uint32_t asid) { fake.asid = asid; }

FAKE void mmu_set_page(CPUState *cpu, unsigned idx, const MMUPage *page)
{
    fake.page = *page;
    fake.page_idx = idx;
}

static void flushed(const char *kind, uint64_t va, uint32_t asid)
{
    fake.flushes++;
    g_strlcpy(fake.flush, kind, sizeof(fake.flush));
    fake.flush_va = va;
    fake.flush_asid = asid;
}

FAKE void mmu_flush(CPUState *cpu, uint32_t m) { flushed("all", 0, 0); }
FAKE void mmu_flush_asid(CPUState *cpu, uint32_t a, uint32_t m) { flushed("asid", 0, a); }
FAKE void mmu_flush_range(CPUState *cpu, uint64_t va, uint64_t n, unsigned b, uint32_t a, uint32_t m) { flushed("range", va, a); }

/* Virtual addresses are those of the fake RAM; beyond it is a page fault. */
FAKE void *mmu_probe(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, bool *fault, uintptr_t ra)
{
    if (va + size > RAM_SIZE)
        x86_raise_error(x86_cpu(cpu), EXCP_PF, access == MMU_DATA_STORE ? PF_W : 0, ra);
    return va >> 12 == fake.no_host >> 12 ? NULL : fake_ram() + va;
}

FAKE uint64_t mmu_ld(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    uint64_t v = 0;
    memcpy(&v, fake_ram() + va, 1u << MO_SIZE(mo));
    return v;
}

FAKE void mmu_st(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra) { memcpy(fake_ram() + va, &value, 1u << MO_SIZE(mo)); }

FAKE void cpu_loop_exit(CPUState *cpu)
{
    g_assert_true(catching);
    siglongjmp(cpu->jmp_env, 1);
}

FAKE bool cpu_restore_state(CPUState *cpu, uintptr_t ra)
{
    x86_env(cpu)->last_extra = fake.extra;
    return true;
}

FAKE void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra)
{
    if (ra)
        cpu_restore_state(cpu, ra);
    cpu_loop_exit(cpu);
}

FAKE void host_fp_harvest(CPUState *cpu) {}
FAKE void host_fp_reload(CPUState *cpu) {}

/* ---- the rest of the target ---- */
FAKE void x86_raise(X86CPU *cpu, int vector, uintptr_t ra)
{
    cpu->parent.exception_index = vector;
    cpu->env.has_error_code = false;
    cpu_loop_exit_restore(&cpu->parent, ra);
}

FAKE void x86_raise_error(X86CPU *cpu, int vector, uint32_t error, uintptr_t ra)
{
    cpu->parent.exception_index = vector;
    cpu->env.has_error_code = true;
    cpu->env.error_code = error;
    cpu_loop_exit_restore(&cpu->parent, ra);
}

FAKE bool x86_is_canonical(const CPUX86State *env, uint64_t va)
{
    unsigned bits = env->cr4 & CR4_LA57 ? 57 : 48;
    return (uint64_t)sextract64(va, 0, bits) == va;
}

/* CPL follows SS; SMAP's index does not matter here. */
FAKE void x86_update_hflags(CPUX86State *env)
{
    bool code64 = env->efer & EFER_LMA && env->segs[X86_SEG_CS].attr & SEG_L;
    env->hflags = (code64 ? BF_CS64 : 0) | SEG_DPL(env->segs[X86_SEG_SS].attr) << BF_CPL_SHIFT;
}

FAKE void x86_set_seg(CPUX86State *env, unsigned seg, uint16_t selector, uint64_t base, uint32_t limit, uint32_t attr)
{
    env->segs[seg] = (X86Segment){ base, limit, attr, selector };
    x86_update_hflags(env);
}

FAKE void x86_debug_update(X86CPU *cpu) {}
FAKE bool x86_page_watched(X86CPU *cpu, uint64_t va) { return va >> 12 == 0x77; }
FAKE uint32_t x86_get_eflags(const CPUX86State *env) { return env->eflags; }
FAKE const TargetOps target_x86_64 = { .name = "x86_64" };

/* ---- the vCPU ---- */
static MemoryRegion ram;

uint8_t *fake_ram(void)
{
    return memory_region_ram_ptr(&ram);
}

X86CPU *fake_cpu(const char *spec)
{
    static int next_index;
    GError *error = NULL;
    CPUState *cs;

    bql_lock();
    if (next_index == 0) {
        g_assert_true(memory_region_init_ram(&ram, "ram", RAM_SIZE, &error));
        memory_region_add_subregion(memory_system_root(), 0, &ram);
    }
    cs = cpu_arch_x86_64.create(spec, NULL, next_index++, false, &error);
    bql_unlock();
    g_assert_no_error(error);
    g_assert_nonnull(cs);
    memset(fake_ram(), 0, RAM_SIZE);
    memset(&fake, 0, sizeof(fake));
    fake.no_host = ~0ull;
    return x86_cpu(cs);
}

int fake_raises(X86CPU *cpu, void (*fn)(X86CPU *, void *), void *arg)
{
    int vector = -1;

    catching = true;
    cpu->parent.exception_index = -1;
    if (sigsetjmp(cpu->parent.jmp_env, 0))
        vector = cpu->parent.exception_index;
    else
        fn(cpu, arg);
    catching = false;
    return vector;
}

uint64_t fake_random(void)
{
    static uint64_t x = 0x9e3779b97f4a7c15ull;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x * 0x2545f4914f6cdd1dull;
}
