/* SPDX-License-Identifier: Apache-2.0 */
/* The reference page of a request and its response, for one role. */
#include "codec/codec.h"
#include "codec/xml.h"
#include "reference/docs.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <string.h>

struct printing {
    struct docs *docs;
    struct page *page;
    const struct docs_topic *topic;
    uint8_t side;
    struct buf text; /* scratch */
};

/* ---- parameters and results ---- */

/* Enumerations link to the page of types, where there is one. */
static const char *type_link(const struct printing *p, const char *type, char *out, size_t size)
{
    char file[DOCS_FILE];
    if (!p->docs->in_tree || type == NULL)
        return NULL;
    docs_types_file(p->docs, p->topic->protocol, file, sizeof file);
    snprintf(out, size, "%s#%s", file, type);
    return out;
}

static void parameter_cell(struct printing *p, const struct reference_function *f)
{
    char link[2 * DOCS_FILE];
    const char *type = f->parameters > 0 ? f->parameter[f->parameters - 1].enumeration : NULL;
    buf_clear(&p->text);
    docs_parameters(f, &p->text);
    page_cell(p->page, PAGE_PLAIN, buf_string(&p->text), type_link(p, type, link, sizeof link));
}

static void return_cell(struct printing *p, const struct reference_function *f)
{
    char link[2 * DOCS_FILE];
    const char *type = f->returns_enumeration ? f->returns : NULL;
    page_cell(p->page, PAGE_PLAIN, f->returns[0] != '\0' ? f->returns : "-",
              type_link(p, type, link, sizeof link));
}

/* ---- overview ---- */

static void overview_row(struct printing *p, const struct reference_function *f, bool has_details)
{
    char link[NAME_TEXT + 1];
    snprintf(link, sizeof link, "#%s", f->text);
    page_cell(p->page, PAGE_CODE, f->call, has_details ? link : NULL);
    parameter_cell(p, f);
    return_cell(p, f);
}

/* On a terminal the many functions of the signature's parts are not listed. */
static bool is_shown(const struct printing *p, const struct reference_entry *entry, bool header)
{
    return element_is_header(entry) == header &&
           (!header || p->page->form != PAGE_TEXT || strstr(entry->text, "_Signature_") == NULL);
}

/* All functions of the message's own elements, or of its header. */
static void overview_table(struct printing *p, struct reference *r, bool header)
{
    const char *const headings[] = {"API", docs_word(p->docs, "parameter"),
                                    docs_word(p->docs, "return")};
    struct reference_function f;
    page_table(p->page, 3, headings);
    for (unsigned i = 0; i < r->n; i++) {
        if (!is_shown(p, &r->entry[i], header))
            continue;
        reference_describe(r, &r->entry[i], &f);
        overview_row(p, &f, !header);
    }
    page_table_end(p->page);
}

static void print_overview(struct printing *p, struct reference *r)
{
    struct docs *d = p->docs;
    char text[160];
    snprintf(text, sizeof text, "%s API", r->message->as.name);
    page_heading(p->page, 2, PAGE_PLAIN, text, r->message->as.name);
    buf_clear(&p->text);
    buf_printf(&p->text, "%s. ", docs_direction(r->message->from));
    docs_sentence(wording_element(&d->prose, r->set, r->message, &r->arena), &p->text);
    page_text(p->page, buf_string(&p->text));
    overview_table(p, r, false);
}

/* ---- details ---- */

/* What is known of the element; of a getter only what tells how to read it. */
static void element_rows(struct printing *p, const struct reference_function *f, bool is_getter)
{
    struct docs *d = p->docs;
    docs_row(d, p->page, "type", PAGE_PLAIN, f->kind);
    docs_row(d, p->page, "presence", PAGE_PLAIN, f->presence);
    docs_row(d, p->page, "limits", PAGE_PLAIN, f->limits);
    docs_row(d, p->page, "unit", PAGE_PLAIN, f->unit);
    if (is_getter)
        return;
    docs_row(d, p->page, "preset", PAGE_PLAIN, f->preset);
    if (f->members == NULL)
        return;
    buf_clear(&p->text);
    docs_members(f->members, &p->text);
    docs_row(d, p->page, "values", PAGE_PLAIN, buf_string(&p->text));
}

