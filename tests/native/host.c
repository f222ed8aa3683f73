/* SPDX-License-Identifier: MIT */
/*
 * Running a case on the host CPU.
 *
 * All of it happens in one signal handler: a signal's frame is the whole machine state. To start, an illegal instruction raises SIGILL;
 * the handler fills the frame with the case's state and returns into it. Whatever ends the program raises the next
 * signal: the handler takes the state from the frame and jumps back. So no register is spoken for, and RSP may hold anything: the handler
 * has its own stack. FS is the C library's while the handler runs, the case's outside: the bases are switched by hand.
 *
 * Code of 32 and 16 bits runs in the same process: the frame's CS and SS may be any of the process's descriptors. Those of 16-bit code, and FS and GS, are in
 * the LDT; DS and ES are loaded before the handler returns, since 64-bit code does not look at them.
 */
#include <asm/ldt.h>
#include <glib.h>
#include <immintrin.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/native/native.h"

/* The frame's floating-point state: FXSAVE's image, the XSAVE header, and the upper halves where CPUID leaf 0DH puts them. */
#define XSTATE_BV 512
#define XSTATE_YMM 576
#define FLAGS_SET 0xcd5u /* CF PF AF ZF SF DF OF */

static uint8_t *code_alias, *data = (uint8_t *)NATIVE_DATA;
static const NativeCase *the_case;
static NativeOutcome *the_outcome;
static volatile sig_atomic_t running;
static uint64_t own_fs, own_gs;
static sigjmp_buf back;

static const int reg_of[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

__attribute__((target("fsgsbase"))) static void set_bases(uint64_t fs, uint64_t gs)
{
    __asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(fs), "r"(gs) : "memory");
}

/* ---- segments of 32- and 16-bit code ---- */
enum { LDT_CODE16, LDT_DATA, LDT_DOWN };
#define LDT_SELECTOR(n) ((n) << 3 | 7)
#define CS_FLAT32 0x23
#define DS_FLAT 0x2b

static void set_descriptor(unsigned n, uint64_t base, unsigned limit, unsigned contents)
{
    struct user_desc d = { .entry_number = n, .base_addr = (unsigned)base, .limit = limit, .contents = contents };
    if (syscall(SYS_modify_ldt, 1, &d, sizeof(d))) {
        printf("1..0 # SKIP no descriptor table of our own: %s\n", g_strerror(errno));
        exit(0);
    }
}

static void make_segments(void)
{
    if (native_bits == 64)
        return;
    set_descriptor(LDT_CODE16, NATIVE_CODE, NATIVE_CODE_PAGES * 4096 - 1, 2);
    set_descriptor(LDT_DATA, NATIVE_DATA, NATIVE_DATA_SIZE - 1, 0);
    set_descriptor(LDT_DOWN, NATIVE_DATA, NATIVE_GS_LIMIT, 1);
}

static void load_data_segments(unsigned ds_es, unsigned fs, unsigned gs)
{
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %1, %%fs; mov %2, %%gs" : : "r"(ds_es), "r"(fs), "r"(gs) : "memory");
}

static void enter_segments(greg_t *g)
{
    bool flat = native_bits == 32;
    uint64_t cs = flat ? CS_FLAT32 : LDT_SELECTOR(LDT_CODE16), ss = flat ? DS_FLAT : LDT_SELECTOR(LDT_DATA);
    g[REG_CSGSFS] = (greg_t)(((uint64_t)g[REG_CSGSFS] & 0x0000ffffffff0000ull) | cs | ss << 48);
    load_data_segments((unsigned)ss, LDT_SELECTOR(LDT_DATA), LDT_SELECTOR(LDT_DOWN));
}

__attribute__((target("fsgsbase"))) static void get_bases(uint64_t *fs, uint64_t *gs)
{
    __asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(*fs), "=r"(*gs));
}

static void put_fp(uint8_t *fp, const NativeState *st)
{
    memcpy(fp, st->fx, FX_END);
    memcpy(fp + XSTATE_YMM, st->ymmh, sizeof(st->ymmh));
    memset(fp + XSTATE_BV, 0, 64);
    fp[XSTATE_BV] = 7;
}

static void take_fp(const uint8_t *fp, NativeState *st)
{
    memcpy(st->fx, fp, FX_END);
    if (fp[XSTATE_BV] & 4)
        memcpy(st->ymmh, fp + XSTATE_YMM, sizeof(st->ymmh));
    else
        memset(st->ymmh, 0, sizeof(st->ymmh));
}

