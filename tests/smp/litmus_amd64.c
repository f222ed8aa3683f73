/* SPDX-License-Identifier: MIT */
/*
 * x86's litmus tests (SDM 9.2.3). Operations: RDI, RSI and RDX are the locations' addresses, R8D to R11D the registers a to d, EAX and ECX
 * are scratch. MOVNTI is weakly ordered; string operations are here because the emulator makes them by helpers.
 */
#include "litmus.h"

#define V_x "(%rdi)"
#define V_y "(%rsi)"
#define V_z "(%rdx)"
#define R_a "%r8d"
#define R_b "%r9d"
#define R_c "%r10d"
#define R_d "%r11d"
#define LITMUS_PROLOGUE "xor %r8d, %r8d\nxor %r9d, %r9d\nxor %r10d, %r10d\nxor %r11d, %r11d\n"
#define LITMUS_EPILOGUE \
    "mov %r8d, %eax\nshl $8, %r9d\nor %r9d, %eax\nshl $16, %r10d\nor %r10d, %eax\nshl $24, %r11d\nor %r11d, %eax\nret\n"

#define ST(v, k) "movl $" #k ", " V_##v "\n"
#define LD(r, v) "mov " V_##v ", " R_##r "\n"
#define MOVNTI(v, k) "mov $" #k ", %eax\nmovnti %eax, " V_##v "\n"
#define MFENCE "mfence\n"
#define LFENCE "lfence\n"
#define SFENCE "sfence\n"
#define CLFLUSH(v) "clflush " V_##v "\n"
#define XCHG(v, k) "mov $" #k ", %eax\nxchg %eax, " V_##v "\n"
#define LOCK_ADD(v, k) "lock addl $" #k ", " V_##v "\n"
#define LOCK_STACK "lock orl $0, -64(%rsp)\n"
#define XADD(r, v) "xor %eax, %eax\nlock xadd %eax, " V_##v "\nmov %eax, " R_##r "\n"
#define CMPXCHG(v, k) "xor %eax, %eax\nmov $" #k ", %ecx\nlock cmpxchg %ecx, " V_##v "\n"
#define CMPXCHG_FAILS(v) "mov $77, %eax\nlock cmpxchg %eax, " V_##v "\n"
#define BTS(v, n) "lock btsl $" #n ", " V_##v "\n"
#define CPUID "push %rbx\npush %rdx\nxor %eax, %eax\nxor %ecx, %ecx\ncpuid\npop %rdx\npop %rbx\n"
/* Returns to the next instruction. */
#define IRETQ "mov %rsp, %rcx\nmov %ss, %eax\npush %rax\npush %rcx\npushfq\nmov %cs, %eax\npush %rax\nlea 9f(%rip), %rax\npush %rax\niretq\n9:\n"
#define CR3 "mov %cr3, %rax\nmov %rax, %cr3\n"
#define INVLPG "invlpg -64(%rsp)\n"
#define STOS_x(k) "mov $" #k ", %eax\nmov $1, %ecx\npush %rdi\nrep stosl\npop %rdi\n"
#define LODS_y(r) "mov $1, %ecx\npush %rsi\nrep lodsl\npop %rsi\nmov %eax, " R_##r "\n"

#define MP(L, id, verdict, p0, p1) L(MP_##id, "MP " #id, 2, verdict, a == 1 && b == 0, p0, p1,,)
#define SB(L, id, verdict, p0, p1) L(SB_##id, "SB " #id, 2, verdict, a == 0 && b == 0, p0, p1,,)
#define LB(L, id, verdict, p0, p1) L(LB_##id, "LB " #id, 2, verdict, a == 1 && b == 1, p0, p1,,)
#define S_(L, id, verdict, p0, p1) L(S_##id, "S " #id, 2, verdict, a == 1 && x == 2, p0, p1,,)
#define R_(L, id, verdict, p0, p1) L(R_##id, "R " #id, 2, verdict, a == 0 && y == 2, p0, p1,,)
#define W2(L, id, verdict, p0, p1) L(W2_##id, "2+2W " #id, 2, verdict, x == 1 && y == 1, p0, p1,,)
#define RWC(L, id, verdict, p1, p2) L(RWC_##id, "RWC " #id, 3, verdict, a == 1 && b == 0 && c == 0, ST(x, 1), p1, p2,)
#define IRIW(L, id, verdict, p0, p1, p2, p3) L(IRIW_##id, "IRIW " #id, 4, verdict, a == 1 && b == 0 && c == 1 && d == 0, p0, p1, p2, p3)