static void function_rows(struct printing *p, const struct reference *r,
                          const struct reference_function *f, bool is_getter)
{
    page_table(p->page, 2, NULL);
    page_cell(p->page, PAGE_PLAIN, "Parameter", NULL);
    parameter_cell(p, f);
    page_cell(p->page, PAGE_PLAIN, "Return", NULL);
    return_cell(p, f);
    page_cell(p->page, PAGE_PLAIN, "Message", NULL);
    page_cell(p->page, PAGE_PLAIN, r->message->as.name, NULL);
    element_rows(p, f, is_getter);
    page_table_end(p->page);
}

static void print_function(struct printing *p, struct reference *r,
                           const struct reference_entry *entry)
{
    struct reference_function f;
    reference_describe(r, entry, &f);
    page_heading(p->page, 3, PAGE_CODE, f.text, f.text);
    page_code(p->page, "lua", f.call);
    page_text(p->page, f.does);
    buf_clear(&p->text);
    docs_sentence(f.meaning, &p->text);
    if (entry->name.steps > 0 && f.meaning[0] != '\0')
        page_text(p->page, buf_string(&p->text));
    if (f.rule[0] != '\0')
        page_text(p->page, f.rule);
    function_rows(p, r, &f, entry->name.verb == VERB_GET);
    page_code(p->page, "lua", f.example);
}

/* ---- examples ---- */

static void header_row(struct printing *p, const char *label, const char *value)
{
    page_cell(p->page, PAGE_PLAIN, label, NULL);
    page_cell(p->page, PAGE_PLAIN, value, NULL);
}

static void print_ethernet(struct printing *p, const struct reference *r)
{
    char text[64];
    page_heading(p->page, 4, PAGE_PLAIN, "Ethernet Header", NULL);
    page_table(p->page, 2, NULL);
    snprintf(text, sizeof text, "0x%04X", r->set->ethertype);
    header_row(p, "EtherType", text);
    snprintf(text, sizeof text, "0x%04X", r->message->payload);
    header_row(p, "MMTYPE", text);
    snprintf(text, sizeof text, "%zu", p->text.n + ETHER_HEADER);
    header_row(p, "Frame Length", text);
    page_table_end(p->page);
}

static int print_frame(struct printing *p, struct reference *r, struct err *e)
{
    char text[64];
    buf_clear(&p->text);
    if (codec_encode(&r->fresh, &p->text, e) != 0)
        return -1;
    if (r->set->ethertype != 0) {
        print_ethernet(p, r);
        return 0;
    }
    page_heading(p->page, 4, PAGE_PLAIN, "V2GTP Header", NULL);
    page_table(p->page, 2, NULL);
    snprintf(text, sizeof text, "0x%02X", V2GTP_VERSION);
    header_row(p, "Protocol Version", text);
    snprintf(text, sizeof text, "0x%02X", V2GTP_INVERSE);
    header_row(p, "Inverse Version", text);
    uint16_t payload = r->message->payload != 0 ? r->message->payload : r->set->payload;
    snprintf(text, sizeof text, "0x%04X", payload);
    header_row(p, "Payload Type", text);
    snprintf(text, sizeof text, "0x%08X", (unsigned)p->text.n);
    header_row(p, "Payload Length", text);
    bool is_exi = r->set->encoding == ENCODING_EXI;
    header_row(p, "Payload", is_exi ? "EXIEncodedV2GMessage" : v2gtp_type_name(payload));
    page_table_end(p->page);
    return 0;
}

static int print_example(struct printing *p, struct reference *r, struct err *e)
{
    buf_clear(&p->text);
    prose_say(&p->docs->prose, "setting", r->message->as.name, "", &p->text);
    page_heading(p->page, 3, PAGE_PLAIN, buf_string(&p->text), NULL);
    page_heading(p->page, 4, PAGE_PLAIN, "Script", NULL);
    buf_clear(&p->text);
    example_script(r, &p->text);
    page_code(p->page, "lua", buf_string(&p->text));
    if (print_frame(p, r, e) != 0)
        return -1;
    page_heading(p->page, 4, PAGE_PLAIN, "XML Example", NULL);
    buf_clear(&p->text);
    xml_print(&r->fresh, XML_PAGES, &p->text);
    page_code(p->page, "xml", buf_string(&p->text));
    return 0;
}

