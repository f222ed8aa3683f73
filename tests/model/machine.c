/* SPDX-License-Identifier: MIT */
/* Depth-first search of all interleavings. States are remembered by a 128-bit hash. */
#include "machine.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Frame { uint16_t pc; uint8_t target, item, each, kept; } Frame;

typedef struct Thread {
    Frame f;
    uint8_t acc, sp, word;       /* word: next of the script */
    uint8_t asleep;              /* 0, or 1 + the variable it sleeps on */
    uint8_t n_buffer;
    uint8_t buffer_var[MAX_BUFFER], buffer_value[MAX_BUFFER];
    Frame stack[MAX_DEPTH];
} Thread;

typedef struct State {
    uint8_t var[NB_VARS];
    uint8_t in_guest[MAX_CPUS], section, paused; /* what is asserted of; seen by all at once */
    uint8_t executed[MAX_ITEMS];
    uint32_t queue[MAX_CPUS], todo[MAX_CPUS];    /* items, four bits each, the oldest lowest */
    Thread t[MAX_THREADS];
} __attribute__((aligned(8))) State;

#define MAX_PROGRAM 600

static const Scenario *sc;
static Insn program[MAX_PROGRAM]; /* as the scenario's mistake leaves it */
static unsigned n_program;
static uint16_t goes_to[MAX_PROGRAM], item_pc[MAX_ITEMS], script_pc[MAX_THREADS][5];
static const char *wrong;

static uint16_t find_label(const char *label)
{
    for (unsigned i = 0; i < n_program; i++) {
        if (program[i].op == OP_LABEL && !strcmp(program[i].label, label))
            return (uint16_t)i;
    }
    g_error("no label %s", label);
}

static bool is_there(const char *mark, const char *mistake)
{
    if (!mark)
        return true;
    bool only_with = mark[0] == '+', chosen = mistake && !strcmp(mark + only_with, mistake);
    return only_with == chosen;
}

/* Copies the program without what is not there, and finds where everything leads. */
static void prepare(const Insn *insns, unsigned n)
{
    n_program = 0;
    for (unsigned i = 0; i < n; i++) {
        if (is_there(insns[i].mark, sc->mistake))
            program[n_program++] = insns[i];
        g_assert_cmpuint(n_program, <, MAX_PROGRAM);
    }
    for (unsigned i = 0; i < n_program; i++)
        goes_to[i] = program[i].label ? find_label(program[i].label) : 0;
    for (int i = 0; i < MAX_ITEMS; i++)
        item_pc[i] = sc->items[i].fn ? find_label(sc->items[i].fn) : 0;
    for (int i = 0; i < MAX_THREADS; i++) {
        for (int k = 0; k < 5; k++)
            script_pc[i][k] = sc->script[i][k].call ? find_label(sc->script[i][k].call) : 0;
    }
}

/* ---- one thread's step ---- */
static void fail(const char *what)
{
    if (!wrong)
        wrong = what;
}

static int address(const Insn *in, const Thread *t, int self)
{
    const int index[] = { 0, self, t->f.target, t->f.each, t->f.item };
    return in->var + index[in->by];
}

static uint8_t load(const State *s, const Thread *t, int var)
{
    for (int i = t->n_buffer; i-- > 0;) {
        if (t->buffer_var[i] == var)
            return t->buffer_value[i];
    }
    return s->var[var];
}

/* The callee begins with its caller's registers, which come back with OP_RETURN. */
static void call(Thread *t, uint16_t pc)
{
    if (t->sp == MAX_DEPTH)
        g_error("the model's stack is too small");
    t->stack[t->sp++] = t->f;
    t->f.pc = pc;
}

static void call_word(Thread *t, uint16_t pc, const Word *w)
{
    call(t, pc);
    t->f.target = (uint8_t)w->target;
    t->f.item = (uint8_t)w->item;
}

static uint32_t append(uint32_t list, uint32_t tail)
{
    int n = 0;
    while (list >> n)
        n += 4;
    return list | tail << n;
}

