/* SPDX-License-Identifier: MIT */
/*
 * Page walks over random tables against a second walker, written rule by rule from SDM vol. 3 ch. 4 and working on a copy of
 * the memory: result, permissions, error code and what was written must agree. Then faults and TLB maintenance.
 */
#include <string.h>

#include "base/bits.h"
#include "base/rcu.h"
#include "tests/unit/x86/mmu_fakes.h"

/* ---- the reference ---- */
typedef struct Ref {
    const X86CPU *cpu;
    uint8_t *mem;
    uint64_t entry[5], at[5]; /* from the top: values and addresses of the entries used */
    unsigned n, entry_bytes;
    uint64_t pa;
    unsigned page_bits;
    bool present, reserved;
} Ref;

static uint64_t ref_read(Ref *r, uint64_t at)
{
    uint64_t v = MASK64(8 * r->entry_bytes); /* where there is no memory */
    if (at < RAM_SIZE)
        memcpy(&v, r->mem + at, r->entry_bytes);
    r->at[r->n] = at;
    r->entry[r->n++] = v;
    return v;
}

static void ref_or(Ref *r, unsigned i, uint64_t bits)
{
    uint64_t v = r->entry[i] | bits;
    if (r->at[i] < RAM_SIZE)
        memcpy(r->mem + r->at[i], &v, r->entry_bytes);
}

static void ref_32(Ref *r, uint32_t va)
{
    const CPUX86State *env = &r->cpu->env;
    r->entry_bytes = 4;
    uint64_t pde = ref_read(r, (env->cr3 & 0xfffff000) + (va >> 22) * 4);
    if (!(pde & 1))
        return;
    if (pde & 0x80 && env->cr4 & CR4_PSE) {
        bool pse36 = x86_has(&r->cpu->features, X86_FEAT_PSE36);
        unsigned m = pse36 ? MIN_OF(40, r->cpu->phys_bits) : 32;
        r->present = true;
        for (unsigned bit = m - 19; bit <= 21; bit++) /* table 4-4: bits 21:(M-19) */
            r->reserved |= pde >> bit & 1;
        r->pa = (pde & 0xffc00000) | (pde >> 13 & 0xff) << 32 | (va & 0x3fffff);
        r->page_bits = 22;
        return;
    }
    uint64_t pte = ref_read(r, (pde & 0xfffff000) + (va >> 12 & 0x3ff) * 4);
    if (!(pte & 1))
        return;
    r->present = true;
    r->pa = (pte & 0xfffff000) | (va & 0xfff);
    r->page_bits = 12;
}

static bool ref_bits_set(uint64_t v, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++)
        if (v >> i & 1)
            return true;
    return false;
}

/* One 8-byte entry at level (1 PTE, 2 PDE, 3 PDPTE, 4 PML4E, 5 PML5E). True: go on below. */
static bool ref_entry(Ref *r, uint64_t *table, uint64_t va, unsigned level)
{
    const CPUX86State *env = &r->cpu->env;
    bool long_mode = env->efer & EFER_LMA, gib = x86_has(&r->cpu->features, X86_FEAT_PDPE1GB);
    uint64_t e = ref_read(r, *table + (va >> (12 + 9 * (level - 1)) & 0x1ff) * 8), pa = e & (BIT(52) - 1) & ~0xfffull;
    bool ps = e >> 7 & 1;
    if (!(e & 1))
        return false;
    if (!(env->efer & EFER_NXE) && e >> 63)
        r->reserved = true;
    if (ref_bits_set(e, r->cpu->phys_bits, long_mode ? 51 : 62))
        r->reserved = true;
    if (ps && (level >= 4 || (level == 3 && !gib)))
        r->reserved = true;
    if (r->reserved) {
        r->present = true;
        return false;
    }
    if (level == 1 || (ps && level <= 3)) {
        r->present = true;
        r->page_bits = level == 1 ? 12 : level == 2 ? 21 : 30;
        if (level > 1 && ref_bits_set(e, 13, r->page_bits - 1))
            r->reserved = true;
        r->pa = (pa >> r->page_bits << r->page_bits) | (va & MASK64(r->page_bits));
        return false;
    }
    *table = pa;
    return true;
}

