/* SPDX-License-Identifier: MIT */
/*
 * What the comparison with the host (tests/native) cannot see of strings and I/O: interruption, single steps, devices, the permission bitmap, MWAIT.
 *
 * A vCPU in 64-bit mode, RAM mapped one to one, one I/O port range and one page of a device in memory that logs. Exceptions are noted, not delivered.
 */
#include <glib.h>
#include <string.h>

#include "accel/exec/exec.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory.h"
#include "target/x86/cpu.h"

#define RAM_SIZE (8ull << 20)
#define PML4 0x1000ull
#define PDPT 0x2000ull
#define PD 0x3000ull
#define TSS 0x5000ull
#define CODE 0x10000ull
#define BUFFER 0x100000ull
#define DEVICE (BUFFER + 0x40000)  /* within the buffer */
#define UNMAPPED 0x10000000ull
#define PORT 0x60u
#define PTE_ALL 0x67ull /* P W U A D */
#define PTE_PS 0x80ull

static MemoryRegion ram, device, ports;
static TargetOps ops;
static CPUState *cs;
static CPUX86State *env;
static int stopped; /* vector, -1: none */
static unsigned n_reads, n_writes;
static uint64_t last_write;

static uint8_t *ram_at(uint64_t pa) { return (uint8_t *)memory_region_ram_ptr(&ram) + pa; }

static MemTxResult log_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    n_reads++;
    *value = 0x11223344u + n_reads;
    return MEMTX_OK;
}

static MemTxResult log_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    n_writes++;
    last_write = value;
    if (opaque) /* the memory device wants the vCPU's attention */
        cpu_exit(cs);
    return MEMTX_OK;
}

static const MemoryRegionOps log_ops = { .read = log_read, .write = log_write };

static void note_exception(CPUState *cpu)
{
    stopped = cpu->exception_index;
    __atomic_store_n(&cpu->exit_request, 1, __ATOMIC_RELEASE);
}

static void set_up(void)
{
    GError *error = NULL;
    ops = target_x86_64;
    ops.do_exception = note_exception;
    rcu_register_thread();
    bql_lock();
    accel_init(&(AccelConfig){ .tb_size = 4 << 20 }, &ops, &error);
    g_assert_no_error(error);
    memory_init();
    memory_region_init_ram(&ram, "ram", RAM_SIZE, &error);
    memory_region_add_subregion(memory_system_root(), 0, &ram);
    memory_region_init_io(&device, &log_ops, &device, "device", 4096);
    memory_region_add_subregion_overlap(memory_system_root(), DEVICE, &device, 1);
    memory_region_init_io(&ports, &log_ops, NULL, "ports", 8);
    memory_region_add_subregion(memory_io_root(), PORT, &ports);
    cs = cpu_arch_x86_64.create("max", NULL, 0, false, &error);
    g_assert_no_error(error);
    accel_init_cpu(cs);
    current_cpu = cs;
    cs->target = &ops;
    env = x86_env(cs);
    bql_unlock();
    *(uint64_t *)ram_at(PML4) = PDPT | PTE_ALL;
    *(uint64_t *)ram_at(PDPT) = PD | PTE_ALL;
    for (uint64_t i = 0; i < RAM_SIZE >> 21; i++)
        ((uint64_t *)ram_at(PD))[i] = i << 21 | PTE_ALL | PTE_PS;
}

/* Starts bytes at CPL cpl. */
static void start(unsigned cpl, const char *bytes, unsigned n)
{
    uint32_t dpl = cpl << SEG_DPL_SHIFT;

    memcpy(ram_at(CODE), bytes, n);
    memcpy(ram_at(CODE) + n, "\x0f\x0b", 2); /* UD2 */
    ram_notify_write(ram.ram, ram.ram->offset + CODE, n + 2);
    env->cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
    env->cr4 = CR4_PAE | CR4_OSFXSR;
    env->efer = EFER_LME | EFER_LMA;
    env->cr3 = PML4;
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = (X86Segment){ .selector = (uint16_t)(8 | cpl), .limit = ~0u, .attr = SEG_P | SEG_S | SEG_W | SEG_A | SEG_G | SEG_DB | dpl };
    env->segs[X86_SEG_CS].attr = SEG_P | SEG_S | SEG_CODE | SEG_W | SEG_A | SEG_G | SEG_L | dpl;
    env->eflags = EF_1 | EF_IF;
    env->df = 1;
    env->pc = CODE;
    env->regs[X86_RSP] = BUFFER;
    x86_update_hflags(env);
    x86_paging_new_cr3(x86_cpu(cs), false);
    n_reads = n_writes = 0;
    cs->halted = false;
}

