/* SPDX-License-Identifier: Apache-2.0 */
#include "session/fault.h"

#include "base/nearest.h"
#include "codec/node.h"
#include "schema/library.h"
#include "tls/tls_names.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum form { NOTHING, NUMBER, RANGE, HEX, BITS, WORD, FIELDS, NAME_OF_ALERT };

/* ORDER FAULT */
static const struct {
    const char *name;
    enum form form;    /* of the value */
    bool is_needed;    /* the value */
    int64_t otherwise; /* the value, where it is a number and absent */
    int64_t least;
    const char *keys; /* that take numbers: " pause " */
    const char *flag;
} FAULTS[] = {
    {"drop", NOTHING, false, 0, 0, "", ""},
    {"delay", RANGE, true, 0, 0, "", "overtake"},
    {"duplicate", NUMBER, false, 1, 1, "", ""},
    {"reorder", NUMBER, false, 1, 1, "", ""},
    {"truncate", NUMBER, false, -1, INT32_MIN, "", ""},
    {"append", HEX, true, 0, 0, "", ""},
    {"flip", BITS, false, -1, 0, "", ""},
    {"set", FIELDS, true, 0, 0, "", ""},
    {"without", WORD, true, 0, 0, "", ""},
    {"code", WORD, true, 0, 0, "", ""},
    {"session", HEX, false, 0, 0, "", ""},
    {"message", WORD, true, 0, 0, "", ""},
    {"raw", HEX, true, 0, 0, "", ""},
    {"header", NOTHING, true, 0, 0, " version inverse type length ", ""},
    {"split", NUMBER, false, 1, 1, " pause ", ""},
    {"glue", NUMBER, false, 1000, 0, "", ""},
    {"half-close", NOTHING, false, 0, 0, "", "after"},
    {"close", NOTHING, false, 0, 0, "", "after"},
    {"reset", NOTHING, false, 0, 0, "", "after"},
    {"silence", NOTHING, false, 0, 0, "", ""},
    {"alert", NAME_OF_ALERT, true, 0, 0, " level ", "after"},
    {"function", NOTHING, false, 0, 0, "", ""},
};
#define KINDS (sizeof FAULTS / sizeof FAULTS[0])

/* Cuts the next word off: ends at a blank that is not within quotes, which are taken away. NULL:
 * there is none. */
static char *next_word(char **rest)
{
    char *p = *rest + strspn(*rest, " \t\n"), *word = p, *to = p;
    bool is_quoted = false;
    if (*p == '\0')
        return NULL;
    for (; *p != '\0' && (is_quoted || strchr(" \t\n", *p) == NULL); p++)
        if (*p == '"')
            is_quoted = !is_quoted;
        else
            *to++ = *p;
    *rest = *p == '\0' ? p : p + 1;
    *to = '\0';
    return word;
}

/* Decimal, or hex with 0x. */
static bool read_number(const char *text, int64_t *number)
{
    char *end;
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    *number = strtoll(text, &end, is_hex ? 16 : 10);
    return text[0] != '\0' && *end == '\0' && *number >= INT32_MIN && *number <= UINT32_MAX;
}

/* ---- which frames ---- */

int fault_occurrence(const char *text, struct fault_frames *f, struct err *e)
{
    char *end;
    unsigned long first = strtoul(text, &end, 10), last = first;
    if (end != text && strcmp(end, "+") == 0) {
        last = UINT32_MAX;
        end++;
    } else if (end != text && *end == '-') {
        last = strtoul(end + 1, &end, 10);
    }
    if (first < 1 || last < first || last > UINT32_MAX || *end != '\0')
        return err_set(e, "expected an occurrence as 3, 3+ or 3-5, found '%.40s'", text);
    f->first = (uint32_t)first;
    f->last = (uint32_t)last;
    return 0;
}