static void ref_wide(Ref *r, uint64_t va)
{
    const CPUX86State *env = &r->cpu->env;
    unsigned level = !(env->efer & EFER_LMA) ? 2 : env->cr4 & CR4_LA57 ? 5 : 4;
    uint64_t table = env->cr3 & MASK64(r->cpu->phys_bits) & ~0xfffull;
    r->entry_bytes = 8;
    if (level == 2) {
        uint64_t pdpte = env->pdpte[va >> 30 & 3];
        if (!(pdpte & 1))
            return;
        table = pdpte & (BIT(52) - 1) & ~0xfffull;
    }
    while (ref_entry(r, &table, va, level))
        level--;
}

typedef struct Rights { bool allowed, pk; } Rights;

/* SDM vol. 3, 4.6.1 and 4.6.2 for one kind of access. */
static Rights ref_rights(const Ref *r, MMUAccess access, unsigned idx)
{
    const CPUX86State *env = &r->cpu->env;
    bool user_page = true, writable = true, no_execute = false, wp = env->cr0 & CR0_WP;
    Rights out = { true, false };
    for (unsigned i = 0; i < r->n; i++) {
        user_page &= r->entry[i] >> 2 & 1;
        writable &= r->entry[i] >> 1 & 1;
        no_execute |= r->entry_bytes == 8 && env->efer & EFER_NXE && r->entry[i] >> 63;
    }
    bool user_access = idx == X86_MMU_USER;
    if (access == MMU_INST_FETCH) {
        out.allowed = !no_execute && (user_access ? user_page : !(user_page && env->cr4 & CR4_SMEP));
        return out;
    }
    if (user_access && !user_page)
        out.allowed = false;
    if (idx == X86_MMU_KERNEL_SMAP && user_page)
        out.allowed = false;
    if (access == MMU_DATA_STORE && !writable && (user_access || wp))
        out.allowed = false;
    if (user_page && env->cr4 & CR4_PKE && env->efer & EFER_LMA) {
        unsigned key = r->entry[r->n - 1] >> 59 & 15;
        bool ad = env->pkru >> (2 * key) & 1, wd = env->pkru >> (2 * key + 1) & 1;
        out.pk = ad || (access == MMU_DATA_STORE && wd && (user_access || wp));
    }
    out.allowed &= !out.pk;
    return out;
}

static bool ref_walk(const X86CPU *cpu, X86Walk *w, uint8_t *mem)
{
    const CPUX86State *env = &cpu->env;
    Ref r = { .cpu = cpu, .mem = mem };
    if (env->cr4 & CR4_PAE)
        ref_wide(&r, w->va);
    else
        ref_32(&r, (uint32_t)w->va);
    Rights rights = ref_rights(&r, w->access, w->mmu_idx);
    bool ok = r.present && !r.reserved && rights.allowed;
    /* Entries that lead to another one are marked even when the walk fails below. */
    for (unsigned i = 0; i + 1 < r.n; i++)
        ref_or(&r, i, 0x20);
    if (ok)
        ref_or(&r, r.n - 1, w->access == MMU_DATA_STORE ? 0x60 : 0x20);
    w->error = (r.present ? PF_P : 0) | (w->access == MMU_DATA_STORE ? PF_W : 0) | (w->mmu_idx == X86_MMU_USER ? PF_U : 0);
    if (r.present && r.reserved)
        w->error |= PF_RSVD;
    else if (r.present && rights.pk)
        w->error |= PF_PK;
    if (w->access == MMU_INST_FETCH && ((env->cr4 & CR4_PAE && env->efer & EFER_NXE) || env->cr4 & CR4_SMEP))
        w->error |= PF_I;
    w->pa = r.pa;
    w->page_bits = r.page_bits;
    w->prot = 0;
    for (MMUAccess a = MMU_DATA_LOAD; a <= MMU_INST_FETCH; a++)
        if (ref_rights(&r, a, w->mmu_idx).allowed)
            w->prot |= a == MMU_DATA_LOAD ? PROT_R : a == MMU_DATA_STORE ? PROT_W : PROT_X;
    if (ok && w->access != MMU_DATA_STORE && !(r.entry[r.n - 1] & 0x40))
        w->prot &= ~PROT_W;
    w->global = ok && r.entry[r.n - 1] >> 8 & 1 && env->cr4 & CR4_PGE;
    return ok;
}

/* ---- random tables ---- */
#define TABLES (32u << 12) /* bytes: all tables are in here, from address 0 */
static bool chance(unsigned one_in) { return fake_random() % one_in == 0; }

