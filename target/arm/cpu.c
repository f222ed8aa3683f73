/* SPDX-License-Identifier: MIT */
/*
 * The AArch64 vCPU as boards and the loop see it: creation, reset, wiring, register dump.
 *
 * Reset leaves the CPU at EL1 with the MMU off and everything masked. A board that boots a kernel directly gives entry point
 * and x0 (arm_cpu_set_boot), which every later reset applies again. Memory for an ArmCPU is never freed: vCPUs live as long
 * as the program.
 */
#include <inttypes.h>
#include <string.h>

#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "base/entropy.h"
#include "base/error.h"
#include "target/arm/internals.h"
#include "target/arm/ptw.h"

#define SCTLR_RESET 0x30d00800ull /* LSMAOE nTLSMD SPAN EIS TSCXT EOS */
#define AFF0_CPUS 16              /* as many as one SGI target list reaches */
#define MPIDR_U (1ull << 30)
#define MPIDR_MT (1ull << 24)
#define MPIDR_RES1 (1ull << 31)
#define MXCSR_MASKED 0x1f80u

void arm_reset_state(CPUState *cs)
{
    ArmCPU *cpu = arm_cpu(cs);
    CPUARMState *env = &cpu->env;

    memset(env, 0, sizeof(*env));
    env->pstate = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | 1u << PSTATE_EL_SHIFT | PSTATE_SP;
    env->nzcv = arm_nzcv_from_arch(0);
    env->sctlr_el1 = SCTLR_RESET;
    env->exclusive = EXCLUSIVE_OPEN;
    env->oslar_el1 = 1; /* the OS lock is set by a cold reset */
    env->mxcsr = MXCSR_MASKED;
    entropy_bytes(&env->rndr_state, sizeof(env->rndr_state));
    arm_fpcr_set(cs, 0);
    arm_fpsr_set(cs, 0);
    if (cpu->boot_set) {
        env->pc = cpu->boot_pc;
        env->x[0] = cpu->boot_x0;
    }
    __atomic_store_n(&cpu->event, false, __ATOMIC_RELAXED);
    __atomic_store_n(&cpu->waiting_event, false, __ATOMIC_RELAXED);
    cs->halted = false;
    cs->exception_index = -1;
    cs->high_by_asid = false;
    arm_pauth_refresh(cpu);
    arm_timers_reset(cpu);
    arm_pmu_reset(cpu);
    mmu_flush(cs, ARM_MMU_ALL);
    arm_update_asid(cpu);
}

void arm_reset(CPUState *cs)
{
    ArmCPU *cpu = arm_cpu(cs);

    arm_reset_state(cs);
    cs->halted = cpu->start_powered_off;
    __atomic_store_n(&cpu->power, cpu->start_powered_off ? ARM_POWER_OFF : ARM_POWER_ON, __ATOMIC_RELEASE);
}

/*
 * MPIDR_EL1 (D17.2.98). With threads the lowest level is the threads of a core (MT), then come cores and clusters, as the topology has them. Without,
 * CPUs are packed into groups of 16 whatever their sockets are: software finds those in the device tree, and interrupts to many CPUs need few writes.
 */
uint64_t arm_mpidr_of(const CpuTopology *t, unsigned index)
{
    uint64_t uniprocessor = t->cpus == 1 ? MPIDR_U : 0;
    unsigned core = index / t->threads, cluster = core / t->cores;

    if (t->threads == 1)
        return MPIDR_RES1 | uniprocessor | (uint64_t)(index / AFF0_CPUS) << 8 | index % AFF0_CPUS;
    return MPIDR_RES1 | MPIDR_MT | (uint64_t)(cluster & 0xff) << 16 | (uint64_t)(core % t->cores & 0xff) << 8 | index % t->threads;
}

static CPUState *create(const char *spec, const CpuTopology *topology, int index, bool start_powered_off, GError **error)
{
    const CpuTopology alone = cpu_topology_flat(1);
    ArmModelConfig config;
    ArmCPU *cpu;

    if (!arm_model_parse(spec, &config, error))
        return NULL;
    cpu = cpu_alloc(sizeof(*cpu), index, error);
    if (!cpu)
        return NULL;
    cpu->id = config.id;
    cpu->features = arm_features_of(&config.id);
    cpu->pauth = config.pauth;
    cpu->dt_compatible = config.dt_compatible;
    cpu->mpidr = arm_mpidr_of(topology ? topology : &alone, (unsigned)index);
    cpu->start_powered_off = start_powered_off;
    cpu_init_common(&cpu->parent, &target_aarch64, index);
    if (!cpu->parent.mmu)
        mmu_init_cpu(&cpu->parent);
    mmu_set_by_asid(&cpu->parent, 1u << ARM_MMU_EL0);
    arm_timers_init(cpu);
    arm_pmu_init(cpu);
    arm_reset(&cpu->parent);
    return &cpu->parent;
}

