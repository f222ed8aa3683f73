/* SPDX-License-Identifier: MIT */
/* The toy guest: see toy.h. */
#include "tests/unit/exec/toy.h"

#include "accel/ir/builder.h"
#include "base/rcu.h"

#define TOY_OFFSET(field) offsetof(ToyCPU, field)

#ifdef TOY_JIT
#define TOY_INTERP false
#else
#define TOY_INTERP true
const HostOps *host_ops;
HostFeatures host_features;
bool host_one_thread;
const HostOps host_ops_x86_64;
bool host_features_init(const char *remove, GError **error) { return true; }
void host_fp_harvest(CPUState *cpu) {}
void host_fp_reload(CPUState *cpu) {}
#endif

uint8_t *toy_ram;
uint64_t toy_regs[512];
unsigned toy_last_size;
MemoryRegion toy_ram_mr;
void (*toy_hook)(ToyCPU *cpu, uint64_t a, uint64_t imm);
void (*toy_trans_hook)(uint64_t pc);
static MemoryRegion mmio_mr, small_mr;
static GArray *maps; /* maps_lock */
static Lock maps_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_MEMORY, .name = "toy mappings" };
static IRSlot slots[16];

static ToyCPU *toy(CPUState *cpu) { return (ToyCPU *)cpu; }

/* ---- translation ---- */
static void helper_halt(CPUState *cpu)
{
    cpu->halted = true;
    cpu->exception_index = EXCP_HLT;
    cpu_loop_exit(cpu);
}

static void helper_svc(CPUState *cpu)
{
    cpu->exception_index = TOY_EXCP_SVC;
    cpu_loop_exit_restore(cpu, GETPC());
}

static void helper_tlbi(CPUState *cpu, uint64_t va)
{
    mmu_flush_range_all(cpu, va, 1, 12, MMU_ASID_ANY, ~0u);
    mmu_sync(cpu);
}

static void helper_hook(CPUState *cpu, uint64_t a, uint64_t imm)
{
    toy_hook(toy(cpu), a, imm);
}

static const IRHelper ir_hook = { "hook", (void (*)(void))helper_hook, IR_CALL_ENV | IR_CALL_READS, IR_VOID, 2, { IR_I64, IR_I64 } };

static uint64_t helper_ldx(CPUState *cpu, uint64_t va, uint32_t mo)
{
    V128 v;
    g_assert_true(mmu_ld_exclusive(cpu, va, mo, GETPC(), &v));
    return v.u64[0];
}

static uint64_t helper_stx(CPUState *cpu, uint64_t va, uint64_t v, uint32_t mo)
{
    return mmu_st_exclusive(cpu, va, &(V128){ .u64 = { v } }, mo, GETPC()) != EXCLUSIVE_STORED;
}

static const IRHelper ir_ldx = { "ldx", (void (*)(void))helper_ldx, IR_CALL_ENV | IR_CALL_FAULTS, IR_I64, 2, { IR_I64, IR_I32 } };
static const IRHelper ir_stx = { "stx", (void (*)(void))helper_stx, IR_CALL_ENV | IR_CALL_FAULTS, IR_I64, 3, { IR_I64, IR_I64, IR_I32 } };
static const IRHelper ir_halt = { "halt", (void (*)(void))helper_halt, IR_CALL_ENV | IR_CALL_FAULTS, IR_VOID, 0, { 0 } };
static const IRHelper ir_svc = { "svc", (void (*)(void))helper_svc, IR_CALL_ENV | IR_CALL_FAULTS, IR_VOID, 0, { 0 } };
static const IRHelper ir_tlbi = { "tlbi", (void (*)(void))helper_tlbi, IR_CALL_ENV | IR_CALL_READS, IR_VOID, 1, { IR_I64 } };

static void goto_pc(TransContext *t, IRExitKind kind, uint64_t pc)
{
    ir_exit(t->f, ir_add_exit(t->f, (IRExit){ .kind = kind, .pc = pc, .flags = t->flags }));
    t->ended = true;
}

static IRMemOp memop(const TransContext *t, unsigned size) { return size | (uint32_t)(t->flags & 15) << MO_IDX_SHIFT; }

