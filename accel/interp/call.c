/* SPDX-License-Identifier: MIT */
/* Calls of C helpers whose types are known only at run time, through libffi. */
#include <pthread.h>

#include "accel/interp/interp_internal.h"

static ffi_type *ffi_type_of(IRType t)
{
    switch (t) {
    case IR_VOID: return &ffi_type_void;
    case IR_I32: case IR_F32: return &ffi_type_uint32;
    case IR_I64: case IR_F64: return &ffi_type_uint64;
    default: return &ffi_type_pointer; /* PTR, and a V128's address */
    }
}

static InterpCall *prepare(const IRHelper *h)
{
    InterpCall *c = g_new0(InterpCall, 1);
    unsigned n = 0;

    c->helper = *h;
    if (h->flags & IR_CALL_ENV)
        c->types[n++] = &ffi_type_pointer;
    if (h->ret == IR_V128)
        c->types[n++] = &ffi_type_pointer;
    for (unsigned i = 0; i < h->nargs; i++)
        c->types[n++] = ffi_type_of(h->args[i]);
    ffi_type *ret = ffi_type_of(h->ret == IR_V128 ? IR_VOID : (IRType)h->ret);
    ffi_status status = ffi_prep_cif(&c->cif, FFI_DEFAULT_ABI, n, ret, c->types);
    g_assert(status == FFI_OK);
    return c;
}

const InterpCall *interp_call_of(const IRHelper *h)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* innermost: nothing is taken under it */
    static GHashTable *calls;

    pthread_mutex_lock(&mutex);
    if (!calls)
        calls = g_hash_table_new(NULL, NULL);
    InterpCall *c = g_hash_table_lookup(calls, h);
    if (!c) {
        c = prepare(h);
        g_hash_table_insert(calls, (gpointer)h, c);
    }
    pthread_mutex_unlock(&mutex);
    return c;
}

void interp_call(InterpRun *r, const IRInsn *insn, V128 *d)
{
    const InterpCall *c = (const InterpCall *)(uintptr_t)insn->imm;
    const IRRef *refs = r->block->call_args + insn->aux;
    V128 *pointers[6], *result_at = d;
    void *values[8];
    uint64_t result = 0;
    unsigned n = 0;

    if (c->helper.flags & IR_CALL_ENV)
        values[n++] = &r->cpu;
    if (c->helper.ret == IR_V128)
        values[n++] = &result_at;
    for (unsigned i = 0; i < c->helper.nargs; i++) {
        pointers[i] = &r->cells[refs[i]];
        values[n++] = c->helper.args[i] == IR_V128 ? (void *)&pointers[i] : (void *)pointers[i];
    }
    r->cpu->interp_ra = INTERP_RA(insn);
    ffi_call((ffi_cif *)&c->cif, c->helper.fn, &result, values);
    r->cpu->interp_ra = 0;
    if (c->helper.ret != IR_VOID && c->helper.ret != IR_V128)
        cell_set(d, interp_type_bytes(c->helper.ret) == 4 ? (uint32_t)result : result);
}
