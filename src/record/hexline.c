/* SPDX-License-Identifier: Apache-2.0 */
#include "record/hexline.h"

#include <string.h>

#define SEPARATOR_MOST 6 /* characters between two numbers of a list */
#define COLUMN_GAP 3     /* blanks before the characters of a dump */
#define DUMP_HALF 8      /* bytes after which a dump may have a wider gap */
#define RUN_LEAST 3      /* bytes within a line */
#define BASE64_LEAST 12  /* characters */
#define ESCAPES_MOST 4   /* backslashes of one escape */

/* A word that may be a number. */
struct token {
    const char *p; /* its digits */
    size_t n;
    bool prefixed, negative; /* 0x, - */
    bool is_hex, is_number;  /* has hex digits only; could be one at all */
};

static void clear(struct hexline *l, struct buf *b)
{
    l->failed = l->failed || b->failed;
    buf_clear(b);
}

static void clear_bytes(struct hexline *l)
{
    for (int f = 0; f < HEXLINE_FORMS; f++)
        clear(l, &l->bytes[f]);
}

int hexline_close(struct hexline *l)
{
    struct buf *const rest[] = {&l->text, &l->attributes, &l->runs};
    clear_bytes(l);
    for (int f = 0; f < HEXLINE_FORMS; f++)
        buf_close(&l->bytes[f]);
    for (unsigned i = 0; i < sizeof rest / sizeof *rest; i++) {
        clear(l, rest[i]);
        buf_close(rest[i]);
    }
    return l->failed ? -1 : 0;
}

/* ---- characters ---- */

enum { DIGIT = 1, HEX = 2, WORD = 4, BLANK = 8, JOINT = 16, QUOTE = 32, BASE64 = 64 };

static const uint8_t CLASS[256] = {
    ['0' ... '9'] = DIGIT | HEX | WORD | BASE64,
    ['a' ... 'f'] = HEX | WORD | BASE64,
    ['A' ... 'F'] = HEX | WORD | BASE64,
    ['g' ... 'z'] = WORD | BASE64,
    ['G' ... 'Z'] = WORD | BASE64,
    ['_'] = WORD,
    [128 ... 255] = WORD,
    [' '] = BLANK,
    ['\t'] = BLANK,
    ['\r'] = BLANK,
    [','] = JOINT,
    [';'] = JOINT,
    [':'] = JOINT,
    ['-'] = JOINT,
    ['.'] = JOINT,
    ['|'] = JOINT,
    ['"'] = QUOTE,
    ['\''] = QUOTE,
    ['+'] = BASE64,
    ['/'] = BASE64,
};

static bool is(char c, unsigned class)
{
    return (CLASS[(uint8_t)c] & class) != 0;
}

static unsigned digit_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

/* ---- making a line plain ---- */

struct cleaning {
    const char *p, *end;
    struct buf *out, *attributes;
    const char *tag_end; /* the next > at or behind p, where it was looked for; end: none */
    bool no_close[2];    /* ORDER QUOTES: there is no such quote any more in the line */
};

static const char QUOTES[] = "\"'"; /* ORDER QUOTES */

/* ESC [ … letter. */
static bool skip_colour(struct cleaning *c)
{
    if (*c->p != '\033' || c->end - c->p < 2 || c->p[1] != '[')
        return false;
    for (c->p += 2; c->p < c->end && (*c->p < '@' || *c->p > '~');)
        c->p++;
    if (c->p < c->end)
        c->p++;
    return true;
}

/* <NAME …> and </NAME>: a blank; what stands in its quotes is kept apart. */
static bool skip_tag(struct cleaning *c)
{
    static const char INVISIBLE[] = "<wbr";
    size_t left = (size_t)(c->end - c->p);
    if (*c->p != '<' || left < 3 ||
        !(c->p[1] == '/' || c->p[1] == '!' || (is(c->p[1], WORD) && !is(c->p[1], DIGIT))))
        return false;
    if (c->tag_end == NULL || c->tag_end < c->p) {
        c->tag_end = memchr(c->p, '>', left);
        c->tag_end = c->tag_end == NULL ? c->end : c->tag_end;
    }
    const char *close = c->tag_end;
    if (close == c->end)
        return false;
    size_t n = (size_t)(close - c->p);
    const char *value = memchr(c->p, '=', n);
    if (value != NULL) {
        buf_add(c->attributes, value, n - (size_t)(value - c->p));
        buf_char(c->attributes, '\n');
    }
    if (n < sizeof INVISIBLE - 1 || memcmp(c->p, INVISIBLE, sizeof INVISIBLE - 1) != 0)
        buf_char(c->out, ' ');
    c->p = close + 1;
    return true;
}