/* Takes a word that stands before the name. */
static bool take_side(const char *word, struct fault_frames *f)
{
    if (strcasecmp(word, "evcc") == 0)
        f->role = FROM_EVCC;
    else if (strcasecmp(word, "secc") == 0)
        f->role = FROM_SECC;
    else if (strcmp(word, "out") == 0)
        f->in = false;
    else if (strcmp(word, "in") == 0)
        f->out = false;
    else
        return false;
    return true;
}

static int read_frames(char *text, struct fault_frames *f, struct err *e)
{
    char *word = next_word(&text);
    while (word != NULL && take_side(word, f))
        word = next_word(&text);
    if (word == NULL)
        return err_set(e, "expected the name of a message before the colon");
    char *occurrence = strchr(word, '#');
    f->name = word;
    if (occurrence != NULL)
        *occurrence++ = '\0';
    if (next_word(&text) != NULL)
        return err_set(e, "expected a colon behind %s", word);
    return occurrence == NULL ? 0 : fault_occurrence(occurrence, f, e);
}

bool fault_matches(const char *pattern, const char *name)
{
    if (*pattern == '*')
        return fault_matches(pattern + 1, name) ||
               (*name != '\0' && fault_matches(pattern, name + 1));
    return *pattern == *name && (*pattern == '\0' || fault_matches(pattern + 1, name + 1));
}

/* Alerts may come in place of messages of the handshake, too. */
static bool is_of_handshake(const struct fault *f, struct nearest *x)
{
    const char *name;
    for (unsigned i = 0; (name = tls_nth_name(TLS_MESSAGES, i)) != NULL; i++) {
        if (fault_matches(f->frames.name, name))
            return true;
        nearest_try(x, name);
    }
    return false;
}

/* Whether messages of that element have what the path names. */
static int check_path(const struct element *message, const char *path, struct err *e)
{
    const struct field *f = &message->as;
    char names[TYPE_NAMES_MAX];
    if (strncmp(path, "Header.", 7) == 0)
        return 0;
    while (*path != '\0') {
        size_t size = strcspn(path, ".[");
        int slot = f->kind == KIND_NODE ? type_slot(f->type, path, size) : -1;
        if (slot < 0)
            return err_set(e, "%s has no element '%.*s'; %s", f->name, (int)size, path,
                           f->kind == KIND_NODE ? type_names(f->type, false, path, names)
                                                : "it has none");
        f = &f->type->field[slot];
        path += size;
        path += strcspn(path, ".");
        path += *path == '.';
    }
    return 0;
}

static int check_paths(const struct fault *f, const struct element *message, struct err *e)
{
    if (f->what == FAULT_WITHOUT)
        return check_path(message, f->value, e);
    for (unsigned i = 0; i < f->arguments && f->what == FAULT_SET; i++)
        if (check_path(message, f->argument[i].key, e) != 0)
            return -1;
    return 0;
}

int fault_check(const struct fault *fault, struct library *l, struct err *e)
{
    const struct fault_frames *f = &fault->frames;
    struct nearest x = nearest_open(f->name, strlen(f->name));
    struct err missing = ERR_INIT; /* in the messages of that name so far */
    bool is_message = false;
    const char *name;
    if (fault->what == FAULT_ALERT && is_of_handshake(fault, &x))
        return 0;
    for (unsigned i = 0; (name = library_name(l, i)) != NULL; i++) {
        const struct schema *s = library_get(l, name, e);
        if (s == NULL)
            return -1;
        for (unsigned k = 0; k < s->messages; k++) {
            nearest_try(&x, s->message[k]->as.name);
            if (!fault_matches(f->name, s->message[k]->as.name))
                continue;
            is_message = true;
            if (check_paths(fault, s->message[k], &missing) == 0)
                return 0;
        }
    }
    if (is_message)
        return err_set(e, "%s", missing.what);
    return err_set(e, "there is no message '%.60s'%s%s", f->name,
                   x.name == NULL ? "" : "; the nearest is ", x.name == NULL ? "" : x.name);
}

/* ---- what is done to them ---- */

