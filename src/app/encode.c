/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab encode`: XML or JSON to EXI, with or without a V2GTP header. */
#include "app/commands.h"
#include "app/grammars.h"
#include "app/options.h"
#include "app/report.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <string.h>

/* ORDER FORMAT */
enum format { FORMAT_HEX, FORMAT_RAW, FORMAT_V2GTP, FORMAT_V2GTP_RAW };
static const char *const FORMATS[] = {"hex", "raw", "v2gtp", "v2gtp-raw", NULL};

struct encode {
    struct options options;
    struct grammars grammars;
    unsigned format; /* enum format */
    bool lines;
    struct fits_reading reading;
    struct arena arena;
    struct fits fits;
    struct buf bytes, out;
};

static const struct option OPTION[] = {
    GRAMMARS_OPTION(offsetof(struct encode, grammars)),
    {"fragment", 0, NULL, "make an EXI fragment, as signatures are computed over",
     .at = offsetof(struct encode, reading.fragment)},
    {"format", 'f', "FORMAT",
     "hex (default): the EXI as hex digits; raw: as bytes; v2gtp: hex digits\n"
     "with the V2GTP header in front; v2gtp-raw: that as bytes",
     OPTION_CHOICE, .at = offsetof(struct encode, format), .names = FORMATS},
    {"lines", 'l', NULL,
     "one message a line in (XML or JSON), one a line out, in the same order;\n"
     "where one fails, the line is ERROR and why. FILE is - unless given",
     .at = offsetof(struct encode, lines)},
    {"complete", 'c', NULL, "put the standard defaults where mandatory elements are missing",
     .at = offsetof(struct encode, reading.complete)},
    OPTIONS_END,
};

static const struct usage USAGE = {
    "encode",
    "[OPTION]... XML|JSON|FILE|-\n"
    "[OPTION]... --lines [FILE|-]",
    "Turns a message in XML (as v2glab decode prints it; any prefixes) or JSON into EXI. The\n"
    "message is the argument itself, where that begins with < or {, else it is in a file or (-)\n"
    "on standard input.",
    OPTION,
    "examples:\n"
    "  v2glab encode message.xml\n"
    "  v2glab encode --format v2gtp-raw message.json >message.bin\n"
    "  v2glab encode -c '{\"supportedAppProtocolRes\": {\"SchemaID\": 1}}'\n"
    "  v2glab decode --lines a.hex | v2glab encode --lines\n\n"
    "exit codes: 0 encoded, 1 it (or, with --lines, a line) cannot be encoded,\n"
    "2 several grammars fit, 3 wrong use, or a file that cannot be read",
    NULL,
    NULL,
};

static bool is_text(const struct encode *d)
{
    return d->format == FORMAT_HEX || d->format == FORMAT_V2GTP;
}

/* The payload type of a message; that of its set where it is none of the set's messages. */
static int find_payload_type(const struct message *m, uint16_t *type, struct err *e)
{
    *type = message_payload(m);
    if (m->is_fragment)
        return err_set(e, "a fragment is never sent by itself; expected a document for V2GTP");
    if (*type == 0 || m->schema->ethertype != 0)
        return err_set(e, "%s has no V2GTP payload type; expected a message of a protocol",
                       m->schema->name);
    return 0;
}

/* Appends the message to d->out in the format that was asked for. */
static int print_message(struct encode *d, const struct fit *fit, struct err *e)
{
    uint8_t header[V2GTP_HEADER];
    uint16_t type = 0;
    bool is_framed = d->format == FORMAT_V2GTP || d->format == FORMAT_V2GTP_RAW;
    if (is_framed && find_payload_type(&fit->message, &type, e) != 0)
        return -1;
    v2gtp_write(header, type, (uint32_t)fit->bytes.n);
    size_t n = is_framed ? sizeof header : 0;
    if (is_text(d)) {
        buf_hex(&d->out, header, n, true);
        buf_hex(&d->out, fit->bytes.p, fit->bytes.n, true);
    } else {
        buf_add(&d->out, header, n);
        buf_add(&d->out, fit->bytes.p, fit->bytes.n);
    }
    return 0;
}

static void write_out(struct encode *d)
{
    if (d->out.n > 0)
        fwrite(d->out.p, 1, d->out.n, stdout);
    buf_clear(&d->out);
}

/* ---- one message ---- */

static int print_fits(struct encode *d, const char *where)
{
    unsigned n = d->fits.counted;
    if (n > 1 && !is_text(d)) {
        fits_names(&d->fits, &d->bytes);
        report(REPORT_ERROR, "%u grammars fit: %s; choose one with --grammar", n,
               buf_string(&d->bytes));
        return EXIT_UNCLEAR;
    }
    for (unsigned i = 0; i < d->fits.n; i++) {
        const struct fit *fit = &d->fits.at[i];
        struct err e = ERR_INIT;
        if (!fits_counts(&d->fits, fit))
            continue;
        if (n > 1)
            buf_printf(&d->out, "%s: ", fit->schema->name);
        if (print_message(d, fit, &e) != 0) {
            report_err(where, &e);
            return EXIT_FAIL;
        }
        if (is_text(d))
            buf_char(&d->out, '\n');
    }
    write_out(d);
    fits_report_some(&d->fits, where);
    if (n == 1)
        return EXIT_PASS;
    buf_clear(&d->bytes);
    fits_names(&d->fits, &d->bytes);
    report(REPORT_WARNING, "%u grammars fit: %s; choose one with --grammar", n,
           buf_string(&d->bytes));
    return EXIT_UNCLEAR;
}

static int encode_whole(struct encode *d)
{
    struct input in = {.name = ""};
    struct err e = ERR_INIT;
    int status;
    if (d->options.arguments != 1)
        return options_wrong(&d->options, "%d arguments; expected one: XML, JSON, a file, or -",
                             d->options.arguments);
    if (input_read_text(&in, d->options.argument[0], &status, &e) != 0) {
        report_err(in.name, &e);
    } else {
        struct slice text = {in.bytes.p, in.bytes.n};
        status = EXIT_FAIL;
        fits_read(&d->fits, &d->grammars, text, &d->reading, &d->arena);
        if (fits_any(&d->fits))
            status = print_fits(d, in.name);
        else
            fits_report_none(&d->fits, in.name);
    }
    input_close(&in);
    return status;
}

/* ---- lines ---- */

static int print_error(struct encode *d, size_t mark, const char *label, struct err *e)
{
    d->out.n = mark;
    e->line = ERR_NO_PLACE; /* the message has but one */
    buf_printf(&d->out, "ERROR %s%s", label, label[0] != '\0' ? ": " : "");
    text_add_err(&d->out, e);
    return -1;
}

static int encode_line(void *context, struct slice line, uint64_t number)
{
    struct encode *d = context;
    struct fits *f = &d->fits;
    struct err e = ERR_INIT;
    size_t mark = d->out.n;
    arena_reset(&d->arena);
    fits_read(f, &d->grammars, line, &d->reading, &d->arena);
    if (!fits_any(f)) {
        struct fit *best = &f->at[fits_first(f) - f->at];
        return print_error(d, mark, f->n > 1 ? best->schema->name : "", &best->problem);
    }
    if (f->counted > 1) {
        buf_text(&d->out, "ERROR several grammars fit, choose one with --grammar: ");
        fits_names(f, &d->out);
        return -1;
    }
    const struct fit *fit = fits_first(f);
    report_line_violations(number, &fit->message);
    return print_message(d, fit, &e) != 0 ? print_error(d, mark, "", &e) : 0;
}

static int encode_lines(struct encode *d)
{
    if (d->options.arguments > 1)
        return options_wrong(&d->options, "%d files; expected one", d->options.arguments);
    if (!is_text(d))
        return options_wrong(&d->options, "--lines with --format %s; expected hex or v2gtp",
                             FORMATS[d->format]);
    const char *path = d->options.arguments > 0 ? d->options.argument[0] : "-";
    return lines_convert(path, encode_line, d, &d->out);
}

/* ---- the command ---- */

static int run(struct encode *d)
{
    if (grammars_begin(&d->grammars, &d->options, d) != 0)
        return d->options.status;
    return d->lines ? encode_lines(d) : encode_whole(d);
}

int command_encode(int argc, char **argv)
{
    struct encode d = {.format = FORMAT_HEX};
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
