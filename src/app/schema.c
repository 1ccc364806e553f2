/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab schema`: message descriptions checked, listed, and shown as trees. */
#include "app/commands.h"
#include "app/grammars.h"
#include "app/options.h"
#include "app/report.h"
#include "base/nearest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 24
#define WIDTH 100 /* columns of a line, where it can be kept */
#define ENUMS_MAX 128

static const struct option OPTION[] = {OPTIONS_END};

static const struct subcommand VERBS[] = {
    {"list", NULL}, {"show", NULL}, {"check", NULL}, {NULL, NULL}};

static const struct usage USAGE = {
    "schema",
    "list\n"
    "show PROTOCOL|GRAMMAR [MESSAGE|TYPE]\n"
    "check FILE...",
    "list   all message descriptions at hand: grammar, protocol, V2GTP payload type\n"
    "show   the messages of a protocol (ISO15118-2) or grammar (iso15118-20-ac); of one message,\n"
    "       element or type all fields, in wire order\n"
    "check  whether description files are right; each that is not is refused with its line, what\n"
    "       was expected, and what was found",
    OPTION,
    "In the tree of a message: ? may be absent; {1,8} a list of 1 to 8; | one of several\n"
    "alternatives, ?| one or none of them; @ an attribute; = what a fresh message holds.\n\n"
    "examples:\n"
    "  v2glab schema show ISO15118-2\n"
    "  v2glab schema show ISO15118-2 ChargingStatusRes\n"
    "  v2glab schema show din70121 PhysicalValueType\n"
    "  v2glab schema check mine.schema\n\n"
    "exit codes: 0 shown, or all descriptions are right, 1 a description is not,\n"
    "3 wrong use, an unknown name, or a file that cannot be read",
    VERBS,
    NULL,
};

/* ---- lists ---- */

static const char *payload_text(uint16_t payload, char text[8])
{
    if (payload == 0)
        return "-";
    snprintf(text, 8, "0x%04X", payload);
    return text;
}

static int list(struct grammars *g)
{
    char text[8];
    printf("%-20s %-12s %-8s %8s  %s\n", "grammar", "protocol", "payload", "messages", "about");
    for (unsigned i = 0; i < g->n; i++) {
        const struct schema *s = g->schema[i];
        bool has_protocol = s->protocol != NULL && s->protocol[0] != '\0';
        printf("%-20s %-12s %-8s %8u  %s\n", s->name, has_protocol ? s->protocol : "-",
               payload_text(s->payload, text), s->messages, s->doc != NULL ? s->doc : "");
    }
    return EXIT_PASS;
}

static const char *direction_text(uint8_t from)
{
    switch ((enum direction)from) {
    case FROM_EVCC:
        return "EVCC -> SECC";
    case FROM_SECC:
        return "SECC -> EVCC";
    case FROM_BOTH:
        return "EVCC <> SECC";
    case FROM_NONE:
        break;
    }
    return "";
}

/* The messages of a set, or all elements where it has none. */
static void show_messages(const struct schema *s)
{
    char text[8];
    printf("%s  %s\n", s->name, s->doc != NULL ? s->doc : "");
    unsigned n = s->messages > 0 ? s->messages : s->elements;
    int width = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct element *el = s->messages > 0 ? s->message[i] : s->element[i];
        int length = (int)strlen(el->as.name);
        width = length > width ? length : width;
    }
    for (unsigned i = 0; i < n; i++) {
        const struct element *el = s->messages > 0 ? s->message[i] : s->element[i];
        if (el->from != FROM_NONE)
            printf("  %s  %s  ", direction_text(el->from), payload_text(el->payload, text));
        printf("%s%-*s  %s\n", el->from == FROM_NONE ? "  " : "", width, el->as.name,
               el->doc != NULL ? el->doc : "");
    }
}

/* ---- trees ---- */

/* One line of a tree; the texts live in the tree's arena. */
struct row {
    struct row *next;
    const char *name, *type, *limits, *preset, *doc;
};

struct tree {
    struct arena arena;
    struct row *first, **end;
    unsigned name_width, type_width, limits_width, preset_width;
    const struct type *open[DEPTH_MAX]; /* types that the present line is within */
    unsigned depth;
    const struct simple *enums[ENUMS_MAX];
    unsigned enum_count;
    struct buf text;
};

/* Takes what was printed into t->text. */
static const char *take_text(struct tree *t)
{
    const char *kept = arena_text(&t->arena, buf_string(&t->text), t->text.n);
    buf_clear(&t->text);
    return kept != NULL ? kept : "";
}

static void widen(unsigned *width, const char *text)
{
    unsigned n = (unsigned)strlen(text);
    *width = n > *width ? n : *width;
}

static void add_row(struct tree *t, struct row row)
{
    struct row *made = arena_alloc(&t->arena, sizeof *made);
    if (made == NULL)
        return;
    *made = row;
    *t->end = made;
    t->end = &made->next;
    widen(&t->name_width, row.name);
    widen(&t->type_width, row.type);
    widen(&t->limits_width, row.limits);
    widen(&t->preset_width, row.preset);
}

static void add_range(struct buf *out, const struct simple *s, int64_t lo, int64_t hi)
{
    if (s->ones > 0)
        for (unsigned i = 0; i < s->ones; i++)
            buf_printf(out, "%s%" PRId64, i > 0 ? "," : "", s->one_of[i]);
    else if (s->is_unsigned)
        buf_printf(out, "%" PRIu64 "..%" PRIu64, (uint64_t)lo, (uint64_t)hi);
    else if (lo == hi)
        buf_printf(out, "%" PRId64, lo);
    else
        buf_printf(out, "%" PRId64 "..%" PRId64, lo, hi);
}

/* The built-in type and the limits: "string, 7..37 characters". */
static void add_limits(struct buf *out, const struct simple *s, bool is_named)
{
    if (s->kind == KIND_ENUM) {
        buf_printf(out, "one of %u", s->members);
        return;
    }
    if (is_named)
        buf_text(out, s->base);
    bool is_length = s->kind == KIND_STRING || s->kind == KIND_HEX || s->kind == KIND_BASE64;
    bool is_number = s->kind == KIND_NBIT || s->kind == KIND_UNSIGNED || s->kind == KIND_SIGNED;
    if (!is_number && !(is_length && s->limited))
        return;
    if (is_named)
        buf_char(out, ' ');
    add_range(out, s, s->lo, s->hi);
    if (is_length)
        buf_text(out, s->kind == KIND_STRING ? " characters" : " octets");
}

static void add_name(struct tree *t, const struct field *f)
{
    buf_printf(&t->text, "%*s", 2 * (int)t->depth, "");
    if (f->choice != 0)
        buf_text(&t->text, f->is_mandatory ? "| " : "?| ");
    if (f->is_attribute)
        buf_char(&t->text, '@');
    buf_text(&t->text, f->is_content ? "content" : f->kind == KIND_ANY ? "(any element)" : f->name);
    if (f->max == SCHEMA_UNBOUNDED)
        buf_printf(&t->text, " {%u,}", f->min);
    else if (f->max > 1)
        buf_printf(&t->text, " {%u,%u}", f->min, f->max);
    else if (f->min == 0 && f->choice == 0)
        buf_text(&t->text, " ?");
}

/* In a layout of octets: how wide it is, and what of it other fields say. */
static void add_octets(struct buf *out, const struct type *type, const struct field *f)
{
    const struct octets *o = f->octets;
    size_t before = out->n;
    if (o->is_padding)
        buf_text(out, o->to_octet ? "padding to the octet" : "padding");
    if (f->kind <= KIND_SIGNED && !o->to_octet)
        buf_printf(out, "%s%u bit%s", out->n > before ? ", " : "", f->width,
                   f->width == 1 ? "" : "s");
    if (o->count >= 0)
        buf_printf(out, "%scounted by %s", out->n > before ? ", " : "", type->field[o->count].name);
    if (o->plus != 0)
        buf_printf(out, "%+d", o->plus);
    if (o->spans)
        buf_printf(out, "%sspans what follows", out->n > before ? ", " : "");
    if (o->when >= 0)
        buf_printf(out, "%sif %s", out->n > before ? ", " : "", type->field[o->when].name);
    if (o->when >= 0 && !o->is_any)
        buf_printf(out, "=%" PRId64, o->equals);
}

/* in_quantity: f is a part of a quantity, whose own default and unit say it all. */
static void add_preset(struct buf *out, const struct field *f, bool in_quantity)
{
    if (in_quantity)
        return;
    /* the head of a group states its choice in all members; there it is no value */
    bool is_value = f->simple != NULL || (f->type != NULL && f->type->is_quantity);
    if (f->preset != NULL && is_value)
        buf_printf(out, "= %s%s", f->preset[0] == '\0' ? "''" : f->preset,
                   f->unit[0] != '\0' ? " " : "");
    else if (f->choice != 0 && f->is_default && f->is_mandatory)
        buf_text(out, "(chosen)");
    if (f->unit[0] != '\0')
        buf_printf(out, "%s%s%s", f->preset != NULL && is_value ? "" : "[", f->unit,
                   f->preset != NULL && is_value ? "" : "]");
}

static void note_enum(struct tree *t, const struct simple *s)
{
    for (unsigned i = 0; i < t->enum_count; i++)
        if (t->enums[i] == s)
            return;
    if (t->enum_count < ENUMS_MAX)
        t->enums[t->enum_count++] = s;
}

static bool is_open(const struct tree *t, const struct type *type)
{
    for (unsigned i = 0; i < t->depth; i++)
        if (t->open[i] == type)
            return true;
    return t->depth >= DEPTH_MAX;
}

static const char *type_name(const struct field *f)
{
    if (f->kind == KIND_NODE)
        return f->type->is_anonymous ? "" : f->type->name;
    if (f->simple == NULL)
        return "";
    return f->simple->name[0] != '\0' ? f->simple->name : f->simple->base;
}

static void add_type(struct tree *t, const struct type *type);

static void add_field(struct tree *t, const struct type *in, const struct field *f)
{
    struct row row = {.doc = f->doc != NULL ? f->doc : ""};
    add_name(t, f);
    row.name = take_text(t);
    row.type = type_name(f);
    bool is_again = f->kind == KIND_NODE && is_open(t, f->type);
    if (f->simple != NULL)
        add_limits(&t->text, f->simple, f->simple->name[0] != '\0');
    if (f->octets != NULL) {
        buf_text(&t->text, t->text.n > 0 ? ", " : "");
        add_octets(&t->text, in, f);
        t->text.n -= t->text.n > 1 && t->text.p[t->text.n - 1] == ' ' ? 2 : 0;
    }
    if (is_again)
        buf_text(&t->text, "(as above)");
    else if (f->kind == KIND_NODE && f->type->is_open)
        buf_text(&t->text, f->type->is_mixed ? "(with characters between)" : "(in any order)");
    row.limits = take_text(t);
    add_preset(&t->text, f, t->depth > 1 && t->open[t->depth - 1]->is_quantity);
    row.preset = take_text(t);
    add_row(t, row);
    if (f->kind == KIND_ENUM)
        note_enum(t, f->simple);
    if (f->kind == KIND_NODE && !is_again)
        add_type(t, f->type);
}

static void add_type(struct tree *t, const struct type *type)
{
    t->open[t->depth++] = type;
    for (unsigned i = 0; i < type->fields; i++)
        if (type->field[i].kind != KIND_ABSTRACT)
            add_field(t, type, &type->field[i]);
    t->depth--;
}

/* Columns that would push the others too far right are not kept. */
static int column(unsigned width)
{
    return width < 48 ? (int)width : 48;
}

static void print_row(const struct tree *t, const struct row *row)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "%-*s  %-*s  %-*s  %-*s", column(t->name_width), row->name,
                     column(t->type_width), row->type, column(t->limits_width), row->limits,
                     column(t->preset_width), row->preset);
    n = n < (int)sizeof line ? n : (int)sizeof line - 1;
    while (row->doc[0] == '\0' && n > 0 && line[n - 1] == ' ')
        n--;
    printf("%.*s%s%s\n", n, line, row->doc[0] != '\0' ? "  " : "", row->doc);
}

static void print_enum(const struct simple *s)
{
    int column = printf("%s:", s->name);
    for (unsigned i = 0; i < s->members; i++) {
        char text[160];
        int n =
            snprintf(text, sizeof text, " %u %s%s", i, s->member[i], i + 1 < s->members ? "," : "");
        if (column + n > WIDTH)
            column = printf("\n ") - 1;
        column += printf("%s", text);
    }
    printf("\n");
    if (s->prefix[0] != '\0')
        printf("  (in Lua with %s in front)\n", s->prefix);
}

static void show_type(const struct type *type)
{
    struct tree t = {.end = &t.first};
    arena_open(&t.arena, NULL, 0, FITS_MEMORY);
    t.depth = 0;
    add_type(&t, type);
    if (type->is_mixed)
        puts("(characters may stand between the elements)");
    else if (type->is_open)
        puts("(elements may come repeatedly, in any order that their groups allow)");
    if (type->fields == 0)
        puts("(without content)");
    for (const struct row *row = t.first; row != NULL; row = row->next)
        print_row(&t, row);
    for (unsigned i = 0; i < t.enum_count; i++) {
        putchar('\n');
        print_enum(t.enums[i]);
    }
    buf_close(&t.text);
    arena_close(&t.arena);
}

static void print_doc(const char *doc)
{
    if (doc != NULL && doc[0] != '\0')
        printf("  %s", doc);
    puts("\n");
}

static void show_element(const struct schema *s, const struct element *el)
{
    char text[8];
    printf("%s", el->as.name);
    if (el->from != FROM_NONE)
        printf("  %s, payload %s", direction_text(el->from), payload_text(el->payload, text));
    printf("  [%s]", s->name);
    print_doc(el->doc);
    if (el->as.kind == KIND_NODE)
        show_type(el->as.type);
    else if (el->is_abstract)
        puts("(abstract: stands for others)");
    else
        printf("%s\n", type_name(&el->as));
}

static void show_complex(const struct schema *s, const struct type *type)
{
    printf("%s", type->name);
    if (type->base != NULL)
        printf(" : %s", type->base->name);
    printf("%s%s  [%s]", type->is_abstract ? " abstract" : "", type->is_quantity ? " quantity" : "",
           s->name);
    print_doc(type->doc);
    show_type(type);
}

static void show_simple(const struct schema *s, const struct simple *simple)
{
    struct buf text = {0};
    add_limits(&text, simple, true);
    printf("%s  %s  [%s]", simple->name, buf_string(&text), s->name);
    print_doc(simple->doc);
    if (simple->kind == KIND_ENUM)
        print_enum(simple);
    buf_close(&text);
}

/* ---- finding a name ---- */

static bool show_in(const struct schema *s, const char *name)
{
    const struct element *el = schema_message(s, name);
    if (el == NULL)
        el = schema_element(s, name);
    const struct type *type = el == NULL ? schema_type(s, name) : NULL;
    const struct simple *simple = el == NULL && type == NULL ? schema_simple(s, name) : NULL;
    if (el != NULL)
        show_element(s, el);
    else if (type != NULL)
        show_complex(s, type);
    else if (simple != NULL)
        show_simple(s, simple);
    return el != NULL || type != NULL || simple != NULL;
}

static int show_unknown(const struct grammars *g, const char *where, const char *name)
{
    size_t count = 0, n = 0;
    for (unsigned i = 0; i < g->n; i++)
        count += (size_t)g->schema[i]->elements + g->schema[i]->types + g->schema[i]->simples;
    const char **names = calloc(count + 1, sizeof *names);
    for (unsigned i = 0; names != NULL && i < g->n; i++) {
        const struct schema *s = g->schema[i];
        for (unsigned k = 0; k < s->elements; k++)
            names[n++] = s->element[k]->as.name;
        for (unsigned k = 0; k < s->types; k++)
            names[n++] = s->type[k]->name;
        for (unsigned k = 0; k < s->simples; k++)
            names[n++] = s->simple[k]->name;
    }
    const char *nearest = names == NULL ? NULL : nearest_name(name, names);
    report(REPORT_ERROR, "%s has no message or type '%.80s'%s%s; v2glab schema show %s lists all",
           where, name, nearest != NULL ? "; the nearest is " : "", nearest != NULL ? nearest : "",
           where);
    free(names);
    return EXIT_SETUP;
}

static int show(struct options *o, struct grammars *g)
{
    struct err e = ERR_INIT;
    if (o->arguments < 2 || o->arguments > 3)
        return options_wrong(o, "schema show: expected PROTOCOL or GRAMMAR, and MESSAGE or TYPE");
    if (grammars_ask(g, o->argument[1], &e) != 0 || grammars_load(g, &e) != 0) {
        options_failed(o, &e);
        return o->status;
    }
    for (unsigned i = 0; o->arguments == 2 && i < g->n; i++) {
        printf("%s", i > 0 ? "\n" : "");
        show_messages(g->schema[i]);
    }
    if (o->arguments == 2)
        return EXIT_PASS;
    for (unsigned i = 0; i < g->n; i++)
        if (show_in(g->schema[i], o->argument[2]))
            return EXIT_PASS;
    return show_unknown(g, o->argument[1], o->argument[2]);
}

/* ---- checking ---- */

/* A library of its own for each file, so that each is read for itself; --schema files first, which
 * it may use. */
static int check_file(const struct library *with, const char *path)
{
    struct library l;
    struct err e = ERR_INIT;
    char text[700];
    if (access(path, R_OK) != 0) {
        report(REPORT_ERROR, "%s cannot be read: %m", path);
        return EXIT_SETUP;
    }
    library_open(&l);
    int bad = 0;
    for (unsigned i = 0; i < with->files && bad == 0; i++)
        bad = library_add_file(&l, with->file[i].path, &e);
    if (bad == 0)
        bad = library_add_file(&l, path, &e);
    const struct schema *s = bad == 0 ? library_get(&l, l.file[l.files - 1].name, &e) : NULL;
    if (s != NULL)
        printf("%s: ok: %s, %u messages, %u elements, %u types, %u simple types, %u namespaces\n",
               path, s->name, s->messages, s->elements, s->types, s->simples, s->namespaces);
    else
        report(REPORT_ERROR, "%s", err_text(&e, text, sizeof text));
    library_close(&l);
    return s != NULL ? EXIT_PASS : EXIT_FAIL;
}

static int check(struct options *o, const struct library *with)
{
    int status = EXIT_PASS;
    if (o->arguments < 2)
        return options_wrong(o, "schema check: expected at least one file");
    for (int i = 1; i < o->arguments; i++) {
        int one = check_file(with, o->argument[i]);
        status = one > status ? one : status;
    }
    return status;
}

static int run(struct options *o, struct grammars *g)
{
    struct err e = ERR_INIT;
    if (options_read(o, NULL) != 0)
        return o->status;
    if (o->arguments == 0)
        return options_wrong(o, "schema: expected list, show or check");
    const char *verb = o->argument[0];
    if (strcmp(verb, VERBS[0].name) == 0) {
        if (grammars_load(g, &e) == 0)
            return list(g);
        options_failed(o, &e);
        return o->status;
    }
    if (strcmp(verb, VERBS[1].name) == 0)
        return show(o, g);
    if (strcmp(verb, VERBS[2].name) == 0)
        return check(o, &g->library);
    return options_wrong(o, "schema %s: expected list, show or check", verb);
}

int command_schema(int argc, char **argv)
{
    struct grammars g;
    struct options o;
    grammars_open(&g);
    options_open(&o, &USAGE, &g.library, argc, argv);
    int status = run(&o, &g);
    grammars_close(&g);
    return status;
}
