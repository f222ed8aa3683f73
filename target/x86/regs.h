/* SPDX-License-Identifier: MIT */
/* Names and bits of x86's architectural registers (Intel SDM vol. 3 ch. 2, 5, 6; AMD APM vol. 2). */
#ifndef TARGET_X86_REGS_H
#define TARGET_X86_REGS_H

/* EFLAGS */
#define EF_CF 0x1u
#define EF_1 0x2u
#define EF_PF 0x4u
#define EF_AF 0x10u
#define EF_ZF 0x40u
#define EF_SF 0x80u
#define EF_TF 0x100u
#define EF_IF 0x200u
#define EF_DF 0x400u
#define EF_OF 0x800u
#define EF_IOPL 0x3000u
#define EF_IOPL_SHIFT 12
#define EF_NT 0x4000u
#define EF_RF 0x10000u
#define EF_VM 0x20000u
#define EF_AC 0x40000u
#define EF_VIF 0x80000u
#define EF_VIP 0x100000u
#define EF_ID 0x200000u
#define EF_ARITH (EF_CF | EF_PF | EF_AF | EF_ZF | EF_SF | EF_OF)

#define CR0_PE 0x1u
#define CR0_MP 0x2u
#define CR0_EM 0x4u
#define CR0_TS 0x8u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_AM 0x40000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u

#define CR4_VME 0x1u
#define CR4_PVI 0x2u
#define CR4_TSD 0x4u
#define CR4_DE 0x8u
#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define CR4_MCE 0x40u
#define CR4_PGE 0x80u
#define CR4_PCE 0x100u
#define CR4_OSFXSR 0x200u
#define CR4_OSXMMEXCPT 0x400u
#define CR4_UMIP 0x800u
#define CR4_LA57 0x1000u
#define CR4_FSGSBASE 0x10000u
#define CR4_PCIDE 0x20000u
#define CR4_OSXSAVE 0x40000u
#define CR4_SMEP 0x100000u
#define CR4_SMAP 0x200000u
#define CR4_PKE 0x400000u

#define EFER_SCE 0x1u
#define EFER_LME 0x100u
#define EFER_LMA 0x400u
#define EFER_NXE 0x800u
#define EFER_SVME 0x1000u
#define EFER_FFXSR 0x4000u
#define EFER_AIBRSE 0x200000u

/* Vectors */
enum {
    EXCP_DE, EXCP_DB, EXCP_NMI, EXCP_BP, EXCP_OF, EXCP_BR, EXCP_UD, EXCP_NM, EXCP_DF, EXCP_09, EXCP_TS, EXCP_NP, EXCP_SS, EXCP_GP, EXCP_PF,
    EXCP_MF = 16, EXCP_AC, EXCP_MC, EXCP_XM,
    EXCP_TRIPLE = 0x100, /* shutdown */
};
#define PF_P 1u
#define PF_W 2u
#define PF_U 4u
#define PF_RSVD 8u
#define PF_I 16u
#define PF_PK 32u

/* Segment attributes, as in X86Segment.attr */
#define SEG_TYPE_SHIFT 8
#define SEG_TYPE(a) ((a) >> SEG_TYPE_SHIFT & 15)
#define SEG_A 0x100u           /* accessed */
#define SEG_W 0x200u           /* data: writable; code: readable */
#define SEG_E 0x400u           /* data: expand down; code: conforming */
#define SEG_CODE 0x800u
#define SEG_S 0x1000u          /* code or data, else system */
#define SEG_DPL_SHIFT 13
#define SEG_DPL(a) ((a) >> SEG_DPL_SHIFT & 3)
#define SEG_P 0x8000u
#define SEG_AVL 0x100000u
#define SEG_L 0x200000u
#define SEG_DB 0x400000u
#define SEG_G 0x800000u
#define SEG_ATTR_MASK 0xf0ff00u

/* DR6, DR7 */
#define DR6_FIXED1 0xffff0ff0ull
#define DR6_BD 0x2000u
#define DR6_BS 0x4000u
#define DR6_BT 0x8000u
#define DR7_FIXED1 0x400ull
#define DR7_GD 0x2000u

/* XCR0 components */
#define XCR0_X87 1u
#define XCR0_SSE 2u
#define XCR0_AVX 4u
#define XCR0_PKRU 0x200u

#endif