static bool skip_entity(struct cleaning *c)
{
    static const struct {
        const char *name;
        char stands_for;
    } ENTITIES[] = {{"&nbsp;", ' '},  {"&#160;", ' '}, {"&#32;", ' '},  {"&#x20;", ' '},
                    {"&lt;", '<'},    {"&gt;", '>'},   {"&quot;", '"'}, {"&#39;", '\''},
                    {"&apos;", '\''}, {"&amp;", '&'},  {"(byte)", ' '}}; /* of Java */
    for (size_t i = 0; i < sizeof ENTITIES / sizeof *ENTITIES; i++) {
        size_t n = strlen(ENTITIES[i].name);
        if ((size_t)(c->end - c->p) < n || memcmp(c->p, ENTITIES[i].name, n) != 0)
            continue;
        buf_char(c->out, ENTITIES[i].stands_for);
        c->p += n;
        return true;
    }
    return false;
}

static size_t backslashes(const char *p, const char *end, size_t most)
{
    size_t n = 0;
    while (n < most && p + n < end && p[n] == '\\')
        n++;
    return n;
}

/* The length of an escape that stands for a byte at p, which is a backslash (\x80, \200; \\x80 in a
 * string within another), 0: none. */
static size_t escape(const char *p, const char *end, uint8_t *byte)
{
    size_t n = backslashes(p, end, ESCAPES_MOST);
    const char *d = p + n;
    if (end - d < 3)
        return 0;
    if (*d == 'x' && is(d[1], HEX) && is(d[2], HEX)) {
        *byte = (uint8_t)(digit_value(d[1]) << 4 | digit_value(d[2]));
        return n + 3;
    }
    if (*d < '0' || *d > '3' || d[1] < '0' || d[1] > '7' || d[2] < '0' || d[2] > '7')
        return 0;
    *byte = (uint8_t)(digit_value(*d) << 6 | digit_value(d[1]) << 3 | digit_value(d[2]));
    return n + 3;
}

/* A string in the text, or one within it, that has bytes: what is before the first of them, how
 * many backslashes an escape has, and the quote that ends it. */
struct bytes_string {
    const char *first;
    size_t level;
    char quote;
    bool is_inner;
};

/* One of a string's characters, which may be escaped: \n, \". Its length. */
static size_t character(const struct bytes_string *s, const char *p, const char *end, uint8_t *byte)
{
    static const char NAMES[] = "abtnvfr", VALUES[] = "\a\b\t\n\v\f\r";
    size_t n = backslashes(p, end, 2 * s->level);
    const char *d = p + n;
    *byte = (uint8_t)*p;
    if (n == 2 * s->level)
        return n; /* a backslash */
    if (d == end || (n < s->level && *d != '"'))
        return 1;
    if (n < s->level) { /* the string around this one needs it */
        *byte = '"';
        return n + 1;
    }
    size_t escaped = escape(p, end, byte);
    if (escaped > 0)
        return escaped;
    const char *name = *d == '\0' ? NULL : strchr(NAMES, *d);
    *byte = *d == '0' ? 0 : name != NULL ? (uint8_t)VALUES[name - NAMES] : (uint8_t)*d;
    return n + 1;
}

static void add_byte(struct cleaning *c, uint8_t byte)
{
    buf_hex(c->out, &byte, 1, false);
    buf_char(c->out, ' ');
}

/* What the string between p and end, in such quotes, has before its bytes: words ("sent: \x01"),
 * the beginning of a string within it (b'\\x01), or bytes that are characters. False: it has no
 * bytes. */