#define TABLE(L) \
    MP(L, plain, NEVER, ST(x, 1) ST(y, 1), LD(a, y) LD(b, x)) \
    MP(L, movnti, MAYBE, MOVNTI(x, 1) ST(y, 1), LD(a, y) LD(b, x)) \
    MP(L, movnti_sfence, NEVER, MOVNTI(x, 1) SFENCE MOVNTI(y, 1), LD(a, y) LD(b, x)) \
    MP(L, movnti_xchg, NEVER, MOVNTI(x, 1) XCHG(y, 1), LD(a, y) LD(b, x)) \
    MP(L, stos, NEVER, STOS_x(1) ST(y, 1), LODS_y(a) LD(b, x)) \
    MP(L, xchg, NEVER, ST(x, 1) XCHG(y, 1), XADD(a, y) LD(b, x)) \
    SB(L, plain, SEEN, ST(x, 1) LD(a, y), ST(y, 1) LD(b, x)) \
    SB(L, mfence, NEVER, ST(x, 1) MFENCE LD(a, y), ST(y, 1) MFENCE LD(b, x)) \
    SB(L, mfence_one, MAYBE, ST(x, 1) MFENCE LD(a, y), ST(y, 1) LD(b, x)) \
    SB(L, sfence_lfence, MAYBE, ST(x, 1) SFENCE LFENCE LD(a, y), ST(y, 1) SFENCE LFENCE LD(b, x)) \
    SB(L, clflush, MAYBE, ST(x, 1) CLFLUSH(x) LD(a, y), ST(y, 1) CLFLUSH(y) LD(b, x)) \
    SB(L, xchg, NEVER, XCHG(x, 1) LD(a, y), XCHG(y, 1) LD(b, x)) \
    SB(L, lock_add, NEVER, LOCK_ADD(x, 1) LD(a, y), LOCK_ADD(y, 1) LD(b, x)) \
    SB(L, lock_elsewhere, NEVER, ST(x, 1) LOCK_STACK LD(a, y), ST(y, 1) LOCK_STACK LD(b, x)) \
    SB(L, xadd, NEVER, ST(x, 1) XADD(a, y), ST(y, 1) XADD(b, x)) \
    SB(L, cmpxchg, NEVER, CMPXCHG(x, 1) LD(a, y), CMPXCHG(y, 1) LD(b, x)) \
    SB(L, cmpxchg_fails, NEVER, ST(x, 1) CMPXCHG_FAILS(z) LD(a, y), ST(y, 1) CMPXCHG_FAILS(z) LD(b, x)) \
    SB(L, bts, NEVER, BTS(x, 0) LD(a, y), BTS(y, 0) LD(b, x)) \
    SB(L, cpuid, NEVER, ST(x, 1) CPUID LD(a, y), ST(y, 1) CPUID LD(b, x)) \
    SB(L, iret, NEVER, ST(x, 1) IRETQ LD(a, y), ST(y, 1) IRETQ LD(b, x)) \
    SB(L, mov_cr3, NEVER, ST(x, 1) CR3 LD(a, y), ST(y, 1) CR3 LD(b, x)) \
    SB(L, invlpg, NEVER, ST(x, 1) INVLPG LD(a, y), ST(y, 1) INVLPG LD(b, x)) \
    SB(L, stos_lods, MAYBE, STOS_x(1) LODS_y(a), ST(y, 1) LD(b, x)) \
    L(SB_rfi, "SB rfi", 2, MAYBE, a == 1 && b == 0 && c == 1 && d == 0, ST(x, 1) LD(a, x) LD(b, y), ST(y, 1) LD(c, y) LD(d, x),,) \
    L(SB_rfi_mfence, "SB rfi mfence", 2, NEVER, a == 1 && b == 0 && c == 1 && d == 0, ST(x, 1) LD(a, x) MFENCE LD(b, y), ST(y, 1) LD(c, y) MFENCE LD(d, x),,) \
    LB(L, plain, NEVER, LD(a, x) ST(y, 1), LD(b, y) ST(x, 1)) \
    S_(L, plain, NEVER, ST(x, 2) ST(y, 1), LD(a, y) ST(x, 1)) \
    R_(L, plain, MAYBE, ST(x, 1) ST(y, 1), ST(y, 2) LD(a, x)) \
    R_(L, mfence, NEVER, ST(x, 1) ST(y, 1), ST(y, 2) MFENCE LD(a, x)) \
    R_(L, xchg, NEVER, ST(x, 1) ST(y, 1), XCHG(y, 2) LD(a, x)) \
    W2(L, plain, NEVER, ST(x, 1) ST(y, 2), ST(y, 1) ST(x, 2)) \
    W2(L, xchg, NEVER, XCHG(x, 1) ST(y, 2), ST(y, 1) XCHG(x, 2)) \
    L(CoRR, "CoRR", 2, NEVER, a == 1 && b == 0, ST(x, 1), LD(a, x) LD(b, x),,) \
    L(CoRR2, "CoRR of two readers", 4, NEVER, a + b == 3 && a == d && b == c && a != b, ST(x, 1), ST(x, 2), LD(a, x) LD(b, x), LD(c, x) LD(d, x)) \
    L(CoWR, "CoWR", 2, NEVER, a == 0 || (a == 2 && x == 1), ST(x, 1) LD(a, x), ST(x, 2),,) \
    L(CoRW, "CoRW", 2, NEVER, a == 2 && x == 2, LD(a, x) ST(x, 1), ST(x, 2),,) \
    L(CoWW, "CoWW", 1, NEVER, x != 2, ST(x, 1) ST(x, 2),,,) \
    L(WRC, "WRC plain", 3, NEVER, a == 1 && b == 1 && c == 0, ST(x, 1), LD(a, x) ST(y, 1), LD(b, y) LD(c, x),) \
    L(ISA2, "ISA2 plain", 3, NEVER, a == 1 && b == 1 && c == 0, ST(x, 1) ST(y, 1), LD(a, y) ST(z, 1), LD(b, z) LD(c, x),) \
    RWC(L, plain, MAYBE, LD(a, x) LD(b, y), ST(y, 1) LD(c, x)) \
    RWC(L, mfence, NEVER, LD(a, x) LD(b, y), ST(y, 1) MFENCE LD(c, x)) \
    IRIW(L, plain, NEVER, ST(x, 1), ST(y, 1), LD(a, x) LD(b, y), LD(c, y) LD(d, x)) \
    IRIW(L, xchg, NEVER, XCHG(x, 1), XCHG(y, 1), LD(a, x) LD(b, y), LD(c, y) LD(d, x))

LITMUS_TABLE(TABLE)

/* Debug registers 0 to 3: 8 bytes, reads and writes. */
void litmus_watch(char *const *at, unsigned n)
{
    uint64_t control = 0;
    __asm__ volatile("mov %0, %%dr7" : : "r"(0ul) : "memory");
    for (unsigned i = 0; i < n; i++)
        control |= 2ul << i * 2 | 0xbul << (16 + i * 4);
    if (n) {
        __asm__ volatile("mov %0, %%dr0\n mov %1, %%dr1" : : "r"(at[0]), "r"(at[1]) : "memory");
        __asm__ volatile("mov %0, %%dr2\n mov %1, %%dr3" : : "r"(at[2]), "r"(at[3]) : "memory");
    }
    __asm__ volatile("mov %0, %%dr7" : : "r"(control) : "memory");
}
