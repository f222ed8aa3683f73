/* SPDX-License-Identifier: MIT */
/*
 * Invariant: whatever a guest writes into devices' registers, the emulator goes on. Forbidden: a crash, a hang, a sanitizer report.
 *
 * No code runs: this program plays the guest. In each round the machine is reset, PCI's BARs are placed, RAM is filled with what
 * devices fetch (command tables, descriptors, packets, with addresses of RAM and of devices), and then random registers of the flat views
 * are read and written. One access in several is a whole step of a disk controller's protocol, which noise would not find.
 *
 * Round I of seed S is always the same but for time and the disks' threads:
 *
 *   random_devices [--machine q35|pc|virt] [--rounds N] [--first I] [--seed S]
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "accel/exec/exec.h"
#include "base/bits.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "cpus/cpu.h"
#include "cpus/runstate.h"
#include "hw/core/board.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "system/block.h"

#define HANG_S 60
#define ACCESSES 400             /* a round */
#define RAM_MIB 64u
#define TABLES_AT 0x100000u      /* in RAM: 64 pages of tables for devices */
#define TABLE_PAGES 64u
#define BARS_AT 0xe8000000u
#define IO_BARS_AT 0xd000u
#define DISK_BYTES (1u << 20)

static uint64_t rng_state;
static volatile sig_atomic_t current;
static gint rounds = 300, first, seed = 1;
static char *machine_name;
static uint64_t ram_base;        /* the machine's RAM */
static uint64_t ahci;            /* its BAR, 0: none */