static bool find_bytes(struct bytes_string *s, const char *p, const char *end, char quote)
{
    uint8_t unused;
    const char *start = p, *escaped = p;
    while ((escaped = memchr(escaped, '\\', (size_t)(end - escaped))) != NULL &&
           escape(escaped, end, &unused) == 0)
        escaped += end - escaped > 1 ? 2 : 1;
    if (escaped == NULL)
        return false;
    size_t n = (size_t)(escaped - start);
    char before = n > 0 ? escaped[-1] : '\0';
    bool is_inner = before == '\'' || before == '"';
    bool has_words = is_inner || memchr(start, ' ', n) != NULL || memchr(start, ':', n) != NULL;
    *s = (struct bytes_string){.first = has_words ? escaped : start,
                               .level = backslashes(escaped, end, ESCAPES_MOST),
                               .quote = is_inner ? before : quote,
                               .is_inner = is_inner};
    return true;
}

/* A string with escapes that stand for bytes becomes these, as hex; of another the quote is
 * copied. */
static bool take_string(struct cleaning *c)
{
    const char *quote = *c->p == '\0' ? NULL : strchr(QUOTES, *c->p);
    struct bytes_string s;
    uint8_t byte;
    if (quote == NULL || c->no_close[quote - QUOTES])
        return false;
    const char *close = c->p + 1;
    while (close < c->end && *close != *quote)
        close += *close == '\\' && c->end - close > 1 ? 2 : 1;
    if (close >= c->end) {
        c->no_close[quote - QUOTES] = true;
        return false;
    }
    if (!find_bytes(&s, c->p + 1, close, *quote))
        return false;
    struct buf *out = c->out;
    size_t before = out->n;
    if (before > 0 && (out->p[before - 1] | 32) == 'b' &&
        (before == 1 || !is((char)out->p[before - 2], WORD)))
        out->n--; /* of Python */
    buf_add(out, c->p, (size_t)(s.first - c->p));
    buf_char(out, ' ');
    for (c->p = s.first; c->p < close && *c->p != s.quote;) {
        if (s.is_inner && *c->p == '\\' && c->p[1] == s.quote)
            break;
        c->p += character(&s, c->p, close, &byte);
        add_byte(c, byte);
    }
    if (c->p == close)
        c->p++;
    return true;
}

static bool take_escape(struct cleaning *c)
{
    uint8_t byte;
    if (*c->p != '\\' || c->end - c->p < 2)
        return false;
    size_t n = escape(c->p, c->end, &byte);
    if (n > 0)
        add_byte(c, byte);
    else
        buf_add(c->out, c->p, 2);
    c->p += n > 0 ? n : 2;
    return true;
}

void hexline_clean(struct hexline *l, struct slice line)
{
    static bool (*const TAKE[])(struct cleaning *) = {skip_colour, skip_tag, skip_entity,
                                                      take_string, take_escape};
    struct cleaning c = {.p = (const char *)line.p,
                         .end = (const char *)line.p + line.n,
                         .out = &l->text,
                         .attributes = &l->attributes};
    clear(l, &l->text);
    clear(l, &l->attributes);
    while (c.p < c.end) {
        size_t plain = 0, left = (size_t)(c.end - c.p);
        while (plain < left && strchr("\033<&(\"'\\", c.p[plain]) == NULL)
            plain++;
        buf_add(c.out, c.p, plain);
        c.p += plain;
        if (c.p == c.end)
            break;
        unsigned i = 0, n = sizeof TAKE / sizeof *TAKE;
        while (i < n && !TAKE[i](&c))
            i++;
        if (i == n) {
            buf_char(c.out, *c.p);
            c.p++;
        }
    }
}

/* ---- numbers ---- */

static void hex_bytes(const struct token *t, struct buf *out)
{
    uint8_t *to = buf_reserve(out, (t->n + 1) / 2);
    if (to == NULL)
        return;
    size_t i = 0;
    if (t->n % 2 == 1)
        *to++ = (uint8_t)digit_value(t->p[i++]);
    for (; i + 1 < t->n; i += 2)
        *to++ = (uint8_t)(digit_value(t->p[i]) << 4 | digit_value(t->p[i + 1]));
    out->n += (t->n + 1) / 2;
}

