/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual power line: nodes, each a host's port behind a modem of its own, and what lies between
 * them. Frames of HomePlug go from every node to every other that hears it; so the stations of
 * neighbours hear a car, only weaker. A modem does as one does that matters to ISO 15118-3: it
 * takes keys, tells its host how weak each M-Sound came, and has a link to the modems that have the
 * same key (modem.h). It is a medium of the world (wire/ether.h): whoever opens a port of a node's
 * interface is its host.
 */
#ifndef V2G_POWERLINE_LINE_H
#define V2G_POWERLINE_LINE_H

#include "schema/library.h"
#include "wire/ether.h"
#include "wire/world.h"

#define LINE_GROUPS 58 /* of carriers, for which an attenuation is told */
#define LINE_NODES 256
#define LINE_NAME 16
#define LINE_AWAY 8 /* times at which a node may be off the line */

/* From one node to another. */
struct line_path {
    bool is_there;
    uint8_t attenuation[LINE_GROUPS]; /* dB */
    unsigned noise;                   /* dB that are added by chance, at most */
    unsigned delay_us;
    unsigned loss, duplicates; /* of 1000 frames */
};

struct line;
struct line_node;

/* Whether two nodes have a link; called as soon as that changes. */
struct line_watch {
    const struct line_node *a, *b;
    void (*changed)(void *context, const struct line_watch *w);
    void *context;
    bool is_up;
};

struct line_options {
    bool by_nid;          /* a link needs the same NID, too, not the NMK alone */
    unsigned join_ms;     /* from the same key until the link is up */
    unsigned set_key_ms;  /* until a modem answers CM_SET_KEY */
    uint8_t key_result;   /* of CM_SET_KEY.CNF: 1, as Qualcomm's have it, or 0 */
    struct line_path all; /* of nodes between which nothing else was said */
};

struct line_node {
    struct line *line;
    char name[LINE_NAME];              /* of the interface: "ev0" */
    bool is_lumissil;                  /* the modem's maker; else Qualcomm */
    bool is_unplugged;                 /* nothing comes or goes */
    const struct line_node *other_end; /* of the charging cable it is at; NULL: of none. What is on
                                          that cable's control pilot is no matter of the line */
    struct {
        int64_t from_us, to_us;
    } away[LINE_AWAY]; /* when it is off the line, as if unplugged */
    unsigned aways;
    uint8_t mac[6], modem[6], nmk[16], nid[7];
    int64_t key_us;          /* when it got its key; 0: it has none */
    bool has_host;           /* its host opens ports of the world, and `port` is for its IP alone */
    struct ether_port *port; /* to a host that is no port of the world: on an interface that the
                                system has; NULL: it is one */
};

/* What the modems do of all nodes (modem.h). */
struct line_modems {
    /* The node's host sends that. */
    void (*from_host)(struct line *l, struct line_node *n, struct slice frame);
    /* That came over the line, on that path, and was handed to the host. */
    void (*heard)(struct line *l, struct line_node *n, struct slice frame,
                  const struct line_path *path);
};

struct line {
    const struct line_modems *modems;
    struct world *world;
    struct library *library;
    struct line_options options;
    struct ether_medium medium;
    unsigned nodes;
    struct line_node node[LINE_NODES];
    struct line_watch *watch;
    unsigned watches;
    struct timer look;        /* when what it watches may change by itself */
    struct line_path *path;   /* [from * LINE_NODES + to]; NULL: nothing was said */
    struct line_frame *first; /* on their way */
};

/* Becomes the world's medium. NULL: e. */
struct line *line_open(struct world *world, struct library *library,
                       const struct line_options *options, const struct line_modems *modems,
                       struct err *e);
void line_close(struct line *l); /* NULL is allowed */

/* A node whose host opens the interface `name`. Its MAC address is that of the lab's ev0 or evse0,
 * else one of the number of the node. NULL: there are too many, or two of that name; e. */
struct line_node *line_add(struct line *l, const char *name, struct err *e);

/* Lets the node's host be whoever is on that interface of the system; or, with has_host, IP alone
 * come and go there. -1: e. */
int line_attach(struct line *l, struct line_node *n, const char *interface, bool has_host,
                struct err *e);

struct line_node *line_find(struct line *l, const char *name);

/* What lies between them, in that direction; to be changed at any time. NULL: out of memory. */
struct line_path *line_path(struct line *l, const struct line_node *from,
                            const struct line_node *to);

/* Whether their modems are in one logical network now. */
bool line_is_linked(const struct line *l, const struct line_node *a, const struct line_node *b);

/* Watches the link between two nodes, which is down at first. -1: out of memory. */
int line_watch(struct line *l, const struct line_watch *watch);

/* For modems: a key of a node, or its plug, has changed. */
void line_changed(struct line *l);

/* For modems: a frame of the node's host goes to all that it is for; those of HomePlug also without
 * a link. */
void line_carry(struct line *l, struct line_node *from, struct slice frame);

/* The frame comes to the node's host, so much later. */
void line_to_host(struct line *l, struct line_node *n, struct slice frame, unsigned after_us);

#endif
