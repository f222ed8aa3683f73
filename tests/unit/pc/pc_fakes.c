/* SPDX-License-Identifier: MIT */
/* See pc_fakes.h. The clock's three functions stand here in place of base/clock.c. */
#include "pc_fakes.h"

static int64_t virtual_ns;
int64_t fake_host_ns = 1150560081ll * NS_PER_SEC; /* 2006-06-17T16:01:21Z */

int64_t clock_get_ns(ClockType type)
{
    return type == CLOCK_HOST ? fake_host_ns : virtual_ns;
}

bool clock_virtual_is_running(void)
{
    return true;
}

void clock_virtual_set_running(bool running)
{
}

/* Lists of the main loop and of the CPUs. */
static TimerList *list_at(unsigned i)
{
    return i == 0 ? timer_list_main() : i <= FAKE_X86_CPUS ? fake_x86[i - 1]->cpu.timers : NULL;
}

void jump(int64_t ns)
{
    virtual_ns += ns;
}

void advance(int64_t ns)
{
    int64_t end = virtual_ns + ns;

    for (;;) {
        int64_t next = end - virtual_ns;

        for (unsigned i = 0; list_at(i); i++) {
            int64_t left = timer_list_deadline_ns(list_at(i));

            if (left >= 0 && left < next)
                next = left;
        }
        virtual_ns += next;
        for (unsigned i = 0; list_at(i); i++)
            next += timer_list_run(list_at(i)); /* not 0: look again */
        if (virtual_ns == end && !next)
            return;
    }
}

Device *new_device(const char *name)
{
    Device *dev = device_new(name, NULL);

    g_assert_nonnull(dev);
    g_assert_true(device_realize(dev, NULL));
    return dev;
}

uint8_t in8(Device *dev, unsigned region, unsigned port)
{
    return (uint8_t)rd(device_region(dev, region), port, 1, 0);
}

void out8(Device *dev, unsigned region, unsigned port, unsigned value)
{
    wr(device_region(dev, region), port, value, 1, 0);
}

uint32_t in32(Device *dev, unsigned region, unsigned offset)
{
    return (uint32_t)rd(device_region(dev, region), offset, 4, 0);
}

void out32(Device *dev, unsigned region, unsigned offset, uint32_t value)
{
    wr(device_region(dev, region), offset, value, 4, 0);
}

char kept[256];
size_t n_kept;

static size_t keep(Chardev *chr, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len && n_kept < sizeof(kept); i++)
        kept[n_kept++] = (char)buf[i];
    return len;
}

static const ChardevOps keep_ops = { .write = keep };
Chardev keep_chr = { .ops = &keep_ops, .label = "kept" };

void pc_fakes_init(void)
{
    fakes_init();
    fakes_x86_init();
}
