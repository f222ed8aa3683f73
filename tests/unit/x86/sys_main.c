/* SPDX-License-Identifier: MIT */
/* Tests of target/x86's system part: event delivery, transfers, tasks, control registers, SMM, and random tables. */
#include "memory/memory.h"
#include "tests/unit/x86/sys_fakes.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    memory_init();
    add_deliver_tests();
    add_transfer_tests();
    add_task_tests();
    add_control_tests();
    add_smm_tests();
    add_random_tests();
    return g_test_run();
}