/* Of 16 digits at most. UINT64_MAX: it has another digit. */
static uint64_t number_of(const struct token *t, unsigned base)
{
    uint64_t value = 0;
    for (size_t i = 0; i < t->n; i++) {
        unsigned digit = digit_value(t->p[i]);
        if (digit >= base)
            return UINT64_MAX;
        value = value * base + digit;
    }
    return value;
}

/* More than most, or another digit: -1. */
static int small_number(const struct token *t, unsigned base, unsigned most)
{
    uint64_t value = number_of(t, base);
    return value <= most ? (int)value : -1;
}

/* Appends a word in a form. False: it is none of that form. */
static bool add_token(enum hexline_form form, const struct token *t, struct buf *out)
{
    int value = -1;
    if (!t->is_hex)
        return false;
    switch (form) {
    case HEXLINE_HEX:
        if (t->negative || (t->n % 2 == 1 && !(t->prefixed && t->n == 1)))
            return false;
        hex_bytes(t, out);
        return true;
    case HEXLINE_SWAPPED:
        if (t->negative || t->prefixed || (t->n != 2 && t->n != 4 && t->n != 8))
            return false;
        for (size_t i = t->n; i > 0; i -= 2)
            hex_bytes(&(struct token){.p = t->p + i - 2, .n = 2}, out);
        return true;
    case HEXLINE_DECIMAL:
        if (!t->prefixed && t->n <= 3)
            value = small_number(t, 10, t->negative ? 128 : 255);
        value = value > 0 && t->negative ? 256 - value : value;
        break;
    case HEXLINE_OCTAL:
        value = t->n == 6 && !t->prefixed && !t->negative ? small_number(t, 8, 0xFFFF) : -1;
        if (value >= 0) { /* two bytes, the lower first */
            buf_char(out, (char)(value & 0xFF));
            value >>= 8;
        } else if (!t->prefixed && !t->negative && t->n == 3)
            value = small_number(t, 8, 255);
        break;
    case HEXLINE_SHORT:
        if (!t->prefixed && !t->negative && t->n <= 2)
            value = small_number(t, 16, 255);
        break;
    case HEXLINE_BASE64:
    case HEXLINE_FORMS:
        break;
    }
    if (value < 0)
        return false;
    buf_char(out, (char)value);
    return true;
}

/* The word that begins at p; behind is where it ends. */
static struct token read_token(const char *p, const char *end, const char **behind)
{
    struct token t = {.p = p, .is_hex = true};
    while (p < end && is(*p, WORD))
        p++;
    *behind = p;
    t.prefixed = p - t.p > 2 && t.p[0] == '0' && (t.p[1] | 32) == 'x';
    t.p += t.prefixed ? 2 : 0;
    t.n = (size_t)(p - t.p);
    for (size_t i = 0; i < t.n && t.is_hex; i++)
        t.is_hex = is(t.p[i], HEX);
    char last = (char)(t.p[t.n - 1] | 32); /* 0x80u of C, 80h of assemblers */
    if (!t.is_hex && t.n > 1 && ((t.prefixed && last == 'u') || (t.n == 3 && last == 'h'))) {
        t.n--;
        t.is_hex = is(t.p[0], HEX) && (t.n < 2 || is(t.p[1], HEX)) && t.n <= 2;
    }
    return t;
}

/* ---- lists ---- */

/* The list of one form that is being read. */
struct list {
    bool open, is_first;
    bool is_odd; /* has a number that only this form explains */
    char joint;  /* what stands between its numbers; 0: only one so far */
    size_t at, from, to, last, shared;
};

struct finding {
    struct hexline *l;
    struct list list[HEXLINE_FORMS];
};

static void put_run(struct hexline *l, const struct hexrun *r)
{
    buf_add(&l->runs, r, sizeof *r);
    if (!l->runs.failed && !l->bytes[r->form].failed)
        l->n++;
}

const struct hexrun *hexline_run(const struct hexline *l, size_t i)
{
    return (const struct hexrun *)(const void *)l->runs.p + i;
}

