/* SPDX-License-Identifier: MIT */
/*
 * cpus/ and base/park.c as a program of the machine, function by function, in the order of their steps. What is kept: each access
 * to what threads share, each fence, each call of the kernel. What is left out: timers, and that a queue is pushed newest first
 * and turned round by its only reader. The name in the last column is a mistake that leaves the step out, or, with +, puts it in.
 */
#include "protocol.h"

#define FN(name) { OP_LABEL, 0, 0, 0, 0, name, 0 }
#define AT(name) { OP_LABEL, 0, 0, 0, 0, name, 0 }
#define I(op, var, by, n) { OP_##op, var, BY_##by, n, 0, 0, 0 }
#define IM(op, var, by, n, mark) { OP_##op, var, BY_##by, n, 0, 0, mark }
#define CAS(var, by, from, to) { OP_CAS, var, BY_##by, to, from, 0, 0 }
#define GO(op, n, to) { OP_##op, 0, 0, n, 0, to, 0 }
#define GOM(op, n, to, mark) { OP_##op, 0, 0, n, 0, to, mark }
#define CALL(to) GO(CALL, 0, to)
#define DO(op) { OP_##op, 0, 0, 0, 0, 0, 0 }
#define DOM(op, mark) { OP_##op, 0, 0, 0, 0, 0, mark }
#define RETURN DO(RETURN)

