/* SPDX-License-Identifier: BSD-2-Clause */
/* A reload that adds, moves and removes listeners: who came through one that is
 * gone stays, and so do those whom the kernel had not handed over yet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "flow.h"
#include "login.h"
#include "renew.h"

/* The TLS listener with which a scene starts, and one more. */
#define FIRST "{ transport = \"tls\"; address = \"127.0.0.1\"; port = 0; }"

/* Reloads with this list of listeners. */
static void listen_at(struct scene *s, const char *list)
{
    const struct relay_opts opts = {.listen = list,
                                    .auth = "allow_tcp = true;"};

    renew_with(s, &opts);
}

static const char *item(struct scene *s, const char *transport,
                        const char *address, unsigned port)
{
    return scene_text(s, "{ transport = \"%s\"; address = \"%s\"; port = %u; }",
                      transport, address, port);
}

/* A scene whose TLS listener is at a port that the test knows, of 127.0.0.1. */
static struct scene *start_at_port(void **state, unsigned *port)
{
    struct scene *s = scene_start(state, NULL);

    *port = renew_free_port(s);
    listen_at(s, item(s, "tls", "127.0.0.1", *port));
    relay_use_port(s->relay, RELAY_TLS, *port);
    return s;
}

/* Does anybody listen there? */
static bool connects(const char *address, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good;

    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    good = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return good;
}

/* A login through another listener than the last one. */
static struct client *login_at(struct scene *s, unsigned port, const char *user)
{
    relay_use_port(s->relay, RELAY_TLS, port);
    return login(s, user);
}

static void exchange(struct client *a, struct client *b)
{
    const char *tid = talk_text(a, b, "over there");

    talk_answer(b, talk_expect_body(b, SPAN("over there"), '$'), 200);
    talk_expect_code(a, tid, 200);
    tid = talk_text(b, a, "and back");
    talk_answer(a, talk_expect_body(a, SPAN("and back"), '$'), 200);
    talk_expect_code(b, tid, 200);
}

/* --- added, removed, moved ------------------------------------------------ */

static void added_listener_is_served(void **state)
{
    struct scene *s = scene_start(state, NULL);
    struct client *alice = login(s, "alice");
    unsigned port = renew_free_port(s);

    assert_false(connects("127.0.0.1", port));
    listen_at(s,
              scene_text(s, FIRST ", %s", item(s, "tls", "127.0.0.1", port)));
    exchange(alice, login_at(s, port, "bob"));
}

static void those_who_came_through_a_removed_listener_stay(void **state)
{
    struct scene *s = scene_start(state, NULL);
    unsigned first = relay_port(s->relay, RELAY_TLS);
    unsigned port = renew_free_port(s);
    struct client *alice, *bob, *carol;

    listen_at(s,
              scene_text(s, FIRST ", %s", item(s, "tls", "127.0.0.1", port)));
    alice = login_at(s, port, "alice");
    bob = login_at(s, port, "bob");
    listen_at(s, FIRST);
    assert_false(connects("127.0.0.1", port));
    exchange(alice, bob);
    carol = login_at(s, first, "carol");
    exchange(carol, alice);
}

/* Who knows the URI that alice had from the old port reaches her through the
 * new one, whether the relay knows him or not. */
static void sessions_keep_their_uris_when_their_listener_moves(void **state)
{
    unsigned from, to;
    struct scene *s = start_at_port(state, &from);
    struct client *alice = login(s, "alice"), *bob, *peer;
    const char *tid;

    to = renew_free_port(s);
    listen_at(s, item(s, "tls", "127.0.0.1", to));
    assert_false(connects("127.0.0.1", from));
    bob = login_at(s, to, "bob");
    assert_non_null(strstr(alice->uri, scene_text(s, ":%u/", from)));
    assert_non_null(strstr(bob->uri, scene_text(s, ":%u/", to)));
    exchange(alice, bob);
    peer = scene_connect(s, RELAY_TLS, "peer");
    tid = talk_text(peer, alice, "from outside");
    talk_answer(alice, talk_expect_body(alice, SPAN("from outside"), '$'), 200);
    talk_expect_code(peer, tid, 200);
}

/* He knows the relay by the port that is gone; others have to find him. */
static void who_came_through_a_moved_listener_may_log_in_again(void **state)
{
    unsigned from, to;
    struct scene *s = start_at_port(state, &from);
    struct client *alice = login(s, "alice"), *peer;
    const char *tid;

    to = renew_free_port(s);
    listen_at(s, item(s, "tls", "127.0.0.1", to));
    talk_expect_nothing(alice);
    login_on(alice);
    assert_non_null(strstr(alice->uri, scene_text(s, ":%u/", to)));
    relay_use_port(s->relay, RELAY_TLS, to);
    peer = scene_connect(s, RELAY_TLS, "peer");
    tid = talk_text(peer, alice, "from outside");
    talk_answer(alice, talk_expect_body(alice, SPAN("from outside"), '$'), 200);
    talk_expect_code(peer, tid, 200);
}

