/* SPDX-License-Identifier: MIT */
/*
 * The virt board's device tree: what QEMU's board of the same name tells a guest, for the devices that are here.
 *
 * Written front to back by libfdt's sequential calls; the first failure sticks in FdtWriter.error, so that the code reads as the
 * tree does. Interrupt cells are type (0 SPI, 1 PPI), number, flags (1 rising edge, 4 high level; GICv2's PPIs add a mask of CPUs).
 */
#include <inttypes.h>
#include <libfdt.h>
#include <string.h>

#include "base/bits.h"
#include "base/entropy.h"
#include "base/error.h"
#include "hw/board/arm_boot.h"
#include "hw/board/read_file.h"
#include "hw/board/virt_internal.h"
#include "hw/intc/gic.h"

#define FDT_SLACK 0x10000u /* for /chosen */
#define FDT_MAX (2u << 20) /* the boot protocol's limit */
#define EDGE 1u
#define LEVEL 4u

enum { PHANDLE_CLOCK = 0x8000, PHANDLE_GIC, PHANDLE_GPIO, PHANDLE_CPU0, PHANDLE_L2 = 0x9000, PHANDLE_L3 = 0xa000 }; /* the last three: and so on by number */

typedef struct FdtWriter { void *fdt; int error; } FdtWriter;

static void note(FdtWriter *w, int result)
{
    if (!w->error && result < 0)
        w->error = result;
}

static void begin(FdtWriter *w, const char *name) { note(w, fdt_begin_node(w->fdt, name)); }
static void end(FdtWriter *w) { note(w, fdt_end_node(w->fdt)); }
static void text(FdtWriter *w, const char *name, const char *value) { note(w, fdt_property_string(w->fdt, name, value)); }
static void empty(FdtWriter *w, const char *name) { note(w, fdt_property(w->fdt, name, NULL, 0)); }

/* size counts the separating zeros: pass sizeof of a literal. */
static void texts(FdtWriter *w, const char *name, const char *list, size_t size) { note(w, fdt_property(w->fdt, name, list, (int)size)); }

static void cells_n(FdtWriter *w, const char *name, const uint32_t *values, unsigned n)
{
    uint32_t be[32];

    g_assert(n <= ARRAY_SIZE(be));
    for (unsigned i = 0; i < n; i++)
        be[i] = cpu_to_fdt32(values[i]);
    note(w, fdt_property(w->fdt, name, be, (int)(n * 4)));
}
#define cells(w, name, ...) cells_n(w, name, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)
#define CELLS64(v) (uint32_t)((uint64_t)(v) >> 32), (uint32_t)(v)

static void begin_at(FdtWriter *w, const char *name, uint64_t base)
{
    g_autofree char *full = g_strdup_printf("%s@%" PRIx64, name, base);

    begin(w, full);
}

static void reg(FdtWriter *w, VirtRange r) { cells(w, "reg", CELLS64(r.base), CELLS64(r.size)); }

static void add_psci(FdtWriter *w)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2\0arm,psci";

    begin(w, "psci");
    texts(w, "compatible", compatible, sizeof(compatible));
    text(w, "method", "hvc");
    cells(w, "cpu_suspend", 0xc4000001);
    cells(w, "cpu_off", 0x84000002);
    cells(w, "cpu_on", 0xc4000003);
    cells(w, "migrate", 0xc4000005);
    end(w);
}

static void begin_nth(FdtWriter *w, const char *name, unsigned n)
{
    g_autofree char *full = g_strdup_printf("%s%u", name, n);

    begin(w, full);
}

/*
 * Which CPUs share what (Devicetree binding cpu/cpu-topology.txt): socketN/clusterN/coreN, and threadN where a core has several. A
 * level begins with the first CPU in it and ends with the last.
 */
static void add_cpu_map(FdtWriter *w, const VirtBoard *b)
{
    const CpuTopology *t = &b->topology;
    unsigned per_cluster = cpu_topology_per_cluster(t), per_socket = cpu_topology_per_socket(t);

    begin(w, "cpu-map");
    for (unsigned i = 0; i < b->smp; i++) {
        CpuPlace p = cpu_topology_place(t, i);

        if (i % per_socket == 0)
            begin_nth(w, "socket", p.socket);
        if (i % per_cluster == 0)
            begin_nth(w, "cluster", p.cluster);
        if (p.thread == 0)
            begin_nth(w, "core", p.core);
        if (t->threads > 1)
            begin_nth(w, "thread", p.thread);
        cells(w, "cpu", PHANDLE_CPU0 + i);
        for (unsigned ends = (t->threads > 1) + (p.thread == t->threads - 1) + ((i + 1) % per_cluster == 0) + ((i + 1) % per_socket == 0); ends; ends--)
            end(w);
    }
    end(w);
}

