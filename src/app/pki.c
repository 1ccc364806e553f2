/* SPDX-License-Identifier: Apache-2.0 */
/* `v2glab pki`: the certificates of the charging world, made, checked and served. */
#include "trust/pki.h"
#include "app/commands.h"
#include "app/ocsp_server.h"
#include "app/options.h"
#include "app/report.h"
#include "base/said.h"
#include "base/visible.h"
#include "record/terminal.h"
#include "trust/pki_tree.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <uv.h>

#include <openssl/bio.h>
#include <openssl/x509.h>

#define FOLDER_USUAL "pki"
#define TEXT_MAX 128

static const char *const EDITION_NAMES[] = {"iso15118-2", "iso15118-20", "both", NULL};
static const char *const ROOTS[] = {"v2g-root", "oem-root", "mo-root"};

static bool file_exists(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0;
}

/* The folder that was named, else ./pki where it is one, else that of the demo tree, which is made
 * on first use. NULL: reported. */
static const char *tree_folder(struct options *o, char *text)
{
    struct err e = ERR_INIT;
    if (o->arguments > 0)
        return o->argument[0];
    for (unsigned i = 0; i < 2; i++)
        if (pki_tree_has(FOLDER_USUAL, (enum pki_edition)i))
            return FOLDER_USUAL;
    bool has_folder = pki_tree_demo_folder(text, PKI_PATH_MAX, &e) == 0;
    bool is_new = has_folder && !pki_tree_has(text, EDITION_2);
    bool was_old = has_folder && pki_tree_is_old(text, EDITION_2);
    if (pki_tree_demo(text, PKI_PATH_MAX, &e) != 0) {
        options_failed(o, &e);
        return NULL;
    }
    if (is_new)
        report(REPORT_NOTE, "demo certificates were made in %s", text);
    if (was_old && !pki_tree_is_old(text, EDITION_2))
        report(REPORT_NOTE,
               "the demo certificates in %s were of an older version and are made anew; the old "
               "ones are in folders .old beside them",
               text);
    return text;
}

/* ---- make ---- */

/* Index in EDITION_NAMES; -1: e. */
static int find_edition(const char *value, struct err *e)
{
    for (int i = 0; EDITION_NAMES[i] != NULL; i++)
        if (strcasecmp(EDITION_NAMES[i], value) == 0)
            return i;
    return err_set(e, "expected iso15118-2, iso15118-20 or both");
}

static int take_editions(void *to, const char *value, struct err *e)
{
    struct pki_tree *t = to;
    int edition = find_edition(value, e);
    t->edition[0] = edition != 1;
    t->edition[1] = edition != 0;
    return edition < 0 ? -1 : 0;
}

static int take_fault(void *to, const char *value, struct err *e)
{
    return pki_tree_add_fault(to, value, e);
}

static int take_contract(void *to, const char *value, struct err *e)
{
    struct pki_tree *t = to;
    if (t->emaid == NULL)
        t->emaid = value;
    else if (t->contracts < PKI_TREE_CONTRACTS - 1)
        t->contract[t->contracts++] = value;
    else
        return err_set(e, "expected at most %d", PKI_TREE_CONTRACTS);
    return 0;
}

