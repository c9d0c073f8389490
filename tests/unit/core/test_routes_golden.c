/* SPDX-License-Identifier: BSD-2-Clause */
/* Where every request goes: paths x methods x links, through the whole relay,
 * one line for each case, compared with routes.golden. A line is
 *
 *     To-Path      method    from    what comes of it
 *
 * and what comes of it is the answer to the sender, "closed", "dials HOST", or
 * what a link is sent: `bob SEND b < A a` is a SEND to bob with the To-Path `b`
 * and the From-Path `A a`. Letters stand for URIs, see `words`.
 *
 * ROUTES_WRITE=1 in the environment writes the file. A commit that changes a
 * line names the decision that wants it. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "err.h"
#include "rig.h"

#define GOLDEN SOURCE_DIR "/tests/unit/core/routes.golden"

enum { WORDS = 18, TEXT_MAX = 1 << 18, LINE_MAX = 512 };

/* A letter that stands for a URI. */
struct word {
    char letter;
    const char *uri;
};

/* Those of sessions come from the relay, see set_up(). */
static const struct word fixed[] = {
    {'S', "msrps://relay.example.com:2855;tcp"},      /* the relay itself */
    {'X', "msrps://relay.example.com:2855/none;tcp"}, /* no session */
    {'a', "msrps://alice.example:9/alice;tcp"},       /* clients */
    {'b', "msrps://bob.example:9/bob;tcp"},
    {'c', "msrps://carol.example:9/carol;tcp"},
    {'p', "msrps://peer.example:9/peer;tcp"},  /* spoke to alice, over TLS */
    {'s', "msrp://plain.example:9/plain;tcp"}, /* the same, in clear */
    {'w', "msrps://w.invalid:9/w;ws"},         /* a WebSocket's */
    {'h', "msrps://home.example:9/home;tcp"},  /* a relay that came to us */
    {'F', "msrps://far.example:2855/far;tcp"}, /* one that we dialled */
    {'N', "msrps://new.example:2855/new;tcp"}, /* not dialled yet */
    {'n', "msrp://new.example:2855/new;tcp"},  /* the same, in clear */
    {'U', "msrps://nowhere.example:1/u;tcp"},  /* not to be reached */
    {'D', "msrps://denied.example:1/d;tcp"},   /* forbidden */
    {'P', "msrps://portless.example/p;tcp"},   /* without a port */
};

enum { FIXED = sizeof fixed / sizeof *fixed };

static const char *const paths[] = {
    /* for the relay, or nobody */
    "S", "A", "B", "R", "X", "F", "h", "P",
    /* on from a session */
    "A p", "A s", "A w", "A N", "A n", "A U", "A D", "A F", "A h", "A P", "A X",
    "A S", "A c", "X b", "S b", "F b", "h c",
    /* through other relays */
    "A F b", "A N b", "A n b", "A U b", "A D b", "A h c", "A p b", "A F P",
    /* to a client of ours */
    "A a", "B b", "B a", "A a p", "A b", "R h c", "R h", "R c", "R F c",
    /* both here */
    "A B", "A B b", "A A a", "A B A a", "A B b p", "A R h c", "A R F c",
    "A X b", "A B F b",
    /* back to us */
    "A F B b", "A F S", "A F A a", "A F B F b", "A F B F B b", "B F A a"};

static const char *const methods[] = {"SEND", "PING", "REPORT", "AUTH",
                                      "NICKNAME"};

/* From which links, and how they call themselves. */
static const struct {
    const char *wire, *from;
} senders[] = {{"alice", "a"},  {"bob", "b"},    {"peer", "p"}, {"plain", "s"},
               {"socket", "w"}, {"home", "h c"}, {"far", "F b"}};

/* Who else a sender may say that it is: for SEND alone. */
static const struct {
    const char *wire, *from;
} pretenders[] = {{"alice", "b"},   {"alice", "a c"}, {"peer", "h"},
                  {"peer", "h c"},  {"peer", "p c"},  {"plain", "p"},
                  {"plain", "F b"}, {"home", "h"},    {"home", "c"},
                  {"home", "F b"},  {"far", "F"},     {"far", "h c"},
                  {"far", "b"}};

static const char *const pretended[] = {"A a", "A p", "A F b", "B b", "R h c"};

struct bench {
    struct rig rig;
    struct word words[WORDS];
    char text[TEXT_MAX]; /* all lines */
    size_t n;
};

/* --- the cast --- */

static struct wire *relay_link(struct bench *b)
{
    struct wire *w = rig_connect(&b->rig, "home");

    fake_link_certify(&w->fake, "home.example");
    relay_link_known(b->rig.relay, &w->fake.link);
    rig_auth(&b->rig, w, "carol");
    return w;
}

/* The URI that a word stands for. */
static const char *uri_for(const struct bench *b, char letter)
{
    for (size_t i = 0; i < WORDS; i++)
        if (b->words[i].letter == letter)
            return b->words[i].uri;
    fail_msg("no word %c", letter);
    return NULL;
}

