/* SPDX-License-Identifier: MIT */
/*
 * Which PCI interrupt pins are asserted, so that a south bridge can compute its PIRQ lines at any time: after a pin's change, and after a
 * change of the routing.
 */
#ifndef HW_PCI_PIRQ_H
#define HW_PCI_PIRQ_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_NB_SLOTS 32u
#define PCI_NB_PINS 4u
#define PIRQ_ROUTE_OFF 0x80u     /* PIRQx_ROUT: not routed to an ISA interrupt */

typedef struct PirqPins {
    uint8_t functions[PCI_NB_SLOTS][PCI_NB_PINS]; /* a bit for each function that asserts the slot's pin */
} PirqPins;

static inline void pirq_pins_set(PirqPins *p, unsigned devfn, unsigned pin, bool level)
{
    uint8_t *f = &p->functions[devfn >> 3][pin], bit = (uint8_t)(1u << (devfn & 7));

    *f = (uint8_t)(level ? *f | bit : *f & ~bit);
}

/* A bit for each PIRQ that is asserted; pirq_of says which one a pin is wired to. */
static inline unsigned pirq_levels(const PirqPins *p, unsigned (*pirq_of)(const void *opaque, unsigned slot, unsigned pin), const void *opaque)
{
    unsigned levels = 0;

    for (unsigned slot = 0; slot < PCI_NB_SLOTS; slot++)
        for (unsigned pin = 0; pin < PCI_NB_PINS; pin++)
            if (p->functions[slot][pin])
                levels |= 1u << pirq_of(opaque, slot, pin);
    return levels;
}

/* A bit for each ISA interrupt that n PIRQs with these routing registers assert. */
static inline uint16_t pirq_isa_levels(unsigned levels, const uint8_t *routes, unsigned n)
{
    uint16_t isa = 0;

    for (unsigned i = 0; i < n; i++)
        if ((levels >> i & 1) && !(routes[i] & PIRQ_ROUTE_OFF))
            isa |= (uint16_t)(1u << (routes[i] & 15));
    return isa;
}

#endif