static const struct option MAKE_OPTION[] = {
    {"for", 0, "STANDARD", "iso15118-2, iso15118-20 or both (default)", OPTION_CALL,
     .take = take_editions},
    {"fault", 'f', "ROLE=FAULT", "make the certificate of ROLE so; may be given several times",
     OPTION_CALL, .take = take_fault},
    {"emaid", 0, "EMAID",
     "contract identifier of 14 characters, or 15 with the check digit\n"
     "(default DEABCC00000001 and its digit); each further one makes a\n"
     "further contract: contract-leaf-2, and so on",
     OPTION_CALL, .take = take_contract},
    {"pcid", 0, "PCID", "identifier of the provisioning certificate, 17 or 18 characters",
     .at = offsetof(struct pki_tree, pcid)},
    {"cpid", 0, "CPID", "identifier of the charging point (default DE*ABC*E00001)",
     .at = offsetof(struct pki_tree, cpid)},
    {"evccid", 0, "EVCCID",
     "identifier of the vehicle, in its certificate of ISO 15118-20\n"
     "(default " PKI_EVCCID ", as that of `v2glab ev`)",
     .at = offsetof(struct pki_tree, evccid)},
    {"ocsp", 0, "URL",
     "address of the OCSP responder in the certificates\n(default " PKI_OCSP_URL ")",
     .at = offsetof(struct pki_tree, ocsp)},
    {"ed448", 0, NULL, "keys of ISO 15118-20 are Ed448, not ECDSA over secp521r1",
     .at = offsetof(struct pki_tree, is_ed448)},
    {"replace", 0, NULL, "make a tree anew that is there",
     .at = offsetof(struct pki_tree, replaces)},
    OPTIONS_END,
};

static const struct usage MAKE_USAGE = {
    "pki make",
    "[OPTION]... [FOLDER]",
    "Makes all roots, sub-CAs and leaves of ISO 15118-2 and ISO 15118-20 with their keys, chains\n"
    "and revocation lists in FOLDER (default: ./pki), as the standards' profiles want them.",
    MAKE_OPTION,
    "roles: v2g-root, cpo-sub1, cpo-sub2, secc-leaf, cps-sub1, cps-sub2, cps-leaf, oem-root,\n"
    "oem-sub1, oem-sub2, oem-leaf, mo-root, mo-sub1, mo-sub2, contract-leaf; ISO 15118-20 also\n"
    "vehicle-sub1, vehicle-sub2, vehicle-leaf\n\n"
    "faults:\n"
    "  expired, not-yet-valid      outside its validity\n"
    "  wrong-domain-component      DC of another role\n"
    "  wrong-key-usage             may not do what it is for\n"
    "  wrong-curve                 key over secp384r1\n"
    "  self-signed, bad-signature  not, or not rightly, signed by its issuer\n"
    "  revoked                     in the revocation list, and revoked to `pki ocsp`\n"
    "  unparseable                 the DER ends too early\n"
    "  path-length-exceeded        of a leaf: a third sub-CA above it\n"
    "  missing-intermediate        of a leaf: its chain lacks sub-CA 2\n"
    "  swapped-sub-ca              of a leaf: its chain has the sub-CAs in the wrong order\n"
    "  foreign-sub-ca              of a leaf: issued by another branch\n"
    "  wrong-emaid                 of contract-leaf: a wrong check digit\n\n"
    "examples:\n"
    "  v2glab pki make\n"
    "  v2glab pki make --emaid DE8AA1A2B3C4D5 lab/pki\n"
    "  v2glab pki make --fault secc-leaf=expired --fault mo-sub2=revoked broken",
    NULL,
    NULL,
};

static int run_make(int argc, char **argv)
{
    struct options o;
    struct pki_tree t;
    struct err e = ERR_INIT;
    pki_tree_open(&t, FOLDER_USUAL);
    options_open(&o, &MAKE_USAGE, NULL, argc, argv);
    if (options_read(&o, &t) != 0)
        return o.status;
    if (o.arguments > 1)
        return options_wrong(&o, "%d folders; expected one", o.arguments);
    if (o.arguments > 0)
        t.folder = o.argument[0];
    if (pki_tree_make(&t, &e) != 0) {
        options_failed(&o, &e);
        return o.status;
    }
    said_print(stdout, "%s: certificates of %s\n", t.folder,
               !t.edition[1]   ? "ISO 15118-2"
               : !t.edition[0] ? "ISO 15118-20"
                               : "ISO 15118-2 and ISO 15118-20");
    for (unsigned i = 0; i < t.faults; i++)
        printf("  %s: %s\n", PKI_PROFILES[t.fault[i].role].name,
               said(PKI_TREE_FAULT_KINDS[t.fault[i].fault].help));
    return EXIT_PASS;
}

/* ---- show ---- */

