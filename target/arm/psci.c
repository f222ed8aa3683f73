/* SPDX-License-Identifier: MIT */
/*
 * PSCI 1.1: power control of vCPUs, and of the machine, as a hypervisor would serve it (DEN0022F).
 *
 * A vCPU that is off is halted, and no interrupt wakes it. CPU_ON claims it by taking its power state from off to on-pending, and
 * sends work to its own thread, where it becomes on after its reset. (Claimed: pending, but where to start is still being written.) The claim, not the work, says what is to be done: work that a reset of the machine
 * overtook finds nothing pending, or what has been asked for since.
 *
 * CPU_SUSPEND is WFI whatever state it asks for: DEN0022 5.4.2 lets an implementation do less, and a power-down state may then return.
 */
#include "base/bits.h"
#include "cpus/runstate.h"
#include "target/arm/internals.h"
#include "target/arm/psci.h"

#define PSCI_VERSION 0x84000000u
#define PSCI_CPU_SUSPEND 0x84000001u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0x84000003u
#define PSCI_AFFINITY_INFO 0x84000004u
#define PSCI_MIGRATE_INFO_TYPE 0x84000006u
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u
#define PSCI_FEATURES 0x8400000au
#define PSCI_SYSTEM_RESET2 0x84000012u
#define SMCCC_VERSION 0x80000000u
#define SMCCC_ARCH_FEATURES 0x80000001u
#define SMC64 0x40000000u

#define PSCI_SUCCESS 0
#define PSCI_NOT_SUPPORTED (-1)
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)
#define PSCI_INVALID_ADDRESS (-9)
#define MIGRATE_NOT_NEEDED 2
#define MPIDR_AFFINITY 0xff00ffffffull

static ArmCPU *cpu_by_affinity(uint64_t affinity)
{
    CPU_FOREACH (cs) {
        if ((arm_cpu(cs)->mpidr & MPIDR_AFFINITY) == affinity)
            return arm_cpu(cs);
    }
    return NULL;
}

/* On the target's own thread. */
static void power_on(CPUState *cs, void *data)
{
    ArmCPU *cpu = arm_cpu(cs);

    if (__atomic_load_n(&cpu->power, __ATOMIC_ACQUIRE) != ARM_POWER_ON_PENDING)
        return;
    arm_reset_state(cs);
    cpu->env.pc = cpu->on_entry;
    cpu->env.x[0] = cpu->on_context;
    __atomic_store_n(&cpu->power, ARM_POWER_ON, __ATOMIC_RELEASE);
}

static int64_t cpu_on(uint64_t affinity, uint64_t entry, uint64_t context)
{
    ArmCPU *target = cpu_by_affinity(affinity);
    uint32_t was = ARM_POWER_OFF;

    if (!target)
        return PSCI_INVALID_PARAMETERS;
    if (entry & 3)
        return PSCI_INVALID_ADDRESS;
    if (!__atomic_compare_exchange_n(&target->power, &was, ARM_POWER_CLAIMED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return was == ARM_POWER_ON ? PSCI_ALREADY_ON : PSCI_ON_PENDING;
    target->on_entry = entry;
    target->on_context = context;
    __atomic_store_n(&target->power, ARM_POWER_ON_PENDING, __ATOMIC_RELEASE);
    async_run_on_cpu(&target->parent, power_on, NULL);
    return PSCI_SUCCESS;
}

static G_NORETURN void halt(ArmCPU *cpu)
{
    cpu->parent.halted = true;
    cpu->parent.exception_index = EXCP_HLT;
    cpu_loop_exit(&cpu->parent);
}

static G_NORETURN void cpu_off(ArmCPU *cpu)
{
    __atomic_store_n(&cpu->power, ARM_POWER_OFF, __ATOMIC_RELEASE);
    halt(cpu);
}

static int64_t affinity_info(uint64_t affinity, uint64_t level)
{
    ArmCPU *target = cpu_by_affinity(affinity);

    if (!target || level > 0)
        return PSCI_INVALID_PARAMETERS;
    return MIN_OF(__atomic_load_n(&target->power, __ATOMIC_ACQUIRE), ARM_POWER_ON_PENDING);
}

static int64_t cpu_suspend(ArmCPU *cpu)
{
    __atomic_store_n(&cpu->waiting_event, false, __ATOMIC_RELAXED);
    if (arm_has_work(&cpu->parent))
        return PSCI_SUCCESS;
    cpu->env.x[0] = PSCI_SUCCESS;
    halt(cpu);
}

/* PSCI_FEATURES: which functions there are; flags are 0 for all, and CPU_SUSPEND takes the original power_state format. */
static int64_t features(uint32_t fn)
{
    switch (fn) {
    case PSCI_CPU_SUSPEND | SMC64:
    case PSCI_CPU_ON | SMC64:
    case PSCI_AFFINITY_INFO | SMC64:
    case PSCI_SYSTEM_RESET2 | SMC64:
    case PSCI_VERSION:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_OFF:
    case PSCI_CPU_ON:
    case PSCI_AFFINITY_INFO:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_SYSTEM_RESET2:
    case PSCI_FEATURES:
    case SMCCC_VERSION:
        return PSCI_SUCCESS;
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

static bool call(ArmCPU *cpu, uint32_t fn, uint64_t x1, uint64_t x2, uint64_t x3, int64_t *result)
{
    switch (fn) {
    case PSCI_VERSION:
        *result = 1 << 16 | 1;
        return true;
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMC64:
        *result = cpu_suspend(cpu);
        return true;
    case PSCI_CPU_OFF:
        cpu_off(cpu);
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMC64:
        *result = cpu_on(x1, x2, x3);
        return true;
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMC64:
        *result = affinity_info(x1, x2);
        return true;
    case PSCI_MIGRATE_INFO_TYPE:
        *result = MIGRATE_NOT_NEEDED;
        return true;
    case PSCI_SYSTEM_OFF:
        runstate_request(RUN_REQ_SHUTDOWN);
        cpu_off(cpu);
    case PSCI_SYSTEM_RESET2:
    case PSCI_SYSTEM_RESET2 | SMC64:
        if (x1 != 0) { /* only SYSTEM_WARM_RESET; vendor resets are not there */
            *result = PSCI_INVALID_PARAMETERS;
            return true;
        }
        runstate_request(RUN_REQ_RESET);
        cpu_off(cpu);
    case PSCI_SYSTEM_RESET:
        runstate_request(RUN_REQ_RESET);
        cpu_off(cpu);
    case PSCI_FEATURES:
        *result = features((uint32_t)x1);
        return true;
    case SMCCC_VERSION:
        *result = 1 << 16 | 1;
        return true;
    case SMCCC_ARCH_FEATURES:
        *result = (uint32_t)x1 == SMCCC_VERSION || (uint32_t)x1 == SMCCC_ARCH_FEATURES ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
        return true;
    default:
        *result = PSCI_NOT_SUPPORTED;
        return false;
    }
}

bool arm_psci_call(ArmCPU *cpu)
{
    CPUARMState *env = &cpu->env;
    uint32_t fn = (uint32_t)env->x[0];
    uint64_t mask = fn & SMC64 ? ~0ull : 0xffffffffull;
    int64_t result;
    bool known = call(cpu, fn, env->x[1] & mask, env->x[2] & mask, env->x[3] & mask, &result);

    env->x[0] = (uint64_t)result;
    return known;
}
