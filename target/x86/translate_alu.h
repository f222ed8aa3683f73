/* SPDX-License-Identifier: MIT */
/* Arguments of the core's decode rows (rows/base.rows). */
#ifndef TARGET_X86_TRANSLATE_ALU_H
#define TARGET_X86_TRANSLATE_ALU_H

#include "accel/ir/ir.h"

/* In the order of the opcode map: bits 5:3 of the opcode, /n of group 1. */
typedef enum X86Alu { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP } X86Alu;
enum { LOOP_NE, LOOP_E, LOOP_ALWAYS, LOOP_JCXZ };
enum { CARRY_CMC, CARRY_CLC, CARRY_STC };

#endif