const Insn protocol[] = {
    /* ---- base/park.c, at the thread's own vCPU, the target's, and an item's ---- */
    FN("park_begin"),
    I(STORE, PARK, SELF, AWAKE),
    DOM(FENCE, "park-begin-fence"),
    RETURN,

    FN("park_sleep"),
    CAS(PARK, SELF, AWAKE, ASLEEP),
    AT("sleeping"),
    I(LOAD, PARK, SELF, 0),
    GO(JUMP_NE, ASLEEP, "slept"),
    I(FUTEX_WAIT, PARK, SELF, ASLEEP),
    GO(JUMP, 0, "sleeping"),
    AT("slept"),
    RETURN,

    FN("park_wake"),
    DOM(FENCE, "kick-fence"),
    I(LOAD, PARK, TARGET, 0),
    GO(JUMP_EQ, WOKEN, "woken"),
    I(XCHG, PARK, TARGET, WOKEN),
    GO(JUMP_NE, ASLEEP, "woken"),
    I(FUTEX_WAKE, PARK, TARGET, 1),
    AT("woken"),
    RETURN,

    /* ---- cpus/kick.c ---- */
    FN("cpu_exit"),
    DOM(FENCE, "kick-fence"),
    I(LOAD, EXIT_REQUEST, TARGET, 0),
    GO(JUMP_NE, 0, "asked"),
    I(STORE, EXIT_REQUEST, TARGET, 1),
    AT("asked"),
    RETURN,

    FN("cpu_kick"),
    CALL("cpu_exit"),
    CALL("park_wake"),
    RETURN,

    FN("cpu_interrupt"),
    I(XCHG, IRQ, TARGET, 1),
    CALL("cpu_kick"),
    RETURN,

    /* ---- cpus/exclusive.c ---- */
    FN("start_exclusive"),
    I(LOCK, SECTION_LOCK, NONE, 0),
    I(STORE, PENDING, NONE, 1),
    DOM(FENCE, "section-fence"),
    I(STORE, TO_LEAVE, NONE, 1),
    DO(FOR_CPUS),
    AT("ask_to_leave"),
    I(LOAD, RUNNING, EACH, 0),
    GO(JUMP_EQ, OUTSIDE, "asked_to_leave"),
    I(ADD, TO_LEAVE, NONE, 1),
    CAS(RUNNING, EACH, INSIDE, INSIDE_AWAITED),
    GO(JUMP_EQ, 0, "has_left"),
    DO(TARGET_EACH),
    CALL("cpu_exit"),
    GO(JUMP, 0, "asked_to_leave"),
    AT("has_left"),
    I(ADD, TO_LEAVE, NONE, -1),
    AT("asked_to_leave"),
    GO(NEXT_CPU, 0, "ask_to_leave"),
    I(ADD, TO_LEAVE, NONE, -1),
    AT("wait_until_left"),
    GO(JUMP_EQ, 0, "all_left"),
    I(FUTEX_WAIT, TO_LEAVE, NONE, ACC),
    I(LOAD, TO_LEAVE, NONE, 0),
    GO(JUMP, 0, "wait_until_left"),
    AT("all_left"),
    DO(SECTION),
    RETURN,

    FN("end_exclusive"),
    DO(SECTION_OVER),
    I(STORE, PENDING, NONE, 0),
    DOM(FENCE, "end-fence"),
    I(LOAD, HELD_BACK, NONE, 0),
    GO(JUMP_EQ, 0, "none_held_back"),
    I(FUTEX_WAKE, PENDING, NONE, 0),
    AT("none_held_back"),
    I(UNLOCK, SECTION_LOCK, NONE, 0),
    RETURN,

    FN("cpu_exec_start"),
    I(STORE, RUNNING, SELF, INSIDE),
    DOM(FENCE, "exec-start-fence"),
    I(LOAD, PENDING, NONE, 0),
    GO(JUMP_EQ, 0, "started"),
    CALL("cpu_exec_end"),
    I(ADD, HELD_BACK, NONE, 1),
    AT("wait_for_end"),
    I(LOAD, PENDING, NONE, 0),
    GO(JUMP_EQ, 0, "ended"),
    I(FUTEX_WAIT, PENDING, NONE, 1),
    GO(JUMP, 0, "wait_for_end"),
    AT("ended"),
    I(ADD, HELD_BACK, NONE, -1),
    GO(JUMP, 0, "cpu_exec_start"),
    AT("started"),
    RETURN,

    FN("cpu_exec_end"),
    IM(XCHG, RUNNING, SELF, OUTSIDE, "exec-end-plain"),
    IM(LOAD, RUNNING, SELF, 0, "+exec-end-plain"),
    IM(STORE, RUNNING, SELF, OUTSIDE, "+exec-end-plain"),
    GO(JUMP_NE, INSIDE_AWAITED, "reported"),
    I(ADD, TO_LEAVE, NONE, -1),
    GO(JUMP_NE, 0, "reported"),
    I(FUTEX_WAKE, TO_LEAVE, NONE, 0),
    AT("reported"),
    RETURN,

    /* ---- cpus/work.c ---- */
    FN("async_run_on_cpu"), /* async_safe_run_on_cpu: the item says so */
    DOM(PUSH, "kick-first"),
    CALL("cpu_kick"),
    DOM(PUSH, "+kick-first"),
    RETURN,

    FN("run_on_cpu"),
    DO(PUSH),
    CALL("cpu_kick"),
    GO(JUMP_NO_CPU, 0, "wait_done"),
    CALL("park_begin"), /* wait_as_vcpu */
    AT("wait_as_vcpu"),
    I(LOAD, DONE, ITEM, 0),
    GO(JUMP_EQ, WOKEN, "served"),
    GOM(CALL, 0, "cpu_process_work", "wait-without-serving"),
    CALL("park_sleep"),
    CALL("park_begin"),
    GO(JUMP, 0, "wait_as_vcpu"),
    AT("served"),
    GOM(CALL, 0, "wake_self", "keep-wake-up"), /* what was begun further out is to look again */
    RETURN,
    AT("wait_done"), /* park_sleep(&item.done) */
    CAS(DONE, ITEM, AWAKE, ASLEEP),
    AT("not_done"),
    I(LOAD, DONE, ITEM, 0),
    GO(JUMP_NE, ASLEEP, "done"),
    I(FUTEX_WAIT, DONE, ITEM, ASLEEP),
    GO(JUMP, 0, "not_done"),
    AT("done"),
    RETURN,

    FN("wake_self"), /* park_wake(self->park) */
    DO(FENCE),
    I(XCHG, PARK, SELF, WOKEN),
    RETURN,

    FN("run_first"),
    DO(POP),
    GO(JUMP_PLAIN, 0, "plain"),
    CALL("start_exclusive"),
    DO(CALL_ITEM),
    CALL("end_exclusive"),
    GO(JUMP, 0, "finish"),
    AT("plain"),
    DO(CALL_ITEM),
    AT("finish"),
    GO(JUMP_ASYNC, 0, "finished"),
    DO(FENCE), /* park_wake(&item->done) */
    I(XCHG, DONE, ITEM, WOKEN),
    GO(JUMP_NE, ASLEEP, "nobody_asleep"),
    I(FUTEX_WAKE, DONE, ITEM, 0),
    AT("nobody_asleep"),
    GO(TARGET_WAITER, 0, "finished"),
    CALL("cpu_kick"),
    AT("finished"),
    RETURN,

    FN("take_new"),
    DO(LOAD_QUEUE),
    GO(JUMP_EQ, 0, "taken"),
    DO(TAKE),
    AT("taken"),
    RETURN,

    FN("cpu_process_work"),
    CALL("take_new"),
    DO(TODO),
    GO(JUMP_EQ, 0, "processed"),
    CALL("run_first"),
    GO(JUMP, 0, "cpu_process_work"),
    AT("processed"),
    RETURN,

    FN("cpu_process_waited_work"),
    CALL("take_new"),
    DO(TODO_WAITED),
    GO(JUMP_EQ, 0, "processed"),
    CALL("run_first"),
    GO(JUMP, 0, "cpu_process_waited_work"),

    /* ---- cpus/pause.c ---- */
    FN("report_stopped"),
    I(LOCK, STOP_LOCK, NONE, 0),
    I(LOAD, STOP, SELF, 0),
    GO(JUMP_EQ, 0, "unlock"),
    I(LOAD, STOPPED, SELF, 0),
    GO(JUMP_NE, 0, "unlock"),
    I(STORE, STOPPED, SELF, 1),
    IM(BROADCAST, CHANGED, NONE, 0, "tell-nobody"),
    AT("unlock"),
    I(UNLOCK, STOP_LOCK, NONE, 0),
    RETURN,

    FN("all_stopped_or_resumed"), /* stop_lock held */
    I(LOAD, PAUSES, NONE, 0),
    GO(JUMP_EQ, 0, "yes"),
    DO(FOR_CPUS),
    AT("each_stopped"),
    I(LOAD, STOPPED, EACH, 0),
    GO(JUMP_EQ, 0, "no"),
    GO(NEXT_CPU, 0, "each_stopped"),
    AT("yes"),
    I(SET, 0, NONE, 1),
    RETURN,
    AT("no"),
    I(SET, 0, NONE, 0),
    RETURN,

    FN("set_stop"),
    DO(FOR_CPUS),
    AT("set_stop_each"),
    I(STORE, STOP, EACH, 1),
    I(STORE, STOPPED, EACH, 0),
    DO(TARGET_EACH),
    CALL("cpu_kick"),
    GO(NEXT_CPU, 0, "set_stop_each"),
    RETURN,

    FN("clear_stop"),
    DO(FOR_CPUS),
    AT("clear_stop_each"),
    I(STORE, STOP, EACH, 0),
    I(STORE, STOPPED, EACH, 0),
    DO(TARGET_EACH),
    CALL("cpu_kick"),
    GO(NEXT_CPU, 0, "clear_stop_each"),
    RETURN,

    FN("begin_pause"),
    I(LOCK, STOP_LOCK, NONE, 0),
    I(ADD, PAUSES, NONE, 1),
    GO(JUMP_NE, 1, "begun"),
    CALL("set_stop"),
    AT("begun"),
    I(UNLOCK, STOP_LOCK, NONE, 0),
    RETURN,

    FN("wait_until_stopped"),
    I(LOCK, STOP_LOCK, NONE, 0),
    AT("not_all"),
    CALL("all_stopped_or_resumed"),
    GO(JUMP_NE, 0, "all_are"),
    I(COND_WAIT, CHANGED, NONE, STOP_LOCK),
    I(LOCK, STOP_LOCK, NONE, 0),
    GO(JUMP, 0, "not_all"),
    AT("all_are"),
    I(UNLOCK, STOP_LOCK, NONE, 0),
    RETURN,

    FN("resume_all_vcpus"),
    I(LOCK, STOP_LOCK, NONE, 0),
    I(ADD, PAUSES, NONE, -1),
    GO(JUMP_NE, 0, "still_paused"),
    CALL("clear_stop"),
    I(BROADCAST, CHANGED, NONE, 0),
    AT("still_paused"),
    I(UNLOCK, STOP_LOCK, NONE, 0),
    RETURN,

    /* ---- cpus/threads.c ---- */
    FN("mttcg_thread"),
    I(STORE, EXIT_REQUEST, SELF, 0), /* cpu_forget_kick */
    CALL("park_begin"),
    I(LOAD, STOP, SELF, 0), /* cpu_stop_here */
    GO(JUMP_EQ, 0, "go_on"),
    CALL("cpu_process_waited_work"),
    CALL("report_stopped"),
    CALL("park_sleep"),
    GO(JUMP, 0, "mttcg_thread"),
    AT("go_on"),
    CALL("cpu_process_work"),
    I(LOAD, HALTED, SELF, 0), /* cpu_is_idle */
    GO(JUMP_EQ, 0, "run"),
    I(LOAD, IRQ, SELF, 0),
    GO(JUMP_NE, 0, "run"),
    CALL("park_sleep"),
    DO(IDLE),
    GO(JUMP, 0, "mttcg_thread"),
    AT("run"), /* accel/exec's cpu_exec */
    I(STORE, HALTED, SELF, 0),
    CALL("cpu_exec_start"),
    DO(ENTER),
    I(LOAD, EXIT_REQUEST, SELF, 0),
    GO(JUMP_NE, 0, "leave"),
    I(XCHG, IRQ, SELF, 0), /* the interrupt is taken */
    AT("guest code"),
    GO(GUEST, 0, "leave"),
    AT("leave"),
    DO(LEAVE),
    CALL("cpu_exec_end"),
    GO(JUMP, 0, "mttcg_thread"),
    AT("leave for a step"),
    DO(LEAVE),
    CALL("cpu_exec_end"),
    CALL("start_exclusive"),
    CALL("end_exclusive"),
    GO(JUMP, 0, "mttcg_thread"),

    /* ---- what a guest does ---- */
    FN("device"),
    I(LOCK, BIG_LOCK, NONE, 0),
    I(UNLOCK, BIG_LOCK, NONE, 0),
    RETURN,

    FN("halt"),
    I(STORE, HALTED, SELF, 1),
    GO(RETURN_TO, 0, "leave"),

    FN("step atomic"),
    GO(RETURN_TO, 0, "leave for a step"),

    FN("ask for a section"), /* from a device, say: the item is the vCPU's own */
    CALL("async_run_on_cpu"),
    RETURN,

    /* ---- what other threads do, and functions of items ---- */
    FN("requester"),
    DO(SCRIPT),
    DO(DONE),

    FN("nothing"),
    RETURN,

    FN("section"),
    CALL("start_exclusive"),
    CALL("end_exclusive"),
    RETURN,

    FN("section with the big lock"), /* forbidden */
    I(LOCK, BIG_LOCK, NONE, 0),
    CALL("section"),
    I(UNLOCK, BIG_LOCK, NONE, 0),
    RETURN,

    FN("run_on_cpu with the big lock"), /* which is dropped while it waits */
    I(LOCK, BIG_LOCK, NONE, 0),
    IM(UNLOCK, BIG_LOCK, NONE, 0, "keep-big-lock"),
    CALL("run_on_cpu"),
    IM(LOCK, BIG_LOCK, NONE, 0, "keep-big-lock"),
    I(UNLOCK, BIG_LOCK, NONE, 0),
    RETURN,

    FN("pause"),
    CALL("begin_pause"),
    CALL("wait_until_stopped"),
    DO(PAUSED),
    DO(PAUSED_OVER),
    CALL("resume_all_vcpus"),
    RETURN,

    FN("pause with the big lock"),
    I(LOCK, BIG_LOCK, NONE, 0),
    CALL("begin_pause"),
    IM(UNLOCK, BIG_LOCK, NONE, 0, "keep-big-lock"),
    CALL("wait_until_stopped"),
    IM(LOCK, BIG_LOCK, NONE, 0, "keep-big-lock"),
    DO(PAUSED),
    DO(PAUSED_OVER),
    CALL("resume_all_vcpus"),
    I(UNLOCK, BIG_LOCK, NONE, 0),
    RETURN,

    FN("resume when paused"), /* by whomever */
    I(LOCK, STOP_LOCK, NONE, 0),
    AT("look"),
    I(LOAD, PAUSES, NONE, 0),
    GO(JUMP_EQ, 0, "not yet"),
    CALL("all_stopped_or_resumed"),
    GO(JUMP_NE, 0, "now"),
    AT("not yet"),
    I(COND_WAIT, CHANGED, NONE, STOP_LOCK),
    I(LOCK, STOP_LOCK, NONE, 0),
    GO(JUMP, 0, "look"),
    AT("now"),
    I(UNLOCK, STOP_LOCK, NONE, 0),
    DO(PAUSED),
    DO(PAUSED_OVER),
    CALL("resume_all_vcpus"),
    RETURN,

    FN("pause and ask"), /* for work on a paused vCPU */
    CALL("begin_pause"),
    CALL("wait_until_stopped"),
    DO(PAUSED),
    CALL("run_on_cpu"),
    DO(PAUSED_OVER),
    CALL("resume_all_vcpus"),
    RETURN,
};

const unsigned protocol_length = sizeof protocol / sizeof protocol[0];