/* Flags of an entry: usually present and permissive. */
static uint64_t random_flags(bool wide)
{
    uint64_t e = fake_random() & 0xf60; /* A, D, G, ignored bits */
    e |= chance(12) ? 0 : 1;
    e |= chance(4) ? 0 : 2;
    e |= chance(4) ? 0 : 4;
    e |= fake_random() & 0x18;
    if (wide) {
        e |= chance(4) ? BIT(63) : 0;
        e |= (fake_random() & 15) << 59;
        e |= chance(20) ? BIT(52 + fake_random() % 7) : 0;
        e |= chance(20) ? BIT(36 + fake_random() % 16) : 0;
    }
    return e;
}

static void random_controls(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    static const uint64_t maybe[] = { CR4_PSE, CR4_PGE, CR4_SMEP, CR4_SMAP };
    unsigned mode = fake_random() % 4;
    env->cr0 = CR0_PG | CR0_PE | (chance(2) ? CR0_WP : 0);
    env->cr4 = 0;
    for (size_t i = 0; i < ARRAY_SIZE(maybe); i++)
        env->cr4 |= chance(2) ? maybe[i] : 0;
    env->efer = chance(2) ? EFER_NXE : 0;
    env->cr4 |= mode ? CR4_PAE : 0;
    env->efer |= mode >= 2 ? EFER_LME | EFER_LMA : 0;
    env->cr4 |= mode == 3 ? CR4_LA57 : 0;
    env->cr4 |= chance(2) ? CR4_PKE : 0;
    env->pkru = (uint32_t)(fake_random() & fake_random());
    cpu->phys_bits = chance(2) ? 40 : 36;
    x86_feature_set(&cpu->features, X86_FEAT_PDPE1GB, !chance(4));
    x86_feature_set(&cpu->features, X86_FEAT_PSE36, !chance(4));
}

static void store_entry(uint64_t at, uint64_t value, unsigned bytes)
{
    memcpy(fake_ram() + at, &value, bytes);
}

/* Tables for va, one page each; some level may hold a large page. */
static void random_tables(X86CPU *cpu, uint64_t va)
{
    CPUX86State *env = &cpu->env;
    bool wide = env->cr4 & CR4_PAE, long_mode = env->efer & EFER_LMA;
    unsigned levels = !wide || !long_mode ? 2 : env->cr4 & CR4_LA57 ? 5 : 4, stride = wide ? 9 : 10, bytes = wide ? 8 : 4;
    uint64_t table = (1 + fake_random() % 31) << 12;
    memset(fake_ram(), 0, TABLES);
    env->cr3 = table | (fake_random() & 0x18);
    for (unsigned i = 0; i < 4; i++)
        env->pdpte[i] = table | !chance(12);
    for (unsigned level = levels; level >= 1; level--) {
        uint64_t at = table + (va >> (12 + stride * (level - 1)) & MASK64(stride)) * bytes, next = (1 + fake_random() % 31) << 12, e = random_flags(wide);
        if (level == 1 || chance(8)) {
            uint64_t page = fake_random() & (wide ? MASK64(36) : MASK64(32)) & ~0xfffull;
            if (level > 1)
                page = (page & ~(MASK64(12 + stride * (level - 1)) & ~0x1000ull)) | (chance(6) ? BIT(13 + fake_random() % (stride - 1)) : 0);
            e |= page | (level > 1 || chance(3) ? 0x80 : 0);
        } else {
            e |= next;
        }
        store_entry(at, e, bytes);
        table = next;
    }
}

static void test_random_walks(void)
{
    X86CPU *cpu = fake_cpu("max");
    g_autofree uint8_t *copy = g_malloc0(RAM_SIZE);
    unsigned walked = 0;

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t va = fake_random();
        random_controls(cpu);
        bool long_mode = cpu->env.efer & EFER_LMA;
        va = !long_mode ? (uint32_t)va : (uint64_t)sextract64(va, 0, cpu->env.cr4 & CR4_LA57 ? 57 : 48);
        random_tables(cpu, va);
        memcpy(copy, fake_ram(), TABLES);
        X86Walk w = { .va = va, .mmu_idx = fake_random() % X86_NB_MMU, .access = fake_random() % 3 }, ref = w;
        bool ok = x86_walk(cpu, &w), ref_ok = ref_walk(cpu, &ref, copy);
        g_assert_cmpint(ok, ==, ref_ok);
        if (ok) {
            g_assert_cmphex(w.pa, ==, ref.pa);
            g_assert_cmpuint(w.page_bits, ==, ref.page_bits);
            g_assert_cmphex(w.prot, ==, ref.prot);
            g_assert_cmpint(w.global, ==, ref.global);
            walked++;
        } else {
            g_assert_cmphex(w.error, ==, ref.error);
        }
        g_assert_cmpmem(fake_ram(), TABLES, copy, TABLES);
    }
    g_assert_cmpmem(fake_ram(), RAM_SIZE, copy, RAM_SIZE);
    g_assert_cmpuint(walked, >, 2000); /* both outcomes are common */
    g_assert_cmpuint(walked, <, 18000);
}