static void close_list(struct finding *f, enum hexline_form form, bool is_last)
{
    struct list *list = &f->list[form];
    size_t end = f->l->bytes[form].n;
    bool is_edge = list->is_first || is_last, is_this = form == HEXLINE_HEX || list->is_odd;
    if (list->open && end > list->at && (is_edge || (is_this && end - list->at >= RUN_LEAST)))
        put_run(f->l, &(struct hexrun){.form = form,
                                       .at = list->at,
                                       .n = end - list->at,
                                       .from = list->from,
                                       .to = list->to,
                                       .shared = list->shared,
                                       .is_first = list->is_first,
                                       .is_last = is_last});
    list->open = false;
}

static void open_list(struct list *list, size_t at, size_t from, bool is_first)
{
    *list = (struct list){.open = true, .is_first = is_first, .at = at, .from = from, .last = at};
}

/* The next number, behind such a joint (0: it does not belong to what is before it). */
static void take_token(struct finding *f, enum hexline_form form, const struct token *t,
                       size_t from, size_t to, char joint, bool is_first)
{
    struct list *list = &f->list[form];
    struct buf *out = &f->l->bytes[form];
    size_t mark = out->n, last = list->last, last_n = mark - last;
    bool was_open = list->open,
         continues = list->open && joint != 0 && (list->joint == 0 || list->joint == joint);
    if (!add_token(form, t, out)) {
        close_list(f, form, false);
        return;
    }
    if (!continues) {
        size_t added = out->n - mark;
        out->n = mark;
        close_list(f, form, false);
        open_list(list, mark, from, is_first);
        if (was_open && joint != 0) { /* the one before may belong to both */
            uint8_t *room = buf_reserve(out, last_n + added);
            if (room != NULL) {
                memmove(room, out->p + last, last_n);
                out->n += last_n;
            }
            list->shared = last_n;
            list->joint = joint;
        }
        mark = out->n;
        add_token(form, t, out);
    } else {
        list->joint = joint;
    }
    list->is_odd |= form == HEXLINE_DECIMAL ? t->negative || t->n != 2 : t->n == 1;
    list->last = mark;
    list->to = to;
}

/* What is between two numbers: a kind of joint (a blank, or the sign), or 0: they do not belong
 * together. p is moved behind it. */
static char read_joint(const char **p, const char *end)
{
    char joint = 0;
    const char *start = *p;
    bool is_broken = false;
    for (; *p < end && !is(**p, WORD); (*p)++) {
        bool is_sign = **p == '-' && *p > start && end - *p > 1 && is((*p)[1], DIGIT);
        if (is_sign && (joint != '-'))
            continue;
        if (is(**p, BLANK))
            joint = joint == 0 ? ' ' : joint;
        else if (is(**p, JOINT) && (joint == 0 || joint == ' '))
            joint = **p;
        else if (!is(**p, QUOTE))
            is_broken = true;
    }
    return is_broken || *p - start > SEPARATOR_MOST ? 0 : joint;
}

/* Whether only such characters are between. */
static bool only(const char *p, const char *end, const char *of)
{
    while (p < end && *p != '\0' && strchr(of, *p) != NULL)
        p++;
    return p == end;
}

static const char OPENING[] = " \t\r{[(\"'`,;:|>+-", CLOSING[] = " \t\r}])\"'`,;|\\+<";

/* Where the comment begins that shows the bytes of an array as characters; end: there is none. */
static const char *comment(const char *text, const char *end)
{
    const char *slash = memchr(text, '/', (size_t)(end - text));
    while (slash != NULL && (end - slash < 2 || (slash[1] != '*' && slash[1] != '/')))
        slash = memchr(slash + 1, '/', (size_t)(end - slash - 1));
    if (slash == NULL || memmem(text, (size_t)(slash - text), "0x", 2) == NULL)
        return end;
    const char *p = slash;
    while (is(p[-1], BLANK)) /* at most up to that number */
        p--;
    return p[-1] == ',' || is(p[-1], HEX) ? slash : end;
}