struct show {
    struct options options;
    struct pki_options check;
    struct pki_chain roots;
    bool has_roots;
};

static int take_role(void *to, const char *value, struct err *e)
{
    enum pki_role role = pki_role_find(value);
    *(enum pki_role *)to = role;
    return role != ROLE_UNKNOWN ? 0 : err_set(e, "`v2glab pki list --roles` shows the roles");
}

static int take_edition(void *to, const char *value, struct err *e)
{
    int edition = find_edition(value, e);
    *(int *)to = edition == 2 ? -1 : edition;
    return edition < 0 ? -1 : 0;
}

static int take_root(void *to, const char *value, struct err *e)
{
    struct show *s = to;
    s->has_roots = true;
    return pki_chain_read(&s->roots, value, e);
}

static int take_date(void *to, const char *value, struct err *e)
{
    struct tm tm = {0};
    const char *end = strptime(value, "%Y-%m-%d", &tm);
    if (end == NULL || *end != '\0')
        return err_set(e, "expected YYYY-MM-DD");
    *(int64_t *)to = (int64_t)timegm(&tm);
    return 0;
}

static const struct option SHOW_OPTION[] = {
    {"role", 0, "ROLE", "what the leaf is (default: what it seems to be)", OPTION_CALL,
     .at = offsetof(struct show, check.role), .take = take_role},
    {"for", 0, "STANDARD", "iso15118-2 or iso15118-20 (default: as its keys)", OPTION_CALL,
     .at = offsetof(struct show, check.edition), .take = take_edition},
    {"root", 'r', "FILE",
     "trusted roots and revocation lists, PEM or DER; may be given several\n"
     "times (default: those beside FILE, where it is in a tree)",
     OPTION_CALL, .take = take_root},
    {"at", 0, "DATE", "check as of YYYY-MM-DD (default: now)", OPTION_CALL,
     .at = offsetof(struct show, check.now), .take = take_date},
    OPTIONS_END,
};

static const struct usage SHOW_USAGE = {
    "pki show",
    "[OPTION]... FILE...",
    "Shows the certificates of each FILE (PEM or DER, leaf first) and checks them, as one chain,\n"
    "against the profiles of ISO 15118-2, annex F, or ISO 15118-20, annex B, and RFC 5280.\n"
    "What is wrong is said with the clause.",
    SHOW_OPTION,
    "examples:\n"
    "  v2glab pki show pki/iso15118-2/secc-leaf.chain.pem\n"
    "  v2glab pki show --role contract-leaf --root mo-root.der chain.der\n\n"
    "exit codes: 0 nothing is wrong, 1 something is, 3 wrong use, or a file that cannot be read",
    NULL,
    NULL,
};

static const char *time_text(const ASN1_TIME *t, char *text)
{
    struct tm tm;
    strcpy(text, "?");
    if (ASN1_TIME_to_tm(t, &tm) == 1)
        strftime(text, 32, "%Y-%m-%d", &tm);
    return text;
}

static void print_certificate(const X509 *x, const char *place, const char *role)
{
    char name[TEXT_MAX], domain[TEXT_MAX], curve[64], from[32], until[32];
    pki_subject(x, "DC", domain, sizeof domain);
    printf("  %-4s %-14s %s%s%s, %s, %s%s%s\n", place, role,
           pki_subject(x, "CN", name, sizeof name), domain[0] != '\0' ? ", DC " : "", domain,
           pki_curve(x, curve, sizeof curve), time_text(X509_get0_notBefore(x), from), said(" to "),
           time_text(X509_get0_notAfter(x), until));
}

static void print_finding(void *context, const struct pki_finding *f)
{
    char place[64];
    struct buf text = {0}, own = {0};
    (void)context;
    buf_text(&text, pki_finding_place(f, place, sizeof place));
    buf_text(&text, f->text);
    said_add(&own, buf_string(&text));
    buf_clear(&text);
    visible_add(&text, buf_string(&own), own.n);
    if (f->clause[0] != '\0')
        buf_printf(&text, " (%s)", f->clause);
    printf("  %s: %s\n", said(f->is_error ? "error" : "remark"), buf_string(&text));
    buf_close(&own);
    buf_close(&text);
}

