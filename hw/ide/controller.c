/* SPDX-License-Identifier: MIT */
/* Plugging drives into whichever controller a board has. */
#include <string.h>

#include "base/error.h"
#include "hw/ide/ide_internal.h"

bool ide_controller_attach(Device *controller, unsigned unit, BlockBackend *blk, bool is_cd, GError **error)
{
    if (!strcmp(controller->class->name, "piix3-ide"))
        return piix_ide_attach(controller, unit, blk, is_cd, error);
    if (!strcmp(controller->class->name, "ich9-ahci"))
        return ahci_attach(controller, unit, blk, is_cd, error);
    return error_set(error, "%s takes no drives", controller->class->name);
}