/* --- those who wait in the kernel's queue --------------------------------- */

enum { WAITING = 20 };

/* They connect while the relay cannot accept, which then reloads with this
 * list, whose port is `port`, before it can. */
static void reload_over_waiting(struct scene *s, struct client **clients,
                                const char *list, unsigned port)
{
    const struct client_opts to = {.tls = s->tls,
                                   .port = relay_port(s->relay, RELAY_TLS)};
    const struct relay_opts opts = {.listen = list};

    relay_signal(s->relay, SIGSTOP);
    for (int i = 0; i < WAITING; i++)
        clients[i] = scene_connect_with(s, "alice", &to);
    relay_write_config(s->relay, &opts);
    relay_signal(s->relay, SIGHUP);
    relay_signal(s->relay, SIGCONT);
    for (int i = 0; i < WAITING; i++)
        scene_wait_open(clients[i]);
    scene_wait_log(s, "stopped listening");
    relay_use_port(s->relay, RELAY_TLS, port);
    for (int i = 0; i < WAITING; i++)
        login_on(clients[i]);
    for (int i = 0; i < WAITING; i += 2)
        exchange(clients[i], clients[i + 1]);
}

static void those_who_wait_at_a_listener_that_moves_are_served(void **state)
{
    unsigned from, to;
    struct scene *s = start_at_port(state, &from);
    struct client *clients[WAITING];

    to = renew_free_port(s);
    reload_over_waiting(s, clients, item(s, "tls", "127.0.0.1", to), to);
    assert_false(connects("127.0.0.1", from));
}

static void those_who_wait_at_a_listener_that_widens_are_served(void **state)
{
    unsigned port;
    struct scene *s = start_at_port(state, &port);
    struct client *clients[WAITING];

    reload_over_waiting(s, clients, item(s, "tls", "0.0.0.0", port), port);
    assert_true(connects("127.0.0.2", port));
}

/* --- the same port -------------------------------------------------------- */

static void listener_widens_to_all_addresses_and_back(void **state)
{
    unsigned port;
    struct scene *s = start_at_port(state, &port);
    struct client *alice = login(s, "alice"), *bob, *carol;

    assert_false(connects("127.0.0.2", port));
    listen_at(s, item(s, "tls", "0.0.0.0", port));
    assert_true(connects("127.0.0.2", port));
    bob = login(s, "bob");
    exchange(alice, bob);
    listen_at(s, item(s, "tls", "127.0.0.1", port));
    assert_false(connects("127.0.0.2", port));
    carol = login(s, "carol");
    exchange(alice, carol);
    exchange(bob, carol);
}

static void transport_changes_for_those_who_come_afterwards(void **state)
{
    unsigned port;
    struct scene *s = start_at_port(state, &port);
    struct client_opts to = {.tls = s->tls, .port = port};
    struct client *alice = login(s, "alice"), *bob, *carol;

    listen_at(s, item(s, "tcp", "127.0.0.1", port));
    relay_use_port(s->relay, RELAY_TCP, port);
    bob = scene_connect(s, RELAY_TCP, "bob");
    login_on(bob);
    assert_null(strstr(bob->uri, "msrps:"));
    exchange(alice, bob);
    scene_connect_with(s, "mallory", &to)->raw = true;
    scene_wait_log(s, "c=3 closed");
    listen_at(s, item(s, "tls", "127.0.0.1", port));
    carol = login(s, "carol");
    exchange(bob, carol);
    exchange(alice, carol);
}

/* --- again and again ------------------------------------------------------ */

enum { PAIRS = 4, MOVES = 40, STEP = 50000, CHUNK = 20000 };

/* The list of one of the moves, which ends where it began; its TLS port. */
static const char *list_of(struct scene *s, int move, const unsigned ports[2],
                           unsigned *port)
{
    unsigned a = ports[0], b = ports[1];

    *port = move % 4 == 2 ? b : a;
    switch (move % 4) {
    case 0:
        return item(s, "tls", "127.0.0.1", a);
    case 1:
        return scene_text(s, "%s, %s", item(s, "tls", "0.0.0.0", a),
                          item(s, "tcp", "127.0.0.1", b));
    case 2:
        return scene_text(s, "%s, %s", item(s, "tcp", "127.0.0.1", a),
                          item(s, "tls", "0.0.0.0", b));
    default:
        return scene_text(s, "%s, %s", item(s, "tls", "127.0.0.2", b),
                          item(s, "tls", "127.0.0.1", a));
    }
}