static void print_header(struct printing *p, struct reference *r)
{
    bool has_any = false;
    for (unsigned i = 0; i < r->n; i++)
        has_any = has_any || element_is_header(&r->entry[i]);
    if (!has_any)
        return;
    buf_clear(&p->text);
    prose_say(&p->docs->prose, "header", r->message->as.name, "", &p->text);
    page_heading(p->page, 2, PAGE_PLAIN, buf_string(&p->text), NULL);
    page_text(p->page, docs_word(p->docs, "header.about"));
    page_fold(p->page, docs_word(p->docs, "functions"));
    overview_table(p, r, true);
    page_fold_end(p->page);
}

/* ---- the page ---- */

/* The same page for the other role and in the other language. */
static void print_neighbours(struct printing *p)
{
    struct docs *d = p->docs;
    uint8_t other = p->side == FROM_EVCC ? FROM_SECC : FROM_EVCC;
    char file[DOCS_FILE], link[DOCS_FILE + 8];
    docs_file(d, p->topic, other, file, sizeof file);
    buf_clear(&p->text);
    prose_say(&d->prose, "other.role", docs_role(other), "", &p->text);
    page_step(p->page, " · ", buf_string(&p->text), file);
    docs_file(d, p->topic, p->side, file, sizeof file);
    snprintf(link, sizeof link, "../%s/%s", LANGUAGES[1 - d->prose.language], file);
    page_step(p->page, " · ", docs_word(d, "other.language"), link);
}

static void print_title(struct printing *p)
{
    struct docs *d = p->docs;
    char title[DOCS_FILE], types[DOCS_FILE], index[32];
    snprintf(index, sizeof index, "index.%s", d->form == PAGE_HTML ? "html" : "md");
    page_steps(p->page);
    page_step(p->page, "", docs_role(p->side), d->in_tree ? index : NULL);
    page_step(p->page, " > ", p->topic->protocol->name, d->in_tree ? index : NULL);
    docs_types_file(d, p->topic->protocol, types, sizeof types);
    if (d->in_tree)
        page_step(p->page, " · ", docs_word(d, "types"), types);
    if (d->in_tree)
        print_neighbours(p);
    page_steps_end(p->page);
    docs_page_title(p->topic, p->side, title, sizeof title);
    page_heading(p->page, 1, PAGE_PLAIN, title, NULL);
    snprintf(title, sizeof title, "%s Lua API reference.", p->topic->name);
    page_text(p->page, title);
}

void docs_page_title(const struct docs_topic *topic, uint8_t side, char *out, size_t size)
{
    snprintf(out, size, "%s > %s > %s API", docs_role(side), topic->protocol->name, topic->name);
}

static int print_messages(struct printing *p, struct reference *r, unsigned n, struct err *e)
{
    for (unsigned i = 0; i < n; i++)
        print_overview(p, &r[i]);
    for (unsigned i = 0; i < n; i++)
        docs_requirements_of(p->docs, p->page, p->topic->protocol, r[i].message->as.name);
    page_heading(p->page, 2, PAGE_PLAIN, docs_word(p->docs, "details"), NULL);
    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < r[i].n; k++)
            if (!element_is_header(&r[i].entry[k]))
                print_function(p, &r[i], &r[i].entry[k]);
    bool any_sent = false;
    for (unsigned i = 0; i < n; i++) {
        if (!r[i].sends)
            continue;
        if (!any_sent)
            page_heading(p->page, 2, PAGE_PLAIN, docs_word(p->docs, "example"), NULL);
        any_sent = true;
        if (print_example(p, &r[i], e) != 0)
            return -1;
    }
    for (unsigned i = 0; i < n; i++)
        print_header(p, &r[i]);
    return 0;
}

int docs_page(struct docs *d, const struct docs_topic *topic, uint8_t side,
              const struct element *only, struct page *page, struct err *e)
{
    struct printing p = {.docs = d, .page = page, .topic = topic, .side = side};
    struct name_scope scope = {&d->library, topic->protocol, side};
    struct reference r[2];
    unsigned opened = 0;
    int result = 0;
    for (unsigned i = 0; i < 2 && result == 0; i++) {
        const struct element *message = topic->message[i];
        if (message == NULL || (only != NULL && message != only))
            continue;
        result = reference_open(&r[opened++], &scope, &d->prose, message->as.name, e);
    }
    if (result == 0) {
        print_title(&p);
        result = print_messages(&p, r, opened, e);
    }
    for (unsigned i = 0; i < opened; i++)
        reference_close(&r[i]);
    buf_close(&p.text);
    return result;
}