static bool any_waited(uint32_t list)
{
    for (; list; list >>= 4) {
        if (sc->items[list & 15].waited)
            return true;
    }
    return false;
}

static void assert_none_in_guest(const State *s, const char *what)
{
    for (int i = 0; i < sc->n_cpus; i++) {
        if (s->in_guest[i])
            fail(what);
    }
}

/* What goes with the step before it: registers, the thread's own buffer. */
static bool is_local(const Insn *in, const Thread *t)
{
    switch (in->op) {
    case OP_STORE:
        return t->n_buffer < MAX_BUFFER;
    case OP_FENCE:
        return !t->n_buffer;
    case OP_LABEL: case OP_JUMP: case OP_JUMP_EQ: case OP_JUMP_NE: case OP_JUMP_BIT: case OP_JUMP_NO_BIT: case OP_JUMP_NO_CPU:
    case OP_JUMP_PLAIN: case OP_JUMP_ASYNC: case OP_CALL: case OP_RETURN: case OP_RETURN_TO: case OP_CALL_ITEM: case OP_SCRIPT: case OP_IDLE:
    case OP_SET: case OP_KEEP: case OP_FOR_CPUS: case OP_NEXT_CPU: case OP_TARGET_EACH: case OP_TARGET_WAITER:
    case OP_TODO: case OP_TODO_WAITED: case OP_POP:
        return true;
    default:
        return false;
    }
}

static void jump_if(Thread *t, const Insn *in, bool condition)
{
    if (condition)
        t->f.pc = goes_to[in - program];
}

static void local_step(State *s, int self)
{
    Thread *t = &s->t[self];
    const Insn *in = &program[t->f.pc++];
    const Item *item = &sc->items[t->f.item];
    switch (in->op) {
    case OP_STORE:
        t->buffer_var[t->n_buffer] = (uint8_t)address(in, t, self);
        t->buffer_value[t->n_buffer++] = (uint8_t)in->n;
        break;
    case OP_JUMP:
        jump_if(t, in, true);
        break;
    case OP_JUMP_EQ:
        jump_if(t, in, t->acc == in->n);
        break;
    case OP_JUMP_NE:
        jump_if(t, in, t->acc != in->n);
        break;
    case OP_CALL:
        call(t, goes_to[in - program]);
        break;
    case OP_JUMP_BIT:
        jump_if(t, in, t->acc & in->n);
        break;
    case OP_JUMP_NO_BIT:
        jump_if(t, in, !(t->acc & in->n));
        break;
    case OP_SET:
        t->acc = (uint8_t)in->n;
        break;
    case OP_KEEP:
        t->f.kept = t->acc;
        break;
    case OP_RETURN: case OP_RETURN_TO:
        t->f = t->stack[--t->sp];
        memset(&t->stack[t->sp], 0, sizeof(Frame));
        jump_if(t, in, in->op == OP_RETURN_TO);
        break;
    case OP_FOR_CPUS:
        t->f.each = 0;
        break;
    case OP_NEXT_CPU:
        jump_if(t, in, ++t->f.each < sc->n_cpus);
        t->f.each = t->f.each < sc->n_cpus ? t->f.each : 0;
        break;
    case OP_TARGET_EACH:
        t->f.target = t->f.each;
        break;
    case OP_TARGET_WAITER:
        jump_if(t, in, item->waiter < 0);
        t->f.target = item->waiter < 0 ? t->f.target : (uint8_t)item->waiter;
        break;
    case OP_JUMP_NO_CPU:
        jump_if(t, in, self >= sc->n_cpus);
        break;
    case OP_JUMP_PLAIN:
        jump_if(t, in, !item->exclusive);
        break;
    case OP_JUMP_ASYNC:
        jump_if(t, in, !item->waited);
        break;
    case OP_TODO:
        t->acc = s->todo[self] != 0;
        break;
    case OP_TODO_WAITED:
        t->acc = any_waited(s->todo[self]);
        break;
    case OP_POP:
        t->f.item = s->todo[self] & 15;
        s->todo[self] >>= 4;
        break;
    case OP_CALL_ITEM:
        s->executed[t->f.item]++;
        call_word(t, item_pc[t->f.item], &item->arg);
        break;
    case OP_SCRIPT:
        if (sc->script[self][t->word].call) {
            t->f.pc--; /* comes back here */
            call_word(t, script_pc[self][t->word], &sc->script[self][t->word]);
            t->word++;
        }
        break;
    default:
        break;
    }
}

