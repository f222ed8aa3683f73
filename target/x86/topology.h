/* SPDX-License-Identifier: MIT */
/*
 * APIC ids, and what CPUID says of packages, dies, cores, threads and caches (SDM vol. 3, 8.9; AMD APM vol. 3 E.5).
 *
 *   APIC id:  | socket | die | core | thread |      each field as many bits as its largest number needs
 *
 * so the ids have gaps where a count is no power of two. Software cuts the fields out by the widths that CPUID gives.
 */
#ifndef TARGET_X86_TOPOLOGY_H
#define TARGET_X86_TOPOLOGY_H

#include "target/x86/cpu.h"

uint32_t x86_topology_apic_id(const CpuTopology *t, unsigned index);

/* Leaves; out holds zeros, or the feature bits of the leaf. */
void x86_topology_leaf_1(const X86CPU *cpu, uint32_t out[4]);
void x86_topology_leaf_4(const X86CPU *cpu, uint32_t subleaf, uint32_t out[4]);
/* 0xb (no dies) and 0x1f. */
void x86_topology_leaf_extended(const X86CPU *cpu, bool dies, uint32_t subleaf, uint32_t out[4]);
/* AMD's: 0x80000001, 0x80000008, 0x8000001d, 0x8000001e. */
void x86_topology_leaf_80000001(const X86CPU *cpu, uint32_t out[4]);
void x86_topology_leaf_80000008(const X86CPU *cpu, uint32_t out[4]);
void x86_topology_leaf_8000001d(const X86CPU *cpu, uint32_t subleaf, uint32_t out[4]);
void x86_topology_leaf_8000001e(const X86CPU *cpu, uint32_t out[4]);
/* Sizes of caches in the older leaves 0x80000005 (AMD's) and 0x80000006. */
void x86_topology_leaf_80000005(const X86CPU *cpu, uint32_t out[4]);
void x86_topology_leaf_80000006(const X86CPU *cpu, uint32_t out[4]);

#endif
