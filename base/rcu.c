/* SPDX-License-Identifier: MIT */
/* What stands for RCU's grace periods in front of ThreadSanitizer. */
#include "base/rcu.h"

char rcu_grace;
