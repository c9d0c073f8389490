/* SPDX-License-Identifier: BSD-2-Clause */
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "digest.h"
#include "operator.h"
#include "rig.h"
#include "vars.h"

enum { GO_MAX = 1 << 18 };

struct script {
    const char *path;
    struct span rest; /* lines to come */
    unsigned line;
    size_t cut;
    size_t longest; /* go */
    bool started;
    struct span alias;
    char users[1024];
    size_t users_n;
    struct rig rig;
    struct vars vars;
    struct span output[RIG_WIRES_MAX]; /* not yet matched */
    bool closed[RIG_WIRES_MAX];        /* told and matched */
    char *go;
    size_t go_n;
};

#define complain(s, ...)                                                       \
    do {                                                                       \
        print_error("%s:%u (cut %zu): ", (s)->path, (s)->line, (s)->cut);      \
        fail_msg(__VA_ARGS__);                                                 \
    } while (0)

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(GO_MAX);

    assert_non_null(file);
    assert_non_null(text);
    *n = fread(text, 1, GO_MAX, file);
    assert_true(*n < GO_MAX);
    (void)fclose(file);
    return text;
}

/* --- what comes out --- */

static size_t index_of(struct script *s, struct span name)
{
    for (size_t i = s->rig.n_wires; i-- > 0;)
        if (span_eq(span_str(s->rig.wires[i].name), name))
            return i;
    complain(s, "nobody is called %.*s", SPAN_ARG(name));
    return 0;
}

/* Something happened: what came of it? */
static void look(struct script *s)
{
    for (size_t i = 0; i < s->rig.n_wires; i++)
        s->output[i] = fake_link_new_output(&s->rig.wires[i].fake);
}

/* Before the next thing happens all has to be told. */
static void check_all_told(struct script *s)
{
    for (size_t i = 0; i < s->rig.n_wires; i++) {
        const struct wire *w = &s->rig.wires[i];

        if (s->output[i].n)
            complain(s, "not told: %s was sent \"%.*s\"", w->name,
                     SPAN_ARG(s->output[i]));
        if (w->fake.closes && !s->closed[i])
            complain(s, "not told: %s was closed, %s", w->name, w->fake.why);
    }
}

static void expect(struct script *s, struct span name, struct span line)
{
    size_t i = index_of(s, name);
    struct span before = s->output[i];

    if (!vars_match(&s->vars, &s->output[i], line))
        complain(s, "%.*s was sent \"%.*s\" where it differs: \"%.*s\"",
                 SPAN_ARG(name), SPAN_ARG(before), SPAN_ARG(s->output[i]));
}

static void expect_closed(struct script *s, struct span name,
                          struct span reason)
{
    size_t i = index_of(s, name);
    const struct wire *w = &s->rig.wires[i];

    if (!w->fake.closes || s->closed[i])
        complain(s, "%.*s was not closed", SPAN_ARG(name));
    if (!span_eq(span_str(w->fake.why), reason))
        complain(s, "%.*s was closed: %s", SPAN_ARG(name), w->fake.why);
    s->closed[i] = true;
}

/* --- what goes in --- */

static void go(struct script *s, struct span name)
{
    struct wire *w = rig_wire(&s->rig, name);
    size_t cut = s->cut < s->go_n ? s->cut : s->go_n;

    if (s->go_n > s->longest)
        s->longest = s->go_n;
    if (cut == 0) {
        for (size_t i = 0; i < s->go_n && !w->gone; i++)
            rig_feed(&s->rig, w, span_of(s->go + i, 1));
        return;
    }
    rig_feed(&s->rig, w, span_of(s->go, cut));
    if (cut < s->go_n && !w->gone)
        rig_feed(&s->rig, w, span_of(s->go + cut, s->go_n - cut));
}

/* Adds a line to what is sent in one go; it is over unless another follows. */
static void send_line(struct script *s, struct span name, struct span line)
{
    struct span next = s->rest;

    s->go_n += vars_expand(&s->vars, s->go + s->go_n, GO_MAX - s->go_n, line);
    if (span_starts(next, name) && next.n > name.n && next.p[name.n] == '>')
        return;
    go(s, name);
    s->go_n = 0;
    look(s);
}

/* --- what happens besides --- */

static struct span word(struct span *line)
{
    *line = span_trim(*line);
    return span_cut(line, ' ');
}

static uint64_t number(struct script *s, struct span text)
{
    uint64_t v;

    if (span_u64(&v, text, UINT64_MAX) != 0)
        complain(s, "no number: %.*s", SPAN_ARG(text));
    return v;
}