static void transfers_live_while_listeners_move_to_and_fro(void **state)
{
    unsigned ports[2];
    struct scene *s = start_at_port(state, &ports[0]);
    struct client *from[PAIRS], *to[PAIRS];
    struct flow_out out[PAIRS] = {0};
    struct flow_in in[PAIRS] = {0};
    unsigned char sent[FLOW_HASH], received[FLOW_HASH];

    ports[1] = renew_free_port(s);
    for (int i = 0; i < PAIRS; i++) {
        from[i] = login(s, "alice");
        to[i] = login(s, "bob");
        out[i].gate = STEP;
        flow_in_start(&in[i], to[i]);
        flow_out_start(&out[i], from[i], to[i], (MOVES + 1) * STEP, CHUNK);
    }
    for (int move = 1; move <= MOVES; move++) {
        unsigned port;
        const char *list = list_of(s, move, ports, &port);

        for (int i = 0; i < PAIRS; i++)
            flow_out_allow(&out[i], (uint64_t)(move + 1) * STEP);
        listen_at(s, list);
        talk_expect_nothing(login_at(s, port, "carol"));
    }
    for (int i = 0; i < PAIRS; i++) {
        scene_until(s, flow_in_is_done, &in[i], "the end of a transfer");
        flow_out_end(&out[i], sent);
        flow_in_end(&in[i], received);
        assert_int_equal(in[i].flag, '$');
        assert_memory_equal(sent, received, FLOW_HASH);
    }
}

/* --- all or nothing ------------------------------------------------------- */

/* A listener of somebody else's, at a port of the kernel's choice. */
static int occupy(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t n = sizeof at;

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static void port_that_is_taken_refuses_the_whole_reload(void **state)
{
    unsigned port, taken, another;
    struct scene *s = start_at_port(state, &port);
    struct client *alice = login(s, "alice");
    int fd = occupy(&taken);
    struct relay_opts opts = {0};

    another = renew_free_port(s);
    opts.listen = scene_text(s, "%s,\n%s", item(s, "tls", "127.0.0.1", another),
                             item(s, "tls", "127.0.0.1", taken));
    relay_write_config(s->relay, &opts);
    renew_in_vain(s, scene_text(s,
                                "relay.conf line=3 fault=\"cannot listen at "
                                "127.0.0.1:%u: Address already in use\"",
                                taken));
    assert_false(connects("127.0.0.1", another));
    exchange(alice, login(s, "bob"));
    close(fd);
    renew_well(s);
    exchange(alice, login_at(s, taken, "carol"));
    assert_false(connects("127.0.0.1", port));
}

/* Nobody else may come in beside the relay while its listener moves. */
static void moved_listener_lets_nobody_share_its_port(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    unsigned port;
    struct scene *s = start_at_port(state, &port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    listen_at(s, item(s, "tls", "0.0.0.0", port));
    listen_at(s, item(s, "tls", "127.0.0.1", port));
    at.sin_port = htons((uint16_t)port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_true(bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
                listen(fd, 1) != 0);
    close(fd);
}

/* It takes nothing over from itself, so it has to share with nobody. */
static void
second_daemon_does_not_get_the_port_of_a_moved_listener(void **state)
{
    unsigned port;
    struct scene *s = start_at_port(state, &port);
    char said[4096];

    listen_at(s, item(s, "tls", "0.0.0.0", port));
    listen_at(s, item(s, "tls", "127.0.0.1", port));
    assert_int_equal(
        relay_command(
            said, sizeof said,
            (const char *const[]){"-c", relay_path(s->relay, "conf"), NULL}),
        69); /* another start would not help */
    assert_non_null(strstr(
        said,
        scene_text(s, "cannot listen at 127.0.0.1:%u: Address already in use",
                   port)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        E2E_TEST(added_listener_is_served),
        E2E_TEST(those_who_came_through_a_removed_listener_stay),
        E2E_TEST(sessions_keep_their_uris_when_their_listener_moves),
        E2E_TEST(who_came_through_a_moved_listener_may_log_in_again),
        E2E_TEST(those_who_wait_at_a_listener_that_moves_are_served),
        E2E_TEST(those_who_wait_at_a_listener_that_widens_are_served),
        E2E_TEST(listener_widens_to_all_addresses_and_back),
        E2E_TEST(transport_changes_for_those_who_come_afterwards),
        E2E_TEST(transfers_live_while_listeners_move_to_and_fro),
        E2E_TEST(port_that_is_taken_refuses_the_whole_reload),
        E2E_TEST(moved_listener_lets_nobody_share_its_port),
        E2E_TEST(second_daemon_does_not_get_the_port_of_a_moved_listener),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