static int run(void)
{
    int why;
    stopped = -1;
    why = cpu_exec(cs);
    __atomic_store_n(&cs->exit_request, 0, __ATOMIC_RELEASE);
    cpu_process_work(cs);
    return why;
}

static void run_to_exception(int vector)
{
    do
        run();
    while (stopped < 0);
    g_assert_cmpint(stopped, ==, vector);
}

#define START(cpl, bytes) start(cpl, bytes, sizeof(bytes) - 1)
#define REP_STOSB "\xf3\xaa"

/* ---- strings ---- */
static void test_interrupted(void)
{
    const uint64_t total = 0x80000;
    START(0, REP_STOSB);
    env->regs[X86_RDI] = BUFFER;
    env->regs[X86_RCX] = total;
    env->regs[X86_RAX] = 0x5a;
    run(); /* the device's first byte asks for attention */
    g_assert_cmpint(stopped, ==, -1);
    g_assert_cmphex(env->pc, ==, CODE);
    uint64_t done = total - env->regs[X86_RCX];
    g_assert_cmphex(env->regs[X86_RDI], ==, BUFFER + done);
    g_assert_cmpuint(done, >, DEVICE - BUFFER);
    g_assert_cmpuint(done, <=, DEVICE - BUFFER + 0x10000);
    run_to_exception(EXCP_UD);
    g_assert_cmphex(env->regs[X86_RCX], ==, 0);
    g_assert_cmphex(env->pc, ==, CODE + 2);
    g_assert_cmpuint(n_writes, ==, 4096);
    g_assert_cmphex(*ram_at(BUFFER + total - 1), ==, 0x5a);
}

static void test_single_step(void)
{
    START(0, REP_STOSB);
    env->regs[X86_RDI] = BUFFER;
    env->regs[X86_RCX] = 3;
    env->eflags |= EF_TF;
    x86_update_hflags(env);
    for (uint64_t left = 2; left < 3; left--) {
        run_to_exception(EXCP_DB);
        g_assert_cmphex(env->regs[X86_RCX], ==, left);
        g_assert_cmphex(env->regs[X86_RDI], ==, BUFFER + 3 - left);
        g_assert_cmphex(env->pc, ==, left ? CODE : CODE + 2);
    }
    env->eflags &= ~EF_TF;
    x86_update_hflags(env);
}

/* REPE CMPSB: flags after a step are the comparison's. */
static void test_single_step_flags(void)
{
    START(0, "\xf3\xa6");
    memcpy(ram_at(BUFFER), "ab", 2);
    memcpy(ram_at(BUFFER + 16), "ac", 2);
    env->regs[X86_RSI] = BUFFER;
    env->regs[X86_RDI] = BUFFER + 16;
    env->regs[X86_RCX] = 8;
    x86_set_eflags(env, EF_CF | EF_TF, EF_ARITH | EF_TF);
    run_to_exception(EXCP_DB);
    g_assert_cmphex(env->pc, ==, CODE);
    g_assert_cmphex(x86_get_eflags(env) & (EF_CF | EF_ZF), ==, EF_ZF);
    run_to_exception(EXCP_DB);
    g_assert_cmphex(env->pc, ==, CODE + 2);
    g_assert_cmphex(env->regs[X86_RCX], ==, 6);
    g_assert_cmphex(x86_get_eflags(env) & (EF_CF | EF_ZF), ==, EF_CF);
    x86_set_eflags(env, 0, EF_TF);
}