/* ---- faults ---- */
typedef struct Fill { uint64_t va; MMUAccess access; unsigned idx; uintptr_t ra; } Fill;

static void do_fill(X86CPU *cpu, void *arg)
{
    Fill *f = arg;
    g_assert_true(x86_tlb_fill(&cpu->parent, f->va, 1, f->access, f->idx, false, f->ra));
}

static void test_paging_off(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x123456, MMU_DATA_STORE, X86_MMU_KERNEL, 0 };

    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, -1);
    g_assert_cmphex(fake.page.pa, ==, 0x123456);
    g_assert_cmphex(fake.page.prot, ==, PROT_R | PROT_W | PROT_X);
    f.va = 0x100000123; /* an access across the top of memory */
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, -1);
    g_assert_cmphex(fake.page.pa, ==, 0x123);
    g_assert_cmphex(fake.page.va, ==, 0x100000123);
    x86_cpu_set_a20(&cpu->parent, false);
    g_assert_cmpstr(fake.flush, ==, "all");
    f.va = 0x300000;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, -1);
    g_assert_cmphex(fake.page.pa, ==, 0x200000);
}

/* 4-level tables at 0x1000.. for va, with the leaf. */
static void map(X86CPU *cpu, uint64_t va, uint64_t leaf)
{
    CPUX86State *env = &cpu->env;
    env->cr0 |= CR0_PG | CR0_PE | CR0_WP;
    env->cr4 |= CR4_PAE;
    env->efer |= EFER_LME | EFER_LMA | EFER_NXE;
    env->cr3 = 0x1000;
    for (unsigned level = 4; level >= 1; level--)
        store_entry((5 - level) * 0x1000 + (va >> (12 + 9 * (level - 1)) & 511) * 8, level == 1 ? leaf : ((6 - level) * 0x1000) | 7, 8);
}

/*
 * Two vCPUs walk for stores while a third party counts in the leaf's software bits and takes the accessed and dirty bits away again, by
 * compare-and-swap. Forbidden: a walker puts back a count that was there before.
 */
#define RACE_COUNT (0xfull << 52)
#define RACE_ROUNDS 20000
typedef struct Race { X86CPU *cpu; bool *stop; unsigned walks; } Race;

static void *race_walker(void *opaque)
{
    Race *r = opaque;
    rcu_register_thread();
    do {
        X86Walk w = { .va = 0x5000, .mmu_idx = X86_MMU_KERNEL, .access = MMU_DATA_STORE };
        rcu_read_lock();
        g_assert_true(x86_walk(r->cpu, &w));
        rcu_read_unlock();
        r->walks++;
    } while (!__atomic_load_n(r->stop, __ATOMIC_RELAXED));
    rcu_unregister_thread();
    return NULL;
}

