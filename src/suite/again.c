/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/again.h"

#include <string.h>

/* Options that tell which device is tested, and how it is reached. */
static const struct kept {
    const char *name;
    char letter;
    bool is_flag;
} KEPT[] = {
    {.name = "interface", .letter = 'i'},
    {.name = "peer", .letter = 'p'},
    {.name = "protocol", .letter = 'P'},
    {.name = "profile"},
    {.name = "timer"},
    {.name = "tls"},
    {.name = "cert"},
    {.name = "key"},
    {.name = "roots"},
    {.name = "tls-set"},
    {.name = "pki"},
    {.name = "pics"},
    {.name = "timeout"},
    {.name = "file"},
    {.name = "seed"},
    {.name = "fault"},
    {.name = "schema"},
    {.name = "ask", .is_flag = true},
    {.name = "virtual-time", .is_flag = true},
};

/* How many arguments from this one on are kept. */
static size_t kept_at(const char *word)
{
    size_t n = strcspn(word, "=");
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        const struct kept *k = &KEPT[i];
        bool is_letter = word[0] == '-' && k->letter != '\0' && word[1] == k->letter;
        bool is_name = n > 2 && memcmp(word, "--", 2) == 0 && strlen(k->name) == n - 2 &&
                       memcmp(k->name, word + 2, n - 2) == 0;
        bool has_value = is_name ? word[n] == '=' : is_letter && word[2] != '\0';
        if (is_name || is_letter)
            return has_value || k->is_flag ? 1 : 2;
    }
    return 0;
}

void again_word(struct buf *out, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:=@%+,";
    buf_char(out, ' ');
    if (*word != '\0' && word[strspn(word, PLAIN)] == '\0') {
        buf_text(out, word);
        return;
    }
    buf_char(out, '\'');
    for (; *word != '\0'; word++)
        buf_text(out, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
    buf_char(out, '\'');
}

void again_arguments(const json_t *run, const char *id, struct buf *out)
{
    const json_t *arguments = json_object_get(run, "arguments"), *argument;
    size_t i, left = 0; /* of an option that is kept, so many words */
    json_array_foreach(arguments, i, argument)
    {
        const char *word = json_string_value(argument);
        if (word == NULL)
            continue;
        if (left == 0)
            left = kept_at(word);
        if (left == 0)
            continue;
        again_word(out, word);
        left--;
    }
    again_word(out, id);
}