static void set(struct script *s, struct span line)
{
    struct policy *p = &s->rig.policy;
    struct span key = word(&line), value = span_trim(line);

    if (span_eq(key, SPAN("name")))
        p->name = value;
    else if (span_eq(key, SPAN("realm")))
        p->realm = value;
    else if (span_eq(key, SPAN("alias")))
        s->alias = value, p->aliases = &s->alias, p->n_aliases = 1;
    else if (span_eq(key, SPAN("self")))
        p->self = value;
    else if (span_eq(key, SPAN("max_chunk_size")))
        p->max_chunk_size = number(s, value);
    else if (span_eq(key, SPAN("high_water")))
        p->high_water = number(s, value);
    else if (span_eq(key, SPAN("low_water")))
        p->low_water = number(s, value);
    else if (span_eq(key, SPAN("message_size")))
        p->message_size = number(s, value);
    else if (span_eq(key, SPAN("sessions")))
        p->sessions_per_link = (uint32_t)number(s, value);
    else if (span_eq(key, SPAN("transactions")))
        p->transactions_per_link = (uint32_t)number(s, value);
    else if (span_eq(key, SPAN("algorithms")) &&
             span_eq(value, SPAN("SHA-256 MD5")))
        p->algorithms[0] = DIGEST_SHA256,
        p->algorithms[p->n_algorithms++] = DIGEST_MD5;
    else
        complain(s, "no such setting: %.*s", SPAN_ARG(key));
}

/* `NAME PASSWORD`, for each algorithm. */
static void add_user(struct script *s, struct span line)
{
    struct span name = word(&line), password = span_trim(line);

    for (int alg = DIGEST_MD5; alg < DIGEST_ALGS; alg++) {
        struct digest_hex ha1;

        assert_int_equal(digest_ha1(&ha1, (enum digest_alg)alg, name,
                                    s->rig.policy.realm, password),
                         0);
        s->users_n += (size_t)snprintf(
            s->users + s->users_n, sizeof s->users - s->users_n,
            "%.*s:%.*s:%.*s\n", SPAN_ARG(name), SPAN_ARG(s->rig.policy.realm),
            SPAN_ARG(digest_hex_span(&ha1)));
    }
}

static void start(struct script *s)
{
    if (s->started)
        return;
    if (s->users_n == 0) {
        add_user(s, SPAN("alice alice"));
        add_user(s, SPAN("bob bob"));
        add_user(s, SPAN("carol carol"));
    }
    assert_int_equal(rig_start(&s->rig, s->users), 0);
    s->started = true;
}

/* What stands behind the name of a wire: "tcp", "host=NAME", "port=N". */
static void set_wire(struct script *s, struct wire *w, struct span key,
                     struct span value)
{
    if (span_eq(key, SPAN("tcp"))) {
        w->fake.link.secure = w->fake.link.may_auth = false;
    } else if (span_eq(key, SPAN("host"))) {
        char name[RIG_NAME_MAX];

        (void)span_copy(name, sizeof name, value);
        fake_link_certify(&w->fake, name);
        relay_link_known(s->rig.relay, &w->fake.link);
    } else if (span_eq(key, SPAN("port"))) {
        w->fake.link.port = (uint16_t)number(s, value);
    } else {
        complain(s, "connect what? %.*s", SPAN_ARG(key));
    }
}

static void connect_wire(struct script *s, struct span line)
{
    char name[RIG_NAME_MAX], own[RIG_URI_MAX];
    struct wire *w;

    start(s);
    (void)span_copy(name, sizeof name, word(&line));
    (void)snprintf(own, sizeof own, "%s://%s.example:9/%s;tcp",
                   memmem(line.p, line.n, "tcp", 3) ? "msrp" : "msrps", name,
                   name);
    vars_set(&s->vars, span_str(name), span_str(own));
    w = rig_connect(&s->rig, name);
    while (line.n) {
        struct span value = word(&line), key = span_cut(&value, '=');

        set_wire(s, w, key, value);
    }
}

static void wait_for(struct script *s, struct span time)
{
    uint64_t unit_ms = 1000;

    if (time.n > 2 && time.p[time.n - 2] == 'm') {
        unit_ms = 1;
        time.n--;
    }
    time.n--;
    rig_wait(&s->rig, number(s, time) * unit_ms);
}

