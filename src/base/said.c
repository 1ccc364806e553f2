/* SPDX-License-Identifier: Apache-2.0 */
#include "base/said.h"

#include "base/asset.h"

#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TABLE "reference/ko-messages.txt"
#define SUITES "suites/ko/" /* what cases say of themselves */
#define VALUES 9            /* of a message: {1} to {9} */
#define VALUE_WEIGHT 4      /* letters that a value must save */
#define DEPTH 6             /* of messages in messages */
#define SPLITS 6            /* "FILE:LINE: EVCC: " before a message */
#define LONGEST 4096        /* of a text that is looked for */

/* A row of the table, its texts with real newlines. */
struct row {
    const char *english, *korean;
    char first;  /* letter of the English text; 0: a value */
    long weight; /* of the English text: letters outside of values, less for each value; the row
                    with the most of it fits best */
};

/* ORDER as in the table; made once. */
static pthread_once_t rows_made = PTHREAD_ONCE_INIT;
static struct row *rows;
static size_t rows_n;
static bool is_korean;

bool said_in_korean(void)
{
    return is_korean;
}

/* ---- the table ---- */

/* Length of the conversion at p ("%-4s", "%llu"); 0: there is none. "%%" is none. */
static size_t conversion(const char *p)
{
    if (p[0] != '%' || p[1] == '%')
        return 0;
    size_t n = 1 + strspn(p + 1, "-+ #0123456789.*");
    n += strspn(p + n, "hlzjI");
    return isalpha((unsigned char)p[n]) ? n + 1 : 0;
}

/* Letters up to the next conversion, or the end. */
static size_t plain(const char *p)
{
    size_t n = 0;
    while (p[n] != '\0' && conversion(p + n) == 0)
        n += p[n] == '%' && p[n + 1] == '%' ? 2 : 1;
    return n;
}

static long weight_of(const char *english)
{
    long sum = 0;
    for (const char *p = english; *p != '\0';) {
        size_t n = plain(p);
        sum += (long)n;
        p += n;
        sum -= conversion(p) > 0 ? VALUE_WEIGHT : 0;
        p += conversion(p);
    }
    return sum;
}

/* Takes "\n" for a newline and "\\" for '\', in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++, to++) {
        bool is_escaped = from[0] == '\\' && from[1] != '\0';
        from += is_escaped;
        *to = is_escaped && *from == 'n' ? '\n' : *from;
    }
    *to = '\0';
}

static size_t lines_in(struct slice text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    return lines;
}

/* Takes the rows of a file; it stays in memory. Not those with this in their English text (NULL:
 * all): the forms of suites are matched where the cases are read. */
static void read_table(struct slice table, const char *form)
{
    char *rest = malloc(table.n + 1), *line;
    if (rest == NULL)
        return;
    memcpy(rest, table.p, table.n);
    rest[table.n] = '\0';
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *korean = strchr(line, '\t');
        if (korean == NULL || line[0] == '#')
            continue;
        *korean++ = '\0';
        if (form != NULL && strstr(line, form) != NULL)
            continue;
        unescape(line);
        unescape(korean);
        rows[rows_n++] =
            (struct row){line, korean, conversion(line) > 0 ? '\0' : line[0], weight_of(line)};
    }
}

static void make_rows(void)
{
    struct slice table = {0}, suite;
    const char *path;
    bool has_table = asset_find(TABLE, &table);
    size_t lines = lines_in(table);
    for (size_t at = 0; asset_each(SUITES, &at, &path, &suite);)
        lines += lines_in(suite);
    rows = calloc(lines, sizeof *rows);
    if (rows == NULL)
        return;
    if (has_table)
        read_table(table, NULL);
    for (size_t at = 0; asset_each(SUITES, &at, &path, &suite);)
        read_table(suite, "{}");
}

/* Whether the locale is Korean, in an encoding that is ours. */
static bool is_korean_locale(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = "";
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES && locale[0] == '\0'; i++) {
        const char *value = getenv(NAMES[i]);
        locale = value != NULL ? value : "";
    }
    const char *charset = strchr(locale, '.');
    bool is_utf8 = charset == NULL || strncasecmp(charset, ".utf-8", 6) == 0 ||
                   strncasecmp(charset, ".utf8", 5) == 0;
    return is_utf8 && strncmp(locale, "ko", 2) == 0 && !isalpha((unsigned char)locale[2]);
}

void said_choose(const char *language)
{
    is_korean = language != NULL ? strcmp(language, "ko") == 0 : is_korean_locale();
    if (is_korean)
        pthread_once(&rows_made, make_rows);
}

/* ---- does a text fit a row? ---- */

struct value {
    const char *p;
    size_t n;
};

