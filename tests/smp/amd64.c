/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 side of the runtime: q35, local APICs, COM1. The run ends by a triple fault (the program runs with -no-reboot).
 *
 * vCPUs are numbered as the MADT lists their local APICs. Addresses (tables in amd64.S):
 *
 *     0x00000000  1 GiB   RAM, to itself, in 2 MiB pages
 *     0x80000000  16 MiB  the window: pages
 *     0xfee00000  2 MiB   the local APIC
 */
#include "smp_internal.h"

#define APIC 0xfee00000ul
#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SVR 0xf0
#define APIC_ICR 0x300
#define APIC_ICR_HIGH 0x310
#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC 0x800u
#define MSR_GS_BASE 0xc0000101u
#define APIC_BASE_EXTD (1u << 10)

#define ICR_INIT 0x4500u
#define ICR_STARTUP 0x4600u
#define ICR_PENDING (1u << 12)

#define VECTOR_IPI 0x40
#define VECTOR_SHOOTDOWN 0x50
#define VECTOR_SPURIOUS 0xff

#define TRAMPOLINE 0x8000ul
#define COM1 0x3f8

#define PRESENT 3ul /* and writable */

/* What amd64.S pushes. */
struct Frame {
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct Gate { uint16_t low, selector, type, middle; uint32_t high, zero; };

extern char amd64_trampoline[], amd64_trampoline_end[], amd64_stubs[], amd64_try_load_at[], amd64_try_store_at[], amd64_try_failed[];
extern uint64_t amd64_window[WINDOW_PAGES];  /* the window's page tables */
static struct Gate idt[256] ALIGNED(16);
static uint32_t apic_id[SMP_MAX_CPUS];
static bool cpu_off[SMP_MAX_CPUS];
static uint64_t cpu_numbers[SMP_MAX_CPUS];   /* GS points into it */
static bool amd64_x2apic;
static struct { unsigned lock, waiting; uint64_t va; } shootdown;

const size_t machine_free_bytes = 64ul << 20;

void amd64_event(struct Frame *f);
unsigned amd64_find_self(void);
static void shootdown_arrived(void);

static inline void out8(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory"); }
static inline uint8_t in8(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory"); return v; }
static inline void wrmsr(uint32_t n, uint64_t v) { __asm__ volatile("wrmsr" : : "c"(n), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory"); }
static inline uint64_t rdmsr(uint32_t n)
{
    uint32_t a, d;
    __asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(n) : "memory");
    return (uint64_t)d << 32 | a;
}

/* ---- the local APIC, in either mode ---- */
static uint32_t apic_read(unsigned reg) { return amd64_x2apic ? (uint32_t)rdmsr(MSR_X2APIC + (reg >> 4)) : *(volatile uint32_t *)(APIC + reg); }

static void apic_write(unsigned reg, uint32_t v)
{
    if (amd64_x2apic)
        wrmsr(MSR_X2APIC + (reg >> 4), v);
    else
        *(volatile uint32_t *)(APIC + reg) = v;
}

/* Interrupts off: a handler that sends, too, would come between the two halves of ICR. */
static void apic_send(uint32_t id, uint32_t command)
{
    uint64_t flags;
    __asm__ volatile("pushfq\n pop %0\n cli" : "=r"(flags) : : "memory");
    if (amd64_x2apic) {
        __asm__ volatile("mfence\n lfence" : : : "memory");
        wrmsr(MSR_X2APIC + (APIC_ICR >> 4), (uint64_t)id << 32 | command);
    } else {
        while (apic_read(APIC_ICR) & ICR_PENDING)
            ;
        apic_write(APIC_ICR_HIGH, id << 24);
        apic_write(APIC_ICR, command);
    }
    __asm__ volatile("push %0\n popfq" : : "r"(flags) : "memory", "cc");
}

static void enable_x2apic(void) { wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD); }
static uint32_t own_apic_id(void) { return amd64_x2apic ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24; }

/* ---- start ---- */
static void fill_idt(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t at = (uint64_t)amd64_stubs + i * 16;
        idt[i] = (struct Gate){ (uint16_t)at, 0x18, 0x8e00, (uint16_t)(at >> 16), (uint32_t)(at >> 32), 0 };
    }
}

/* The multiple APIC description table, by RSDP and RSDT (ACPI 5.2). */
static const uint8_t *find_madt(void)
{
    for (const char *p = (const char *)0xe0000; p < (const char *)0x100000; p += 16) {
        if (__builtin_memcmp(p, "RSD PTR ", 8))
            continue;
        const uint8_t *rsdt = (const uint8_t *)(uint64_t)*(const uint32_t *)(p + 16);
        for (uint32_t at = 36; at < *(const uint32_t *)(rsdt + 4); at += 4) {
            const uint8_t *t = (const uint8_t *)(uint64_t)*(const uint32_t *)(rsdt + at);
            if (!__builtin_memcmp(t, "APIC", 4))
                return t;
        }
    }
    bail_out("there is no MADT");
}

static void find_cpus(void)
{
    const uint8_t *madt = find_madt(), *end = madt + *(const uint32_t *)(madt + 4);
    for (const uint8_t *e = madt + 44; e < end; e += e[1]) {
        if (e[0] == 0 && (e[4] & 1) && smp_cpus < SMP_MAX_CPUS)
            apic_id[smp_cpus++] = e[3];
    }
    if (!smp_cpus || apic_id[0] != own_apic_id())
        bail_out("the first local APIC of the MADT is not the boot CPU's");
}

unsigned amd64_find_self(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    for (unsigned i = 0; i < smp_cpus; i++) {
        if (apic_id[i] == ebx >> 24)
            return i;
    }
    bail_out("a vCPU with APIC ID %u came, which the MADT does not have", ebx >> 24);
}

void machine_init(void)
{
    __builtin_memcpy((void *)TRAMPOLINE, amd64_trampoline, (size_t)(amd64_trampoline_end - amd64_trampoline));
    fill_idt();
    find_cpus();
}

void machine_init_cpu(unsigned cpu)
{
    struct { uint16_t limit; void *base; } __attribute__((packed)) pointer = { sizeof(idt) - 1, idt };
    __asm__ volatile("lidt %0" : : "m"(pointer));
    cpu_numbers[cpu] = cpu;
    wrmsr(MSR_GS_BASE, (uint64_t)&cpu_numbers[cpu]);
    if (amd64_x2apic)
        enable_x2apic();
    apic_write(APIC_SVR, 0x100 | VECTOR_SPURIOUS);
    __asm__ volatile("sti" : : : "memory");
}

unsigned smp_self(void)
{
    unsigned cpu;
    __asm__ volatile("movl %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* ---- vCPUs ---- */
void machine_start(unsigned cpu)
{
    __atomic_store_n(&cpu_off[cpu], false, __ATOMIC_RELEASE);
    apic_send(apic_id[cpu], ICR_INIT);
    apic_send(apic_id[cpu], ICR_STARTUP | TRAMPOLINE >> 12);
    apic_send(apic_id[cpu], ICR_STARTUP | TRAMPOLINE >> 12);
}

bool machine_is_off(unsigned cpu)
{
    return __atomic_load_n(&cpu_off[cpu], __ATOMIC_ACQUIRE);
}

/* Halted for good, until INIT comes. */
void machine_off(void)
{
    __asm__ volatile("cli" : : : "memory");
    __atomic_store_n(&cpu_off[smp_self()], true, __ATOMIC_RELEASE);
    for (;;)
        __asm__ volatile("hlt");
}

void smp_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

void machine_sleep(void *const *word)
{
    __asm__ volatile("cli" : : : "memory");
    if (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
        __asm__ volatile("sti\n hlt" : : : "memory");
    __asm__ volatile("sti" : : : "memory");
}

/* ---- interrupts ---- */
void machine_ipi(unsigned cpu, unsigned n)
{
    apic_send(apic_id[cpu], VECTOR_IPI + n);
}

/* Each turns its own on while none has an interrupt to send; amd64_x2apic says how from then on. */
static void change_mode(unsigned cpu)
{
    static Barrier b;
    __asm__ volatile("cli" : : : "memory");
    barrier_wait(&b, smp_cpus);
    enable_x2apic();
    __atomic_store_n(&amd64_x2apic, true, __ATOMIC_RELEASE);
    barrier_wait(&b, smp_cpus);
    __asm__ volatile("sti" : : : "memory");
}

bool amd64_use_x2apic(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if (!(ecx >> 21 & 1))
        return false;
    smp_run(smp_cpus, change_mode);
    return true;
}

void amd64_event(struct Frame *f)
{
    if (f->vector == 14 && (f->rip == (uint64_t)amd64_try_load_at || f->rip == (uint64_t)amd64_try_store_at)) {
        f->rip = (uint64_t)amd64_try_failed;
        return;
    }
    if (f->vector < VECTOR_IPI || f->vector > VECTOR_SHOOTDOWN)
        bail_out("vCPU %u: vector %lu at %lx, error %lx", smp_self(), f->vector, f->rip, f->error);
    if (f->vector == VECTOR_SHOOTDOWN)
        shootdown_arrived();
    else
        smp_ipi_arrived((unsigned)f->vector - VECTOR_IPI);
    apic_write(APIC_EOI, 0);
}

/* ---- memory ---- */
void machine_map(uint64_t va, uint64_t pa)
{
    __atomic_store_n(&amd64_window[(va - WINDOW) / PAGE], pa | PRESENT, __ATOMIC_RELEASE);
}

static void invlpg(uint64_t va) { __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory"); }

static void shootdown_arrived(void)
{
    invlpg(__atomic_load_n(&shootdown.va, __ATOMIC_ACQUIRE));
    __atomic_sub_fetch(&shootdown.waiting, 1, __ATOMIC_RELEASE);
}

/* One shootdown at a time; whoever waits can be interrupted by the one that goes on. */
void machine_unmap(uint64_t va)
{
    __atomic_store_n(&amd64_window[(va - WINDOW) / PAGE], 0, __ATOMIC_RELEASE);
    SPIN_UNTIL(!__atomic_exchange_n(&shootdown.lock, 1, __ATOMIC_ACQUIRE));
    unsigned self = smp_self(), others = 0;
    for (unsigned i = 0; i < smp_cpus; i++)
        others += i != self && smp_is_up(i);
    __atomic_store_n(&shootdown.va, va, __ATOMIC_RELAXED);
    __atomic_store_n(&shootdown.waiting, others, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < smp_cpus; i++) {
        if (i != self && smp_is_up(i))
            apic_send(apic_id[i], VECTOR_SHOOTDOWN);
    }
    invlpg(va);
    SPIN_UNTIL(!__atomic_load_n(&shootdown.waiting, __ATOMIC_ACQUIRE));
    __atomic_store_n(&shootdown.lock, 0, __ATOMIC_RELEASE);
}

/* ---- code ---- */
/* SDM 9.1.3: nothing to do for the writer beyond the store; whoever runs it executes a serialising instruction first. */
void smp_code_written(const void *code, size_t len)
{
    smp_code_sync();
}

void smp_code_sync(void)
{
    uint32_t eax = 0, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx) : : "memory");
}

/* mov $value, %eax; ret */
void smp_write_return(void *p, uint32_t value)
{
    __atomic_store_n((uint64_t *)p, 0xccccc300000000b8u | (uint64_t)value << 8, __ATOMIC_RELAXED);
}

/* ---- time, output ---- */
uint64_t smp_ticks(void)
{
    uint32_t a, d;
    __asm__ volatile("rdtsc" : "=a"(a), "=d"(d));
    return (uint64_t)d << 32 | a;
}

uint64_t smp_ticks_per_ms(void)
{
    return 1000000; /* the machine's TSC */
}

void machine_put_char(char c)
{
    while (!(in8(COM1 + 5) & 0x20))
        ;
    out8(COM1, (uint8_t)c);
}

void machine_power_off(void)
{
    static const struct { uint16_t limit; uint64_t base; } __attribute__((packed)) none;
    while (!(in8(COM1 + 5) & 0x40)) /* until the last byte is out */
        ;
    __asm__ volatile("lidt %0\n int3" : : "m"(none));
    __builtin_unreachable();
}
