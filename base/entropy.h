/* SPDX-License-Identifier: MIT */
/* The one gate to host entropy, so that record and replay can log and feed it. */
#ifndef BASE_ENTROPY_H
#define BASE_ENTROPY_H

#include <stddef.h>

/* Fills buf; any thread. Never fails: a host without entropy is a broken host, and the program ends. */
void entropy_bytes(void *buf, size_t len);

#endif
