/* SPDX-License-Identifier: Apache-2.0 */
#include "record/link_frame.h"

#include "codec/codec.h"
#include "wire/ether.h"

#include <string.h>

int link_frame_decode(struct library *l, struct slice frame, struct arena *a, struct message *m,
                      struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    const struct schema *s = library_get(l, "slac", e);
    if (s == NULL)
        return -1;
    if (!ether_is_homeplug(frame))
        return err_set(e, "%zu octets, EtherType 0x%04X; expected a frame of HomePlug, 0x%04X",
                       frame.n, ether_type(frame), ETHER_HOMEPLUG);
    struct slice message = {frame.p + ETHER_HEADER, frame.n - ETHER_HEADER};
    uint16_t type = ether_mmtype(message);
    for (unsigned i = 0; i < s->messages; i++)
        if (s->message[i]->payload == type)
            return codec_decode(s, type, message, &o, a, m, e);
    return err_set_bit(e, 8, "MMTYPE 0x%04X is of no message that is known", type);
}

/* Who sends such a message. */
static uint8_t sender_of(const struct message *m)
{
    return m->root->from == FROM_BOTH ? FROM_NONE : m->root->from;
}

static void take_violation(struct link_frame *f)
{
    const struct violation *v = f->message.violations;
    if (v != NULL)
        err_set_bit(&f->problem, v->bit, "%s: %s", v->path, v->what);
}

const char *link_frame_text(const struct event *e, char text[LINK_FRAME_TEXT])
{
    static const char TO[] = " to ";
    ether_text(e->from.mac, text);
    memcpy(text + ETHER_TEXT - 1, TO, sizeof TO - 1);
    ether_text(e->to.mac, text + ETHER_TEXT - 1 + sizeof TO - 1);
    return text;
}

void link_frame_read(struct link_frame *f, struct library *l, int64_t us, const char *by,
                     struct slice frame)
{
    f->problem = ERR_INIT;
    f->text[0] = '\0';
    arena_open(&f->arena, f->room, sizeof f->room, 0);
    bool is_read = link_frame_decode(l, frame, &f->arena, &f->message, &f->problem) == 0;
    if (is_read)
        take_violation(f);
    f->event = (struct event){
        .us = us,
        .kind = ether_is_homeplug(frame) ? EVENT_FRAME : EVENT_BYTES,
        .ok = !f->problem.set,
        .is_link = true,
        .from_role = is_read ? sender_of(&f->message) : FROM_NONE,
        .by = by,
        .where = "",
        .name = "",
        .code = "",
        .bytes = frame,
        .problem = f->problem.set ? &f->problem : NULL,
        .text = f->text,
    };
    f->event.payload_type = ether_mmtype(event_payload(&f->event));
    if (is_read)
        event_take_message(&f->event, &f->message);
    if (frame.n < ETHER_HEADER)
        return;
    memcpy(f->event.to.mac, frame.p, sizeof f->event.to.mac);
    memcpy(f->event.from.mac, frame.p + 6, sizeof f->event.from.mac);
    link_frame_text(&f->event, f->text);
}