static void check_stats(struct script *s, struct span line)
{
    struct span key = word(&line);
    struct relay_stats stats;
    uint64_t got = UINT64_MAX;

    relay_stats(s->rig.relay, &stats);
    if (span_eq(key, SPAN("reports_made")))
        got = stats.reports_made;
    else if (span_eq(key, SPAN("reports_forwarded")))
        got = stats.reports_forwarded;
    else if (span_eq(key, SPAN("transactions")))
        got = stats.transactions_now;
    else if (span_eq(key, SPAN("sessions")))
        got = stats.sessions_now;
    else if (span_eq(key, SPAN("dropped")))
        got = stats.dropped;
    else if (span_eq(key, SPAN("auth_failed")))
        got = stats.auths[RELAY_AUTH_WRONG];
    else
        complain(s, "no such figure: %.*s", SPAN_ARG(key));
    if (got != number(s, span_trim(line)))
        complain(s, "%.*s is %llu", SPAN_ARG(key), (unsigned long long)got);
}

/* A value that may be quoted, its variables expanded. */
static struct span digest_value(struct script *s, struct span *line,
                                char *space, size_t size, size_t *n)
{
    char text[VAR_VALUE_MAX];
    struct span value;
    size_t len;

    if (line->n && line->p[0] == '"') {
        *line = span_from(*line, 1);
        value = span_cut(line, '"');
    } else {
        value = span_cut(line, ' ');
    }
    (void)snprintf(text, sizeof text, "%.*s\\", SPAN_ARG(value));
    len = vars_expand(&s->vars, space + *n, size - *n, span_str(text));
    *n += len;
    return span_of(space + *n - len, len);
}

static void make_digest(struct script *s, struct span line)
{
    struct span var = word(&line), user = SPAN(""), password = SPAN("");
    struct span realm = s->rig.policy.realm;
    struct digest_input in = {.method = SPAN("AUTH")};
    struct digest_hex ha1, response;
    char space[1024];
    size_t n = 0;

    for (line = span_trim(line); line.n; line = span_trim(line)) {
        struct span key = span_cut(&line, '=');
        struct span value = digest_value(s, &line, space, sizeof space, &n);

        if (span_eq(key, SPAN("user")))
            user = value;
        else if (span_eq(key, SPAN("password")))
            password = value;
        else if (span_eq(key, SPAN("realm")))
            realm = value;
        else if (span_eq(key, SPAN("nonce")))
            in.nonce = value;
        else if (span_eq(key, SPAN("nc")))
            in.nc = value;
        else if (span_eq(key, SPAN("cnonce")))
            in.cnonce = value;
        else if (span_eq(key, SPAN("uri")))
            in.uri = value;
        else if (span_eq(key, SPAN("method")))
            in.method = value;
        else if (span_eq(key, SPAN("alg")))
            assert_int_equal(digest_alg_from(&in.alg, value), 0);
        else
            complain(s, "digest of what? %.*s", SPAN_ARG(key));
    }
    assert_int_equal(digest_ha1(&ha1, in.alg, user, realm, password), 0);
    in.ha1 = digest_hex_span(&ha1);
    assert_int_equal(digest_response(&response, &in), 0);
    vars_set(&s->vars, var, digest_hex_span(&response));
}

static void auth(struct script *s, struct span line)
{
    struct wire *w = rig_wire(&s->rig, word(&line));
    char user[64];

    (void)span_copy(user, sizeof user, word(&line));
    rig_auth(&s->rig, w, user);
    vars_set(&s->vars, word(&line), span_str(w->uri));
}

/* It speaks to whom the URI $VAR was given to. */
static void speak_first(struct script *s, struct span line)
{
    struct wire *w = rig_wire(&s->rig, word(&line));
    const struct var *uri = vars_find(&s->vars, word(&line));

    assert_non_null(uri);
    rig_speak(&s->rig, w, uri->value);
    for (size_t i = 0; i < s->rig.n_wires; i++)
        (void)fake_link_new_output(&s->rig.wires[i].fake);
}

static void set_dials(struct script *s, struct span line)
{
    char name[RIG_NAME_MAX], host[RIG_NAME_MAX];

    start(s);
    (void)span_copy(name, sizeof name, word(&line));
    (void)span_copy(host, sizeof host, word(&line));
    rig_dials(&s->rig, name, host);
}

static void take_down(struct script *s, struct span line)
{
    struct wire *w = rig_wire(&s->rig, word(&line));

    rig_down(&s->rig, w, (uint16_t)number(s, span_trim(line)));
}

