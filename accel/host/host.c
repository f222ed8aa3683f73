/* SPDX-License-Identifier: MIT */
/*
 * The host in use, and the host CPU's features.
 *
 * Features are what CPUID reports (with the operating system's consent for AVX state), less what the user took away.
 */
#include "accel/host/host.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "target/api/target.h"

const HostOps *host_ops;
HostFeatures host_features;
bool host_one_thread;

void host_fp_harvest(CPUState *cpu)
{
    if (host_ops && host_ops->fp_harvest)
        host_ops->fp_harvest(cpu);
}

void host_fp_reload(CPUState *cpu)
{
    if (host_ops && host_ops->fp_reload)
        host_ops->fp_reload(cpu);
}

static void detect(HostFeatures *h)
{
    *h = (HostFeatures){ 0 };
#ifdef __x86_64__
    __builtin_cpu_init();
    h->avx = __builtin_cpu_supports("avx");
    h->avx2 = __builtin_cpu_supports("avx2");
    h->fma = __builtin_cpu_supports("fma");
    h->bmi1 = __builtin_cpu_supports("bmi");
    h->bmi2 = __builtin_cpu_supports("bmi2");
    h->popcnt = __builtin_cpu_supports("popcnt");
    h->avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512dq");
    unsigned a, b, c = 0, d;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000001u), "c"(0));
    h->lzcnt = c >> 5 & 1;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
    h->movbe = c >> 22 & 1;
    h->f16c = (c >> 29 & 1) && h->avx;
    h->aes = c >> 25 & 1;
    h->pclmul = c >> 1 & 1;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
    h->sha = b >> 29 & 1;
    h->gfni = c >> 8 & 1;
#endif
}

static const struct { const char *name; size_t offset; } feature_names[] = {
#define X(n) { #n, offsetof(HostFeatures, n) }
    X(avx), X(avx2), X(fma), X(bmi1), X(bmi2), X(lzcnt), X(popcnt), X(f16c), X(movbe), X(avx512), X(aes), X(pclmul), X(sha), X(gfni),
#undef X
};

static bool remove_one(const char *word, GError **error)
{
    if (!strcmp(word, "none")) {
        host_features = (HostFeatures){ .popcnt = true }; /* x86-64-v2 has popcnt */
        return true;
    }
    const char *name = word[0] == '-' ? word + 1 : word;
    for (size_t i = 0; i < ARRAY_SIZE(feature_names); i++) {
        if (word[0] == '-' && !strcmp(name, feature_names[i].name)) {
            *((bool *)((char *)&host_features + feature_names[i].offset)) = false;
            return true;
        }
    }
    const char *names[ARRAY_SIZE(feature_names)];
    for (size_t i = 0; i < ARRAY_SIZE(feature_names); i++)
        names[i] = feature_names[i].name;
    const char *near = error_nearest(name, names, ARRAY_SIZE(names));
    return error_set(error, "host-features: '%s' is not '-' and a feature's name, nor 'none'%s%s", word, near ? "; did you mean -" : "",
        near ? near : "");
}

bool host_features_init(const char *remove, GError **error)
{
    detect(&host_features);
    if (!remove)
        return true;
    g_auto(GStrv) words = g_strsplit(remove, ",", -1);
    for (char **w = words; *w; w++)
        if (**w && !remove_one(*w, error))
            return false;
    if (!host_features.avx)
        host_features.avx2 = host_features.fma = host_features.f16c = host_features.avx512 = false;
    return true;
}
