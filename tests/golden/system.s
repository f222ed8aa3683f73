// System registers and the end of a block that changes state.
        mrs     x0, tpidr_el0
        mrs     x1, sctlr_el1
        msr     tpidr_el1, x0
        msr     daifset, #2
        isb
