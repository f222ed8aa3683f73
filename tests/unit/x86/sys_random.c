/* SPDX-License-Identifier: MIT */
/*
 * Random descriptor tables, task states and stacks under random transfers and events. Whatever a guest puts there, a transfer
 * ends after a few exceptions, and leaves a state that is consistent: the CPL of SS and CS agree, CS is code, the block flags are what
 * the registers say.
 */
#include <string.h>

#include "tests/unit/x86/sys_fakes.h"

#define ROUNDS 40000
#define STEPS 12
#define MOST_EXCEPTIONS 12

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)g_test_rand_int_range(0, (int)n);
}

static uint16_t any_selector(void)
{
    return (uint16_t)(rnd(GDT_BYTES / 8 + 1) * 8 + (rnd(3) ? rnd(4) : rnd(8)));
}

static uint64_t any_offset(void)
{
    static const uint64_t some[] = { 0x4000, 0x5000, 0xffff, 0x10000, 0xffffffff, 1ull << 47, ~0ull << 47, 0xfffff, RAM_BYTES - 2 };
    return rnd(2) ? rnd(0x10000) : some[rnd(G_N_ELEMENTS(some))];
}

static void spoil_tables(X86CPU *cpu)
{
    static const uint8_t gate_types[] = { 4, 5, 6, 7, 12, 14, 15, 9, 11, 0 };
    static const uint8_t desc_types[] = { 1, 2, 3, 4, 5, 9, 11, 12, 16, 18, 20, 22, 24, 26, 28, 30, 27 };

    for (unsigned n = rnd(6); n > 0; n--) {
        uint32_t at = GDT + rnd(GDT_BYTES / 8) * 8;
        ram[at + 5] = (uint8_t)(desc_types[rnd(G_N_ELEMENTS(desc_types))] | rnd(4) << 5 | (rnd(8) ? 0x80 : 0));
        ram[at + 6] = (uint8_t)rnd(256);
        if (rnd(2))
            wr(at, rnd(2) ? any_selector() << 16 | (uint32_t)rnd(0x10000) : 0xffff, 4);
    }
    for (unsigned v = 0; v < 32; v++)
        set_gate(cpu, v, gate_types[rnd(G_N_ELEMENTS(gate_types))], rnd(4), any_selector(), any_offset(), rnd(8));
    if (rnd(2)) { /* make delivery likely */
        uint16_t code = cpu->env.efer & EFER_LMA ? CODE64 : CODE0;
        for (unsigned v = 0; v < 32; v++)
            set_gate(cpu, v, 14 + rnd(2), rnd(4), code, 0x5000, 0);
    }
    for (unsigned n = rnd(8); n > 0; n--)
        wr(TSS + rnd(0x68) / 2 * 2, rnd(2) ? any_selector() : (uint16_t)rnd(0x10000), 2);
    for (unsigned i = 0; i < 0x68; i += 2)
        wr(TSS2 + i, rnd(2) ? any_selector() : (uint16_t)rnd(0x10000), 2);
    if (!rnd(4))
        fake.absent = rnd(RAM_BYTES);
}

static void fill_stack(X86CPU *cpu)
{
    uint32_t sp = (uint32_t)cpu->env.regs[X86_RSP] & 0xffff;

    for (unsigned i = 0; i < 64; i += 2)
        wr(sp + i, rnd(3) ? any_selector() : rnd(2) ? 0 : (uint16_t)rnd(0x10000), 2);
}

static void any_event(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;

    if (rnd(2)) {
        x86_deliver(cpu, (int)rnd(32), true, 0, false, x86_get_eip(env), false);
        return;
    }
    cpu->parent.exception_index = (int)rnd(32);
    env->has_error_code = rnd(2);
    x86_do_exception(&cpu->parent);
    cpu->parent.exception_index = -1;
}

static void any_step(X86CPU *cpu, void *arg)
{
    CPUX86State *env = &cpu->env;
    unsigned size = 2u << rnd(env->hflags & BF_CS64 ? 3 : 2);
    uint64_t next = x86_get_eip(env) + 2;

    switch (rnd(9)) {
    case 0: x86_load_seg(cpu, (uint8_t[]){ X86_SEG_ES, X86_SEG_SS, X86_SEG_DS, X86_SEG_FS, X86_SEG_GS }[rnd(5)], any_selector(), 0); break;
    case 1: x86_far_jump(cpu, any_selector(), any_offset(), size, next, 0); break;
    case 2: x86_far_call(cpu, any_selector(), any_offset(), size, next, 0); break;
    case 3: x86_far_return(cpu, size, rnd(32), 0); break;
    case 4: x86_iret(cpu, size, next, 0); break;
    case 5: x86_sysenter(cpu, 0); break;
    case 6: x86_sysexit(cpu, size == 8 ? 8 : 4, 0); break;
    case 7: x86_syscall(cpu, next, 0); break;
    default: any_event(cpu); break;
    }
}

static void check_state(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    const X86Segment *cs = &env->segs[X86_SEG_CS], *ss = &env->segs[X86_SEG_SS];
    uint32_t hflags = env->hflags;

    x86_update_hflags(env);
    g_assert_cmphex(env->hflags, ==, hflags);
    g_assert_cmpint(env->delivering, ==, -1);
    if (!(env->cr0 & CR0_PE) || (env->eflags & EF_VM))
        return;
    g_assert_cmpuint(SEG_DPL(ss->attr), ==, cs->selector & 3u);
    g_assert_cmphex(cs->attr & (SEG_P | SEG_S | SEG_CODE), ==, SEG_P | SEG_S | SEG_CODE);
    g_assert_cmphex(ss->attr & (SEG_P | SEG_S | SEG_W | SEG_CODE), ==, SEG_P | SEG_S | SEG_W);
}

static void random_transfers(gconstpointer mode)
{
    unsigned delivered = 0, quiet = 0;

    for (unsigned round = 0; round < ROUNDS / (g_test_quick() ? 4 : 1); round++) {
        X86CPU *cpu = sys_cpu(GPOINTER_TO_INT(mode));
        cpu->env.efer |= EFER_SCE;
        cpu->env.sysenter_cs = rnd(2) ? CODE0 : any_selector();
        if (GPOINTER_TO_INT(mode) != MODE_REAL)
            spoil_tables(cpu);
        if (GPOINTER_TO_INT(mode) == MODE_PM32 && !rnd(8))
            sys_vm86(cpu, 0x400, 0x10);
        for (unsigned step = 0; step < STEPS; step++) {
            if ((cpu->env.regs[X86_RSP] & 0xffff) + 64 < RAM_BYTES)
                fill_stack(cpu);
            if (sys_try(cpu, any_step, NULL) >= 0) {
                int n = sys_take_raised(cpu);
                if (n < 0)
                    break;
                g_assert_cmpint(n, <, MOST_EXCEPTIONS);
                delivered++;
            } else {
                quiet++;
            }
            check_state(cpu);
        }
    }
    g_assert_cmpuint(delivered, >, 1000);
    g_assert_cmpuint(quiet, >, 1000);
}

void add_random_tests(void)
{
    g_test_add_data_func("/x86/random/protected-mode", GINT_TO_POINTER(MODE_PM32), random_transfers);
    g_test_add_data_func("/x86/random/long-mode", GINT_TO_POINTER(MODE_LONG), random_transfers);
}
