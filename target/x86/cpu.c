/* SPDX-License-Identifier: MIT */
/*
 * The x86 vCPU as the loop and boards see it: creation, reset, INIT and start-up, the state of a direct boot.
 *
 * Reset is SDM vol. 3 table 9-1. A board that boots a kernel directly gives the state that firmware would leave; the boot processor
 * has it after each reset. An application processor waits for INIT and SIPI, halted. The TSC is not set to 0 by a reset, so that all CPUs'
 * counters go on agreeing (tsc.c). Memory for an X86CPU is never freed: vCPUs live as long as the program.
 */
#include <string.h>

#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "base/error.h"
#include "target/x86/cc.h"
#include "target/x86/models.h"
#include "target/x86/msr.h"
#include "target/x86/paging.h"
#include "target/x86/topology.h"

#define PAT_RESET 0x0007040600070406ull
#define SMBASE_RESET 0x30000
#define MISC_ENABLE_RESET 0x1801 /* fast strings; neither branch traces nor PEBS */
#define FPUC_RESET 0x40

#define ATTR_DATA (SEG_P | SEG_S | SEG_W | SEG_A)
#define ATTR_CODE (SEG_P | SEG_S | SEG_CODE | SEG_W | SEG_A)
#define ATTR_FLAT (SEG_G | SEG_DB)
#define ATTR_LDT (SEG_P | 2u << SEG_TYPE_SHIFT)
#define ATTR_TSS32_BUSY (SEG_P | 11u << SEG_TYPE_SHIFT)

/* ---- what INIT sets as a power-on does ---- */
static void reset_segments(CPUX86State *env)
{
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = (X86Segment){ .limit = 0xffff, .attr = ATTR_DATA };
    env->segs[X86_SEG_CS] = (X86Segment){ .selector = 0xf000, .base = 0xffff0000, .limit = 0xffff, .attr = ATTR_CODE };
    env->ldt = (X86Segment){ .limit = 0xffff, .attr = ATTR_LDT };
    env->tr = (X86Segment){ .limit = 0xffff, .attr = ATTR_TSS32_BUSY };
    env->gdt = env->idt = (X86Table){ .limit = 0xffff };
}

static void reset_registers(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    uint32_t id[4];

    memset(env->regs, 0, sizeof(env->regs));
    x86_cpuid(cpu, 1, 0, id);
    env->regs[X86_RDX] = id[0];
    env->pc = 0xfffffff0;
    env->cc_op = CC_OP_FL;
    env->cc_dst = env->cc_src = env->cc_src2 = 0;
    env->df = 1;
    env->eflags = EF_1;
    env->cr2 = env->cr3 = env->cr4 = 0;
    env->efer = 0;
    memset(env->dr, 0, sizeof(env->dr));
    env->dr[6] = DR6_FIXED1;
    env->dr[7] = DR7_FIXED1;
    env->pkru = 0;
    env->delivering = -1;
    env->error_code = 0;
    env->has_error_code = env->is_soft_int = false;
    env->smm = env->nmi_masked = env->monitor_armed = false;
    cpu->monitor.waiting = false;
    env->a20_mask_low = ~0u;
    reset_segments(env);
}

static void reset_ends(X86CPU *cpu)
{
    CPUState *cs = &cpu->parent;

    cs->exception_index = -1;
    cs->high_by_asid = false;
    x86_update_hflags(&cpu->env);
    x86_debug_update(cpu);
    x86_paging_flush(cpu, true);
}

/* ---- direct boot ---- */
static void boot_segments(CPUX86State *env, const X86BootState *b)
{
    uint32_t code_size = b->mode == X86_BOOT_LONG ? SEG_L : SEG_DB;

    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = (X86Segment){ .selector = b->ds, .limit = 0xffffffff, .attr = ATTR_DATA | ATTR_FLAT };
    env->segs[X86_SEG_CS] = (X86Segment){ .selector = b->cs, .limit = 0xffffffff, .attr = ATTR_CODE | SEG_G | code_size };
    env->gdt = (X86Table){ .base = b->gdt_base, .limit = b->gdt_limit };
    env->idt = (X86Table){ 0 };
}

static void apply_boot(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    const X86BootState *b = &cpu->boot;

    boot_segments(env, b);
    env->cr0 = CR0_PE | CR0_ET;
    if (b->mode == X86_BOOT_LONG) {
        env->cr3 = b->cr3;
        env->cr4 = CR4_PAE;
        env->efer = EFER_LME | EFER_LMA;
        env->cr0 |= CR0_PG;
    }
    env->pc = b->rip;
    env->regs[X86_RSP] = b->rsp;
    env->regs[X86_RAX] = b->rax;
    env->regs[X86_RBX] = b->rbx;
    env->regs[X86_RSI] = b->rsi;
    env->regs[X86_RDX] = 0;
}