static bool check(const char *spec, GError **error)
{
    ArmModelConfig config;
    return arm_model_parse(spec, &config, error);
}

const CpuArch cpu_arch_aarch64 = {
    .name = "aarch64", .ops = &target_aarch64, .models = arm_models, .n_models = ARM_N_MODELS, .check = check, .create = create,
    .help = arm_model_help,
};

/* ---- wiring ---- */
void arm_set_output(ArmCPU *cpu, ArmTimerLine line, bool level)
{
    if (cpu->out[line].level == level)
        return;
    cpu->out[line].level = level;
    if (cpu->out[line].fn)
        cpu->out[line].fn(cpu->out[line].opaque, level);
}

void arm_cpu_set_output(CPUState *cs, ArmTimerLine line, void (*fn)(void *opaque, int level), void *opaque)
{
    arm_cpu(cs)->out[line].fn = fn;
    arm_cpu(cs)->out[line].opaque = opaque;
}

uint64_t arm_cpu_mpidr(CPUState *cs)
{
    return arm_cpu(cs)->mpidr;
}

void arm_cpu_set_boot(CPUState *cs, uint64_t pc, uint64_t x0)
{
    ArmCPU *cpu = arm_cpu(cs);
    cpu->boot_pc = pc;
    cpu->boot_x0 = x0;
    cpu->boot_set = true;
    cpu->env.pc = pc;
    cpu->env.x[0] = x0;
}

const char *arm_cpu_dt_compatible(CPUState *cs)
{
    return arm_cpu(cs)->dt_compatible;
}

bool arm_cpu_has_pmu(CPUState *cs)
{
    return arm_pmu_present(arm_cpu(cs));
}

void arm_cpu_set_gic(CPUState *cs, const ArmGicCpuIf *gic)
{
    arm_cpu(cs)->gic = *gic;
}

void arm_cpu_enable_psci_hvc(CPUState *cs)
{
    arm_cpu(cs)->psci_hvc = true;
}

/* ---- dump ---- */
void arm_dump(CPUState *cs, FILE *out)
{
    CPUARMState *env = arm_env(cs);
    uint32_t spsr = arm_get_spsr(env);

    fprintf(out, " PC=%016" PRIx64 "  SP=%016" PRIx64 "\n", env->pc, env->sp);
    for (unsigned i = 0; i < 31; i++)
        fprintf(out, "X%02u=%016" PRIx64 "%s", i, env->x[i], i % 4 == 3 || i == 30 ? "\n" : " ");
    fprintf(out, "PSTATE=%08x %c%c%c%c EL%u%c %c%c%c%c\n", spsr, spsr & PSTATE_N ? 'N' : '-', spsr & PSTATE_Z ? 'Z' : '-',
            spsr & PSTATE_C ? 'C' : '-', spsr & PSTATE_V ? 'V' : '-', arm_el(env), spsr & PSTATE_SP ? 'h' : 't', spsr & PSTATE_D ? 'D' : '-',
            spsr & PSTATE_A ? 'A' : '-', spsr & PSTATE_I ? 'I' : '-', spsr & PSTATE_F ? 'F' : '-');
    fprintf(out, "SCTLR=%016" PRIx64 " TCR=%016" PRIx64 " TTBR0=%016" PRIx64 " TTBR1=%016" PRIx64 "\n", env->sctlr_el1, env->tcr_el1,
            env->ttbr0_el1, env->ttbr1_el1);
    fprintf(out, "ESR=%08" PRIx64 " FAR=%016" PRIx64 " ELR=%016" PRIx64 " VBAR=%016" PRIx64 "\n", env->esr_el1, env->far_el1, env->elr_el1,
            env->vbar_el1);
    for (unsigned i = 0; i < 32; i++)
        fprintf(out, "Q%02u=%016" PRIx64 ":%016" PRIx64 "%s", i, env->v[i].u64[1], env->v[i].u64[0], i % 2 ? "\n" : " ");
}
