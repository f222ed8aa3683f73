/* SPDX-License-Identifier: MIT */
/* What the translator logs: -d in_asm, op, op_opt, out_asm, for blocks that pass -dfilter. */
#include <capstone/capstone.h>
#include <inttypes.h>

#include "accel/tb/tb_internal.h"
#include "base/log.h"

static void print_insns(FILE *out, csh cs, uint64_t pc, const uint8_t *bytes, uint32_t size)
{
    while (size) {
        cs_insn *insn;
        uint32_t len = cs_disasm(cs, bytes, size, pc, 1, &insn) ? insn->size : 0;
        if (len) {
            fprintf(out, "0x%016" PRIx64 ":  %s %s\n", pc, insn->mnemonic, insn->op_str);
            cs_free(insn, 1);
        } else {
            len = size < 4 ? size : 4;
            fprintf(out, "0x%016" PRIx64 ":  .byte", pc);
            for (uint32_t i = 0; i < len; i++)
                fprintf(out, " 0x%02x", bytes[i]);
            fputc('\n', out);
        }
        pc += len;
        bytes += len;
        size -= len;
    }
}

void tb_log_guest(const IRFunc *f, const uint8_t *bytes, uint32_t size)
{
    csh cs;
    FILE *out = log_in_filter(f->pc) ? log_begin(LOG_IN_ASM) : NULL;
    if (!out)
        return;
    fprintf(out, "IN: pc 0x%" PRIx64 " flags 0x%" PRIx64 "\n", f->pc, f->flags);
    if (cs_open((cs_arch)f->target->cap_arch, (cs_mode)f->target->cap_mode(f->flags), &cs) == CS_ERR_OK) {
        print_insns(out, cs, f->pc, bytes, size);
        cs_close(&cs);
    }
    fputc('\n', out);
    log_end(out);
}

void tb_log_ir(const IRFunc *f, uint32_t item)
{
    FILE *out = log_in_filter(f->pc) ? log_begin(item) : NULL;
    if (!out)
        return;
    fprintf(out, "%s: pc 0x%" PRIx64 "\n", item == LOG_OP ? "OP" : "OP after optimisation", f->pc);
    ir_dump(f, out);
    fputc('\n', out);
    log_end(out);
}

void tb_log_host(const TranslationBlock *tb)
{
    FILE *out = log_in_filter(tb->pc) ? log_begin(LOG_OUT_ASM) : NULL;
    if (!out)
        return;
    fprintf(out, "OUT: pc 0x%" PRIx64 ", %u bytes\n", tb->pc, tb->code_size);
    host_ops->disas(tb, out);
    fputc('\n', out);
    log_end(out);
}
