/* SPDX-License-Identifier: MIT */
/*
 * The jump cache and the return stack: how generated code finds code without the loop.
 *
 * Entries are made only here, by the owning vCPU, when the loop has looked a block up; generated code reads them and copies
 * them to the return stack. No other thread touches them. Three things end an entry:
 *
 *  - A mapping changes: the owner flushes by page, by ASID set, or wholly. A record of each page that has entries makes flushing
 *    a page of data free, and one of code cheap.
 *  - A block is invalidated, by any thread. The entry stays: whoever takes it finds the block's first instruction to be a jump to
 *    the loop, which forgets the entry then (jump_cache_forget). So an invalidation costs the same whatever the number of vCPUs.
 *  - The block's memory is to be used again: before it is, each vCPU drops what it knows of code there (jump_cache_settle, and
 *    code_buffer.c).
 *
 * A tag leaves the ASID out for the half of the address space that is normally global. When code there turns out to be mapped
 * non-global, an ASID switch flushes everything. A kernel that hides from user code (KPTI) maps itself so and switches at each
 * entry and exit: after some such flushes CPUState.high_by_asid is set, which changes the kernel's block flags to ones under
 * which its tags have the ASID. Blocks with the old flags that run on are looked after as before.
 */
#include <string.h>

#include "accel/tb/tb_internal.h"
#include "base/bits.h"

#define TAG_EMPTY (~0ull)
#define FLAG_SLOTS 256
#define HIGH_FLUSHES_MAX 8 /* then high_by_asid */

/* ---- numbers for block flags: an open hash, entries only added until the next reset ---- */
static struct { uint64_t flags; uint32_t id; /* (a) number + 1; 0: free */ } flag_slots[FLAG_SLOTS];
/* Numbers start at 1: with 0 (and context 0) the tag of pc ~0, which a guest can jump to, would be TAG_EMPTY. */
#define FIRST_FLAG_ID 1
static uint32_t n_flags = FIRST_FLAG_ID; /* flags_lock */
static Lock flags_lock = { .mutex = PTHREAD_MUTEX_INITIALIZER, .class = LOCK_TB, .name = "numbers of flags" };

void tb_flags_reset(void)
{
    memset(flag_slots, 0, sizeof flag_slots);
    n_flags = FIRST_FLAG_ID;
}

static uint16_t add_flags(uint64_t flags, unsigned slot)
{
    uint16_t id = TB_FLAG_ID_NONE;
    lock_acquire(&flags_lock);
    while (flag_slots[slot].id && flag_slots[slot].flags != flags)
        slot = (slot + 1) % FLAG_SLOTS;
    if (flag_slots[slot].id) {
        id = flag_slots[slot].id - 1;
    } else if (n_flags < TB_FLAG_ID_NONE) {
        id = n_flags++;
        flag_slots[slot].flags = flags;
        __atomic_store_n(&flag_slots[slot].id, id + 1, __ATOMIC_RELEASE);
    }
    lock_release(&flags_lock);
    return id;
}

uint16_t tb_intern_flags(const struct TargetOps *target, uint64_t flags)
{
    unsigned slot = (flags * 0x9e3779b97f4a7c15ull) >> 56;
    uint32_t id;
    while ((id = __atomic_load_n(&flag_slots[slot].id, __ATOMIC_ACQUIRE))) {
        if (flag_slots[slot].flags == flags)
            return id - 1;
        slot = (slot + 1) % FLAG_SLOTS;
    }
    uint16_t n = add_flags(flags, slot);
    if (n == TB_FLAG_ID_NONE && current_cpu)
        tb_flush_request(current_cpu);
    return n;
}

uint64_t tb_jump_tag(const struct TargetOps *target, uint64_t pc, uint64_t flags, uint64_t jump_context)
{
    return pc ^ (uint64_t)tb_intern_flags(target, flags) << 52 ^ (target->jump_is_global(pc, flags) ? 0 : jump_context);
}

/* ---- entries ---- */
static CPUJumpEntry *entry_of(CPUState *cpu, uint64_t pc)
{
    return &cpu->jump_cache[tb_jump_offset(pc) / sizeof(CPUJumpEntry)];
}