/* The boot processor is given its state instead of running firmware. */
static bool boots_directly(void)
{
    CPUState *first = cpu_first();
    const X86CPU *bsp = first ? x86_cpu(first) : NULL;

    return bsp && bsp->boot_set && bsp->boot.mode != X86_BOOT_RESET;
}

/* ---- reset, INIT, SIPI ---- */
static void wait_for_sipi(X86CPU *cpu, bool wait)
{
    cpu->env.wait_for_sipi = wait;
    cpu->parent.halted = wait;
}

static void reset_fpu(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;

    x87_reset(env);
    env->fpuc = FPUC_RESET;
    env->fptag_valid = 0xff; /* table 9-1: tag word 5555H, all registers +0 */
    x86_set_mxcsr(&cpu->parent, 0x1f80);
}

void x86_reset(CPUState *cs)
{
    X86CPU *cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;

    memset(env, 0, sizeof(*env));
    reset_registers(cpu);
    env->cr0 = CR0_CD | CR0_NW | CR0_ET;
    env->xcr0 = XCR0_X87;
    env->pat = PAT_RESET;
    env->misc_enable = MISC_ENABLE_RESET;
    env->smbase = SMBASE_RESET;
    env->mcg_ctl = ~0ull;
    for (unsigned i = 0; i < X86_MC_BANKS; i++)
        env->mc_ctl[i] = ~0ull;
    env->amd_de_cfg = 2; /* LFENCE is dispatch-serializing */
    cpu->apic_off = false;
    reset_fpu(cpu);
    if (boots_directly())
        x86_mtrr_firmware(env);
    if (boots_directly() && cs == cpu_first())
        apply_boot(cpu);
    wait_for_sipi(cpu, cpu->start_halted);
    cpu_reset_interrupt(cs, CPU_INTERRUPT_NMI | CPU_INTERRUPT_SMI | CPU_INTERRUPT_INIT | CPU_INTERRUPT_SIPI | CPU_INTERRUPT_POLL);
    reset_ends(cpu);
}

void x86_init_signal(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    uint64_t kept = env->cr0 & (CR0_CD | CR0_NW);
    uint32_t a20 = env->a20_mask_low;

    reset_registers(cpu);
    env->cr0 = kept | CR0_ET;
    env->a20_mask_low = a20;
    wait_for_sipi(cpu, cpu->parent.index != 0);
    reset_ends(cpu);
}

void x86_sipi(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    uint8_t vector = __atomic_load_n(&cpu->sipi_vector, __ATOMIC_ACQUIRE); /* pairs with x86_cpu_sipi */

    if (!env->wait_for_sipi)
        return;
    wait_for_sipi(cpu, false);
    x86_set_seg(env, X86_SEG_CS, (uint16_t)(vector << 8), (uint64_t)vector << 12, 0xffff, ATTR_CODE);
    env->pc = (uint64_t)vector << 12;
}

/* ---- creation ---- */
static CPUState *create(const char *spec, const CpuTopology *topology, int index, bool start_powered_off, GError **error)
{
    X86ModelConfig config;
    X86CPU *cpu;

    if (!x86_model_parse(spec, &config, error))
        return NULL;
    cpu = cpu_alloc(sizeof(*cpu), index, error);
    if (!cpu)
        return NULL;
    cpu->features = config.features;
    cpu->id = config.id;
    cpu->is_amd = !strcmp(config.id.vendor, X86_VENDOR_AMD);
    cpu->phys_bits = config.phys_bits;
    cpu->tsc_hz = config.tsc_hz;
    cpu->topology = topology ? *topology : cpu_topology_flat(1);
    cpu->apic_id = x86_topology_apic_id(&cpu->topology, (unsigned)index);
    cpu->start_halted = start_powered_off;
    cpu_init_common(&cpu->parent, &target_x86_64, index);
    if (!cpu->parent.mmu)
        mmu_init_cpu(&cpu->parent);
    mmu_set_by_asid(&cpu->parent, 1u << X86_MMU_USER);
    x86_mwait_init(cpu);
    x86_reset(&cpu->parent);
    return &cpu->parent;
}

static bool check(const char *spec, GError **error)
{
    X86ModelConfig config;
    return x86_model_parse(spec, &config, error);
}

const CpuArch cpu_arch_x86_64 = {
    .name = "x86_64", .ops = &target_x86_64, .models = x86_models, .n_models = X86_N_MODELS, .check = check, .create = create,
    .help = x86_model_help,
};