static void start(ucontext_t *uc)
{
    const NativeState *in = &the_case->in;
    greg_t *g = uc->uc_mcontext.gregs;

    for (unsigned i = 0; i < 16; i++)
        g[reg_of[i]] = (greg_t)in->regs[i];
    g[REG_RIP] = (greg_t)in->rip;
    g[REG_EFL] = (greg_t)((g[REG_EFL] & ~(greg_t)FLAGS_SET) | (greg_t)(in->rflags & FLAGS_SET));
    put_fp((uint8_t *)uc->uc_mcontext.fpregs, in);
}

static void finish(int sig, siginfo_t *info, ucontext_t *uc)
{
    NativeState *out = &the_outcome->state;
    greg_t *g = uc->uc_mcontext.gregs;

    for (unsigned i = 0; i < 16; i++)
        out->regs[i] = native_bits == 64 ? (uint64_t)g[reg_of[i]] : i < 8 ? (uint32_t)g[reg_of[i]] : 0;
    out->rip = (uint64_t)g[REG_RIP];
    out->rflags = (uint64_t)g[REG_EFL] & FLAGS_SET;
    take_fp((const uint8_t *)uc->uc_mcontext.fpregs, out);
    memcpy(out->mem, data, NATIVE_DATA_SIZE);
    the_outcome->hung = sig == SIGALRM;
    the_outcome->vector = (uint32_t)g[REG_TRAPNO];
    the_outcome->error = (uint32_t)g[REG_ERR];
    the_outcome->cr2 = the_outcome->vector == 14 ? (uint64_t)g[REG_CR2] : 0;
}

__attribute__((no_stack_protector)) static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    if (!running) {
        if (sig == SIGALRM)
            return;
        if (sig != SIGILL)
            _exit(70); /* a fault of our own */
        running = 1;
        start(uc);
        if (native_bits == 64)
            set_bases(the_case->in.fs_base, the_case->in.gs_base);
        else
            enter_segments(uc->uc_mcontext.gregs);
        return;
    }
    get_bases(&the_outcome->state.fs_base, &the_outcome->state.gs_base);
    if (native_bits != 64)
        load_data_segments(0, 0, 0);
    set_bases(own_fs, own_gs);
    running = 0;
    finish(sig, info, uc);
    siglongjmp(back, 1);
}

static void *map_at(uint64_t at, size_t size, int prot, int fd)
{
    void *p = mmap((void *)at, size, prot, (at ? MAP_FIXED_NOREPLACE : 0) | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED), fd, 0);
    if (p == MAP_FAILED)
        g_error("cannot map the test's pages at 0x%llx: %s", (unsigned long long)at, g_strerror(errno));
    return p;
}

void native_host_init(void)
{
    static const int signals[] = { SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM };
    static uint8_t stack_memory[1 << 16];
    stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    int fd = memfd_create("code", 0);

    if (fd < 0 || ftruncate(fd, NATIVE_CODE_PAGES * 4096))
        g_error("no memory for code");
    map_at(NATIVE_CODE, NATIVE_CODE_PAGES * 4096, PROT_READ | PROT_EXEC, fd);
    code_alias = map_at(0, NATIVE_CODE_PAGES * 4096, PROT_READ | PROT_WRITE, fd);
    close(fd);
    memset(code_alias, NATIVE_FILL, NATIVE_CODE_PAGES * 4096);
    map_at(NATIVE_DATA, NATIVE_DATA_SIZE, PROT_READ | PROT_WRITE, -1);
    sigfillset(&action.sa_mask);
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
    get_bases(&own_fs, &own_gs);
    make_segments();
}

static void set_alarm(long milliseconds)
{
    struct itimerval t = { .it_value = { .tv_usec = milliseconds * 1000 } };
    setitimer(ITIMER_REAL, &t, NULL);
}

void native_host_run(const NativeCase *c, NativeOutcome *out)
{
    memset(code_alias, NATIVE_FILL, NATIVE_CODE_PAGES * 4096);
    memcpy(code_alias + (c->code_at - NATIVE_CODE), c->code, c->length);
    memcpy(data, c->in.mem, NATIVE_DATA_SIZE);
    the_case = c;
    the_outcome = out;
    set_alarm(200);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2" ::: "memory");
    set_alarm(0);
}
