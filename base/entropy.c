/* SPDX-License-Identifier: MIT */
/* Host entropy: the kernel's pool, through getrandom. */
#include "base/entropy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void entropy_bytes(void *buf, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = getrandom((char *)buf + done, len - done, 0);

        if (n < 0 && errno != EINTR) {
            fprintf(stderr, "calque: the host gives no entropy: %s\n", strerror(errno));
            abort();
        }
        if (n > 0)
            done += (size_t)n;
    }
}
