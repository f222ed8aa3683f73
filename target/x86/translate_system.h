/* SPDX-License-Identifier: MIT */
/* What translate_seg.c and translate_sys.c share. */
#ifndef TARGET_X86_TRANSLATE_SYSTEM_H
#define TARGET_X86_TRANSLATE_SYSTEM_H

#include "target/x86/translate.h"

/* Ends the block where a helper has left pc and flags, without the #DB of single stepping: events clear TF. */
static inline void end_event(DisasContext *s, bool main)
{
    bool must = main || (s->flags & (BF_INHIBIT | BF_TF));

    ir_exit(s->f, ir_add_exit(s->f, (IRExit){ .kind = must ? IR_EXIT_MAIN : IR_EXIT_LOOKUP, .dynamic_pc = true }));
    s->t->ended = true;
}

/* After a helper that set pc and perhaps flags. */
static inline void end_system(DisasContext *s, bool main)
{
    forget_cc(s);
    gen_exit_dynamic(s, main);
}

/* SGDT and the like at CPL > 0 with CR4.UMIP: #GP(0). */
void check_umip(DisasContext *s);

#endif