static size_t write_path(const struct bench *b, char *dst, size_t size,
                         const char *words)
{
    size_t n = 0;

    for (; *words; words++)
        n += (size_t)snprintf(dst + n, size - n, "%s",
                              *words == ' ' ? " " : uri_for(b, *words));
    assert_true(n < size);
    return n;
}

static void send_from(struct bench *b, struct wire *w, const char *method,
                      const char *to, const char *from)
{
    bool is_ping = strcmp(method, "PING") == 0;
    bool is_send = is_ping || strcmp(method, "SEND") == 0;
    bool has_body = is_send && !is_ping;
    char text[2048], to_path[700], from_path[700];

    (void)write_path(b, to_path, sizeof to_path, to);
    (void)write_path(b, from_path, sizeof from_path, from);
    (void)snprintf(
        text, sizeof text,
        "MSRP case1 %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n%s%s%s"
        "-------case1$\r\n",
        is_ping ? "SEND" : method, to_path, from_path,
        strcmp(method, "AUTH") == 0 ? "" : "Message-ID: 1\r\n",
        strcmp(method, "REPORT") == 0 ? "Status: 000 200 OK\r\n" : "",
        has_body ? "Byte-Range: 1-1/1\r\nContent-Type: a/b\r\n\r\nx\r\n" : "");
    rig_send(&b->rig, w, text);
}

/* alice's far relay is dialled, peers have spoken to her. */
static void make_links(struct bench *b)
{
    struct wire *w;

    rig_dials(&b->rig, "far", "far.example");
    rig_dials(&b->rig, "new", "new.example");
    rig_speak(&b->rig, rig_connect(&b->rig, "peer"), uri_for(b, 'A'));
    w = rig_connect(&b->rig, "plain");
    w->fake.link.secure = w->fake.link.may_auth = false;
    rig_speak(&b->rig, w, uri_for(b, 'A'));
    w = rig_connect(&b->rig, "socket");
    w->fake.link.needs_session = true;
    send_from(b, rig_wire(&b->rig, SPAN("alice")), "NICKNAME", "A F b", "a");
    rig_up(&b->rig, rig_wire(&b->rig, SPAN("far")));
}

static void set_up(struct bench *b)
{
    struct wire *alice, *bob, *home;

    rig_init(&b->rig);
    assert_int_equal(rig_start_plain(&b->rig), 0);
    alice = rig_client(&b->rig, "alice");
    bob = rig_client(&b->rig, "bob");
    home = relay_link(b);
    memcpy(b->words, fixed, sizeof fixed);
    b->words[FIXED] = (struct word){'A', alice->uri};
    b->words[FIXED + 1] = (struct word){'B', bob->uri};
    b->words[FIXED + 2] = (struct word){'R', home->uri};
    make_links(b);
    for (size_t i = 0; i < b->rig.n_wires; i++)
        (void)fake_link_new_output(&b->rig.wires[i].fake);
}

/* --- what comes of a case --- */

static void say(struct bench *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct bench *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    b->n += (size_t)vsnprintf(b->text + b->n, TEXT_MAX - b->n, fmt, args);
    va_end(args);
    assert_true(b->n < TEXT_MAX);
}

static char letter_of(const struct bench *b, struct span uri)
{
    for (size_t i = 0; i < WORDS; i++)
        if (span_eq(span_str(b->words[i].uri), uri))
            return b->words[i].letter;
    return '?';
}

static void say_path(struct bench *b, struct span path)
{
    struct span uri;

    while (msg_path_next(&uri, &path))
        say(b, " %c", letter_of(b, uri));
}

static void say_frame(struct bench *b, const struct wire *w,
                      const struct wire *sender, const struct msg *m)
{
    if (m->method == MSG_RESPONSE && w == sender) {
        say(b, " %u", m->code);
        return;
    }
    say(b, " %s %.*s", w->name, SPAN_ARG(msg_text(m, m->method_name)));
    say_path(b, msg_text(m, m->to));
    say(b, " <");
    say_path(b, msg_text(m, m->from));
}

static void say_output(struct bench *b, struct wire *w,
                       const struct wire *sender)
{
    struct span in = fake_link_new_output(&w->fake);
    struct parse_event ev;
    struct parser p;

    parser_init(&p, 16384, 16);
    while (parser_next(&p, &in, &ev) == 0)
        if (ev.type == PARSE_HEAD) {
            say_frame(b, w, sender, ev.head);
            say(b, ";");
        }
    if (w->fake.closes)
        say(b, " %sclosed;", w == sender ? "" : w->name);
    if (w->fake.probes)
        say(b, " %s is probed;", w->name);
}

static void say_dials(struct bench *b)
{
    for (size_t i = 0; i < b->rig.n_wires; i++) {
        struct wire *w = &b->rig.wires[i];

        if (!w->fake.link.connecting || w->gone)
            continue;
        say(b, " dials %s;", w->name);
        rig_up(&b->rig, w);
    }
}

