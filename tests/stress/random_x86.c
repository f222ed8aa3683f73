/* SPDX-License-Identifier: MIT */
/*
 * Ring 0 and ring 3 code on the q35 machine, in real, protected and long mode. The descriptor tables hold plausible descriptors of every
 * type, gates among them, whose targets are in the image; in protected and long mode half of the images run with paging, on tables that
 * map memory to itself, and that they may destroy.
 */
#include <string.h>

#include "memory/memory.h"
#include "target/x86/cpu.h"
#include "tests/stress/random_code.h"

#define IMAGE_AT 0x7000ull
#define STACK_TOP 0x9000ull
#define GDT_AT 0x10000ull      /* 512 entries */
#define IDT_AT 0x11000ull      /* 256 entries of up to 16 bytes */
#define TSS_AT 0x12000ull
#define TABLES_AT 0x20000ull   /* page tables */
#define NB_DESCRIPTORS 512
#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18
#define CODE16 0x20
#define USER_CODE 0x2b
#define USER_DATA 0x33
#define TSS 0x40

static uint64_t interesting(void)
{
    static const uint64_t bases[] = { 0, IMAGE_AT, IMAGE_AT, IMAGE_AT + 0xff0, STACK_TOP, GDT_AT, IDT_AT, TSS_AT, TABLES_AT, 0xa0000, 0xb8000, 0xf0000,
                                      0xfec00000, 0xfed00000, 0xfee00000, 0xb0000000, 0xffff0000, (64 << 20) - 8, ~0ull, 1ull << 47, 0xffff800000000000ull };
    return stress_interesting(bases, G_N_ELEMENTS(bases));
}

/* Shaped: opcodes with the prefixes and maps that compilers use more often than noise does. */
static void fill(uint8_t *image, bool shaped)
{
    static const uint8_t first[] = { 0x0f, 0x0f, 0x0f, 0x66, 0xf2, 0xf3, 0x48, 0xc4, 0xc5, 0xd9, 0xdd, 0xf0, 0x8e, 0xcf, 0xff, 0x67 };
    for (unsigned i = 0; i < STRESS_IMAGE; i++) {
        uint64_t r = stress_rnd();
        image[i] = shaped && (r & 3) == 0 ? first[(r >> 8) % G_N_ELEMENTS(first)] : (uint8_t)(r >> 16);
    }
}

static void put64(hwaddr at, uint64_t v)
{
    address_space_write(&address_space_memory, at, MEMTXATTRS_NONE, &v, sizeof v);
}

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t attr)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(attr >> 8 & 0xf0ff) << 40 | (uint64_t)(limit >> 16 & 15) << 48 |
           (uint64_t)(base >> 24) << 56;
}

static uint64_t gate(unsigned type, uint16_t selector, uint32_t offset)
{
    return (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)(0x80 | (stress_rnd() & 3) << 5 | type) << 40 | (uint64_t)(offset >> 16) << 48;
}

static void make_tables(bool is_long)
{
    static const uint64_t fixed[] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff, 0x000f9b000000ffff };
    uint16_t code = is_long ? CODE64 : CODE32;
    for (unsigned i = 0; i < NB_DESCRIPTORS; i++) {
        uint64_t r = stress_rnd();
        uint32_t target = (uint32_t)(IMAGE_AT + (r >> 32 & 0xfff));
        uint64_t d = r & 3 ? descriptor((uint32_t)(r >> 20 & 0xfff0), (uint32_t)(r >> 8), (uint32_t)(r >> 4) | SEG_P)
                           : gate((unsigned)(r >> 16 & 15), (uint16_t)(r >> 48 & 0xff8), target);
        put64(GDT_AT + i * 8, i < G_N_ELEMENTS(fixed) ? fixed[i] : d);
    }
    put64(GDT_AT + (USER_CODE & ~7), is_long ? 0x00affb000000ffff : 0x00cffb000000ffff);
    put64(GDT_AT + (USER_DATA & ~7), 0x00cff3000000ffff);
    put64(GDT_AT + TSS, descriptor(TSS_AT, 0x2067, 0x8900));
    put64(GDT_AT + TSS + 8, 0);
    for (unsigned i = 0; i < 256; i++) {
        uint64_t r = stress_rnd(), g = gate(r & 8 ? 14 : 15, code, (uint32_t)(IMAGE_AT + (r >> 8 & 0xfff)));
        put64(IDT_AT + i * (is_long ? 16 : 8), is_long ? g & ~(7ull << 32) : g);
        if (is_long)
            put64(IDT_AT + i * 16 + 8, 0);
    }
    for (unsigned i = 0; i < 13; i++)
        put64(TSS_AT + i * 8, i ? STACK_TOP : STACK_TOP << 32);
}

