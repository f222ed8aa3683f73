/* SPDX-License-Identifier: MIT */
/*
 * The arm64 side of the runtime: the virt board with a GICv3, PSCI by HVC, a PL011.
 *
 * vCPUs are numbered as the redistributors' frames lie. Addresses, by level 1 of one set of tables:
 *
 *     0x00000000  1 GiB   device memory
 *     0x40000000  1 GiB   RAM, to itself
 *     0x80000000  16 MiB  the window: pages
 */
#include "smp_internal.h"

#define GICD 0x08000000ul
#define GICD_CTLR 0x0000
#define GICR 0x080a0000ul
#define GICR_STRIDE 0x20000ul
#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_IGROUPR0 0x10080
#define GICR_ISENABLER0 0x10100
#define UART 0x09000000ul
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_CR 0x30

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_OFF 0x84000002u
#define PSCI_CPU_ON 0xc4000003u
#define PSCI_AFFINITY_INFO 0xc4000004u
#define AFFINITY_OFF 1

#define MOVZ_W0 0x52800000u
#define RET 0xd65f03c0u

#define REG32(at) (*(volatile uint32_t *)(at))
#define REG64(at) (*(volatile uint64_t *)(at))
#define READ_SYSREG(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " name : "=r"(v_) : : "memory"); v_; })
#define WRITE_SYSREG(name, value) __asm__ volatile("msr " name ", %0" : : "r"((uint64_t)(value)) : "memory")

/* Descriptors: valid, inner shareable, accessed; blocks and pages. */
#define BLOCK (1ul | 3ul << 8 | 1ul << 10)
#define TABLE 3ul
#define PAGE_ENTRY (3ul | 3ul << 8 | 1ul << 10)
#define DEVICE (1ul << 2 | 3ul << 53)   /* attribute 1, UXN, PXN */

#define N_LEVEL3 (WINDOW_PAGES / 512)

extern char arm64_secondary[], arm64_try_load_at[], arm64_try_store_at[], arm64_try_failed[];
uint64_t arm64_level1[512] ALIGNED(PAGE) = { BLOCK | DEVICE, 0x40000000ul | BLOCK };
static uint64_t level2[512] ALIGNED(PAGE), level3[WINDOW_PAGES] ALIGNED(PAGE);
static uint64_t affinity[SMP_MAX_CPUS]; /* as in MPIDR_EL1 */

const size_t machine_free_bytes = 64ul << 20;

uint64_t arm64_synchronous(uint64_t elr);
uint64_t arm64_interrupt(uint64_t elr);
uint64_t arm64_unexpected(uint64_t elr);

static int64_t psci(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = fn, x1 __asm__("x1") = a, x2 __asm__("x2") = b, x3 __asm__("x3") = c;
    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (int64_t)x0;
}

/* ---- vCPUs ---- */
unsigned smp_self(void)
{
    return (unsigned)READ_SYSREG("tpidr_el1");
}

static void find_cpus(void)
{
    uint64_t typer;
    do {
        typer = REG64(GICR + smp_cpus * GICR_STRIDE + GICR_TYPER);
        uint64_t a = typer >> 32;
        affinity[smp_cpus++] = (a & 0xffffff) | (a & 0xff000000) << 8;
    } while (!(typer & 1 << 4) && smp_cpus < SMP_MAX_CPUS);
    if (affinity[0] != (READ_SYSREG("mpidr_el1") & 0xff00ffffff))
        bail_out("the first redistributor is not the boot CPU's");
}

static void map_window(void)
{
    for (unsigned i = 0; i < N_LEVEL3; i++)
        level2[i] = (uint64_t)&level3[i * 512] | TABLE;
    arm64_level1[WINDOW >> 30] = (uint64_t)level2 | TABLE;
    __asm__ volatile("dsb ishst\n isb" : : : "memory");
}

void machine_init(void)
{
    REG32(UART + UART_CR) = 0x301;
    find_cpus();
    map_window();
    REG32(GICD + GICD_CTLR) = 0x12; /* ARE, group 1 */
}

void machine_init_cpu(unsigned cpu)
{
    uint64_t frame = GICR + cpu * GICR_STRIDE;
    REG32(frame + GICR_WAKER) = 0;
    SPIN_UNTIL(!(REG32(frame + GICR_WAKER) & 4));
    REG32(frame + GICR_IGROUPR0) = 0xffffffff;
    REG32(frame + GICR_ISENABLER0) = 0xffff;
    WRITE_SYSREG("cntkctl_el1", 1 << 2 | 8 << 4); /* an event stream, of a few microseconds: nobody needs SEV */
    WRITE_SYSREG("S3_0_C12_C12_5", 7);     /* ICC_SRE_EL1 */
    __asm__ volatile("isb");
    WRITE_SYSREG("S3_0_C4_C6_0", 0xff);    /* ICC_PMR_EL1 */
    WRITE_SYSREG("S3_0_C12_C12_7", 1);     /* ICC_IGRPEN1_EL1 */
    __asm__ volatile("isb\n msr daifclr, #2" : : : "memory");
}