/* The roots and lists of the tree that a file is in: errors there are of no matter here. */
static void read_beside(const char *file, struct pki_chain *roots)
{
    char path[PKI_PATH_MAX];
    const char *slash = strrchr(file, '/');
    int n = slash == NULL ? 0 : (int)(slash - file) + 1;
    for (unsigned i = 0; i < sizeof ROOTS / sizeof *ROOTS; i++) {
        struct err e = ERR_INIT;
        snprintf(path, sizeof path, "%.*s%s.pem", n, file, ROOTS[i]);
        if (file_exists(path))
            pki_chain_read(roots, path, &e);
    }
    for (unsigned i = 0; i < ROLES && roots->n > 0; i++) {
        struct err e = ERR_INIT;
        snprintf(path, sizeof path, "%.*s%s.crl", n, file, PKI_PROFILES[i].name);
        if (file_exists(path))
            pki_chain_read(roots, path, &e);
    }
}

static unsigned check_chain(struct show *s, const char *file, const struct pki_chain *c)
{
    struct pki_options check = s->check;
    struct pki_chain beside = {0};
    struct pki_path path;
    if (s->has_roots)
        check.anchors = &s->roots;
    else if (c->n > 1)
        read_beside(file, &beside);
    if (beside.n > 0)
        check.anchors = &beside;
    /* once for the roles, then for what is wrong, which is told below the certificates */
    pki_chain_check(c, &check, NULL, NULL, &path);
    said_print(stdout, "%s: %u certificate%s, ISO 15118-%s\n", file, c->n, c->n == 1 ? "" : "s",
               path.edition == EDITION_20 ? "20" : "2");
    for (unsigned i = 0; i < c->n; i++) {
        char place[16];
        enum pki_role role = ROLE_UNKNOWN;
        for (unsigned k = 0; k < path.n; k++)
            role = path.index[k] == (int)i ? path.role[k] : role;
        snprintf(place, sizeof place, "%u", i + 1);
        if (c->at[i].x != NULL)
            print_certificate(c->at[i].x, place,
                              role == ROLE_UNKNOWN ? "-" : PKI_PROFILES[role].name);
        else
            printf("  %-4s %s\n", place, said("unparseable"));
    }
    if (path.is_anchored && path.n > 0 && path.index[path.n - 1] < 0)
        print_certificate(path.at[path.n - 1], "root", PKI_PROFILES[path.role[path.n - 1]].name);
    unsigned errors = pki_chain_check(c, &check, print_finding, NULL, &path);
    if (errors == 0)
        fputs(said(path.is_anchored ? "  ok, up to a trust anchor\n" : "  ok\n"), stdout);
    pki_chain_close(&beside);
    return errors;
}

static int show_files(struct show *s)
{
    int status = EXIT_PASS;
    if (s->options.arguments == 0)
        return options_wrong(&s->options, "no file; expected one or more");
    for (int i = 0; i < s->options.arguments; i++) {
        struct pki_chain c = {0};
        struct err e = ERR_INIT;
        if (pki_chain_read(&c, s->options.argument[i], &e) != 0) {
            report(REPORT_ERROR, "%s", e.what);
            status = EXIT_SETUP;
        } else if (check_chain(s, s->options.argument[i], &c) > 0 && status == EXIT_PASS) {
            status = EXIT_FAIL;
        }
        pki_chain_close(&c);
    }
    return status;
}

static int run_show(int argc, char **argv)
{
    struct show s = {.check = {.role = ROLE_UNKNOWN, .edition = -1, .now = (int64_t)time(NULL)}};
    options_open(&s.options, &SHOW_USAGE, NULL, argc, argv);
    int status = options_read(&s.options, &s) == 0 ? show_files(&s) : s.options.status;
    pki_chain_close(&s.roots);
    return status;
}

