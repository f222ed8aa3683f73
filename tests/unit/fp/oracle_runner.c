/* SPDX-License-Identifier: MIT */
/*
 * Runs single A64 instructions for make_cases.py, which builds it for aarch64 and runs it on a machine or emulator that is
 * trusted: cases come on stdin, results go to stdout. An instruction may use v0..v3, x0, x1, NZCV, FPCR and FPSR.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

typedef struct Case { uint32_t insn, fpcr, nzcv, pad; uint64_t v[4][2], x[2]; } Case;
typedef struct Result { uint64_t v0[2], x0; uint32_t fpsr, nzcv, undefined, pad; } Result;

void run_case(const Case *c, Result *r, const void *code);
__asm__(".text\n"
        ".global run_case\n"
        "run_case:\n"
        "   stp x29, x30, [sp, #-64]!\n"
        "   stp x19, x20, [sp, #16]\n"
        "   mov x19, x0\n"
        "   mov x20, x1\n"
        "   ldr w3, [x19, #4]\n"
        "   msr fpcr, x3\n"
        "   msr fpsr, xzr\n"
        "   ldr w3, [x19, #8]\n"
        "   msr nzcv, x3\n"
        "   ldp q0, q1, [x19, #16]\n"
        "   ldp q2, q3, [x19, #48]\n"
        "   ldp x0, x1, [x19, #80]\n"
        "   blr x2\n"
        "   str q0, [x20]\n"
        "   str x0, [x20, #16]\n"
        "   mrs x3, fpsr\n"
        "   str w3, [x20, #24]\n"
        "   mrs x3, nzcv\n"
        "   str w3, [x20, #28]\n"
        "   msr fpcr, xzr\n"
        "   ldp x19, x20, [sp, #16]\n"
        "   ldp x29, x30, [sp], #64\n"
        "   ret\n");

static sigjmp_buf undefined;
static void on_sigill(int sig) { siglongjmp(undefined, 1); }

int main(void)
{
    enum { SLOTS = 500 };
    uint32_t *code = mmap(NULL, SLOTS * 8, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction sa = { .sa_handler = on_sigill, .sa_flags = SA_NODEFER };
    Case c;
    Result r;

    sigaction(SIGILL, &sa, NULL);
    for (unsigned n = 0; fread(&c, sizeof(c), 1, stdin) == 1; n++) {
        uint32_t *p = code + n % SLOTS * 2; /* a slot each, so that translations are seldom made anew */
        p[0] = c.insn;
        p[1] = 0xd65f03c0; /* ret */
        __builtin___clear_cache((char *)p, (char *)(p + 2));
        memset(&r, 0, sizeof(r));
        if (sigsetjmp(undefined, 0) == 0)
            run_case(&c, &r, p);
        else
            r.undefined = 1;
        fwrite(&r, sizeof(r), 1, stdout);
    }
    return 0;
}