static struct value behind(struct value v, size_t n)
{
    return (struct value){v.p + n, v.n - n};
}

/* How much of the text are the n letters of a format, where "%%" is "%"; SIZE_MAX: it is others. */
static size_t fits_plain(const char *format, size_t n, struct value text)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++, at++) {
        if (at == text.n || text.p[at] != format[i])
            return SIZE_MAX;
        i += format[i] == '%' && i + 1 < n && format[i + 1] == '%';
    }
    return at;
}

/* What a number of that type is written in; NULL: it is none. */
static const char *letters_of(char type)
{
    return strchr("xX", type) != NULL     ? "0123456789abcdefABCDEF"
           : strchr("diuf", type) != NULL ? " +-.0123456789"
                                          : NULL;
}

static bool begins_with(const char *letters, struct value text)
{
    return text.n > 0 && text.p[0] != '\0' && strchr(letters, text.p[0]) != NULL;
}

/* Whether the n letters of a format come next in the text, and a number where the format has one
 * behind them: a blank alone ends no text in "%s %u". */
static bool goes_on(const char *format, size_t n, struct value text)
{
    size_t took = fits_plain(format, n, text), type = conversion(format + n);
    const char *letters = type > 0 ? letters_of(format[n + type - 1]) : NULL;
    return took != SIZE_MAX && (letters == NULL || begins_with(letters, behind(text, took)));
}

/* How much of the text is what that conversion printed, if n plain letters stand behind it;
 * SIZE_MAX: nothing can be. Of a text it is the least from the left, or all but what the format
 * ends with, in one line. */
static size_t fits_value(char type, const char *plain_text, size_t n, struct value text)
{
    const char *letters = letters_of(type);
    size_t used = 0;
    if (letters != NULL) {
        while (begins_with(letters, behind(text, used)))
            used++;
        while (used > 0 && text.p[used - 1] == ' ')
            used--;
        return used == 0 ? SIZE_MAX : used;
    }
    bool is_last = plain_text[n] == '\0';
    const char *end = memchr(text.p, '\n', text.n);
    size_t most = end != NULL ? (size_t)(end - text.p) : text.n;
    for (used = is_last && n <= text.n ? text.n - n : 0; used <= most; used++)
        if (goes_on(plain_text, n, behind(text, used)))
            return used;
    return SIZE_MAX;
}

/* Whether the text is what the format makes, and with which values. */
static bool fits(const char *format, struct value text, struct value value[VALUES])
{
    for (unsigned used = 0; used <= VALUES; used++) {
        size_t n = plain(format), took = fits_plain(format, n, text);
        if (took == SIZE_MAX)
            return false;
        text = behind(text, took);
        format += n;
        if (*format == '\0')
            return text.n == 0;
        format += conversion(format);
        size_t own =
            used == VALUES ? SIZE_MAX : fits_value(format[-1], format, plain(format), text);
        if (own == SIZE_MAX)
            return false;
        value[used] = (struct value){text.p, own};
        text = behind(text, own);
    }
    return false;
}

/* Whether a value that the row begins with may have swallowed what stands before a message ("error:
 * ", "FILE:LINE: "). */
static bool swallows(const struct row *r, const struct value value[VALUES])
{
    return r->first == '\0' && memmem(value[0].p, value[0].n, ": ", 2) != NULL;
}

/* The row that says most of the text; NULL: none does. */
static const struct row *row_of(struct value text, struct value value[VALUES])
{
    const struct row *best = NULL;
    struct value found[VALUES];
    for (size_t i = 0; i < rows_n; i++) {
        const struct row *r = &rows[i];
        bool begins = r->first == '\0' || (text.n > 0 && text.p[0] == r->first);
        bool may_be = begins && (best == NULL || r->weight > best->weight);
        if (!may_be || !fits(r->english, text, found))
            continue;
        best = r;
        memcpy(value, found, sizeof found);
    }
    return best;
}

/* ---- saying it ---- */

static bool say(struct buf *out, struct value text, unsigned depth);

static void say_or_keep(struct buf *out, struct value text, unsigned depth)
{
    if (depth == 0 || !say(out, text, depth - 1))
        buf_add(out, text.p, text.n);
}

static void fill(struct buf *out, const char *korean, const struct value value[VALUES],
                 unsigned depth)
{
    for (const char *p = korean; *p != '\0'; p++) {
        bool is_value = p[0] == '{' && p[1] >= '1' && p[1] <= '9' && p[2] == '}';
        if (!is_value) {
            buf_char(out, *p);
            continue;
        }
        say_or_keep(out, value[p[1] - '1'], depth);
        p += 2;
    }
}