static uint64_t rnd(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

/* ---- access ---- */
static uint64_t port_read(unsigned port, unsigned size) { return address_space_ld(&address_space_io, port, size, (MemTxAttrs){ 0 }, NULL); }
static void port_write(unsigned port, uint64_t v, unsigned size) { address_space_st(&address_space_io, port, v, size, (MemTxAttrs){ 0 }, NULL); }
static void mem_write(uint64_t at, uint64_t v, unsigned size) { address_space_st(&address_space_memory, at, v, size, (MemTxAttrs){ 0 }, NULL); }

/* A range of registers, any with the same chance; false: there is none. */
static bool pick_range(AddressSpace *as, uint64_t *addr, uint64_t *size)
{
    bool found = false;
    rcu_read_lock();
    const FlatView *view = rcu_dereference(as->view);
    for (unsigned tries = 0; tries < 64 && view->n && !found; tries++) {
        const FlatRange *r = &view->ranges[rnd() % view->n];
        found = r->mr->ops && !r->mr->ram;
        *addr = r->addr;
        *size = r->size;
    }
    rcu_read_unlock();
    return found;
}

/* An address that a device may be sent to: tables, RAM, its end, or a register. */
static uint64_t target_address(void)
{
    uint64_t r = rnd(), at, size;
    switch (r & 7) {
    case 0: case 1: case 2: return ram_base + TABLES_AT + (r >> 8) % TABLE_PAGES * 4096;
    case 3: case 4: return ram_base + (r >> 8) % (RAM_MIB << 20);
    case 5: return ram_base + (RAM_MIB << 20) - (r >> 8 & 0xff);
    case 6:
        if (ahci)
            return ahci + 0x100 + (r >> 8 & 0x1fc);
        /* fall through */
    default: return pick_range(&address_space_memory, &at, &size) ? at + (r >> 8) % size % 4096 : r;
    }
}

static uint64_t value(void)
{
    uint64_t r = rnd();
    switch (r & 7) {
    case 0: return rnd();
    case 1: return 1ull << (r >> 8 & 63);
    case 2: return rnd() >> (r >> 8 & 63);
    case 3: return target_address();
    case 4: return target_address() >> 32;
    case 5: return __builtin_bswap64(target_address());
    default: return r >> 8 & 0xff;
    }
}

/* ---- what devices fetch ---- */
static uint8_t ata_command(bool for_cd)
{
    static const uint8_t commands[] = { 0xec, 0xa1, 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0xc4, 0xc5, 0xc6,
                                        0xc8, 0xca, 0xe7, 0xea, 0x08, 0x90, 0x91, 0xef, 0x27, 0xf8, 0x40, 0xe5, 0x10 };
    uint64_t r = rnd();
    if (for_cd && r >> 32 & 7)
        return 0xa0;
    return r & 15 ? commands[(r >> 8) % G_N_ELEMENTS(commands)] : (uint8_t)(r >> 8);
}

static void make_packet(uint8_t *p)
{
    static const uint8_t opcodes[] = { 0x00, 0x03, 0x12, 0x1a, 0x1b, 0x1e, 0x25, 0x28, 0x28, 0x28, 0x2b, 0x43, 0x46, 0x4a, 0x51, 0x5a, 0xa8, 0xbd, 0xbe };
    for (unsigned i = 0; i < 12; i++)
        p[i] = rnd() & 1 ? (uint8_t)rnd() : 0;
    p[0] = opcodes[rnd() % G_N_ELEMENTS(opcodes)];
    if (p[0] == 0x28 || p[0] == 0xa8)
        p[2] = p[3] = p[6] = 0;
}

/* A task file as it lies in a register FIS: the sectors are mostly within the disk. */
static void make_fis(uint8_t *fis, bool for_cd)
{
    for (unsigned i = 0; i < 20; i++)
        fis[i] = rnd() & 3 ? 0 : (uint8_t)rnd();
    fis[0] = rnd() & 15 ? 0x27 : (uint8_t)rnd();
    fis[1] = rnd() & 15 ? 0x80 : 0;
    fis[2] = ata_command(for_cd);
    fis[4] = (uint8_t)rnd();
    fis[5] = rnd() & 15 ? rnd() & 7 : (uint8_t)rnd(); /* of packets: the byte count, two and more */
    fis[6] = rnd() & 15 ? 0 : (uint8_t)rnd();
    fis[7] = 0x40;
    fis[12] = (uint8_t)rnd();
}

enum { HEADERS, COMMAND_TABLE, PIIX_TABLE, FW_CFG_TABLE, NB_KINDS };
static uint64_t page_of_kind(unsigned kind) { return ram_base + TABLES_AT + (rnd() % (TABLE_PAGES / NB_KINDS) * NB_KINDS + kind) * 4096; }

/* Each page is a list of AHCI command headers, a command table, a PIIX descriptor table or fw_cfg's descriptors. */
static void make_page(uint8_t *page, unsigned kind)
{
    for (unsigned i = 0; i < 4096; i += 16) {
        uint64_t at = target_address();
        uint32_t len = (uint32_t)(rnd() >> (32 + rnd() % 32));
        if (kind == HEADERS) {
            stl_le_p(page + i, (uint32_t)rnd() & 0xff07ffffu);
            stq_le_p(page + i + 8, i & 16 ? 0 : page_of_kind(COMMAND_TABLE));
        } else if (kind == COMMAND_TABLE) {
            stq_le_p(page + i, at);
            stl_le_p(page + i + 12, len & 0x3fffff);
        } else if (kind == PIIX_TABLE) {
            for (unsigned k = 0; k < 16; k += 8) {
                stl_le_p(page + i + k, (uint32_t)target_address());
                stl_le_p(page + i + k + 4, (len & 0xffff) | (rnd() & 7 ? 0 : 1u << 31));
            }
        } else {
            stl_le_p(page + i, __builtin_bswap32((uint32_t)(rnd() & 0x1f) | (uint32_t)rnd() << 16));
            stl_le_p(page + i + 4, __builtin_bswap32(len));
            stq_le_p(page + i + 8, __builtin_bswap64(at));
        }
    }
    if (kind == COMMAND_TABLE) {
        make_fis(page, rnd() & 1);
        make_packet(page + 0x40);
    }
}

static void make_tables(void)
{
    uint8_t page[4096];
    for (unsigned i = 0; i < TABLE_PAGES; i++) {
        make_page(page, i % NB_KINDS);
        address_space_write(&address_space_memory, ram_base + TABLES_AT + i * 4096, MEMTXATTRS_NONE, page, sizeof(page));
    }
}

/* ---- PCI, by ports 0xcf8 and 0xcfc ---- */
static uint32_t config_read(unsigned devfn, unsigned reg)
{
    port_write(0xcf8, 1u << 31 | devfn << 8 | reg, 4);
    return (uint32_t)port_read(0xcfc, 4);
}

static void config_write(unsigned devfn, unsigned reg, uint32_t v)
{
    port_write(0xcf8, 1u << 31 | devfn << 8 | reg, 4);
    port_write(0xcfc, v, 4);
}

static void place_bars(void)
{
    uint32_t next = BARS_AT, next_io = IO_BARS_AT;
    ahci = 0;
    for (unsigned devfn = 0; devfn < 256; devfn++) {
        if (config_read(devfn, 0) == UINT32_MAX)
            continue;
        for (unsigned bar = 0; bar < 6; bar++) {
            unsigned reg = 0x10 + bar * 4;
            config_write(devfn, reg, UINT32_MAX);
            uint32_t mask = config_read(devfn, reg), size = ~(mask & (mask & 1 ? ~3u : ~15u)) + 1;
            if (!mask || !size)
                continue;
            uint32_t *at = mask & 1 ? &next_io : &next;
            size = mask & 1 ? size & 0xffff : size;
            *at = (*at + size - 1) / size * size;
            config_write(devfn, reg, *at);
            if (bar == 5 && config_read(devfn, 8) >> 8 == 0x010601)
                ahci = *at;
            *at += size;
        }
        config_write(devfn, 4, 7);
    }
}

/* What is due in the main loop and on the vCPUs' timer lists. */
static void let_time_pass(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    timer_list_run(timer_list_main());
    CPU_FOREACH (cpu)
        timer_list_run(cpu->timers);
}

/* ---- steps of the disk controllers ---- */
static void ahci_step(void)
{
    uint64_t port = ahci + 0x100 + (rnd() & 7 ? rnd() & 2 : rnd() % 6) * 0x80; /* drives are on ports 0 and 2 */
    mem_write(port + 0x18, 0, 4);
    for (unsigned reg = 0; reg < 16; reg += 8) { /* PxCLB, PxFB */
        uint64_t at = rnd() & 15 ? page_of_kind(HEADERS) : target_address();
        mem_write(port + reg, (uint32_t)at, 4);
        mem_write(port + reg + 4, at >> 32, 4);
    }
    mem_write(port + 0x14, UINT32_MAX, 4);
    mem_write(port + 0x18, 0x11, 4);
    mem_write(port + 0x38, rnd() & rnd(), 4); /* PxCI */
}

static void ide_step(void)
{
    unsigned base = rnd() & 1 ? 0x1f0 : 0x170, bm = IO_BARS_AT + (base == 0x170 ? 8 : 0);
    uint8_t fis[20], packet[12], command;
    make_fis(fis, base == 0x170);
    make_packet(packet);
    command = fis[2];
    port_write(base + 6, rnd() & 15 ? 0xe0 : rnd(), 1);
    for (unsigned reg = 1; reg < 6; reg++) {
        port_write(base + reg, rnd() & 3 ? 0 : rnd(), 1);
        port_write(base + reg, reg == 2 ? fis[12] : fis[reg], 1);
    }
    port_write(bm + 4, page_of_kind(PIIX_TABLE), 4);
    port_write(base + 7, command, 1);
    port_write(bm, rnd() & 9, 1);
    let_time_pass();
    for (unsigned i = 0; command == 0xa0 && i < 12; i += 2)
        port_write(base, lduw_le_p(packet + i), 2);
    for (unsigned n = (unsigned)(rnd() & 0x1ff); n; n--) {
        if (!(n & 63))
            let_time_pass();
        if (rnd() & 1)
            port_read(base, 2u << (rnd() & 1));
        else
            port_write(base, rnd(), 2u << (rnd() & 1));
    }
}

static void register_access(void)
{
    uint64_t r = rnd(), addr, size;
    AddressSpace *as = r & 1 ? &address_space_io : &address_space_memory;
    unsigned width = 1u << (r >> 1 & 3);
    if (!pick_range(as, &addr, &size))
        return;
    addr += (r & 16 ? rnd() % size : rnd() % MIN_OF(size, 256)) & (r & 0xe0 ? ~(uint64_t)(width - 1) : ~0ull);
    if (r & 8)
        address_space_ld(as, addr, width, (MemTxAttrs){ 0 }, NULL);
    else
        address_space_st(as, addr, value(), width, (MemTxAttrs){ 0 }, NULL);
}

static void run_round(void)
{
    int status;
    rng_state = 0x9e3779b97f4a7c15ull * ((uint64_t)seed << 32 | (uint32_t)(current + 1));
    for (unsigned i = 0; i < 8; i++)
        rnd();
    alarm(HANG_S);
    device_reset_all();
    if (address_space_io.view->n)
        place_bars();
    make_tables();
    for (unsigned i = 0; i < ACCESSES; i++) {
        unsigned what = rnd() % 16;
        if (what == 0 && ahci)
            ahci_step();
        else if (what == 1 && !ahci && address_space_io.view->n)
            ide_step();
        else
            register_access();
        if (!(rnd() & 15))
            let_time_pass();
    }
    while (runstate_take_request(&status) != RUN_REQ_NONE)
        continue;
}

/* ---- the program ---- */
/* Says which round it was; a fatal signal then ends the program, and so does the alarm. */
static void report(int sig)
{
    char text[128];
    int n = snprintf(text, sizeof text, "not ok 1 - round %d of seed %d: %s\n", (int)current, seed, sig == SIGALRM ? "hangs" : "fatal signal");
    if (write(STDOUT_FILENO, text, (size_t)n) < 0)
        _exit(2);
    signal(sig, SIG_DFL);
    raise(sig == SIGALRM ? SIGABRT : sig);
}

static void parse(int argc, char **argv)
{
    GOptionEntry entries[] = { { "machine", 0, 0, G_OPTION_ARG_STRING, &machine_name, "whose devices", "q35|pc|virt" },
                               { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "how many", "N" },
                               { "first", 0, 0, G_OPTION_ARG_INT, &first, "the first one's number", "I" },
                               { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "of the random numbers", "S" },
                               { NULL } };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error))
        g_error("%s", error->message);
}

