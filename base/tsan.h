/* SPDX-License-Identifier: MIT */
/*
 * What ThreadSanitizer has to be told, and cannot see for itself: nothing in other builds.
 *
 * Generated code is not instrumented, and of what orders our memory accesses the tool does not understand fences, the grace
 * periods of RCU, and that guest RAM belongs to the guest, who may race on it as he likes. Each annotation is to say beside it
 * what the real order is.
 */
#ifndef BASE_TSAN_H
#define BASE_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define CALQUE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CALQUE_TSAN 1
#endif
#endif
#ifndef CALQUE_TSAN
#define CALQUE_TSAN 0
#endif

#if CALQUE_TSAN
#include <sanitizer/tsan_interface.h>
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *mem, unsigned long size, const char *what);
/* What this thread did before tsan_release(p) happens before what another does after tsan_acquire(p). */
#define tsan_release(p) __tsan_release((void *)(p))
#define tsan_acquire(p) __tsan_acquire((void *)(p))
/* Races on these bytes are none of ours. */
#define tsan_ignore_races(p, size) AnnotateBenignRaceSized(__FILE__, __LINE__, (p), (size), "guest memory")
#else
#define tsan_release(p) ((void)0)
#define tsan_acquire(p) ((void)0)
#define tsan_ignore_races(p, size) ((void)0)
#endif

#endif