static void trans_memory(TransContext *t, unsigned op, unsigned a, unsigned b, int64_t imm)
{
    IRFunc *f = t->f;
    IRRef addr = ir_get(f, IR_I64, b);
    if (op == TOY_LD)
        ir_put(f, a, ir_ld(f, IR_I64, addr, imm, memop(t, MO_64)));
    else if (op == TOY_ATOM)
        ir_put(f, a, ir_atom_rmw(f, IR_I64, IR_AT_ADD, addr, ir_i64(f, (uint64_t)imm), memop(t, MO_64)));
    else if (op == TOY_LDX)
        ir_put(f, a, ir_call(f, &ir_ldx, addr, ir_i32(f, memop(t, MO_64))));
    else if (op == TOY_STX)
        ir_put(f, 15, ir_call(f, &ir_stx, addr, ir_get(f, IR_I64, a), ir_i32(f, memop(t, MO_64))));
    else
        ir_st(f, addr, imm, ir_get(f, IR_I64, a), memop(t, op == TOY_ST ? MO_64 : MO_32));
}

static void trans_call(TransContext *t, unsigned op, unsigned a)
{
    if (op == TOY_HLT) {
        ir_stenv(t->f, TOY_OFFSET(pc), 3, ir_i64(t->f, t->pc));
        ir_call(t->f, &ir_halt);
    } else if (op == TOY_SVC) {
        ir_call(t->f, &ir_svc);
    } else {
        ir_call(t->f, &ir_tlbi, ir_get(t->f, IR_I64, a));
    }
    goto_pc(t, IR_EXIT_MAIN, t->pc);
}

static void trans_rare(TransContext *t, uint64_t pc, unsigned a, unsigned b, int64_t imm)
{
    if (t->flags & TOY_RARE_FORM) {
        trans_memory(t, TOY_ATOM, a, b, imm);
        t->flags &= ~(uint64_t)TOY_RARE_FORM;
        goto_pc(t, IR_EXIT_CHAIN, pc + 4);
    } else {
        t->flags |= TOY_RARE_FORM;
        goto_pc(t, IR_EXIT_CHAIN, pc);
    }
}

static void toy_trans_insn(TransContext *t)
{
    IRFunc *f = t->f;
    uint64_t pc = t->pc;
    ir_insn_start(f, pc, 0);
    if (toy_trans_hook)
        toy_trans_hook(pc);
    uint32_t w = trans_fetch32(t, pc);
    unsigned op = w >> 24, a = w >> 20 & 15, b = w >> 16 & 15;
    int64_t imm = (int16_t)w;
    t->pc += 4;
    switch (op) {
    case TOY_LI: ir_put(f, a, ir_i64(f, w & 0xffff)); break;
    case TOY_LUI: ir_put(f, a, ir_or(f, ir_get(f, IR_I64, a), ir_i64(f, (uint64_t)(w & 0xffff) << 16))); break;
    case TOY_ADD: ir_put(f, a, ir_add(f, ir_get(f, IR_I64, b), ir_i64(f, (uint64_t)imm))); break;
    case TOY_LD: case TOY_ST: case TOY_ST32: case TOY_ATOM: case TOY_LDX: case TOY_STX: trans_memory(t, op, a, b, imm); break;
    case TOY_B: goto_pc(t, IR_EXIT_CHAIN, pc + 4 * (uint64_t)imm); break;
    case TOY_BNE: case TOY_BLT:
        ir_br(f, op == TOY_BNE ? IR_NE : IR_LTU, ir_get(f, IR_I64, a), ir_get(f, IR_I64, b),
              ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc + 4 * (uint64_t)imm, .flags = t->flags }));
        break;
    case TOY_JR:
        ir_exit_jump(f, ir_get(f, IR_I64, a), ir_add_exit(f, (IRExit){ .kind = IR_EXIT_JUMP, .flags = t->flags }));
        t->ended = true;
        break;
    case TOY_BL:
        ir_put(f, a, ir_i64(f, pc + 4));
        ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc + 4 * (uint64_t)imm, .flags = t->flags, .is_call = true,
                                            .ret_pc = pc + 4, .ret_flags = t->flags }));
        t->ended = true;
        break;
    case TOY_RET:
        ir_exit_jump(f, ir_get(f, IR_I64, a), ir_add_exit(f, (IRExit){ .kind = IR_EXIT_RET, .flags = t->flags }));
        t->ended = true;
        break;
    case TOY_HOOK: ir_call(f, &ir_hook, ir_get(f, IR_I64, a), ir_i64(f, (uint64_t)imm)); break;
    case TOY_RARE: trans_rare(t, pc, a, b, imm); break;
    case TOY_TLBI: case TOY_SVC: case TOY_HLT: trans_call(t, op, a); break;
    default: trans_call(t, TOY_HLT, 0); break;
    }
}

static void toy_trans_init(TransContext *t) {}
static void toy_trans_end(TransContext *t) { goto_pc(t, IR_EXIT_CHAIN, t->pc); }

