/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab decode`: EXI to XML, JSON or (read and written again) hex; captures go to capture.c. */
#include "app/capture.h"
#include "app/commands.h"
#include "app/grammars.h"
#include "app/options.h"
#include "app/report.h"
#include "app/shown.h"
#include "app/text.h"
#include "base/gzip.h"
#include "codec/json.h"
#include "codec/xml.h"
#include "record/record_folder.h"
#include "record/record_read.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ORDER FORMAT */
enum format { FORMAT_XML, FORMAT_JSON, FORMAT_HEX };
static const char *const FORMATS[] = {"xml", "json", "hex", NULL};

struct decode {
    struct options options;
    struct grammars grammars;
    struct exi_options exi;
    unsigned format; /* enum format */
    bool lines, follows;
    struct capture_view view;
    struct arena arena;
    struct fits fits;
    struct buf bytes, out;
};

static const struct option OPTION[] = {
    GRAMMARS_OPTION(offsetof(struct decode, grammars)),
    {"fragment", 0, NULL, "the input is an EXI fragment, as signatures are computed over",
     .at = offsetof(struct decode, exi.fragment)},
    {"format", 'f', "FORMAT", "xml (default), json, or hex: the message read and written again",
     OPTION_CHOICE, .at = offsetof(struct decode, format), .names = FORMATS},
    {"json", 0, NULL,
     "same as --format json; of a capture or text, one line of\n"
     "JSON an event",
     OPTION_NUMBER, .at = offsetof(struct decode, format), .number = FORMAT_JSON},
    {"lines", 'l', NULL,
     "one message a line in (hex digits), one a line out, in the same order;\n"
     "where one fails, the line is ERROR and why. FILE is - unless given",
     .at = offsetof(struct decode, lines)},
    LIMIT_OPTION(offsetof(struct decode, exi.limits)),
    {"keylog", 0, "FILE", "TLS secrets of a capture (as by SSLKEYLOGFILE)",
     .at = offsetof(struct decode, view.keylog)},
    {"key", 0, "FILE",
     "private key of the station (PEM): opens TLS where the suite is\n"
     "TLS_RSA_...",
     .at = offsetof(struct decode, view.key)},
    {"output", 'o', "FILE",
     "of a capture: write it to FILE (pcapng) with messages, violations and\n"
     "times as comments of its packets, which any Wireshark shows",
     .at = offsetof(struct decode, view.copy)},
    {"with-secrets", 0, NULL, "with -o: FILE has the secrets of TLS, also those of --keylog",
     .at = offsetof(struct decode, view.keeps_secrets)},
    {"follow", 'F', NULL,
     "of a capture: it still grows; messages are shown as they come, until\n"
     "Ctrl-C; also of the file that takes its place",
     .at = offsetof(struct decode, follows)},
    {"verify", 0, NULL, "of a capture: encode every message again, and report those that differ",
     .at = offsetof(struct decode, view.verify)},
    {"verbose", 'v', NULL,
     "of a capture or text: also the XML of each message; -vv: also\n"
     "its bytes",
     OPTION_COUNT, .at = offsetof(struct decode, view.verbose)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    "decode",
    "[OPTION]... HEX...|FILE|-\n"
    "[OPTION]... FILE.pcap|FILE.pcapng\n"
    "[OPTION]... RECORD\n"
    "[OPTION]... --lines [FILE|-]",
    "Shows a message. The input is EXI (or the octets of SDP), with or without its V2GTP header\n"
    "(01 FE ...), as hex digits or as bytes in a file or (-) on standard input; or a capture,\n"
    "shown as a ladder, with how each session went, and what was late, at its end, also where\n"
    "it has no beginning, and grammars that are named read all of it; or any text with messages\n"
    "in it (a log, a dump, an array, base64, several messages), as a ladder, too; or a record of\n"
    "this program, its folder or events.bin, also while it is written: all its events.\n"
    "(A file whose name is all hex digits: write ./NAME.)\n\n"
    "Where several grammars fit, all that fit best are printed, each under its name, and the\n"
    "others are named: a message goes before other elements, one with a header that can be read\n"
    "before one without, then what is right to its end, what is right but cut off, and what is\n"
    "right furthest. Violations (values outside the limits of the standard, bytes left over, a\n"
    "wrong payload type) are shown, and warned about.",
    OPTION,
    "examples:\n"
    "  v2glab decode 8098022E74FF44AAECF83E11F000\n"
    "  v2glab decode --grammar iso15118-2 --format json message.exi\n"
    "  v2glab decode --lines --grammar din70121 <messages.hex >messages.xml\n"
    "  v2glab decode session.pcap\n"
    "  v2glab decode session.pcap -o decoded.pcapng\n"
    "  tcpdump -i eth1 -w - | v2glab decode -\n"
    "  v2glab decode --json runs/2026-11-20-231500\n"
    "  v2glab decode charger.log\n\n"
    "exit codes: 0 decoded, 1 it (or, with --lines, a line) cannot be decoded,\n"
    "or a part of a capture is missing, 2 several grammars fit, 3 wrong use, or\n"
    "a file that cannot be read",
    NULL,
    NULL,
};

static int print_message(struct decode *d, const struct message *m, bool one_line, struct err *e)
{
    switch ((enum format)d->format) {
    case FORMAT_XML:
        xml_print(m, one_line ? XML_COMPACT : XML_PAGES, &d->out);
        return 0;
    case FORMAT_JSON:
        json_print(m, one_line ? JSON_LINE : JSON_PRETTY, &d->out);
        return 0;
    case FORMAT_HEX:
        break;
    }
    buf_clear(&d->bytes);
    if (codec_encode(m, &d->bytes, e) != 0)
        return -1;
    buf_hex(&d->out, d->bytes.p, d->bytes.n, true);
    return 0;
}

static void write_out(struct decode *d)
{
    if (d->out.n > 0)
        fwrite(d->out.p, 1, d->out.n, stdout);
    buf_clear(&d->out);
}

/* ---- one message ---- */

/* The n-th of several readings, under the name of its grammar. */
static void print_heading(struct decode *d, const char *name, unsigned n)
{
    if (d->format == FORMAT_XML)
        buf_printf(&d->out, "%s<!-- %s -->\n", n > 0 ? "\n" : "", name);
    else if (d->format == FORMAT_JSON)
        buf_printf(&d->out, "%s{\"grammar\": \"%s\", \"message\": ", n > 0 ? "" : "[", name);
    else
        buf_printf(&d->out, "%s: ", name);
}

static int print_fits(struct decode *d, const char *where)
{
    unsigned shown = 0, n = d->fits.counted;
    for (unsigned i = 0; i < d->fits.n; i++) {
        const struct fit *fit = &d->fits.at[i];
        struct err e = ERR_INIT;
        if (!fits_counts(&d->fits, fit))
            continue;
        if (n > 1)
            print_heading(d, fit->schema->name, shown);
        shown++;
        if (print_message(d, &fit->message, false, &e) != 0) {
            report_err(where, &e);
            return EXIT_FAIL;
        }
        if (n > 1 && d->format == FORMAT_JSON)
            buf_text(&d->out, shown == n ? "}]" : "},");
        buf_char(&d->out, '\n');
    }
    write_out(d);
    fits_report_some(&d->fits, where);
    fits_report_element(&d->fits, d->exi.fragment, where);
    if (n == 1)
        return EXIT_PASS;
    buf_clear(&d->bytes);
    fits_names(&d->fits, &d->bytes);
    report(REPORT_WARNING, "%u grammars fit: %s; choose one with --grammar", n,
           buf_string(&d->bytes));
    return EXIT_UNCLEAR;
}

/* Reads it as one message; whether it is nothing but that. */
static int read_one(struct decode *d, struct slice bytes, struct payload *payload, bool *is_all,
                    struct err *e)
{
    *is_all = false;
    if (payload_find(bytes, grammars_have_octets(&d->grammars), payload, e) != 0 ||
        fits_decode(&d->fits, &d->grammars, payload, &d->exi, &d->arena, e) != 0)
        return -1;
    *is_all =
        fits_any(&d->fits) && payload->behind == 0 && fits_first(&d->fits)->message.trailing.n == 0;
    return 0;
}

static int print_one(struct decode *d, const struct input *in, const struct payload *payload)
{
    if (payload->behind > 0)
        report(REPORT_WARNING, "%s%s%zu bytes behind the V2GTP frame were not read", in->name,
               in->name[0] != '\0' ? ": " : "", payload->behind);
    if (fits_any(&d->fits))
        return print_fits(d, in->name);
    fits_report_none(&d->fits, in->name);
    return EXIT_FAIL;
}

/* Whether there is more in it than one message: frames, packets, a message a line. */
static bool has_more(struct decode *d, const struct text_view *view, const struct input *in,
                     bool is_one)
{
    struct slice bytes = {in->bytes.p, in->bytes.n};
    if (d->exi.fragment)
        return false;
    struct text_found found = text_look(view, bytes, input_is_raw(in));
    return is_one ? found.messages + found.undecoded > 1 : found.messages > 0;
}

/* An input that is neither bytes nor hex digits only. unread: why it could not be read as such. */
static int decode_text(struct decode *d, const struct text_view *view, const struct input *in,
                       const struct err *unread)
{
    struct text_found found = {0};
    int status = EXIT_FAIL;
    if (!d->exi.fragment)
        status = command_decode_text(view, (struct slice){in->bytes.p, in->bytes.n}, false, &found);
    if (found.messages + found.undecoded > 0 || status == EXIT_SETUP)
        return status;
    if (found.lines > 1 && strchr("<{", in->bytes.p[0]) == NULL)
        report(REPORT_ERROR,
               "%s: there is no message in %lld lines (%llu runs of hex are none); expected EXI, "
               "V2GTP or Ethernet frames as bytes, hex, numbers or base64",
               in->name, (long long)found.lines, (unsigned long long)found.missed);
    else
        report_err(in->name, unread);
    return EXIT_FAIL;
}

static int decode_input(struct decode *d, const struct input *in)
{
    struct err e = ERR_INIT;
    struct payload payload;
    struct slice bytes;
    bool is_all;
    struct text_view view = {.grammars = &d->grammars,
                             .exi = &d->exi,
                             .name = in->name,
                             .json = d->format == FORMAT_JSON,
                             .verbose = d->view.verbose};
    if (input_bytes(in, &d->bytes, &bytes, &e) != 0)
        return decode_text(d, &view, in, &e);
    bool is_read = read_one(d, bytes, &payload, &is_all, &e) == 0;
    if (!is_all && has_more(d, &view, in, is_read && fits_any(&d->fits)))
        return command_decode_text(&view, (struct slice){in->bytes.p, in->bytes.n},
                                   input_is_raw(in), &(struct text_found){0});
    if (is_read)
        return print_one(d, in, &payload);
    report_err(in->name, &e);
    return EXIT_FAIL;
}

static bool is_same_file(const struct stat *one, const char *other)
{
    struct stat b;
    return stat(other, &b) == 0 && one->st_dev == b.st_dev && one->st_ino == b.st_ino;
}

/* -1: it cannot be read a second time, for the copy. */
static int look_at_copy(const struct decode *d, const char *path)
{
    struct stat of;
    char packed[PATH_MAX];
    if (d->view.copy == NULL)
        return 0;
    if (stat(gzip_place(path, packed, sizeof packed), &of) != 0 || !S_ISREG(of.st_mode)) {
        report(REPORT_ERROR, "%s: -o copies a file; expected the capture's name", path);
        return -1;
    }
    if (is_same_file(&of, d->view.copy)) {
        report(REPORT_ERROR, "%s: -o names the capture itself; expected another file", path);
        return -1;
    }
    return 0;
}

static int decode_capture(const struct decode *d, const struct input *in)
{
    struct capture_source from = {
        .name = in->name, .head = {in->bytes.p, in->bytes.n}, .fd = in->fd};
    return look_at_copy(d, in->name) == 0 ? command_decode_capture(&from, &d->view) : EXIT_SETUP;
}

static int no_capture(const char *name)
{
    report(REPORT_ERROR, "%s%sno capture; expected pcap or pcapng with -o", name,
           name[0] != '\0' ? ": " : "");
    return EXIT_SETUP;
}

/* Its events have their numbers. */
static void show_recorded(void *context, const struct event *e)
{
    struct recorder *out = context;
    out->events = e->number - 1;
    recorder_put(out, e);
}

static int decode_record(struct decode *d, const char *path)
{
    struct recorder out = {.n = 0};
    struct shown shown;
    struct err e = ERR_INIT;
    bool with_messages = d->format == FORMAT_JSON || d->view.verbose > 0;
    shown_open(&shown, &out, d->format == FORMAT_JSON, d->view.verbose);
    int bad = record_read(path, with_messages, &d->grammars.library, show_recorded, &out, &e);
    recorder_flush(&out);
    shown_close(&shown);
    if (bad != 0)
        report_err("", &e);
    return bad != 0 ? EXIT_SETUP : EXIT_PASS;
}

static bool is_record(const char *path)
{
    return strcmp(path, "-") != 0 && (record_is(path) || record_is_compact(path));
}

static int decode_read(struct decode *d, const struct input *in)
{
    if (in->is_capture)
        return decode_capture(d, in);
    return d->view.copy != NULL ? no_capture(in->name) : decode_input(d, in);
}

static int decode_whole(struct decode *d)
{
    struct input in;
    struct err e = ERR_INIT;
    int status;
    if (d->options.arguments == 0)
        return options_wrong(&d->options, "nothing to decode; expected hex digits, a file, or -");
    if (d->view.keeps_secrets && d->view.copy == NULL)
        return options_wrong(&d->options, "--with-secrets without -o FILE");
    if (d->options.arguments == 1 && is_record(d->options.argument[0]))
        return d->view.copy != NULL ? no_capture(d->options.argument[0])
                                    : decode_record(d, d->options.argument[0]);
    bool is_read = input_read_any(&in, d->options.arguments, d->options.argument, &status, &e) == 0;
    if (!is_read)
        report_err(in.name, &e);
    if (is_read || in.is_cut)
        status = decode_read(d, &in);
    input_close(&in);
    return !is_read && status == EXIT_PASS ? EXIT_FAIL : status;
}

static int decode_following(struct decode *d)
{
    if (d->options.arguments != 1)
        return options_wrong(&d->options, "--follow with %d files; expected one",
                             d->options.arguments);
    if (d->view.copy != NULL)
        return options_wrong(&d->options, "-o with --follow; expected a file that is whole");
    if (strcmp(d->options.argument[0], "-") == 0) /* it comes as it comes */
        return decode_whole(d);
    return command_follow_capture(d->options.argument[0], &d->view);
}

/* ---- lines ---- */

/* Takes back what was printed of the line, and says what is wrong instead. */
static int print_error(struct decode *d, size_t mark, const char *label, const struct err *e)
{
    d->out.n = mark;
    buf_printf(&d->out, "ERROR %s%s", label, label[0] != '\0' ? ": " : "");
    text_add_err(&d->out, e);
    return -1;
}

static int print_line(struct decode *d, uint64_t number)
{
    const struct fits *f = &d->fits;
    struct err e = ERR_INIT;
    size_t mark = d->out.n;
    if (!fits_any(f)) {
        const struct fit *best = fits_first(f);
        return print_error(d, mark, f->n > 1 ? best->schema->name : "", &best->problem);
    }
    if (f->counted > 1) {
        buf_text(&d->out, "ERROR several grammars fit, choose one with --grammar: ");
        fits_names(f, &d->out);
        return -1;
    }
    const struct message *m = &fits_first(f)->message;
    char where[40];
    snprintf(where, sizeof where, "line %llu", (unsigned long long)number);
    fits_report_element(f, d->exi.fragment, where);
    report_line_violations(number, m);
    return print_message(d, m, true, &e) != 0 ? print_error(d, mark, "", &e) : 0;
}

static int decode_line(void *context, struct slice line, uint64_t number)
{
    struct decode *d = context;
    struct payload payload;
    struct err e;
    e.set = false;
    arena_reset(&d->arena);
    buf_clear(&d->bytes);
    if (input_hex((const char *)line.p, line.n, &d->bytes, &e) != 0 ||
        payload_find((struct slice){d->bytes.p, d->bytes.n}, grammars_have_octets(&d->grammars),
                     &payload, &e) != 0)
        return print_error(d, d->out.n, "", &e);
    if (fits_decode(&d->fits, &d->grammars, &payload, &d->exi, &d->arena, &e) != 0)
        return print_error(d, d->out.n, "", &e);
    return print_line(d, number);
}

static int decode_lines(struct decode *d)
{
    if (d->options.arguments > 1)
        return options_wrong(&d->options, "%d files; expected one", d->options.arguments);
    const char *path = d->options.arguments > 0 ? d->options.argument[0] : "-";
    return lines_convert(path, decode_line, d, &d->out);
}

/* ---- the command ---- */

static int run(struct decode *d)
{
    if (grammars_begin(&d->grammars, &d->options, d) != 0)
        return d->options.status;
    d->view.json = d->format == FORMAT_JSON;
    d->view.grammars = &d->grammars;
    return d->lines ? decode_lines(d) : d->follows ? decode_following(d) : decode_whole(d);
}

int command_decode(int argc, char **argv)
{
    struct decode d = {.exi = EXI_OPTIONS};
    grammars_open(&d.grammars);
    arena_open(&d.arena, NULL, 0, FITS_MEMORY);
    options_open(&d.options, &USAGE, &d.grammars.library, argc, argv);
    int status = run(&d);
    buf_close(&d.bytes);
    buf_close(&d.out);
    arena_close(&d.arena);
    grammars_close(&d.grammars);
    return status;
}