static void go_on(State *s, int self)
{
    Thread *t = &s->t[self];
    while (!t->asleep && is_local(&program[t->f.pc], t))
        local_step(s, self);
}

static void wake_all(State *s, int var)
{
    for (int i = 0; i < sc->n_threads; i++) {
        if (s->t[i].asleep == var + 1) {
            s->t[i].asleep = 0;
            go_on(s, i);
        }
    }
}

/* Whether the step of the instruction can be made, as far as buffers and other threads let it. */
static bool enabled(const State *s, const Thread *t, const Insn *in, int self)
{
    if (t->asleep)
        return false;
    switch (in->op) {
    case OP_DONE: case OP_STORE: case OP_FENCE: /* not local: the buffer is full, or not empty */
        return false;
    case OP_LOAD: case OP_LOAD_QUEUE: case OP_ENTER: case OP_LEAVE: case OP_SECTION: case OP_SECTION_OVER: case OP_PAUSED: case OP_PAUSED_OVER:
        return true;
    case OP_GUEST:
        return load(s, t, EXIT_REQUEST + self);
    case OP_LOCK:
        return !t->n_buffer && !s->var[address(in, t, self)];
    default:
        return !t->n_buffer;
    }
}

static void atomic_step(State *s, Thread *t, const Insn *in, int var)
{
    uint8_t old = s->var[var];
    switch (in->op) {
    case OP_XCHG:
        s->var[var] = (uint8_t)in->n;
        t->acc = old;
        break;
    case OP_OR:
        s->var[var] = (uint8_t)(old | in->n);
        t->acc = old;
        break;
    case OP_AND_NOT:
        s->var[var] = (uint8_t)(old & ~in->n);
        t->acc = old;
        break;
    case OP_CAS:
        t->acc = old == in->n2;
        s->var[var] = t->acc ? (uint8_t)in->n : old;
        break;
    default:
        t->acc = s->var[var] = (uint8_t)(old + in->n);
        break;
    }
}

static void kernel_step(State *s, Thread *t, const Insn *in, int self, int var)
{
    int expected = in->n == ACC ? t->acc : in->n == KEPT ? t->f.kept : in->n;
    switch (in->op) {
    case OP_LOCK:
        s->var[var] = (uint8_t)(self + 1);
        break;
    case OP_UNLOCK:
        if (s->var[var] != self + 1)
            fail("a lock is released by one who does not hold it");
        s->var[var] = 0;
        break;
    case OP_COND_WAIT: /* an OP_LOCK follows */
        s->var[in->n] = 0;
        t->asleep = (uint8_t)(var + 1);
        break;
    case OP_FUTEX_WAIT:
        t->asleep = s->var[var] == expected ? (uint8_t)(var + 1) : 0;
        break;
    default:
        wake_all(s, var);
        break;
    }
}

static void ghost_step(State *s, const Insn *in, int self)
{
    switch (in->op) {
    case OP_ENTER:
        s->in_guest[self] = 1;
        if (s->section)
            fail("guest code runs in a section");
        if (s->paused)
            fail("guest code runs during a pause");
        break;
    case OP_LEAVE:
        s->in_guest[self] = 0;
        break;
    case OP_SECTION:
        assert_none_in_guest(s, "a section begins while guest code runs");
        if (s->section++)
            fail("two sections at once");
        break;
    case OP_SECTION_OVER:
        s->section--;
        break;
    case OP_PAUSED:
        assert_none_in_guest(s, "a pause begins while guest code runs");
        s->paused++;
        break;
    default:
        s->paused--;
        break;
    }
}

