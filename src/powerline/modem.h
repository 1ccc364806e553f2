/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modem of a node of a power line (line.h): it answers what its host asks of it, by the
 * messages of HomePlug and of its maker, and hands all else on.
 *
 *   CM_SET_KEY, CM_GET_KEY     the key of its network; that of others it refuses
 *   CM_ATTEN_PROFILE           how an M-Sound came, for each that it heard
 *   CM_NW_STATS, VS_NW_INFO    the stations of its network
 *   VS_PL_LINK_STATUS, CG_GET_D_LINK_STATUS       whether there are any
 *   VS_SW_VER, VS_OP_ATTRIBUTES, CG_GET_VERSION   what it is
 *   VS_RS_DEV, CG_RESET_DEVICE                    forgets its key
 */
#ifndef V2G_POWERLINE_MODEM_H
#define V2G_POWERLINE_MODEM_H

#include "powerline/line.h"

/* What line_open takes. */
extern const struct line_modems MODEMS;

#endif
