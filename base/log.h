/* SPDX-License-Identifier: MIT */
/* What -d, -D and -dfilter control: categories of log output, a file, and guest address ranges. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* LOG_ITEM(constant, option name, help) */
#define LOG_ITEMS(X) \
    X(LOG_IN_ASM, "in_asm", "guest instructions of each translated block") \
    X(LOG_OP, "op", "IR of each block before optimisation") \
    X(LOG_OP_OPT, "op_opt", "IR of each block after optimisation") \
    X(LOG_OUT_ASM, "out_asm", "host instructions of each block") \
    X(LOG_INT, "int", "interrupts and exceptions") \
    X(LOG_EXEC, "exec", "each block entered from the main loop") \
    X(LOG_CPU, "cpu", "CPU registers before each block entered from the main loop") \
    X(LOG_MMU, "mmu", "page walks and TLB fills") \
    X(LOG_GUEST_ERROR, "guest_errors", "what a guest does that its manuals forbid") \
    X(LOG_UNIMP, "unimp", "what a guest asks for that is not built") \
    X(LOG_SYNC, "sync", "at exit, a table of locks, exclusive sections, kicks and device accesses")

enum {
#define X(c, n, h) c##_BIT,
    LOG_ITEMS(X)
#undef X
    LOG_NB_ITEMS
};
enum {
#define X(c, n, h) c = 1 << c##_BIT,
    LOG_ITEMS(X)
#undef X
};

extern uint32_t log_mask; /* (a) read without a lock; set before vCPUs start or under the big lock */

static inline bool log_enabled(uint32_t mask) { return __builtin_expect((log_mask & mask) != 0, 0); }
/* Prints when a category in mask is on. One call's output is never interleaved with another thread's. */
void log_printf(uint32_t mask, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* For longer pieces: NULL when none of mask is on; else hold the log until log_end. */
FILE *log_begin(uint32_t mask);
void log_end(FILE *f);
/* Parses "-d" (a comma-separated list, "help" is the caller's matter), "-D" and "-dfilter" ("0x1000..0x1fff,0x4000+0x100,0x80-0x10"). */
bool log_set_mask(const char *items, GError **error);
bool log_set_file(const char *path, GError **error);
bool log_set_filter(const char *ranges, GError **error);
/* Whether guest address addr passes -dfilter. */
bool log_in_filter(uint64_t addr);
void log_help(FILE *out);

#endif
