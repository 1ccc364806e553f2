/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/junit.h"

#include <inttypes.h>
#include <string.h>

/* ---- XML ---- */

/* As text or attribute; what XML cannot say (control characters, U+FFFE, U+FFFF) becomes '?'. */
static void put_text(FILE *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        bool is_none = *p == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
        if (is_none) {
            fputc('?', out);
            p += 2;
        } else if (strchr("<>&\"", *p) != NULL || *p == '\n' || *p == '\t') {
            fprintf(out, "&#%u;", *p);
        } else {
            fputc(*p < 0x20 || *p == 0x7f ? '?' : *p, out);
        }
    }
}

static void put_attribute(FILE *out, const char *name, const char *text)
{
    fprintf(out, " %s=\"", name);
    put_text(out, text);
    fputc('"', out);
}

static void put_property(FILE *out, const char *indent, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    fprintf(out, "%s<property", indent);
    put_attribute(out, "name", name);
    put_attribute(out, "value", value);
    fputs("/>\n", out);
}

/* ---- a case ---- */

static void put_seconds(FILE *out, int64_t us)
{
    fprintf(out, " time=\"%" PRId64 ".%06" PRId64 "\"", us / 1000000, us % 1000000);
}

/* What decided, a fact a line. */
static void put_facts(FILE *out, const struct result *r)
{
    const struct {
        const char *name, *text;
    } fact[] = {
        {"expected", r->expected},
        {"found", r->found},
        {"reason", r->reason},
        {"requirements", r->cites},
        {"at", r->where},
        {"charges in the field", r->field == r->verdict ? "" : results_text(r->step, "tolerated")},
        {"trace", results_text(r->step, "trace")},
    };
    for (size_t i = 0; i < sizeof fact / sizeof *fact; i++) {
        if (*fact[i].text == '\0')
            continue;
        fprintf(out, "%s: ", fact[i].name);
        put_text(out, fact[i].text);
        fputs("&#10;", out);
    }
    if (r->frame > 0)
        fprintf(out, "frame: %" PRId64 "&#10;", r->frame);
}

/* ORDER OUTCOME */
static const char *const ELEMENT[OUTCOMES] = {NULL,      "failure", "skipped", "error",
                                              "skipped", "skipped", "error"};

/* What is before the cause. */
static const char *const HEAD[OUTCOMES] = {
    [OUTCOME_INCONCLUSIVE] = "inconclusive: ",
    [OUTCOME_BEYOND] = "beyond one device: ",
};

static void put_outcome(FILE *out, const struct result *r)
{
    struct buf text = {0};
    const char *element = ELEMENT[r->verdict];
    if (element == NULL)
        return;
    const char *head = HEAD[r->verdict] != NULL ? HEAD[r->verdict] : "";
    fprintf(out, "      <%s message=\"%s", element, head);
    put_text(out, result_cause(r, &text));
    fputc('"', out);
    if (strcmp(element, "skipped") != 0)
        put_attribute(out, "type", outcome_name(r->verdict));
    fputc('>', out);
    put_facts(out, r);
    fprintf(out, "</%s>\n", element);
    buf_close(&text);
}

static void put_case(FILE *out, const struct result *r)
{
    struct buf name = {0};
    fputs("    <testcase", out);
    put_attribute(out, "name", result_name(r, &name));
    put_attribute(out, "classname", *r->protocol != '\0' ? r->protocol : r->suite);
    put_attribute(out, "file", r->file);
    int64_t line = json_integer_value(json_object_get(r->planned, "line"));
    if (line > 0)
        fprintf(out, " line=\"%" PRId64 "\"", line);
    put_seconds(out, r->taken_us);
    fputs(">\n      <properties>\n", out);
    put_property(out, "        ", "verdict", outcome_name(r->verdict));
    put_property(out, "        ", "field", outcome_name(r->field));
    put_property(out, "        ", "about", r->about);
    put_property(out, "        ", "requirements", results_text(r->planned, "cites"));
    put_property(out, "        ", "record", results_text(r->said, "record"));
    fputs("      </properties>\n", out);
    put_outcome(out, r);
    fputs("    </testcase>\n", out);
    buf_close(&name);
}

/* ---- suites ---- */

struct sums {
    unsigned tests, failures, errors, skipped;
    int64_t us;
};

static void add(struct sums *s, const struct result *r)
{
    const char *element = ELEMENT[r->verdict];
    s->tests++;
    s->us += r->taken_us;
    if (element == NULL)
        return;
    s->failures += element[0] == 'f';
    s->errors += element[0] == 'e';
    s->skipped += element[0] == 's';
}

static void put_sums(FILE *out, const struct sums *s)
{
    fprintf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", s->tests,
            s->failures, s->errors, s->skipped);
    put_seconds(out, s->us);
}

static bool is_same_suite(const struct result *a, const struct result *b)
{
    return strcmp(a->suite, b->suite) == 0 && strcmp(a->protocol, b->protocol) == 0 &&
           strcmp(a->sut, b->sut) == 0;
}

static bool is_first_of_suite(const struct results *r, size_t i)
{
    size_t first = 0;
    while (!is_same_suite(&r->at[first], &r->at[i]))
        first++;
    return first == i;
}

static void put_suite(const struct results *r, size_t first, FILE *out)
{
    const struct result *head = &r->at[first];
    struct sums sums = {0};
    struct buf name = {0};
    buf_printf(&name, "%s%s%s %s", head->suite, *head->protocol != '\0' ? " " : "", head->protocol,
               head->sut);
    for (size_t i = first; i < r->n; i++)
        if (is_same_suite(head, &r->at[i]))
            add(&sums, &r->at[i]);
    fputs("  <testsuite", out);
    put_attribute(out, "name", buf_string(&name));
    put_sums(out, &sums);
    if (*results_text(r->run, "started") != '\0')
        put_attribute(out, "timestamp", results_text(r->run, "started"));
    fputs(">\n    <properties>\n", out);
    put_property(out, "      ", "v2glab", results_text(r->run, "version"));
    put_property(out, "      ", "run", r->folder);
    fputs("    </properties>\n", out);
    for (size_t i = first; i < r->n; i++)
        if (is_same_suite(head, &r->at[i]))
            put_case(out, &r->at[i]);
    fputs("  </testsuite>\n", out);
    buf_close(&name);
}

void junit_write(const struct results *r, FILE *out)
{
    struct sums all = {0};
    for (size_t i = 0; i < r->n; i++)
        add(&all, &r->at[i]);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"v2glab test\"", out);
    put_sums(out, &all);
    fputs(">\n", out);
    for (size_t i = 0; i < r->n; i++)
        if (is_first_of_suite(r, i))
            put_suite(r, i, out);
    fputs("</testsuites>\n", out);
}
