/* SPDX-License-Identifier: MIT */
/* Setting the accelerator up: which host, how much code, who is told of what. */
#include "accel/exec/exec_internal.h"
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/error.h"

#define DEFAULT_MAX_INSNS 128

static bool has_work(CPUState *cpu)
{
    return cpu->target->has_work(cpu);
}

static void ram_written(ram_addr_t addr, uint64_t len)
{
    tb_invalidate(addr, len);
    mmu_monitor_written(addr, len);
}

static const CpuExecOps exec_ops = {
    .exec = cpu_exec,
    .exec_step_atomic = cpu_exec_step_atomic,
    .has_work = has_work,
    .thread_init = accel_init_cpu,
};

bool accel_init(const AccelConfig *config, const TargetOps *target, GError **error)
{
    if (config->max_insns > TB_MAX_GUEST_INSNS)
        return error_set(error, "max-insns: %u is not possible; from 1 to %d are", config->max_insns, TB_MAX_GUEST_INSNS);
    tb_config = (TbConfig){ .target = target, .max_insns = config->max_insns ? config->max_insns : DEFAULT_MAX_INSNS, .no_opt = config->no_opt,
                             .one_vcpu = config->max_vcpus == 1 && !config->locked_atomics };
    host_one_thread = tb_config.one_vcpu || (config->single_thread && !config->locked_atomics);
#if defined(__x86_64__)
    host_ops = config->interp ? &host_ops_interp : &host_ops_x86_64;
#else
    host_ops = &host_ops_interp;
#endif
    if (!host_features_init(config->host_features, error) || !tb_init(config->tb_size, error) || !code_buffer_init_host(target, error))
        return false;
    ram_set_write_hook(ram_written);
    memory_add_commit_listener(mmu_commit_listener, NULL);
    cpus_set_exec_ops(&exec_ops);
    return true;
}

void accel_init_cpu(CPUState *cpu)
{
    mmu_init_cpu(cpu);
    tb_thread_init(cpu);
}