static void race_count(uint64_t *entry, uint64_t clear, uint64_t set)
{
    uint64_t count = 0, old = __atomic_load_n(entry, __ATOMIC_SEQ_CST), new;
    for (unsigned i = 0; i < RACE_ROUNDS; i++) {
        uint64_t next = (count + (RACE_COUNT & -RACE_COUNT)) & RACE_COUNT;
        do {
            g_assert_cmphex(old & RACE_COUNT, ==, count);
            new = (old & ~(RACE_COUNT | clear)) | set | next;
        } while (!__atomic_compare_exchange_n(entry, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
        count = next;
        old = new;
        if (i % 64 == 0) { /* the host may have one CPU */
            g_usleep(1);
            old = __atomic_load_n(entry, __ATOMIC_SEQ_CST);
        }
    }
}

static void test_walkers_race(void)
{
    X86CPU *cpus[2] = { fake_cpu("max"), fake_cpu("max") };
    bool stop = false;
    Race races[2];
    GThread *threads[2];

    for (unsigned i = 0; i < 2; i++) {
        map(cpus[i], 0x5000, 0x9000 | 3);
        races[i] = (Race){ cpus[i], &stop, 0 };
    }
    for (unsigned i = 0; i < 2; i++)
        threads[i] = g_thread_new("walker", race_walker, &races[i]);
    uint64_t *entry = (uint64_t *)(void *)(fake_ram() + 0x4000 + 5 * 8);
    race_count(entry, 0x60, 0);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
        g_assert_cmpuint(races[i].walks, >, 0);
    }
    X86Walk w = { .va = 0x5000, .mmu_idx = X86_MMU_KERNEL, .access = MMU_DATA_STORE };
    g_assert_true(x86_walk(cpus[0], &w));
    g_assert_cmphex(*entry & 0x60, ==, 0x60);
}

static void test_page_faults(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x77123, MMU_DATA_STORE, X86_MMU_USER, 1 };

    map(cpu, f.va, 0x9000 | 5);
    g_assert_false(x86_tlb_fill(&cpu->parent, f.va, 1, f.access, f.idx, true, 0));
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_P | PF_W | PF_U);
    g_assert_cmphex(cpu->env.cr2, ==, f.va);
    f.access = MMU_DATA_LOAD;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, -1);
    g_assert_cmphex(fake.page.prot, ==, PROT_R | PROT_X);
    g_assert_true(fake.page.watched);
    g_assert_cmphex(x86_debug_translate(&cpu->parent, 0x77fff), ==, 0x9000);
    g_assert_cmphex(x86_debug_translate(&cpu->parent, 0x78000), ==, ~0ull);
}

static void test_nx_fetch_faults(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x5000, MMU_INST_FETCH, X86_MMU_KERNEL, 0 };

    map(cpu, f.va, 0x9000 | 3 | BIT(63));
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_P | PF_I);
    cpu->env.efer &= ~(uint64_t)EFER_NXE;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_P | PF_RSVD);
}

static void test_noncanonical(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x0000800000000000, MMU_DATA_LOAD, X86_MMU_KERNEL, 1 };

    map(cpu, 0, 0);
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_GP);
    g_assert_cmphex(cpu->env.error_code, ==, 0);
    fake.extra = EXTRA_STACK;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_SS);
    f.access = MMU_INST_FETCH;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_GP);
    g_assert_false(x86_tlb_fill(&cpu->parent, f.va, 1, f.access, f.idx, true, 0));
}

static void do_unaligned(X86CPU *cpu, void *arg) { x86_unaligned_access(&cpu->parent, 1, MMU_DATA_LOAD, X86_MMU_USER, 0); }

static void test_alignment(void)
{
    X86CPU *cpu = fake_cpu("max");

    cpu->env.hflags = 0;
    g_assert_cmpint(fake_raises(cpu, do_unaligned, NULL), ==, EXCP_GP);
    cpu->env.hflags = BF_ALIGN;
    g_assert_cmpint(fake_raises(cpu, do_unaligned, NULL), ==, EXCP_AC);
}

/* Tables where there is no memory read as all ones: reserved bits.. */
static void test_tables_outside_ram(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x1000, MMU_DATA_LOAD, X86_MMU_KERNEL, 0 };

    map(cpu, 0, 0);
    cpu->env.cr3 = 0x10000000;
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_P | PF_RSVD);
}

/* ---- TLB maintenance ---- */
static void test_cr3(void)
{
    X86CPU *cpu = fake_cpu("max");

    cpu->env.cr3 = 0x5007;
    x86_paging_new_cr3(cpu, false);
    g_assert_cmpuint(fake.asid, ==, 0);
    g_assert_cmpstr(fake.flush, ==, "asid");
    cpu->env.cr4 |= CR4_PCIDE;
    fake.flushes = 0;
    x86_paging_new_cr3(cpu, true);
    g_assert_cmpuint(fake.asid, ==, 7);
    g_assert_cmpuint(fake.flushes, ==, 0);
    x86_paging_new_cr3(cpu, false);
    g_assert_cmpuint(fake.flush_asid, ==, 7);
    x86_paging_flush(cpu, true);
    g_assert_cmpstr(fake.flush, ==, "all");
    x86_invlpg(cpu, 0xffff800000001234);
    g_assert_cmpstr(fake.flush, ==, "range");
}

