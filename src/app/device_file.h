/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a device (lua/test/device.lua): written, with what a probe has seen of the device. */
#ifndef V2G_APP_DEVICE_FILE_H
#define V2G_APP_DEVICE_FILE_H

#include "suite/campaign.h"

struct device_file {
    const char *path; /* NULL: none is written */
    const char *sut;  /* "SECC" (also where it is NULL), "EVCC" */
    const char *mode; /* "ac", "dc"; NULL: dc */
    bool probes;      /* looks at the device first, and says what there is */
};

/* c: of how the device is reached, or played. The exit code; -1: e. */
int device_file_make(const struct device_file *f, const struct campaign *c, struct err *e);

#endif