static void shared_step(State *s, int self)
{
    Thread *t = &s->t[self];
    const Insn *in = &program[t->f.pc++];
    int var = address(in, t, self);
    switch (in->op) {
    case OP_LOAD:
        t->acc = load(s, t, var);
        break;
    case OP_XCHG: case OP_OR: case OP_AND_NOT: case OP_CAS: case OP_ADD:
        atomic_step(s, t, in, var);
        break;
    case OP_PUSH:
        s->queue[t->f.target] = append(s->queue[t->f.target], t->f.item);
        break;
    case OP_LOAD_QUEUE:
        t->acc = s->queue[self] != 0;
        break;
    case OP_TAKE:
        s->todo[self] = append(s->todo[self], s->queue[self]);
        s->queue[self] = 0;
        break;
    case OP_GUEST:
        jump_if(t, in, true);
        break;
    case OP_LOCK: case OP_UNLOCK: case OP_COND_WAIT: case OP_BROADCAST: case OP_FUTEX_WAIT: case OP_FUTEX_WAKE:
        kernel_step(s, t, in, self, var);
        break;
    default:
        ghost_step(s, in, self);
        break;
    }
}

static void arrive(State *s, int self)
{
    Thread *t = &s->t[self];
    s->var[t->buffer_var[0]] = t->buffer_value[0];
    t->n_buffer--;
    memmove(t->buffer_var, t->buffer_var + 1, MAX_BUFFER - 1);
    memmove(t->buffer_value, t->buffer_value + 1, MAX_BUFFER - 1);
    t->buffer_var[MAX_BUFFER - 1] = t->buffer_value[MAX_BUFFER - 1] = 0;
    go_on(s, self);
}

/* The kind-th step that thread self can make: a store arrives, the instruction, the guest's next act. */
static bool successor(const State *s, int self, int kind, State *out)
{
    const Thread *t = &s->t[self];
    const Insn *in = &program[t->f.pc];
    memcpy(out, s, sizeof *out); /* padding, too: the hash reads it */
    if (kind == 0) {
        if (!t->n_buffer)
            return false;
        arrive(out, self);
        return true;
    }
    if (kind == 1) {
        if (!enabled(s, t, in, self))
            return false;
        shared_step(out, self);
    } else {
        if (in->op != OP_GUEST || !sc->script[self][t->word].call)
            return false;
        call_word(&out->t[self], script_pc[self][t->word], &sc->script[self][t->word]);
        out->t[self].word++;
    }
    go_on(out, self);
    return true;
}

/* ---- the end ---- */
static bool cpu_may_rest(const State *s, int self)
{
    const Thread *t = &s->t[self];
    const Insn *in = &program[t->f.pc];
    if (s->var[IRQ + self] || s->var[STOP + self])
        return false;
    if (in->op == OP_GUEST)
        return true;
    bool idle = t->sp && program[t->stack[t->sp - 1].pc].op == OP_IDLE; /* it sleeps in what was called before there */
    return t->asleep == PARK + self + 1 && idle;
}

static void check_end(const State *s)
{
    for (int i = 0; i < sc->n_threads; i++) {
        bool good = i < sc->n_cpus ? cpu_may_rest(s, i) : program[s->t[i].f.pc].op == OP_DONE;
        if (!good)
            fail("nobody can go on");
    }
    for (int i = 1; i < MAX_ITEMS; i++) {
        if (sc->items[i].fn && s->executed[i] != 1)
            fail("work was not done once");
    }
}

/* ---- the search ---- */
typedef struct Seen { uint64_t a, b; bool open; } Seen;
static Seen *seen;
static uint64_t seen_mask, n_seen;

static uint64_t hash(const State *s, uint64_t h)
{
    const uint64_t *p = (const uint64_t *)(const void *)s;
    for (size_t i = 0; i < sizeof *s / 8; i++) {
        h ^= p[i];
        h *= 0x9e3779b97f4a7c15ull;
        h ^= h >> 29;
    }
    return h | 1;
}