/*
 * Who shares a cache: the threads of a core its L2, a cluster its L3. Their sizes are not told. Without these nodes kernels take the first level for the
 * last, and find that threads share less than cores do.
 */
static void add_cache(FdtWriter *w, const char *name, unsigned n, unsigned level, unsigned phandle, unsigned next)
{
    begin_nth(w, name, n);
    text(w, "compatible", "cache");
    cells(w, "cache-level", level);
    empty(w, "cache-unified");
    if (next)
        cells(w, "next-level-cache", next);
    cells(w, "phandle", phandle);
    end(w);
}

static void add_caches(FdtWriter *w, const CpuTopology *t)
{
    for (unsigned i = 0; i < t->cpus; i += t->threads)
        add_cache(w, "l2-cache", i / t->threads, 2, PHANDLE_L2 + i / t->threads, PHANDLE_L3 + i / cpu_topology_per_cluster(t));
    for (unsigned i = 0; i < t->cpus; i += cpu_topology_per_cluster(t))
        add_cache(w, "l3-cache", i / cpu_topology_per_cluster(t), 3, PHANDLE_L3 + i / cpu_topology_per_cluster(t), 0);
}

/* Two cells a CPU only when some CPU has Aff3. */
static void add_cpus(FdtWriter *w, const VirtBoard *b)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < b->smp; i++)
        all |= arm_cpu_mpidr(b->cpus[i]);
    begin(w, "cpus");
    cells(w, "#address-cells", all >> 32 & 0xff ? 2 : 1);
    cells(w, "#size-cells", 0);
    for (unsigned i = 0; i < b->smp; i++) {
        uint64_t affinity = arm_cpu_mpidr(b->cpus[i]) & 0xff00ffffff;

        begin_at(w, "cpu", affinity);
        text(w, "device_type", "cpu");
        text(w, "compatible", arm_cpu_dt_compatible(b->cpus[i]));
        if (b->smp > 1)
            text(w, "enable-method", "psci");
        if (all >> 32 & 0xff)
            cells(w, "reg", CELLS64(affinity));
        else
            cells(w, "reg", (uint32_t)affinity);
        cells(w, "next-level-cache", PHANDLE_L2 + i / b->topology.threads);
        cells(w, "phandle", PHANDLE_CPU0 + i);
        end(w);
    }
    add_caches(w, &b->topology);
    add_cpu_map(w, b);
    end(w);
}

static uint32_t ppi_flags(const VirtBoard *b)
{
    return b->gic_version == 2 ? LEVEL | (uint32_t)MASK64(b->smp) << 8 : LEVEL;
}

static void add_timer(FdtWriter *w, const VirtBoard *b)
{
    static const char compatible[] = "arm,armv8-timer\0arm,armv7-timer";
    uint32_t flags = ppi_flags(b);

    begin(w, "timer");
    texts(w, "compatible", compatible, sizeof(compatible));
    empty(w, "always-on");
    cells(w, "interrupts", 1, VIRT_PPI_TIMER_SEC - 16, flags, 1, VIRT_PPI_TIMER_PHYS - 16, flags, 1, VIRT_PPI_TIMER_VIRT - 16, flags, 1,
          VIRT_PPI_TIMER_HYP - 16, flags);
    end(w);
    if (!arm_cpu_has_pmu(b->cpus[0]))
        return;
    begin(w, "pmu");
    text(w, "compatible", "arm,armv8-pmuv3");
    cells(w, "interrupts", 1, VIRT_PPI_PMU - 16, flags);
    end(w);
}