void machine_start(unsigned cpu)
{
    if (psci(PSCI_CPU_ON, affinity[cpu], (uint64_t)arm64_secondary, cpu))
        bail_out("CPU_ON of vCPU %u fails", cpu);
}

bool machine_is_off(unsigned cpu)
{
    return psci(PSCI_AFFINITY_INFO, affinity[cpu], 0, 0) == AFFINITY_OFF;
}

void machine_off(void)
{
    psci(PSCI_CPU_OFF, 0, 0, 0);
    bail_out("CPU_OFF returns");
}

void smp_relax(void)
{
    __asm__ volatile("wfe" : : : "memory");
}

void machine_sleep(void *const *word)
{
    __asm__ volatile("msr daifset, #2" : : : "memory");
    if (!__atomic_load_n(word, __ATOMIC_ACQUIRE))
        __asm__ volatile("wfi" : : : "memory");
    __asm__ volatile("msr daifclr, #2\n isb" : : : "memory");
}

/* ---- interrupts ---- */
void machine_ipi(unsigned cpu, unsigned n)
{
    uint64_t a = affinity[cpu];
    uint64_t sgi = 1ul << (a & 15) | (a >> 8 & 0xff) << 16 | (uint64_t)n << 24 | (a >> 16 & 0xff) << 32 | (a >> 4 & 15) << 44 | (a >> 32 & 0xff) << 48;
    __asm__ volatile("dsb ishst" : : : "memory");
    WRITE_SYSREG("S3_0_C12_C11_5", sgi);   /* ICC_SGI1R_EL1 */
    __asm__ volatile("isb" : : : "memory");
}

uint64_t arm64_interrupt(uint64_t elr)
{
    uint64_t id = READ_SYSREG("S3_0_C12_C12_0") & 0xffffff; /* ICC_IAR1_EL1 */
    if (id == 1023)
        return elr;
    if (id >= 16)
        bail_out("interrupt %lu", id);
    smp_ipi_arrived((unsigned)id);
    WRITE_SYSREG("S3_0_C12_C12_1", id);    /* ICC_EOIR1_EL1 */
    return elr;
}

uint64_t arm64_synchronous(uint64_t elr)
{
    bool tried = elr == (uint64_t)arm64_try_load_at || elr == (uint64_t)arm64_try_store_at;
    if (tried && READ_SYSREG("esr_el1") >> 26 == 0x25)
        return (uint64_t)arm64_try_failed;
    return arm64_unexpected(elr);
}

uint64_t arm64_unexpected(uint64_t elr)
{
    bail_out("vCPU %u: exception at %lx, ESR %lx, FAR %lx", smp_self(), elr, READ_SYSREG("esr_el1"), READ_SYSREG("far_el1"));
}

/* ---- memory ---- */
void machine_map(uint64_t va, uint64_t pa)
{
    __atomic_store_n(&level3[(va - WINDOW) / PAGE], pa | PAGE_ENTRY, __ATOMIC_RELAXED);
    __asm__ volatile("dsb ishst\n isb" : : : "memory");
}

void machine_unmap(uint64_t va)
{
    __atomic_store_n(&level3[(va - WINDOW) / PAGE], 0, __ATOMIC_RELAXED);
    __asm__ volatile("dsb ishst\n tlbi vaae1is, %0\n dsb ish\n isb" : : "r"(va >> 12) : "memory");
}

/* ---- code ---- */
void smp_code_written(const void *code, size_t len)
{
    uint64_t end = (uint64_t)code + len;
    for (uint64_t at = (uint64_t)code & ~15ul; at < end; at += 16)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (uint64_t at = (uint64_t)code & ~15ul; at < end; at += 16)
        __asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n isb" : : : "memory");
}

void smp_code_sync(void)
{
    __asm__ volatile("isb" : : : "memory");
}

void smp_write_return(void *p, uint32_t value)
{
    __atomic_store_n((uint64_t *)p, (uint64_t)RET << 32 | MOVZ_W0 | (value & 0xffff) << 5, __ATOMIC_RELAXED);
}

/* ---- time, output ---- */
uint64_t smp_ticks(void)
{
    return READ_SYSREG("cntvct_el0");
}

uint64_t smp_ticks_per_ms(void)
{
    return READ_SYSREG("cntfrq_el0") / 1000;
}

void machine_put_char(char c)
{
    while (REG32(UART + UART_FR) & 1 << 5)
        ;
    REG32(UART + UART_DR) = (uint8_t)c;
}

void machine_power_off(void)
{
    psci(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}