static Seen *seen_slot(uint64_t a, uint64_t b)
{
    uint64_t i = a >> 7 & seen_mask;
    while (seen[i].a && (seen[i].a != a || seen[i].b != b))
        i = (i + 1) & seen_mask;
    return &seen[i];
}

static void seen_grow(void)
{
    Seen *old = seen;
    uint64_t n = seen_mask + 1;
    seen_mask = 2 * n - 1;
    seen = g_new0(Seen, 2 * n);
    for (uint64_t i = 0; i < n; i++) {
        if (old[i].a)
            *seen_slot(old[i].a, old[i].b) = old[i];
    }
    g_free(old);
}

typedef struct Visit {
    State s;
    uint64_t a, b;
    int next;   /* kind of step to try */
    bool moved; /* some could be made */
} Visit;

/* Whether s is new; then it is on the way. A way back is a fault. */
static bool visit(Visit *v)
{
    v->a = hash(&v->s, 1);
    v->b = hash(&v->s, 0x123456789abcdef);
    v->next = v->moved = 0;
    Seen *e = seen_slot(v->a, v->b);
    if (e->a) {
        if (e->open)
            fail("it can go on for ever");
        return false;
    }
    *e = (Seen){ v->a, v->b, true };
    if (++n_seen * 2 > seen_mask)
        seen_grow();
    return true;
}

static void describe(const State *s, char *out, size_t size)
{
    size_t n = 0;
    for (int i = 0; i < sc->n_threads && n < size; i++) {
        unsigned pc = s->t[i].f.pc;
        while (pc && program[pc].op != OP_LABEL)
            pc--;
        n += (size_t)snprintf(out + n, size - n, "%s%d: %s+%u%s", i ? "; " : "", i, program[pc].label, s->t[i].f.pc - pc, s->t[i].asleep ? " asleep" : "");
    }
}

/* vCPU i's thread alone, as far as it goes. */
static void settle(State *s, int i)
{
    State next;
    while (successor(s, i, 0, &next) || successor(s, i, 1, &next))
        memcpy(s, &next, sizeof *s);
}

static void begin(State *s)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < sc->n_threads; i++) {
        s->t[i].f.pc = find_label(i < sc->n_cpus ? "mttcg_thread" : "requester");
        if (sc->halted && i >= sc->halted && i < sc->n_cpus)
            s->var[HALTED + i] = 1;
        go_on(s, i);
    }
    for (int i = 0; i < sc->n_cpus && sc->settled; i++)
        settle(s, i);
}

/* The next state that follows the last of the way. */
static bool advance(Visit *top, State *out)
{
    while (top->next < sc->n_threads * 3) {
        int k = top->next++;
        if (successor(&top->s, k / 3, k % 3, out)) {
            top->moved = true;
            return true;
        }
    }
    return false;
}

static void search(Result *r)
{
    g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(Visit));
    Visit v;
    memset(&v, 0, sizeof v);
    begin(&v.s);
    visit(&v);
    g_array_append_val(way, v);
    while (way->len && !wrong) {
        Visit *top = &g_array_index(way, Visit, way->len - 1);
        r->depth = MAX(r->depth, way->len);
        if (advance(top, &v.s)) {
            if (!wrong && visit(&v))
                g_array_append_val(way, v);
        } else {
            if (!top->moved)
                check_end(&top->s);
            v.s = top->s;
            seen_slot(top->a, top->b)->open = false;
            g_array_set_size(way, way->len - 1);
        }
    }
    if (wrong)
        describe(&v.s, r->where, sizeof r->where);
}

Result model_search(const Scenario *s, const Insn *insns, unsigned n)
{
    Result r = { 0 };
    sc = s;
    wrong = NULL;
    prepare(insns, n);
    seen_mask = (1 << 16) - 1;
    n_seen = 0;
    seen = g_new0(Seen, seen_mask + 1);
    search(&r);
    g_free(seen);
    r.wrong = wrong;
    r.states = n_seen;
    return r;
}