static void add_gic_regions(FdtWriter *w, const VirtBoard *b)
{
    VirtRange dist = virt_map[VIRT_GIC_DIST], cpu = virt_map[VIRT_GIC_CPU], redist = virt_map[VIRT_GIC_REDIST],
              high = virt_map[VIRT_GIC_REDIST_HIGH];

    if (b->gic_version == 2) {
        text(w, "compatible", "arm,cortex-a15-gic");
        cells(w, "reg", CELLS64(dist.base), CELLS64(dist.size), CELLS64(cpu.base), CELLS64(cpu.size));
        return;
    }
    text(w, "compatible", "arm,gic-v3");
    if (gicv3_redist_region(b->gic, 1)) {
        cells(w, "#redistributor-regions", 2);
        cells(w, "reg", CELLS64(dist.base), CELLS64(dist.size), CELLS64(redist.base), CELLS64(redist.size), CELLS64(high.base),
              CELLS64(gicv3_redist_region(b->gic, 1)->size));
    } else {
        cells(w, "#redistributor-regions", 1);
        cells(w, "reg", CELLS64(dist.base), CELLS64(dist.size), CELLS64(redist.base), CELLS64(redist.size));
    }
}

static void add_gic(FdtWriter *w, const VirtBoard *b)
{
    begin_at(w, "intc", virt_map[VIRT_GIC_DIST].base);
    add_gic_regions(w, b);
    cells(w, "#interrupt-cells", 3);
    empty(w, "interrupt-controller");
    cells(w, "#address-cells", 2);
    cells(w, "#size-cells", 2);
    empty(w, "ranges");
    cells(w, "phandle", PHANDLE_GIC);
    end(w);
}

static void add_clock(FdtWriter *w)
{
    begin(w, "apb-pclk");
    text(w, "compatible", "fixed-clock");
    cells(w, "#clock-cells", 0);
    cells(w, "clock-frequency", 24000000);
    text(w, "clock-output-names", "clk24mhz");
    cells(w, "phandle", PHANDLE_CLOCK);
    end(w);
}