/* ---- list ---- */

static const struct option LIST_OPTION[] = {
    {"roles", 0, NULL, "list the roles and where their profiles stand, not a tree", .at = 0},
    OPTIONS_END,
};

static const struct usage LIST_USAGE = {
    "pki list",
    "[OPTION]... [FOLDER]",
    "Lists the certificates of the tree in FOLDER (default: ./pki where it is one, else the demo\n"
    "tree, which is made on first use).",
    LIST_OPTION,
    "examples:\n"
    "  v2glab pki list\n"
    "  v2glab pki list --roles",
    NULL,
    NULL,
};

static void list_roles(void)
{
    struct buf title = {0};
    for (unsigned i = 0; i < ROLES; i++) {
        const struct pki_profile *p = &PKI_PROFILES[i];
        buf_clear(&title);
        terminal_column(&title, said(p->title), 33);
        printf("%-14s %s %s%s%s\n", p->name, buf_string(&title), p->clause[0],
               p->clause[0][0] != '\0' ? "; " : "", p->clause[1]);
    }
    buf_close(&title);
}

static unsigned list_edition(const char *folder, enum pki_edition edition)
{
    char path[PKI_PATH_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < ROLES; i++) {
        struct pki_chain c = {0};
        struct err e = ERR_INIT;
        pki_tree_path(path, folder, edition, PKI_PROFILES[i].name, ".pem");
        if (!file_exists(path))
            continue;
        if (n++ == 0)
            printf("%s/%s\n", folder, EDITION_NAMES[edition]);
        if (pki_chain_read(&c, path, &e) != 0 || c.n == 0 || c.at[0].x == NULL)
            printf("       %-14s %s\n", PKI_PROFILES[i].name, said("unparseable"));
        else
            print_certificate(c.at[0].x, "", PKI_PROFILES[i].name);
        pki_chain_close(&c);
    }
    return n;
}

static int run_list(int argc, char **argv)
{
    struct options o;
    char text[PKI_PATH_MAX];
    bool roles = false;
    options_open(&o, &LIST_USAGE, NULL, argc, argv);
    if (options_read(&o, &roles) != 0)
        return o.status;
    if (roles) {
        list_roles();
        return EXIT_PASS;
    }
    if (o.arguments > 1)
        return options_wrong(&o, "%d folders; expected one", o.arguments);
    const char *folder = tree_folder(&o, text);
    if (folder == NULL)
        return o.status;
    if (list_edition(folder, EDITION_2) + list_edition(folder, EDITION_20) > 0)
        return EXIT_PASS;
    report(REPORT_ERROR, "%s has no certificates; `v2glab pki make %s` makes them", folder, folder);
    return EXIT_SETUP;
}

/* ---- ocsp ---- */

static const struct option OCSP_OPTION[] = {
    {"listen", 'l', "ADDRESS", "where to listen (default [::1]:9080; without a port:\na free one)",
     .at = 0},
    OPTIONS_END,
};

static const struct usage OCSP_USAGE = {
    "pki ocsp",
    "[OPTION]... [FOLDER]",
    "Answers OCSP requests about the certificates of the tree in FOLDER (default: ./pki where it\n"
    "is one, else the demo tree), and serves its revocation lists, until it is interrupted.",
    OCSP_OPTION,
    "examples:\n"
    "  v2glab pki ocsp\n"
    "  openssl ocsp -url http://[::1]:9080/ -issuer cpo-sub2.pem -cert secc-leaf.pem \\\n"
    "    -CAfile v2g-root.pem -verify_other cpo-sub2.pem",
    NULL,
    NULL,
};

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    uv_stop(signal->loop);
}

static void print_answer(void *context, const struct endpoint *from, const char *what)
{
    char text[ENDPOINT_TEXT];
    (void)context;
    printf("%s: %s\n", endpoint_text(from, text, sizeof text), what);
    fflush(stdout);
}