static bool canonical(uint64_t pc)
{
    int64_t top = (int64_t)pc >> 52;
    return top == 0 || top == -1;
}

/* ---- which pages have entries ---- */
/*
 * Each 64 bytes of a page have their entries in a group of 16 adjacent places, since the place depends on the address by xor. An
 * entry, in the cache or copied to the return stack, implies that its page has a record in which the group's bit is set. A page
 * whose row of records is full takes one from another page, whose entries go.
 */
#define GROUP_BITS 6
#define TAG_ADDRESS MASK64(52) /* what of a tag is the address for certain */
#define TAG_PAGE (TAG_ADDRESS & MEM_PAGE_MASK)

static JumpRecord *row_of(TbThread *th, uint64_t page)
{
    return th->jump_records[(page >> MEM_PAGE_BITS) * 0x9e3779b97f4a7c15ull >> (64 - JUMP_ROW_BITS)];
}

/* NULL: the page has no entries. */
static JumpRecord *find_record(TbThread *th, uint64_t page)
{
    JumpRecord *row = row_of(th, page);
    for (unsigned i = 0; i < JUMP_ROW_RECORDS; i++) {
        if (row[i].page == page && row[i].groups)
            return &row[i];
    }
    return NULL;
}

static void drop_group(CPUState *cpu, uint64_t page, unsigned group)
{
    CPUJumpEntry *e = &cpu->jump_cache[tb_jump_offset(page | (uint64_t)group << GROUP_BITS) / sizeof *e & ~15u];
    for (unsigned i = 0; i < 16; i++) {
        if (!((e[i].tag ^ page) & TAG_PAGE))
            e[i].tag = TAG_EMPTY;
    }
}

static void drop_recorded(CPUState *cpu, JumpRecord *r)
{
    for (; r->groups; r->groups &= r->groups - 1)
        drop_group(cpu, r->page, ctz64(r->groups));
    for (unsigned i = 0; i < CPU_RETURN_STACK_SIZE; i++) {
        if (!((cpu->return_stack[i].tag ^ r->page) & TAG_PAGE))
            cpu->return_stack[i].tag = TAG_EMPTY;
    }
}

static JumpRecord *new_record(CPUState *cpu, uint64_t page)
{
    JumpRecord *row = row_of(cpu->tb, page);
    unsigned i = 0;
    while (i < JUMP_ROW_RECORDS && row[i].groups)
        i++;
    if (i == JUMP_ROW_RECORDS) {
        i = cpu->tb->next_record++ % JUMP_ROW_RECORDS;
        drop_recorded(cpu, &row[i]);
    }
    row[i].page = page;
    return &row[i];
}

static void record_entry(CPUState *cpu, uint64_t pc)
{
    JumpRecord *r = find_record(cpu->tb, pc & TAG_PAGE);
    if (!r)
        r = new_record(cpu, pc & TAG_PAGE);
    r->groups |= BIT(extract64(pc, GROUP_BITS, MEM_PAGE_BITS - GROUP_BITS));
}

TranslationBlock *jump_cache_lookup(CPUState *cpu, uint64_t pc, uint64_t flags)
{
    CPUJumpEntry *e = entry_of(cpu, pc);
    TranslationBlock *tb = cpu->tb->jump_tb[e - cpu->jump_cache];
    uint64_t tag = e->tag;
    if (tag == TAG_EMPTY || !tb || tb->pc != pc || tb->flags != flags || __atomic_load_n(&tb->invalid, __ATOMIC_ACQUIRE))
        return NULL;
    uint64_t context = cpu->target->jump_is_global(pc, flags) ? 0 : cpu->jump_context;
    return tag == (pc ^ (uint64_t)tb->flag_id << 52 ^ context) ? tb : NULL;
}