static void say_outcome(struct bench *b, const struct wire *sender)
{
    size_t before = b->n;

    say_dials(b);
    for (size_t i = 0; i < b->rig.n_wires; i++)
        say_output(b, &b->rig.wires[i], sender);
    if (b->n == before)
        say(b, " nothing;");
    b->n--; /* the last semicolon */
    say(b, "\n");
}

static void try_case(struct bench *b, const char *to, const char *method,
                     const char *wire, const char *from)
{
    struct wire *w;

    set_up(b);
    w = rig_wire(&b->rig, span_str(wire));
    say(b, "%-12s %-9s %-6s as %-4s:", to, method, wire, from);
    send_from(b, w, method, to, from);
    say_outcome(b, w);
    rig_stop(&b->rig);
}

/* --- responses --- */

static struct span tid_sent_to(struct wire *w)
{
    struct span out = fake_link_new_output(&w->fake);

    assert_true(span_starts(out, SPAN("MSRP ")));
    out = span_from(out, 5);
    return span_cut(&out, ' ');
}

/* alice's request went to `through`, and `wire` answers it. */
static void try_response(struct bench *b, const char *request, const char *wire,
                         const char *status, const char *to)
{
    char text[1024], path[700];
    struct wire *alice, *far, *w;
    struct span tid;

    set_up(b);
    alice = rig_wire(&b->rig, SPAN("alice"));
    far = rig_wire(&b->rig, SPAN("far"));
    w = rig_wire(&b->rig, span_str(wire));
    send_from(b, alice, request, "A F b", "a");
    (void)fake_link_new_output(&alice->fake);
    tid = tid_sent_to(far);
    (void)write_path(b, path, sizeof path, to);
    (void)snprintf(text, sizeof text,
                   "MSRP %.*s %s\r\nTo-Path: %s\r\nFrom-Path: %s\r\n"
                   "-------%.*s$\r\n",
                   SPAN_ARG(tid), status, path, uri_for(b, 'F'), SPAN_ARG(tid));
    rig_send(&b->rig, w, text);
    say(b, "%-12s %-3.3s to %-8s from %-5s:", to, status, request, wire);
    say_outcome(b, w);
    rig_stop(&b->rig);
}

static void try_responses(struct bench *b)
{
    static const char *const requests[] = {"SEND", "AUTH", "NICKNAME"};
    static const char *const wires[] = {"far", "home", "bob"};
    static const char *const statuses[] = {"200 OK", "415 No", "481 No"};
    static const char *const to[] = {"A", "A a", "a", "A h c", "B b", "X a"};

    for (size_t i = 0; i < 3; i++)
        for (size_t w = 0; w < 3; w++)
            for (size_t k = 0; k < 3; k++)
                for (size_t t = 0; t < sizeof to / sizeof *to; t++)
                    try_response(b, requests[i], wires[w], statuses[k], to[t]);
}

/* --- all of them --- */

static void try_all(struct bench *b)
{
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++)
        for (size_t s = 0; s < sizeof senders / sizeof *senders; s++)
            for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
                try_case(b, paths[p], methods[m], senders[s].wire,
                         senders[s].from);
    for (size_t p = 0; p < sizeof pretended / sizeof *pretended; p++)
        for (size_t s = 0; s < sizeof pretenders / sizeof *pretenders; s++)
            try_case(b, pretended[p], "SEND", pretenders[s].wire,
                     pretenders[s].from);
    try_responses(b);
}

static void write_golden(const struct bench *b)
{
    FILE *f = fopen(GOLDEN, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(b->text, 1, b->n, f), b->n);
    assert_int_equal(fclose(f), 0);
}

static size_t read_golden(char *dst, size_t size)
{
    FILE *f = fopen(GOLDEN, "r");
    size_t n;

    assert_non_null(f);
    n = fread(dst, 1, size, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

/* Both have a line for each case, in one order. */
static unsigned compare(struct span got, struct span want)
{
    unsigned differ = 0;

    while (got.n || want.n) {
        struct span is = span_cut(&got, '\n'), was = span_cut(&want, '\n');

        if (span_eq(is, was))
            continue;
        print_error("-%.*s\n+%.*s\n", SPAN_ARG(was), SPAN_ARG(is));
        differ++;
    }
    return differ;
}

static void every_request_goes_where_it_went(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    char *golden = malloc(TEXT_MAX);
    unsigned differ = 0;

    (void)state;
    assert_non_null(b);
    assert_non_null(golden);
    try_all(b);
    if (getenv("ROUTES_WRITE"))
        write_golden(b);
    else
        differ = compare(span_of(b->text, b->n),
                         span_of(golden, read_golden(golden, TEXT_MAX)));
    free(golden);
    free(b);
    if (differ)
        fail_msg("%u lines differ; ROUTES_WRITE=1 takes them over", differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_goes_where_it_went),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
