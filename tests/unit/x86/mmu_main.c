/* SPDX-License-Identifier: MIT */
/* Tests of target/x86's paging, models, MSRs and state saving. */
#include "base/rcu.h"
#include "tests/unit/x86/mmu_fakes.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    memory_init();
    add_paging_tests();
    add_model_tests();
    add_topology_tests();
    add_msr_tests();
    add_xsave_tests();
    return g_test_run();
}