void jump_cache_insert(CPUState *cpu, TranslationBlock *tb, bool global_mapping)
{
    if (tb->flag_id == TB_FLAG_ID_NONE || tb->phys2 != RAM_ADDR_INVALID || !canonical(tb->pc))
        return;
    TbThread *th = cpu->tb;
    bool global = cpu->target->jump_is_global(tb->pc, tb->flags);
    CPUJumpEntry *e = entry_of(cpu, tb->pc);
    record_entry(cpu, tb->pc);
    th->nonglobal_high |= global && !global_mapping;
    if (!global)
        th->contexts |= BIT(cpu->jump_context >> 59);
    th->jump_tb[e - cpu->jump_cache] = tb;
    *e = (CPUJumpEntry){ .tag = tb->pc ^ (uint64_t)tb->flag_id << 52 ^ (global ? 0 : cpu->jump_context), .code = tb->code };
}

static void forget_returns(CPUState *cpu)
{
    for (unsigned i = 0; i < CPU_RETURN_STACK_SIZE; i++)
        cpu->return_stack[i].tag = TAG_EMPTY;
}

static void forget_entry(CPUState *cpu, const TranslationBlock *tb)
{
    CPUJumpEntry *e = entry_of(cpu, tb->pc);
    if (e->code == tb->code)
        e->tag = TAG_EMPTY;
}

void jump_cache_forget(CPUState *cpu, const TranslationBlock *tb)
{
    forget_entry(cpu, tb);
    forget_returns(cpu);
}

static void drop_all_retired(CPUState *cpu, uint64_t since)
{
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++) {
        CPUJumpEntry *e = &cpu->jump_cache[i];
        if (e->tag != TAG_EMPTY && code_buffer_is_retired(e->code, since))
            e->tag = TAG_EMPTY;
    }
}

bool jump_cache_settle(CPUState *cpu, bool entering)
{
    uint64_t now = code_buffer_retired(), since = cpu->tb->settled;
    if (LIKELY(now == since))
        return false;
    if (entering || !code_buffer_foreach_retired(since, now, forget_entry, cpu))
        drop_all_retired(cpu, since);
    forget_returns(cpu);
    __atomic_store_n(&cpu->tb->settled, now, __ATOMIC_RELEASE);
    return true;
}

/* ---- flushes, by the owner ---- */
void jump_cache_flush(CPUState *cpu)
{
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++)
        cpu->jump_cache[i].tag = TAG_EMPTY;
    forget_returns(cpu);
    if (cpu->tb) {
        memset(cpu->tb->jump_records, 0, sizeof cpu->tb->jump_records);
        cpu->tb->nonglobal_high = false;
        cpu->tb->contexts = 0;
    }
}

void jump_cache_flush_span(CPUState *cpu, uint64_t first, uint64_t last)
{
    uint64_t from = first & TAG_ADDRESS, len = last - first;
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++) {
        if (((cpu->jump_cache[i].tag - from) & TAG_ADDRESS) <= len)
            cpu->jump_cache[i].tag = TAG_EMPTY;
    }
    forget_returns(cpu);
}

void jump_cache_flush_page(CPUState *cpu, uint64_t va)
{
    JumpRecord *r = cpu->tb ? find_record(cpu->tb, va & TAG_PAGE) : NULL;
    if (r)
        drop_recorded(cpu, r);
}

void jump_cache_switch(CPUState *cpu)
{
    TbThread *th = cpu->tb;
    if (!th || !th->nonglobal_high)
        return;
    jump_cache_flush(cpu);
    if (++th->high_flushes >= HIGH_FLUSHES_MAX) {
        th->high_flushes = 0;
        cpu->high_by_asid = true;
    }
}

/* Whether a tag has the context: its bits 62:59, which repeat bit 63 in a pc, and so are equal to it in tags without a context. */
static bool tag_has_context(uint64_t tag, uint64_t context)
{
    return (extract64(tag, 59, 4) ^ (tag >> 63 ? 15 : 0)) == context >> 59;
}

void jump_cache_flush_context(CPUState *cpu, uint64_t context)
{
    if (!cpu->tb || cpu->tb->nonglobal_high) {
        jump_cache_flush(cpu);
        return;
    }
    if (!(cpu->tb->contexts & BIT(context >> 59)))
        return;
    cpu->tb->contexts &= ~BIT(context >> 59);
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++) {
        if (tag_has_context(cpu->jump_cache[i].tag, context))
            cpu->jump_cache[i].tag = TAG_EMPTY;
    }
    forget_returns(cpu);
}