/* Whether it is nothing but names of the standards: "PowerDeliveryRes with OK". */
static bool is_names(struct value text)
{
    for (size_t i = 0, n; i < text.n; i += n + 1) {
        const char *word = text.p + i, *blank = memchr(word, ' ', text.n - i);
        bool has_capital = false;
        n = blank != NULL ? (size_t)(blank - word) : text.n - i;
        for (size_t k = 0; k < n; k++)
            has_capital |= isupper((unsigned char)word[k]) != 0;
        if (!has_capital && !(n == 4 && memcmp(word, "with", 4) == 0))
            return false;
    }
    return text.n > 0;
}

/* Appends "A, or B, or C" in Korean, where each of them is a name, or in the table. */
static bool say_list(struct buf *out, struct value text, unsigned depth)
{
    static const char OR[] = ", or ";
    size_t from = out->n;
    if (depth == 0 || memmem(text.p, text.n, OR, sizeof OR - 1) == NULL ||
        memmem(text.p, text.n, ": ", 2) != NULL)
        return false;
    for (const char *end; text.p != NULL;) {
        end = memmem(text.p, text.n, OR, sizeof OR - 1);
        struct value one = {text.p, end != NULL ? (size_t)(end - text.p) : text.n};
        if (out->n > from)
            buf_text(out, " 또는 ");
        bool is_told = say(out, one, depth - 1);
        if (!is_told && !is_names(one)) {
            out->n = from;
            return false;
        }
        if (!is_told)
            buf_add(out, one.p, one.n);
        text = end == NULL ? (struct value){NULL, 0} : behind(text, one.n + sizeof OR - 1);
    }
    return true;
}

/* Appends it in Korean, or what stands behind one of its first ": "; where a row may have swallowed
 * one of these, what says more behind it, or as much. False: there is nothing of it in the table,
 * and nothing was appended. */
static bool say_behind(struct buf *out, struct value text, unsigned depth)
{
    struct value value[VALUES] = {{"", 0}}, found[VALUES];
    const struct row *best = NULL;
    size_t from = 0, begin = 0;
    bool is_sure = text.n > LONGEST;
    for (unsigned splits = 0; splits < SPLITS && from < text.n && !is_sure; splits++) {
        const struct row *r = row_of(behind(text, from), found);
        if (r != NULL && (best == NULL || r->weight >= best->weight)) {
            best = r;
            begin = from;
            memcpy(value, found, sizeof found);
        }
        is_sure = best != NULL && !swallows(best, value);
        const char *next = memmem(text.p + from, text.n - from, ": ", 2);
        from = next != NULL ? (size_t)(next - text.p) + 2 : text.n;
    }
    if (best == NULL)
        return false;
    if (begin > 0) {
        say_or_keep(out, (struct value){text.p, begin - 2}, depth);
        buf_text(out, ": ");
    }
    fill(out, best->korean, value, depth);
    return true;
}

static bool say(struct buf *out, struct value text, unsigned depth)
{
    return say_list(out, text, depth) || say_behind(out, text, depth);
}

/* Each part of the text up to one of these gaps is said, or goes on to the next kind. */
static void say_parts(struct buf *out, struct value text, unsigned kind)
{
    static const char *const GAPS[] = {"\n\n", "\n"};
    if (say(out, text, DEPTH))
        return;
    const char *gap = kind < sizeof GAPS / sizeof *GAPS ? GAPS[kind] : NULL;
    if (gap == NULL) {
        buf_add(out, text.p, text.n);
        return;
    }
    for (;;) {
        const char *end = memmem(text.p, text.n, gap, strlen(gap));
        size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
        say_parts(out, (struct value){text.p, n}, kind + 1);
        if (end == NULL)
            return;
        buf_text(out, gap);
        text = behind(text, n + strlen(gap));
    }
}

void said_add(struct buf *out, const char *english)
{
    if (is_korean)
        say_parts(out, (struct value){english, strlen(english)}, 0);
    else
        buf_text(out, english);
}

bool said_add_korean(struct buf *out, const char *english)
{
    size_t from = out->n;
    pthread_once(&rows_made, make_rows);
    say_parts(out, (struct value){english, strlen(english)}, 0);
    return strcmp(buf_string(out) + from, english) != 0;
}

const char *said_text(struct buf *room, const char *english)
{
    buf_clear(room);
    said_add(room, english);
    return buf_string(room);
}

void said_print(FILE *out, const char *format, ...)
{
    struct buf text = {0}, own = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    fputs(said_text(&own, buf_string(&text)), out);
    buf_close(&own);
    buf_close(&text);
}

const char *said(const char *english)
{
    for (size_t i = 0; is_korean && i < rows_n; i++)
        if (strcmp(rows[i].english, english) == 0)
            return rows[i].korean;
    return english;
}