static BlockBackend *make_disk(const char *id)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("calque-stress-XXXXXX", &path, &error);
    if (fd < 0 || ftruncate(fd, DISK_BYTES) < 0)
        g_error("no temporary file");
    close(fd);
    BlockBackend *blk = block_open(&(BlockOpen){ .id = id, .path = path, .raw = true, .cache = BLOCK_CACHE_UNSAFE }, &error);
    if (!blk)
        g_error("%s", error->message);
    g_unlink(path);
    return blk;
}

static void start(void)
{
    const BoardClass *board = board_find(machine_name ? machine_name : "q35");
    AccelConfig accel = { .tb_size = 8 << 20 };
    Drive drives[2] = { { .interface = DRIVE_IF_IDE }, { .interface = DRIVE_IF_IDE, .cdrom = true, .index = 2 } };
    MachineConfig machine = { .smp = cpu_topology_flat(2), .ram_bytes = (uint64_t)RAM_MIB << 20 };
    g_autoptr(GError) error = NULL;
    if (!board)
        g_error("no machine '%s'", machine_name);
    if (board->has_drives) {
        drives[0].blk = make_disk("disk");
        drives[1].blk = make_disk("cd");
        machine.drives = drives;
        machine.n_drives = G_N_ELEMENTS(drives);
    } else {
        ram_base = 1 << 30;
    }
    if (!accel_init(&accel, board->arch->ops, &error))
        g_error("%s", error->message);
    memory_init();
    if (!board->init(&machine, &error))
        g_error("%s", error->message);
    cpus_start(false); /* stopped, and so they stay */
    clock_virtual_set_running(true);
}

int main(int argc, char **argv)
{
    static const int reported[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM };
    parse(argc, argv);
    printf("1..1\n");
    fflush(stdout);
    for (size_t i = 0; i < G_N_ELEMENTS(reported); i++)
        signal(reported[i], report);
    rcu_register_thread();
    bql_lock();
    start();
    for (current = first; current < first + rounds; current++)
        run_round();
    alarm(HANG_S);
    block_close_all();
    cpus_shutdown();
    bql_unlock();
    rcu_unregister_thread();
    printf("ok 1 - %d rounds of seed %d\n", rounds, seed);
    return 0;
}
