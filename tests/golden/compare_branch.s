// A comparison and the branch that uses it; the flags are dead in one direction only.
        add     x0, x0, #1
        cmp     x0, x1
        b.lo    .-8