static int find_what(const char *name, enum fault_what *what, struct err *e)
{
    struct nearest x = nearest_open(name, strlen(name));
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcmp(name, FAULTS[i].name) == 0) {
            *what = (enum fault_what)i;
            return 0;
        }
        nearest_try(&x, FAULTS[i].name);
    }
    return err_set(e, "there is no fault '%.40s'; %s%s", name,
                   x.name == NULL ? "there are drop, delay, duplicate, reorder, truncate, append, "
                                    "flip, set, without, code, session, message, raw, header, "
                                    "split, glue, half-close, close, reset, silence, "
                                    "alert"
                                  : "the nearest is ",
                   x.name == NULL ? "" : x.name);
}

static bool is_hex(const char *text)
{
    size_t n = strlen(text);
    return n % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") == n;
}

static bool are_bits(const char *text)
{
    size_t n = strlen(text);
    bool is_list = n > 0 && text[0] != ',' && text[n - 1] != ',' && strstr(text, ",,") == NULL;
    return is_list && strspn(text, "0123456789,") == n;
}

static bool read_range(struct fault *f, char *text)
{
    char *to = strchr(text, '-');
    if (to == NULL || to == text) {
        bool is_number = read_number(text, &f->number);
        f->most = f->number;
        return is_number && f->number >= 0;
    }
    char *end;
    f->number = strtoll(text, &end, 10);
    return end == to && read_number(to + 1, &f->most) && f->most >= f->number;
}

static int take_alert(struct fault *f, const char *word, struct err *e)
{
    struct nearest x = nearest_of_all(word, strlen(word));
    const char *name;
    f->number = tls_number(TLS_ALERTS, word);
    if (f->number >= 0 || (read_number(word, &f->number) && f->number >= 0 && f->number <= 255))
        return 0;
    for (unsigned i = 0; (name = tls_nth_name(TLS_ALERTS, i)) != NULL; i++)
        nearest_try(&x, name);
    return err_set(e,
                   "alert: expected a name or a number in 0..255, found '%.40s'; the nearest is %s",
                   word, x.name);
}

static int take_value(struct fault *f, char *word, struct err *e)
{
    /* ORDER form */
    static const char *const EXPECTED[] = {"nothing behind it", "a number",        "MS or FROM-TO",
                                           "hex digits",        "numbers of bits", "a name",
                                           "FIELD=VALUE",       "an alert of TLS"};
    enum form form = FAULTS[f->what].form;
    bool good = f->value == NULL &&
                (form == WORD || (form == HEX && is_hex(word)) ||
                 (form == BITS && are_bits(word)) || (form == RANGE && read_range(f, word)));
    if (f->value == NULL && form == NUMBER)
        good = read_number(word, &f->number) && f->number >= FAULTS[f->what].least;
    if (f->value == NULL && form == NAME_OF_ALERT) {
        f->value = word;
        return take_alert(f, word, e);
    }
    f->value = word;
    return good ? 0
                : err_set(e, "%s: expected %s, found '%.60s'", FAULTS[f->what].name, EXPECTED[form],
                          word);
}

static bool has_word(const char *words, const char *word)
{
    const char *at = strstr(words, word);
    size_t n = strlen(word);
    return n > 0 && at != NULL && at > words && at[-1] == ' ' && at[n] == ' ';
}

static int take_argument(struct fault *f, char *word, struct err *e)
{
    char *value = strchr(word, '=');
    bool is_field = FAULTS[f->what].form == FIELDS;
    int64_t number;
    *value++ = '\0';
    if (f->arguments == FAULT_ARGUMENTS)
        return err_set(e, "more than %d values", FAULT_ARGUMENTS);
    if (!is_field && !has_word(FAULTS[f->what].keys, word))
        return err_set(e, "%s: it has no '%.40s'; expected one of:%s", FAULTS[f->what].name, word,
                       FAULTS[f->what].keys[0] != '\0' ? FAULTS[f->what].keys : " none");
    if (!is_field && !read_number(value, &number))
        return err_set(e, "%s: %s: expected a number, found '%.40s'", FAULTS[f->what].name, word,
                       value);
    if (!is_field && f->what == FAULT_ALERT && (number < 0 || number > 255))
        return err_set(e, "alert: %s: expected 0..255, found '%.40s'", word, value);
    f->argument[f->arguments].key = word;
    f->argument[f->arguments++].value = value;
    return 0;
}

