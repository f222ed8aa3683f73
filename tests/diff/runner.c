/* SPDX-License-Identifier: MIT */
/*
 * The reference's side of the differential tests: a bare static aarch64 Linux program, DiffCases on standard input, DiffResults
 * on standard output.
 *
 * All of it happens in one signal handler. A case's instructions end in BRK; whatever stops them raises a signal, whose frame is
 * the whole machine state: the handler writes it out as the result, puts the next case into the frame, and returns into it. So
 * no register is spoken for, and SP may hold anything (the handler has its own stack).
 *
 * Run it without SVE (qemu-aarch64 -cpu max,sve=off,sme=off): an SVE record in the frame would override the vector registers.
 * Build: aarch64-linux-gnu-gcc -O1 -static -nostdlib -ffreestanding -fno-stack-protector -mgeneral-regs-only runner.c -o runner
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/mman.h>

#include "diff_case.h"

#define BRK 0xd4200000u

static long syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

void *memcpy(void *d, const void *s, unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        ((volatile char *)d)[i] = ((const char *)s)[i];
    return d;
}

void *memset(void *d, int c, unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        ((volatile char *)d)[i] = (char)c;
    return d;
}

static void finish(int status)
{
    syscall6(__NR_exit_group, status, 0, 0, 0, 0, 0);
}

/* False at the end of input. */
static int read_all(void *p, unsigned long n)
{
    for (unsigned long done = 0; done < n;) {
        long r = syscall6(__NR_read, 0, (long)p + (long)done, (long)(n - done), 0, 0, 0);
        if (r <= 0)
            return 0;
        done += (unsigned long)r;
    }
    return 1;
}

static void write_all(const void *p, unsigned long n)
{
    for (unsigned long done = 0; done < n;) {
        long r = syscall6(__NR_write, 1, (long)p + (long)done, (long)(n - done), 0, 0, 0);
        if (r <= 0)
            finish(2);
        done += (unsigned long)r;
    }
}

static DiffCase current;
static DiffResult result;
static int started;

static struct fpsimd_context *fpsimd(struct ucontext *uc)
{
    struct _aarch64_ctx *head = (struct _aarch64_ctx *)uc->uc_mcontext.__reserved;
    while (head->magic != FPSIMD_MAGIC) {
        if (!head->size)
            finish(3);
        head = (struct _aarch64_ctx *)((char *)head + head->size);
    }
    return (struct fpsimd_context *)head;
}

static void take_result(int sig, struct ucontext *uc)
{
    struct sigcontext *mc = &uc->uc_mcontext;
    struct fpsimd_context *fp = fpsimd(uc);
    result.end = sig == SIGTRAP ? DIFF_BRK : sig == SIGILL ? DIFF_UNDEFINED : DIFF_FAULT;
    memcpy(result.out.x, mc->regs, sizeof(result.out.x));
    result.out.sp = mc->sp;
    result.out.pc = mc->pc;
    result.out.nzcv = mc->pstate & 0xf0000000;
    result.out.fpcr = fp->fpcr;
    result.out.fpsr = fp->fpsr;
    memcpy(result.out.v, fp->vregs, sizeof(result.out.v));
    memcpy(result.out.mem, (void *)DIFF_DATA, sizeof(result.out.mem));
    write_all(&result, sizeof(result));
}

/* The case's code is 32 bytes at the start of a page: one cache line on everything that runs this. */
static void make_visible(void *code)
{
    __asm__ volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb" : : "r"(code) : "memory");
}

static void start_case(struct ucontext *uc)
{
    struct sigcontext *mc = &uc->uc_mcontext;
    struct fpsimd_context *fp = fpsimd(uc);
    uint32_t *code = (uint32_t *)DIFF_CODE;
    for (unsigned i = 0; i <= DIFF_MAX_INSNS; i++)
        code[i] = i < current.n_insns ? current.insns[i] : BRK;
    make_visible(code);
    memset((void *)DIFF_DATA_MAP, 0, DIFF_DATA_PAGES * 4096);
    memcpy((void *)DIFF_DATA, current.in.mem, sizeof(current.in.mem));
    memcpy(mc->regs, current.in.x, sizeof(current.in.x));
    mc->sp = current.in.sp;
    mc->pc = DIFF_CODE;
    mc->pstate = (mc->pstate & ~0xf0000c00ul) | current.in.nzcv;
    fp->fpcr = (uint32_t)current.in.fpcr;
    fp->fpsr = (uint32_t)current.in.fpsr;
    memcpy(fp->vregs, current.in.v, sizeof(current.in.v));
}

static void handler(int sig, struct siginfo *info, void *context)
{
    (void)info;
    if (started)
        take_result(sig, context);
    if (!read_all(&current, sizeof(current)))
        finish(0);
    started = 1;
    start_case(context);
}

static char handler_stack[65536] __attribute__((aligned(16)));

struct kernel_sigaction {
    void (*handler)(int, struct siginfo *, void *);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static void map_at(unsigned long address, unsigned pages, int prot)
{
    long r = syscall6(__NR_mmap, (long)address, pages * 4096l, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (r != (long)address)
        finish(4);
}

void _start(void)
{
    static const int signals[] = { SIGTRAP, SIGILL, SIGSEGV, SIGBUS };
    stack_t stack = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };
    struct kernel_sigaction action = { .handler = handler, .flags = SA_SIGINFO | SA_ONSTACK, .mask = ~0ul };
    map_at(DIFF_CODE_MAP, 2, PROT_READ | PROT_WRITE | PROT_EXEC);
    map_at(DIFF_DATA_MAP, DIFF_DATA_PAGES, PROT_READ | PROT_WRITE);
    for (unsigned i = 0; i < 2048; i++)
        ((uint32_t *)DIFF_CODE_MAP)[i] = BRK;
    syscall6(__NR_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        syscall6(__NR_rt_sigaction, signals[i], (long)&action, 0, 8, 0, 0);
    __asm__ volatile("brk 0");
    finish(5);
}