static void add_uart(FdtWriter *w)
{
    static const char compatible[] = "arm,pl011\0arm,primecell", clocks[] = "uartclk\0apb_pclk";

    begin_at(w, "pl011", virt_map[VIRT_UART].base);
    texts(w, "compatible", compatible, sizeof(compatible));
    reg(w, virt_map[VIRT_UART]);
    cells(w, "interrupts", 0, VIRT_SPI_UART, LEVEL);
    cells(w, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    texts(w, "clock-names", clocks, sizeof(clocks));
    end(w);
}

static void add_rtc(FdtWriter *w)
{
    static const char compatible[] = "arm,pl031\0arm,primecell";

    begin_at(w, "pl031", virt_map[VIRT_RTC].base);
    texts(w, "compatible", compatible, sizeof(compatible));
    reg(w, virt_map[VIRT_RTC]);
    cells(w, "interrupts", 0, VIRT_SPI_RTC, LEVEL);
    cells(w, "clocks", PHANDLE_CLOCK);
    text(w, "clock-names", "apb_pclk");
    end(w);
}

static void add_gpio(FdtWriter *w)
{
    static const char compatible[] = "arm,pl061\0arm,primecell";

    begin_at(w, "pl061", virt_map[VIRT_GPIO].base);
    texts(w, "compatible", compatible, sizeof(compatible));
    reg(w, virt_map[VIRT_GPIO]);
    cells(w, "#gpio-cells", 2);
    empty(w, "gpio-controller");
    cells(w, "interrupts", 0, VIRT_SPI_GPIO, LEVEL);
    cells(w, "clocks", PHANDLE_CLOCK);
    text(w, "clock-names", "apb_pclk");
    cells(w, "phandle", PHANDLE_GPIO);
    end(w);
    begin(w, "gpio-keys");
    text(w, "compatible", "gpio-keys");
    begin(w, "poweroff");
    text(w, "label", "GPIO Key Poweroff");
    cells(w, "linux,code", 116); /* KEY_POWER */
    cells(w, "gpios", PHANDLE_GPIO, VIRT_GPIO_POWER_PIN, 0);
    end(w);
    end(w);
}

static void add_fw_cfg_and_virtio(FdtWriter *w)
{
    VirtRange slot = virt_map[VIRT_VIRTIO_MMIO];

    begin_at(w, "fw-cfg", virt_map[VIRT_FW_CFG].base);
    text(w, "compatible", "qemu,fw-cfg-mmio");
    reg(w, virt_map[VIRT_FW_CFG]);
    empty(w, "dma-coherent");
    end(w);
    for (unsigned i = 0; i < VIRT_NB_VIRTIO_MMIO; i++, slot.base += slot.size) {
        begin_at(w, "virtio_mmio", slot.base);
        text(w, "compatible", "virtio,mmio");
        reg(w, slot);
        cells(w, "interrupts", 0, VIRT_SPI_VIRTIO_MMIO + i, EDGE);
        empty(w, "dma-coherent");
        end(w);
    }
}

static void add_chosen(FdtWriter *w)
{
    g_autofree char *uart = g_strdup_printf("/pl011@%" PRIx64, virt_map[VIRT_UART].base);
    uint8_t seed[32];

    begin(w, "aliases");
    text(w, "serial0", uart);
    end(w);
    begin(w, "chosen");
    text(w, "stdout-path", uart);
    entropy_bytes(seed, sizeof(seed));
    note(w, fdt_property(w->fdt, "rng-seed", seed, sizeof(seed)));
    entropy_bytes(seed, 8);
    note(w, fdt_property(w->fdt, "kaslr-seed", seed, 8));
    end(w);
}

static void add_all(FdtWriter *w, const VirtBoard *b)
{
    note(w, fdt_finish_reservemap(w->fdt));
    begin(w, "");
    text(w, "compatible", "linux,dummy-virt");
    text(w, "model", "linux,dummy-virt");
    cells(w, "#address-cells", 2);
    cells(w, "#size-cells", 2);
    cells(w, "interrupt-parent", PHANDLE_GIC);
    empty(w, "dma-coherent");
    add_chosen(w);
    add_psci(w);
    begin_at(w, "memory", virt_map[VIRT_RAM].base);
    text(w, "device_type", "memory");
    reg(w, (VirtRange){ virt_map[VIRT_RAM].base, b->ram_bytes });
    end(w);
    add_cpus(w, b);
    add_timer(w, b);
    add_gic(w, b);
    add_clock(w);
    add_uart(w);
    add_rtc(w);
    add_gpio(w);
    add_fw_cfg_and_virtio(w);
    end(w);
    note(w, fdt_finish(w->fdt));
}

void *virt_fdt_build(const VirtBoard *board, GError **error)
{
    int size = 0x8000 + (int)board->smp * 768;
    g_autofree void *sequential = g_malloc0((size_t)size);
    void *fdt = g_malloc0((size_t)size + FDT_SLACK);
    FdtWriter w = { sequential, 0 };

    note(&w, fdt_create(sequential, size));
    add_all(&w, board);
    if (!w.error)
        note(&w, fdt_open_into(sequential, fdt, size + (int)FDT_SLACK));
    if (!w.error)
        return fdt;
    error_set(error, "device tree: %s", fdt_strerror(w.error));
    g_free(fdt);
    return NULL;
}

/* Takes every memory node out and puts in one for the RAM that there is. */
static int replace_memory(void *fdt, const VirtBoard *b)
{
    g_autofree char *name = g_strdup_printf("memory@%" PRIx64, virt_map[VIRT_RAM].base);
    fdt64_t range[2] = { cpu_to_fdt64(virt_map[VIRT_RAM].base), cpu_to_fdt64(b->ram_bytes) };
    int node;

    while ((node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof("memory"))) >= 0)
        if (fdt_del_node(fdt, node))
            return -FDT_ERR_BADSTRUCTURE;
    node = fdt_add_subnode(fdt, 0, name);
    if (node < 0)
        return node;
    if (fdt_setprop(fdt, node, "reg", range, sizeof(range)))
        return -FDT_ERR_NOSPACE;
    return fdt_setprop_string(fdt, node, "device_type", "memory");
}

void *virt_fdt_load(const VirtBoard *board, const char *path, GError **error)
{
    size_t len;
    g_autofree uint8_t *file = board_read_file(path, FDT_MAX, &len, error);
    void *fdt;
    int r;

    if (!file)
        return NULL;
    r = len < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_full(file, len);
    fdt = g_malloc0(len + FDT_SLACK);
    if (!r)
        r = fdt_open_into(file, fdt, (int)(len + FDT_SLACK));
    if (!r && (fdt_address_cells(fdt, 0) != 2 || fdt_size_cells(fdt, 0) != 2))
        r = -FDT_ERR_BADNCELLS;
    if (!r)
        r = replace_memory(fdt, board);
    if (!r)
        return fdt;
    error_set(error, "%s: not a device tree for this machine: %s", path, fdt_strerror(r));
    g_free(fdt);
    return NULL;
}