/* The operator ends all sessions of this user. */
static void kick(struct script *s, struct span user)
{
    struct relay_walk walk;
    struct session_view v;

    relay_walk_begin(s->rig.relay, &walk);
    while (relay_walk_next(&walk, &v))
        if (span_eq(v.user, user))
            relay_walk_kick(s->rig.relay, &walk);
    rig_settle(&s->rig);
}

/* What the operator does; false if `verb` is no such thing. */
static bool operate(struct script *s, struct span verb, struct span line)
{
    if (span_eq(verb, SPAN("reload"))) {
        set(s, line);
        rig_reload(&s->rig, NULL);
    } else if (span_eq(verb, SPAN("drain"))) {
        relay_drain(s->rig.relay, span_eq(span_trim(line), SPAN("on")));
    } else if (span_eq(verb, SPAN("kick"))) {
        kick(s, span_trim(line));
    } else {
        return false;
    }
    return true;
}

/* Things that happen to a neighbour; false if `verb` is none of them. */
static bool happen(struct script *s, struct span verb, struct span name)
{
    static const char *const verbs[] = {"close",   "stall",  "hold",
                                        "release", "refuse", "giveup"};
    struct wire *w;
    size_t i = 0;

    while (i < 6 && !span_eq(verb, span_str(verbs[i])))
        i++;
    if (i == 6)
        return false;
    w = rig_wire(&s->rig, name);
    if (i < 2)
        rig_close(&s->rig, w, i == 1);
    else if (i < 4)
        w->held = i == 2;
    else if (i == 4)
        w->fake.refuses = true;
    else
        relay_link_give_up(s->rig.relay, &w->fake.link);
    rig_settle(&s->rig);
    return true;
}

/* What changes nothing may stand anywhere; false if `verb` is no such thing. */
static bool ask(struct script *s, struct span verb, struct span line)
{
    if (span_eq(verb, SPAN("stats")))
        check_stats(s, line);
    else if (span_eq(verb, SPAN("digest")))
        make_digest(s, line);
    else if (span_eq(verb, SPAN("paused")) || span_eq(verb, SPAN("running")))
        assert_int_equal(rig_wire(&s->rig, word(&line))->fake.paused,
                         verb.p[0] == 'p');
    else
        return false;
    return true;
}

static void do_command(struct script *s, struct span verb, struct span line)
{
    if (span_eq(verb, SPAN("set")) && !s->started)
        set(s, line);
    else if (span_eq(verb, SPAN("user")))
        add_user(s, line);
    else if (span_eq(verb, SPAN("connect")))
        connect_wire(s, line);
    else if (span_eq(verb, SPAN("auth")))
        auth(s, line);
    else if (span_eq(verb, SPAN("peer")))
        speak_first(s, line);
    else if (span_eq(verb, SPAN("dials")))
        set_dials(s, line);
    else if (span_eq(verb, SPAN("up")))
        rig_up(&s->rig, rig_wire(&s->rig, word(&line)));
    else if (span_eq(verb, SPAN("down")))
        take_down(s, line);
    else if (span_eq(verb, SPAN("wait")))
        wait_for(s, span_trim(line));
    else if (!operate(s, verb, line) && !happen(s, verb, word(&line)))
        complain(s, "do what? %.*s", SPAN_ARG(verb));
}

/* --- lines --- */

static void take_line(struct script *s, struct span line)
{
    struct span name = span_cut(&line, ' ');
    char mark = name.p[name.n - 1];

    if (mark == '<' || mark == '!' || mark == '>')
        name.n--;
    if (mark == '<') {
        expect(s, name, line);
    } else if (mark == '!') {
        expect_closed(s, name, line);
    } else if (!ask(s, name, line)) {
        check_all_told(s);
        if (mark == '>') {
            send_line(s, name, line);
            return;
        }
        do_command(s, name, line);
        look(s);
    }
}

size_t transcript_run(const char *path, size_t cut)
{
    struct script *s = calloc(1, sizeof *s);
    size_t n, longest;
    char *text = read_file(path, &n);

    assert_non_null(s);
    s->go = malloc(GO_MAX);
    assert_non_null(s->go);
    s->path = path;
    s->cut = cut;
    s->rest = span_of(text, n);
    rig_init(&s->rig);
    while (s->rest.n) {
        struct span line = span_cut(&s->rest, '\n');

        s->line++;
        if (line.n && line.p[0] != '#')
            take_line(s, line);
    }
    check_all_told(s);
    rig_stop(&s->rig);
    longest = s->longest;
    free(s->go);
    free(s);
    free(text);
    return longest;
}