/* ---- running ---- */
static void toy_block_state(CPUState *cpu, uint64_t *pc, uint64_t *flags)
{
    *pc = toy(cpu)->pc;
    *flags = toy(cpu)->flags | (cpu->high_by_asid ? TOY_HIGH_ASID : 0);
}

static unsigned toy_code_index(uint64_t flags) { return flags & 15; }
static bool toy_global(uint64_t va, uint64_t flags) { return va >> 63 && !(flags & TOY_HIGH_ASID); }
static void toy_restore(CPUState *cpu, uint64_t pc, uint32_t extra) { toy(cpu)->pc = pc; }

/* The newest mapping that allows the access. */
static bool find_map(const ToyCPU *c, uint64_t va, unsigned want, ToyMap *out)
{
    bool found = false;
    lock_acquire(&maps_lock);
    for (unsigned i = 0; i < maps->len && !found; i++) {
        const ToyMap *m = &g_array_index(maps, ToyMap, i);
        if (!((va ^ m->va) >> m->page_bits) && m->prot & want && (m->global || m->asid == c->asid)) {
            *out = *m;
            found = true;
        }
    }
    lock_release(&maps_lock);
    return found;
}

static uint64_t toy_strip(CPUState *cpu, uint64_t va, unsigned idx) { return va & ~(0x7full << 56); }

static bool toy_fill(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra)
{
    ToyCPU *c = toy(cpu);
    unsigned want = access == MMU_DATA_LOAD ? PROT_R : access == MMU_DATA_STORE ? PROT_W : PROT_X;
    ToyMap m;
    if (access != MMU_INST_FETCH)
        va = toy_strip(cpu, va, idx); /* what a fill is given still has its tag */
    if (find_map(c, va, want, &m)) {
        c->fills++;
        MMUPage page = { .va = va, .pa = m.pa + (va & MASK64(m.page_bits)), .page_bits = m.page_bits, .prot = m.prot, .global = m.global,
                         .watched = c->watch_va && !((va ^ c->watch_va) >> 12) };
        mmu_set_page(cpu, idx, &page);
        return true;
    }
    if (probe)
        return false;
    cpu_restore_state(cpu, ra);
    c->fault_va = va;
    cpu->exception_index = TOY_EXCP_FAULT;
    cpu_loop_exit(cpu);
}

static void __attribute__((noreturn)) toy_unaligned(CPUState *cpu, uint64_t va, MMUAccess access, unsigned idx, uintptr_t ra)
{
    toy(cpu)->unaligned++;
    toy(cpu)->fault_va = va;
    cpu->exception_index = TOY_EXCP_FAULT;
    cpu_loop_exit_restore(cpu, ra);
}

static void toy_bus_error(CPUState *cpu, uint64_t va, uint64_t pa, unsigned size, MMUAccess access, unsigned idx, int result, uintptr_t ra)
{
    toy(cpu)->bus_errors++;
}

static void toy_check_watch(CPUState *cpu, uint64_t va, unsigned size, MMUAccess access, unsigned idx, uintptr_t ra)
{
    ToyCPU *c = toy(cpu);
    c->watch_checks++;
    c->watch_access = access;
    if (c->watch_va - va >= size)
        return;
    cpu->exception_index = TOY_EXCP_FAULT;
    cpu_loop_exit_restore(cpu, ra);
}

/* Bits 62:56 are a tag. */

static void toy_do_exception(CPUState *cpu)
{
    ToyCPU *c = toy(cpu);
    if (cpu->exception_index == TOY_EXCP_SVC) {
        c->svcs++;
        c->pc += 4;
    } else {
        c->fault_pc = c->pc;
        cpu_interrupt(cpu, CPU_INTERRUPT_HALT);
    }
}

static bool toy_do_interrupt(CPUState *cpu, uint32_t request) { return false; }
static bool toy_has_work(CPUState *cpu) { return false; }

const TargetOps toy_target = {
    .name = "toy", .slots = slots, .n_slots = 16, .n_mmu_modes = TOY_NB_MMU, .pc_offset = TOY_OFFSET(pc),
    .get_block_state = toy_block_state, .code_mmu_index = toy_code_index, .jump_is_global = toy_global,
    .trans_init = toy_trans_init, .trans_insn = toy_trans_insn, .trans_end = toy_trans_end, .restore_state = toy_restore,
    .tlb_fill = toy_fill, .unaligned_access = toy_unaligned, .bus_error = toy_bus_error, .check_watch = toy_check_watch, .strip_address = toy_strip,
    .do_exception = toy_do_exception, .do_interrupt = toy_do_interrupt, .has_work = toy_has_work,
};