/* The end of a string instruction that overwrites itself is as the bytes were. */
static void test_overwrites_itself(void)
{
    START(0, REP_STOSB "\x90");
    env->regs[X86_RDI] = CODE;
    env->regs[X86_RCX] = 3;
    env->regs[X86_RAX] = 0xf4; /* HLT, privileged but allowed here */
    run();
    g_assert_cmphex(env->regs[X86_RCX], ==, 0);
    g_assert_cmphex(*ram_at(CODE + 2), ==, 0xf4);
    g_assert_true(cs->halted);
    g_assert_cmphex(env->pc, ==, CODE + 3);
}

/* ---- I/O ---- */
static void test_in_out(void)
{
    START(0, "\xed\xef\xec\x66\xed"); /* IN EAX,DX; OUT DX,EAX; IN AL,DX; IN AX,DX */
    env->regs[X86_RDX] = 0xffff0000 | PORT;
    env->regs[X86_RAX] = ~0ull;
    run_to_exception(EXCP_UD);
    g_assert_cmphex(last_write, ==, 0x11223345);
    g_assert_cmphex(env->regs[X86_RAX], ==, 0x11223347);
    START(0, "\xed");
    env->regs[X86_RDX] = 0x1234; /* nobody is there */
    env->regs[X86_RAX] = 0;
    run_to_exception(EXCP_UD);
    g_assert_cmphex(env->regs[X86_RAX], ==, 0xffffffff);
}

static void test_string_io(void)
{
    START(0, "\xf3\x6c\xf3\x66\x6f"); /* REP INSB; REP OUTSW */
    env->regs[X86_RDX] = PORT;
    env->regs[X86_RDI] = env->regs[X86_RSI] = BUFFER;
    env->regs[X86_RCX] = 4;
    run();
    env->regs[X86_RCX] = 2;
    run_to_exception(EXCP_UD);
    g_assert_cmpmem(ram_at(BUFFER), 4, "\x45\x46\x47\x48", 4);
    g_assert_cmpuint(n_reads, ==, 4);
    g_assert_cmphex(env->regs[X86_RDI], ==, BUFFER + 4);
}

/* A device that loses what is read must not be read for a store that faults. */
static void test_ins_probes_first(void)
{
    START(0, "\x6c");
    env->regs[X86_RDX] = PORT;
    env->regs[X86_RDI] = UNMAPPED;
    run_to_exception(EXCP_PF);
    g_assert_cmpuint(n_reads, ==, 0);
    g_assert_cmphex(env->cr2, ==, UNMAPPED);
}

static int try_port(unsigned port, const char *insn)
{
    start(3, insn, 1);
    env->regs[X86_RDX] = port;
    do
        run();
    while (stopped < 0);
    return stopped;
}

static void test_bitmap(void)
{
    const uint32_t bitmap = 0x68;
    memset(ram_at(TSS), 0xff, 0x100);
    *(uint16_t *)ram_at(TSS + 0x66) = (uint16_t)bitmap;
    ram_at(TSS + bitmap)[PORT / 8] = 0xf1; /* ports PORT + 1 .. 3 */
    env->tr = (X86Segment){ .base = TSS, .limit = bitmap + PORT / 8 + 1, .attr = SEG_P | 11u << SEG_TYPE_SHIFT };
    g_assert_cmpint(try_port(PORT, "\xec"), ==, EXCP_GP);
    g_assert_cmpint(try_port(PORT + 1, "\xec"), ==, EXCP_UD);
    g_assert_cmpint(try_port(PORT + 3, "\xec"), ==, EXCP_UD);
    g_assert_cmpint(try_port(PORT + 1, "\xed"), ==, EXCP_GP); /* four ports, of which the last is not allowed */
    g_assert_cmpint(try_port(PORT + 8, "\xec"), ==, EXCP_GP); /* beyond the limit */
    g_assert_cmpuint(n_reads, ==, 0);
    env->tr.attr = SEG_P | 3u << SEG_TYPE_SHIFT; /* a 16-bit TSS has none */
    g_assert_cmpint(try_port(PORT + 1, "\xec"), ==, EXCP_GP);
}