typedef struct Invpcid { unsigned type; uint64_t pcid, va; } Invpcid;

static void do_invpcid(X86CPU *cpu, void *arg)
{
    Invpcid *i = arg;
    x86_invpcid(cpu, i->type, i->pcid, i->va, 0);
}

static void test_invpcid(void)
{
    static const struct { Invpcid op; bool pcide; int raises; const char *flush; } cases[] = {
        { { 0, 5, 0x1000 }, true, -1, "range" }, { { 1, 5, 0 }, true, -1, "asid" }, { { 2, 0, 0 }, true, -1, "all" }, { { 3, 0, 0 }, false, -1, "all" },
        { { 4, 0, 0 }, true, EXCP_GP, "" }, { { 0, 0x1000, 0 }, true, EXCP_GP, "" }, { { 1, 5, 0 }, false, EXCP_GP, "" },
        { { 0, 5, 1ull << 47 }, true, EXCP_GP, "" }, { { 2, 5, 1ull << 47 }, false, -1, "all" },
    };
    X86CPU *cpu = fake_cpu("max");

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Invpcid op = cases[i].op;
        cpu->env.cr4 = cases[i].pcide ? CR4_PCIDE : 0;
        fake.flush[0] = 0;
        g_assert_cmpint(fake_raises(cpu, do_invpcid, &op), ==, cases[i].raises);
        g_assert_cmpstr(fake.flush, ==, cases[i].flush);
    }
}

static void test_pkru_flushes(void)
{
    X86CPU *cpu = fake_cpu("max");
    Fill f = { 0x5000, MMU_DATA_LOAD, X86_MMU_USER, 0 };

    map(cpu, f.va, 0x9000 | 7 | 5ull << 59);
    cpu->env.cr4 |= CR4_PKE;
    x86_paging_flush(cpu, true);
    fake.flushes = 0;
    x86_set_pkru(cpu, 0x55555550); /* no page with these keys has been seen */
    g_assert_cmpuint(fake.flushes, ==, 0);
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, EXCP_PF);
    g_assert_cmphex(cpu->env.error_code, ==, PF_P | PF_U | PF_PK);
    x86_set_pkru(cpu, 0x55555554 & ~(3u << 10));
    g_assert_cmpint(fake_raises(cpu, do_fill, &f), ==, -1);
    fake.flushes = 0;
    x86_set_pkru(cpu, 0x55555554 & ~(1u << 10));
    g_assert_cmpuint(fake.flushes, ==, 0); /* the same rights */
    x86_set_pkru(cpu, 0x55555554);
    g_assert_cmpuint(fake.flushes, ==, 1);
}

static void test_pdptes(void)
{
    X86CPU *cpu = fake_cpu("max");

    store_entry(0x2020, 0x3001, 8);
    store_entry(0x2028, 0x4000 | 6, 8); /* not present: nothing is reserved */
    g_assert_true(x86_load_pdptes(cpu, 0x2020));
    g_assert_cmphex(cpu->env.pdpte[0], ==, 0x3001);
    store_entry(0x2030, 0x3003, 8);
    g_assert_false(x86_load_pdptes(cpu, 0x2020));
    store_entry(0x2030, 1 | BIT(40), 8);
    g_assert_false(x86_load_pdptes(cpu, 0x2020));
    g_assert_false(x86_load_pdptes(cpu, 0x10000000));
}

void add_paging_tests(void)
{
    g_test_add_func("/x86/paging/random-walks-match-reference", test_random_walks);
    g_test_add_func("/x86/paging/off-is-identity-with-a20", test_paging_off);
    g_test_add_func("/x86/paging/walkers-race", test_walkers_race);
    g_test_add_func("/x86/paging/page-faults", test_page_faults);
    g_test_add_func("/x86/paging/nx-fetch-faults", test_nx_fetch_faults);
    g_test_add_func("/x86/paging/non-canonical-addresses", test_noncanonical);
    g_test_add_func("/x86/paging/alignment", test_alignment);
    g_test_add_func("/x86/paging/tables-outside-ram", test_tables_outside_ram);
    g_test_add_func("/x86/paging/cr3-and-pcid", test_cr3);
    g_test_add_func("/x86/paging/invpcid", test_invpcid);
    g_test_add_func("/x86/paging/pkru-flushes-what-depends-on-it", test_pkru_flushes);
    g_test_add_func("/x86/paging/pdptes", test_pdptes);
}