static int serve(struct options *o, const struct ocsp *known, const struct endpoint *at,
                 const char *folder)
{
    uv_signal_t signals[2];
    char text[ENDPOINT_TEXT];
    struct err e = ERR_INIT;
    struct world *world = world_open(NULL, &e);
    struct ocsp_server *s =
        world == NULL ? NULL : ocsp_server_open(world, at, known, print_answer, NULL, &e);
    for (int i = 0; i < 2 && s != NULL; i++) {
        uv_signal_init(world_loop(world), &signals[i]);
        uv_signal_start(&signals[i], on_signal, i == 0 ? SIGINT : SIGTERM);
    }
    if (s != NULL) {
        printf("OCSP responder at http://%s/ for %s\n",
               endpoint_text(ocsp_server_endpoint(s), text, sizeof text), folder);
        fflush(stdout);
        world_run(world);
        uv_close((uv_handle_t *)&signals[0], NULL);
        uv_close((uv_handle_t *)&signals[1], NULL);
    } else {
        options_failed(o, &e);
    }
    ocsp_server_close(s);
    world_close(world);
    return s != NULL ? EXIT_PASS : o->status;
}

static int run_ocsp(int argc, char **argv)
{
    struct options o;
    struct endpoint at;
    struct err e = ERR_INIT;
    char text[PKI_PATH_MAX];
    const char *listen = "[::1]:9080";
    options_open(&o, &OCSP_USAGE, NULL, argc, argv);
    if (options_read(&o, &listen) != 0)
        return o.status;
    if (o.arguments > 1)
        return options_wrong(&o, "%d folders; expected one", o.arguments);
    if (endpoint_parse(listen, &at, &e) != 0)
        return options_wrong(&o, "--listen: %s", e.what);
    const char *folder = tree_folder(&o, text);
    struct ocsp *known = folder == NULL ? NULL : ocsp_open(folder, &e);
    if (known == NULL) {
        if (folder != NULL)
            options_failed(&o, &e);
        return o.status;
    }
    int status = serve(&o, known, &at, folder);
    ocsp_close(known);
    return status;
}

/* ---- the command ---- */

static const struct subcommand VERBS[] = {
    {"make", run_make}, {"show", run_show}, {"list", run_list}, {"ocsp", run_ocsp}, {NULL, NULL}};

static const struct option NO_OPTION[] = {OPTIONS_END};

static const struct usage USAGE = {
    "pki",
    "make [OPTION]... [FOLDER]\n"
    "show [OPTION]... FILE...\n"
    "list [OPTION]... [FOLDER]\n"
    "ocsp [OPTION]... [FOLDER]",
    "Certificates for tests.\n\n"
    "  make  make the whole tree, with faults where asked for\n"
    "  show  show a chain and check it against the standards' profiles\n"
    "  list  list the certificates of a tree, or the roles\n"
    "  ocsp  answer OCSP requests about a tree",
    NO_OPTION,
    "examples:\n"
    "  v2glab pki make\n"
    "  v2glab pki make --fault secc-leaf=expired broken\n"
    "  v2glab pki show broken/iso15118-2/secc-leaf.chain.pem\n"
    "  v2glab pki ocsp\n\n"
    "v2glab pki make --help, and so on, shows the options.\n\n"
    "exit codes: 0 done, or all is well; 1 something is wrong with a certificate;\n"
    "3 wrong use, or a file that cannot be read or written",
    VERBS,
    NULL,
};

int command_pki(int argc, char **argv)
{
    struct options o;
    int at = globals_skip(argc, argv);
    for (const struct subcommand *v = VERBS; at < argc && v->name != NULL; v++)
        if (strcmp(argv[at], v->name) == 0) {
            globals_move_behind(argv, at);
            return v->run(argc - 1, argv + 1);
        }
    options_open(&o, &USAGE, NULL, argc, argv);
    if (options_read(&o, NULL) != 0)
        return o.status;
    if (o.arguments > 0)
        return options_wrong(&o, "'%s': expected make, show, list or ocsp", o.argument[0]);
    return options_wrong(&o, "expected make, show, list or ocsp");
}