/* ---- the machine ---- */
static MemTxResult regs_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    g_assert(bql_locked());
    toy_last_size = size;
    memcpy(value, (uint8_t *)toy_regs + offset, size);
    return MEMTX_OK;
}

static MemTxResult regs_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    g_assert(bql_locked());
    toy_last_size = size;
    memcpy((uint8_t *)toy_regs + offset, &value, size);
    return MEMTX_OK;
}

static const MemoryRegionOps regs_ops = { .read = regs_read, .write = regs_write };

static void init_slots(void)
{
    for (unsigned i = 0; i < 16; i++)
        slots[i] = (IRSlot){ g_strdup_printf("r%u", i), (uint32_t)(TOY_OFFSET(r) + 8 * i), IR_I64, 0 };
}

void toy_init(uint64_t tb_size)
{
    rcu_register_thread();
    bql_lock();
    init_slots();
    maps = g_array_new(FALSE, FALSE, sizeof(ToyMap));
    memory_init();
    g_assert(memory_region_init_ram(&toy_ram_mr, "ram", TOY_RAM_SIZE, NULL));
    toy_ram = memory_region_ram_ptr(&toy_ram_mr);
    memory_region_init_io(&mmio_mr, &regs_ops, NULL, "regs", 0x1000);
    memory_region_init_io(&small_mr, &regs_ops, NULL, "small regs", 0x200);
    memory_transaction_begin();
    memory_region_add_subregion(memory_system_root(), 0, &toy_ram_mr);
    memory_region_add_subregion(memory_system_root(), TOY_MMIO, &mmio_mr);
    memory_region_add_subregion(memory_system_root(), TOY_SMALL_MMIO, &small_mr);
    memory_transaction_commit();
    g_assert(accel_init(&(AccelConfig){ .interp = TOY_INTERP, .tb_size = tb_size }, &toy_target, NULL));
    bql_unlock();
}

ToyCPU *toy_new_cpu(int index)
{
    ToyCPU *c = cpu_alloc(sizeof *c, index, NULL);
    bql_lock();
    cpu_init_common(&c->parent, &toy_target, index);
    accel_init_cpu(&c->parent);
    mmu_set_by_asid(&c->parent, 1u << TOY_USER);
    bql_unlock();
    c->flags = TOY_KERNEL;
    return c;
}

bool toy_single(int *argc, char ***argv)
{
    bool single = *argc > 1 && !strcmp((*argv)[1], "--single");
    if (single) {
        (*argv)[1] = (*argv)[0];
        (*argc)--;
        (*argv)++;
    }
    return single;
}

void toy_start(ToyCPU **c, unsigned n, uint64_t tb_size, bool single)
{
    toy_init(tb_size);
    for (unsigned i = 0; i < n; i++) {
        c[i] = toy_new_cpu((int)i);
        c[i]->parent.halted = true;
    }
    bql_lock();
    cpus_start(single);
    resume_all_vcpus();
    bql_unlock();
}

int toy_run_tests(void)
{
    int rc = g_test_run();
    bql_lock();
    cpus_shutdown();
    bql_unlock();
    return rc;
}

void toy_unmap_all(void)
{
    lock_acquire(&maps_lock);
    g_array_set_size(maps, 0);
    lock_release(&maps_lock);
}

void toy_map(uint64_t va, uint64_t pa, unsigned page_bits, unsigned prot, bool global, uint32_t asid)
{
    ToyMap m = { va, pa, page_bits, prot, global, asid };
    lock_acquire(&maps_lock);
    g_array_prepend_val(maps, m);
    lock_release(&maps_lock);
}

void toy_remap(uint64_t va, uint64_t pa)
{
    lock_acquire(&maps_lock);
    for (unsigned i = 0; i < maps->len; i++) {
        ToyMap *m = &g_array_index(maps, ToyMap, i);
        if (m->va == va) {
            m->pa = pa;
            break;
        }
    }
    lock_release(&maps_lock);
}

void toy_code(uint64_t pa, const uint32_t *words, unsigned n)
{
    address_space_write(&address_space_memory, pa, MEMTXATTRS_NONE, words, n * 4);
}

int toy_run(ToyCPU *c, uint64_t pc)
{
    CPUState *cpu = &c->parent;
    int why;
    current_cpu = cpu;
    c->pc = pc;
    cpu->halted = false;
    c->fault_va = c->fault_pc = ~0ull;
    do {
        __atomic_store_n(&cpu->exit_request, 0, __ATOMIC_SEQ_CST);
        cpu_process_work(cpu);
        why = cpu_exec(cpu);
        if (why == EXCP_ATOMIC)
            cpu_exec_step_atomic(cpu);
    } while (!cpu->halted);
    return why;
}