static void find_lists(struct finding *f, const char *text, size_t n)
{
    static const enum hexline_form FORMS[] = {HEXLINE_HEX, HEXLINE_DECIMAL, HEXLINE_SHORT};
    const char *p = text, *end = comment(text, text + n);
    bool is_first = true;
    for (int k = 0; k < 3; k++)
        f->list[FORMS[k]].open = false;
    while (p < end) {
        const char *start = p, *behind;
        char joint = read_joint(&p, end);
        if (p == end)
            break;
        struct token t = read_token(p, end, &behind);
        t.negative = p > text && p[-1] == '-' && (p - 1 == text || !is(p[-2], WORD));
        is_first = is_first && only(start, p, OPENING);
        for (int k = 0; k < 3; k++)
            take_token(f, FORMS[k], &t, (size_t)(p - text), (size_t)(behind - text),
                       start == text ? 0 : joint, is_first);
        is_first = false;
        p = behind;
    }
    for (int k = 0; k < 3; k++) {
        const struct list *list = &f->list[FORMS[k]];
        close_list(f, FORMS[k], list->open && only(text + list->to, end, CLOSING));
    }
}

/* ---- base64 ---- */

/* What V2GTP and EXI begin with in base64, and an Ethernet frame with IPv6 has at its 12th byte. */
static bool may_be_message(const char *p, size_t n)
{
    static const char IPV6[] = "ht1g";
    return (p[0] == 'g' && p[1] >= 'A' && p[1] <= 'P') || memcmp(p, "Af6", 3) == 0 ||
           (n >= 20 && memcmp(p + 16, IPV6, 4) == 0);
}

static void put_base64(struct hexline *l, struct hexrun *r, const char *p, size_t digits)
{
    struct buf *out = &l->bytes[HEXLINE_BASE64];
    uint8_t *room = buf_reserve(out, digits);
    int64_t bytes = room == NULL ? -1 : base64_read(p, r->to - r->from, room, digits);
    if (bytes <= 0)
        return;
    r->at = out->n;
    r->n = (size_t)bytes;
    out->n += r->n;
    put_run(l, r);
}

static void find_base64(struct hexline *l, const char *text, size_t n)
{
    const char *end = text + n;
    bool is_first = true;
    for (const char *p = text; p < end;) {
        const char *start = p;
        while (p < end && is(*p, BASE64))
            p++;
        size_t digits = (size_t)(p - start);
        if (digits < 2) {
            is_first = is_first && digits == 0 && only(p, p + 1, OPENING);
            p += p < end;
            continue;
        }
        while (p < end && *p == '=' && p - start < (ptrdiff_t)digits + 2)
            p++;
        bool may_be = p - start >= BASE64_LEAST && may_be_message(start, digits);
        struct hexrun r = {.form = HEXLINE_BASE64,
                           .from = (size_t)(start - text),
                           .to = (size_t)(p - text),
                           .is_first = is_first,
                           .is_last = (may_be || is_first) && only(p, end, CLOSING)};
        if (may_be || (r.is_first && r.is_last))
            put_base64(l, &r, start, digits);
        is_first = false;
    }
}

void hexline_find(struct hexline *l)
{
    struct finding f = {.l = l};
    clear_bytes(l);
    clear(l, &l->runs);
    l->n = 0;
    find_lists(&f, (const char *)l->text.p, l->text.n);
    find_base64(l, (const char *)l->text.p, l->text.n);
    if (l->attributes.n == 0)
        return;
    find_lists(&f, (const char *)l->attributes.p, l->attributes.n);
    find_base64(l, (const char *)l->attributes.p, l->attributes.n);
}

/* ---- dumps ---- */

bool hexline_offset(const struct hexline *l, size_t from, struct hexdump *d)
{
    static const unsigned BASES[] = {16, 10, 8};
    const char *text = (const char *)l->text.p, *end = text + l->text.n, *p = text + from, *behind;
    for (; p < end; p = behind) {
        if (!is(*p, WORD)) {
            behind = p + 1;
            continue;
        }
        struct token t = read_token(p, end, &behind);
        if (!t.is_hex || t.n < 3 || t.n > 16)
            continue;
        *d = (struct hexdump){.from = (size_t)(p - text)};
        d->has_colon = behind < end && (*behind == ':' || *behind == '|');
        behind += d->has_colon;
        if (behind < end && !is(*behind, BLANK))
            continue;
        d->to = (size_t)(behind - text);
        d->is_bare = only(behind, end, " \t\r");
        for (int i = 0; i < 3; i++)
            d->value[i] = t.prefixed && BASES[i] != 16 ? UINT64_MAX : number_of(&t, BASES[i]);
        return true;
    }
    return false;
}

