/* SPDX-License-Identifier: MIT */
/* Tests of target/arm's system part. */
#include "base/rcu.h"
#include "tests/unit/arm/sys_fakes.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    memory_init();
    sys_add_ptw_tests();
    sys_add_exception_tests();
    sys_add_register_tests();
    sys_add_timer_tests();
    sys_add_pauth_tests();
    sys_add_psci_tests();
    sys_add_debug_tests();
    return g_test_run();
}