static int read_what(struct fault *f, char *text, struct err *e)
{
    char *word = next_word(&text);
    if (find_what(word == NULL ? "" : word, &f->what, e) != 0)
        return -1;
    f->number = f->most = FAULTS[f->what].otherwise;
    while ((word = next_word(&text)) != NULL) {
        bool is_flag = word[0] != '\0' && strcmp(word, FAULTS[f->what].flag) == 0;
        f->has_flag = f->has_flag || is_flag;
        if (!is_flag &&
            (strchr(word, '=') != NULL ? take_argument(f, word, e) : take_value(f, word, e)) != 0)
            return -1;
    }
    bool is_said = f->value != NULL || (f->arguments > 0 && f->what != FAULT_ALERT);
    if (FAULTS[f->what].is_needed && !is_said)
        return err_set(e, "%s: it needs a value%s%s", FAULTS[f->what].name,
                       FAULTS[f->what].keys[0] != '\0' ? ", of:" : "", FAULTS[f->what].keys);
    return 0;
}

/* ---- making ---- */

static const struct fault_frames ALL = {
    .name = "*", .first = 1, .last = UINT32_MAX, .role = FROM_NONE, .out = true, .in = true};

/* With room for two copies of the text: one to be told, one to be cut into words. */
static struct fault *new_fault(const char *text, char **words, struct err *e)
{
    size_t n = strlen(text) + 1;
    struct fault *f = calloc(1, sizeof *f + 2 * n);
    if (f == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    char *copy = (char *)(f + 1);
    memcpy(copy, text, n);
    memcpy(copy + n, text, n);
    f->text = copy;
    *words = copy + n;
    f->frames = ALL;
    return f;
}

struct fault *fault_parse(const char *text, struct err *e)
{
    char *words;
    struct fault *f = new_fault(text, &words, e);
    char *colon = f == NULL ? NULL : strchr(words, ':');
    if (f == NULL)
        return NULL;
    if (colon == NULL) {
        err_set(e,
                "expected MESSAGE#OCCURRENCE: FAULT, as 'CurrentDemandRes#3: drop', found "
                "'%.80s'",
                text);
        free(f);
        return NULL;
    }
    *colon = '\0';
    if (read_frames(words, &f->frames, e) == 0 && read_what(f, colon + 1, e) == 0)
        return f;
    free(f);
    return NULL;
}

struct fault *fault_new(const struct fault_frames *frames, const char *what, struct err *e)
{
    struct buf text = {0};
    if (frames->role != FROM_NONE)
        buf_text(&text, frames->role == FROM_EVCC ? "evcc " : "secc ");
    if (frames->out != frames->in)
        buf_text(&text, frames->out ? "out " : "in ");
    buf_text(&text, frames->name);
    if (frames->last == UINT32_MAX && frames->first > 1)
        buf_printf(&text, "#%u+", (unsigned)frames->first);
    else if (frames->last == frames->first)
        buf_printf(&text, "#%u", (unsigned)frames->first);
    else if (frames->last != UINT32_MAX)
        buf_printf(&text, "#%u-%u", (unsigned)frames->first, (unsigned)frames->last);
    buf_printf(&text, ": %s", what);
    struct fault *f = fault_parse(buf_string(&text), e);
    buf_close(&text);
    return f;
}

int64_t fault_number(const struct fault *f, const char *key, int64_t otherwise)
{
    for (unsigned i = 0; i < f->arguments; i++)
        if (strcmp(f->argument[i].key, key) == 0)
            read_number(f->argument[i].value, &otherwise);
    return otherwise;
}