/* Numbers are right-aligned in columns of od and hexdump -x, so that gaps between them differ. */
static bool is_aligned(size_t blanks, const struct token *t)
{
    size_t width = blanks + t->negative + t->n;
    return t->n == 4 ? width == 8 : t->n < 4 && (width == 4 || width == 5);
}

/* od -c: cells of four characters, each an octal number, an escape or the character itself. */
static bool read_cells(const char *p, const char *end, struct buf *out)
{
    static const char NAMES[] = "0abtnvfr", VALUES[] = "\0\a\b\t\n\v\f\r";
    size_t mark = out->n;
    for (; end - p >= 4; p += 4) {
        struct token t = {.p = p + 1, .n = 3, .is_hex = is(p[1], DIGIT)};
        const char *name = p[2] == '\\' && p[3] != '\0' ? strchr(NAMES, p[3]) : NULL;
        if (p[0] != ' ')
            break;
        if (t.is_hex && add_token(HEXLINE_OCTAL, &t, out))
            continue;
        if (p[1] != ' ' || (p[2] != ' ' && name == NULL))
            break;
        buf_char(out, name != NULL ? VALUES[name - NAMES] : p[3]);
    }
    if (p == end && out->n > mark)
        return true;
    out->n = mark;
    return false;
}

void hexline_columns(struct hexline *l, const struct hexdump *d)
{
    static const enum hexline_form FORMS[] = {HEXLINE_HEX, HEXLINE_SWAPPED, HEXLINE_DECIMAL,
                                              HEXLINE_OCTAL};
    const char *text = (const char *)l->text.p, *end = text + l->text.n, *p = text + d->to, *behind;
    bool fits[HEXLINE_FORMS] = {false};
    size_t bytes = 0;
    for (int k = 0; k < 4; k++)
        fits[FORMS[k]] = true;
    clear_bytes(l);
    for (bool may_align = true, is_begun = false;; is_begun = true) {
        size_t blanks = 0;
        for (; p < end && is(*p, BLANK); p++)
            blanks++;
        bool is_negative = end - p > 1 && *p == '-' && is(p[1], DIGIT);
        p += is_negative;
        if (p == end || !is(*p, WORD) || blanks == 0)
            break;
        struct token t = read_token(p, end, &behind);
        t.negative = is_negative;
        may_align = may_align && is_aligned(blanks, &t);
        bool is_gap = blanks >= COLUMN_GAP || (blanks == 2 && bytes != DUMP_HALF);
        if (!t.is_hex || (is_begun && is_gap && !may_align))
            break;
        if (behind < end && !is(*behind, BLANK) && *behind != ',' && *behind != '|')
            break; /* characters */
        for (int k = 0; k < 4; k++)
            fits[FORMS[k]] = fits[FORMS[k]] && add_token(FORMS[k], &t, &l->bytes[FORMS[k]]);
        bytes += t.n > 3 ? t.n / 2 : 1;
        p = behind + (behind < end && *behind == ',');
    }
    if (fits[HEXLINE_OCTAL] && l->bytes[HEXLINE_HEX].n > l->bytes[HEXLINE_OCTAL].n)
        fits[HEXLINE_HEX] = false; /* words of six octal digits */
    for (int k = 0; k < 4; k++)
        if (!fits[FORMS[k]])
            clear(l, &l->bytes[FORMS[k]]);
    struct buf *octal = &l->bytes[HEXLINE_OCTAL];
    if (octal->n == 0 || p < end) { /* it may have stopped at a character */
        size_t n = octal->n;
        if (read_cells(text + d->to, end, octal))
            memmove(octal->p, octal->p + n, octal->n -= n);
    }
}