/* The first GiB and the last of 4 onto themselves, for everybody. */
static void make_pages(CPUX86State *env, bool is_long)
{
    uint64_t pd = TABLES_AT + (is_long ? 0x2000 : 0x1000);
    for (unsigned i = 0; i < 512; i++)
        put64(pd + i * 8, (uint64_t)i << 21 | 0x87);
    for (unsigned i = 0; i < 4; i++)
        put64(TABLES_AT + (is_long ? 0x1000 : 0) + i * 8, pd | (is_long ? 7 : 1));
    for (unsigned i = 0; is_long && i < 512; i += 511)
        put64(TABLES_AT + i * 8, (TABLES_AT + 0x1000) | 7);
    env->cr3 = TABLES_AT;
    for (unsigned i = 0; i < 4; i++)
        env->pdpte[i] = pd | 1;
}

static void registers(CPUX86State *env)
{
    for (unsigned i = 0; i < 16; i++)
        env->regs[i] = interesting();
    env->regs[X86_RSP] = STACK_TOP;
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned k = 0; k < 2; k++)
            env->vec[i].q[k] = (V128){ .u64 = { stress_rnd(), stress_rnd() } };
    }
    env->eflags = EF_1 | (stress_rnd() & (EF_IF | EF_IOPL | EF_AC));
    if (!(stress_rnd() & 15))
        env->eflags |= EF_TF;
    if (!(stress_rnd() & 7))
        env->dr[7] = DR7_FIXED1 | (stress_rnd() & 0xffff00ff);
    for (unsigned i = 0; i < 4; i++)
        env->dr[i] = interesting();
}

static void start(CPUState *cpu, uint64_t eip)
{
    X86CPU *x = x86_cpu(cpu);
    x->env.wait_for_sipi = false;
    x86_update_hflags(&x->env);
    x86_set_eip(&x->env, eip);
    x86_debug_update(x);
    x86_paging_flush(x, true);
}

static void place(const uint8_t *image)
{
    address_space_write(&address_space_memory, IMAGE_AT, MEMTXATTRS_NONE, image, STRESS_IMAGE);
}

static void load_real(CPUState *cpu, const uint8_t *image)
{
    CPUX86State *env = x86_env(cpu);
    place(image);
    for (unsigned i = 0; i < 256; i++) {
        uint32_t vector = (uint32_t)(IMAGE_AT + (stress_rnd() & 0xfff));
        address_space_write(&address_space_memory, i * 4, MEMTXATTRS_NONE, &vector, 4);
    }
    make_tables(false);
    registers(env);
    for (unsigned i = 0; i < X86_NB_SEGS; i++) {
        uint16_t selector = i == X86_SEG_CS || i == X86_SEG_SS ? 0 : (uint16_t)stress_rnd();
        x86_set_seg(env, i, selector, (uint64_t)selector << 4, 0xffff, i == X86_SEG_CS ? 0x9b00 : 0x9300);
    }
    env->gdt = (X86Table){ GDT_AT, NB_DESCRIPTORS * 8 - 1 };
    start(cpu, IMAGE_AT + (stress_rnd() & 0xfff));
}

static void load_protected_as(CPUState *cpu, const uint8_t *image, bool is_long)
{
    CPUX86State *env = x86_env(cpu);
    bool user = stress_rnd() & 1, paging = is_long || stress_rnd() & 1;
    uint16_t cs = user ? USER_CODE : is_long ? CODE64 : CODE32, ds = user ? USER_DATA : DATA;
    uint32_t dpl = user ? 0x6000 : 0;
    place(image);
    make_tables(is_long);
    registers(env);
    env->gdt = (X86Table){ GDT_AT, NB_DESCRIPTORS * 8 - 1 };
    env->idt = (X86Table){ IDT_AT, is_long ? 0xfff : 0x7ff };
    env->cr4 = CR4_PAE | CR4_PSE | CR4_OSFXSR | (stress_rnd() & (CR4_PGE | CR4_DE | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE | CR4_VME | CR4_PVI | CR4_TSD));
    env->xcr0 = 7;
    if (paging)
        make_pages(env, is_long);
    env->cr0 = CR0_PE | CR0_ET | CR0_NE | (paging ? CR0_PG : 0) | (stress_rnd() & (CR0_WP | CR0_AM | CR0_MP));
    env->efer = is_long ? EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE : 0;
    env->lstar = env->cstar = IMAGE_AT + (stress_rnd() & 0xfff);
    env->star = (uint64_t)(DATA | 3) << 48 | (uint64_t)CODE32 << 32;
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        x86_set_seg(env, i, i == X86_SEG_CS ? cs : ds, 0, 0xffffffffu, i == X86_SEG_CS ? (is_long ? 0xa09b00u : 0xc09b00u) | dpl : 0xc09300u | dpl);
    env->tr = (X86Segment){ .base = TSS_AT, .limit = 0x2067, .attr = 0x8b00, .selector = TSS };
    start(cpu, IMAGE_AT + (stress_rnd() & 0xfff));
}

static void load_protected(CPUState *cpu, const uint8_t *image) { load_protected_as(cpu, image, false); }
static void load_long(CPUState *cpu, const uint8_t *image) { load_protected_as(cpu, image, true); }

const StressGuest stress_real = { "real", "q35", "max", &cpu_arch_x86_64, fill, load_real };
const StressGuest stress_protected = { "protected", "q35", "max", &cpu_arch_x86_64, fill, load_protected };
const StressGuest stress_long = { "long", "q35", "max", &cpu_arch_x86_64, fill, load_long };