/* ---- waiting ---- */
static void test_mwait(void)
{
    START(0, "\x0f\x01\xc8\x0f\x01\xc9"); /* MONITOR; MWAIT */
    x86_feature_set(&x86_cpu(cs)->features, X86_FEAT_MONITOR, true);
    env->regs[X86_RAX] = BUFFER;
    env->regs[X86_RCX] = env->regs[X86_RDX] = 0;
    run();
    g_assert_true(cs->halted);
    g_assert_cmphex(env->pc, ==, CODE + 6);
    g_assert_cmphex(env->monitor_address, ==, BUFFER);
    g_assert_false(x86_has_work(cs));
    ram_at(BUFFER - BUFFER % 64)[63] ^= 1; /* another CPU's store to the line */
    g_assert_true(x86_has_work(cs));
    START(0, "\x0f\x01\xc8\xfe\x03\x0f\x01\xc9"); /* MONITOR; INC BYTE [RBX]; MWAIT: it has changed already */
    env->regs[X86_RAX] = env->regs[X86_RBX] = BUFFER;
    run_to_exception(EXCP_UD);
    g_assert_false(cs->halted);
    START(0, "\x0f\x01\xc9"); /* not armed */
    run_to_exception(EXCP_UD);
    /* With ECX bit 0, interrupts end it though IF is clear. */
    START(0, "\x0f\x01\xc8\xff\xc1\x0f\x01\xc9"); /* MONITOR; INC ECX; MWAIT */
    env->regs[X86_RAX] = BUFFER;
    env->regs[X86_RCX] = 0;
    env->eflags &= ~EF_IF;
    run();
    g_assert_true(cs->halted);
    g_assert_false(x86_has_work(cs));
    cpu_interrupt(cs, CPU_INTERRUPT_HARD);
    g_assert_true(x86_has_work(cs));
    cpu_reset_interrupt(cs, CPU_INTERRUPT_HARD);
    __atomic_store_n(&cs->exit_request, 0, __ATOMIC_RELEASE);
    START(3, "\x0f\x01\xc9");
    run_to_exception(EXCP_UD);
    g_assert_cmphex(env->pc, ==, CODE);
}

/* A loop of PAUSE leaves now and then while more vCPUs are awake than there are cores, and goes on with its flags; else it does not. */
static void test_pause(void)
{
    int crowd = (int)g_get_num_processors() + 1;

    for (unsigned crowded = 0; crowded < 2; crowded++) {
        unsigned left = 0;
        cpu_spin_count_awake(crowded ? crowd : 0);
        START(3, "\x31\xc0\xff\xc0\x3d\xe8\x03\x00\x00\xf3\x90\x75\xf5"); /* XOR EAX,EAX; 1: INC EAX; CMP EAX,1000; PAUSE; JNE 1b */
        cs->spin.polls = 0;
        stopped = -1;
        while (stopped < 0) {
            if (run() != EXCP_YIELD)
                continue;
            left++;
            g_assert_cmphex(env->pc, ==, CODE + 11);
            g_assert_cmphex(env->regs[X86_RAX] % 32, ==, 0);
        }
        g_assert_cmphex(env->regs[X86_RAX], ==, 1000);
        g_assert_cmpuint(left, ==, crowded ? 1000 / 32 : 0);
        cpu_spin_count_awake(crowded ? -crowd : 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/x86/string/interrupted", test_interrupted);
    g_test_add_func("/x86/string/single-step", test_single_step);
    g_test_add_func("/x86/string/single-step-flags", test_single_step_flags);
    g_test_add_func("/x86/string/overwrites-itself", test_overwrites_itself);
    g_test_add_func("/x86/io/in-out", test_in_out);
    g_test_add_func("/x86/io/string", test_string_io);
    g_test_add_func("/x86/io/ins-probes-first", test_ins_probes_first);
    g_test_add_func("/x86/io/bitmap", test_bitmap);
    g_test_add_func("/x86/mwait", test_mwait);
    g_test_add_func("/x86/pause", test_pause);
    return g_test_run();
}
