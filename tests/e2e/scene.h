/* SPDX-License-Identifier: BSD-2-Clause */
/* scene - a relay and the clients of one test, which move together: while one
 * waits for something, all others go on to send and receive.
 *
 * Every wait is for an event and has a deadline, past which the test fails. */
#ifndef SCENE_H
#define SCENE_H

#include <stdbool.h>

#include "client.h"
#include "relay.h"
#include "secrets.h"

enum { SCENE_RELAYS_MAX = 4 };

/* Something else that turns with the scene, and goes with it. */
struct scene_part {
    struct list of_scene;
    int fd; /* polled for reading */
    void (*on_ready)(struct scene_part *p);
    void (*free)(struct scene_part *p);
};

struct scene {
    struct relay *relay; /* the first one */
    struct relay *others[SCENE_RELAYS_MAX];
    size_t n_others;
    struct list clients;
    struct list parts;
    struct list texts;
    SSL_CTX *tls;            /* of clients: trusts the relay's authority */
    struct secrets *secrets; /* of all that was said */
    unsigned connects;       /* made so far */
    bool has_ended;          /* the test has seen to the relay's end itself */
};

/* Starts a relay. `state` is cmocka's; scene_end() must be the teardown. */
struct scene *scene_start(void **state, const struct relay_opts *opts);
/* One more relay, which shares the first one's authority. */
struct relay *scene_add_relay(struct scene *s, const struct relay_opts *opts);
void scene_add_part(struct scene *s, struct scene_part *p);
/* Files that a relay was started with (relay_opts.files) go with the scene. */
void scene_keep_files(struct scene *s, struct tls_files *files);
/* Ends the relays with TERM, if the first was not ended before; nonzero if one
 * did not end in order, complained, or showed a secret in its log. */
int scene_end(void **state);

#define E2E_TEST(f) cmocka_unit_test_teardown(f, scene_end)

/* A text that lives as long as the scene. */
char *scene_text(struct scene *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Connects; `name` is what the client is called. With TLS on RELAY_TLS and
 * RELAY_WSS, its handshake done. */
struct client *scene_connect(struct scene *s, enum relay_port port,
                             const char *name);
/* The same to one of several relays, with TLS. */
struct client *scene_connect_to(struct scene *s, struct relay *r,
                                const char *name);
/* Waits until it is. */
void scene_wait_open(struct client *c);
/* Takes over a socket that was accepted, as a client of this name, whose own
 * URI is `own`. */
struct client *scene_accepted(struct scene *s, const char *name, int fd,
                              SSL_CTX *tls, const char *own);
/* The same with options of the test's own; the handshake is not waited for. */
struct client *scene_connect_with(struct scene *s, const char *name,
                                  const struct client_opts *opts);

/* Waits for anything that happens. */
void scene_turn(struct scene *s, uint64_t deadline_ms);

/* Turns until `done`; `what` is what is waited for. */
typedef bool (*scene_done_fn)(void *ctx);
void scene_until(struct scene *s, scene_done_fn done, void *ctx,
                 const char *what);

/* Waits until all that the client has put is written. */
void scene_flush(struct client *c);
/* Waits until n more octets have come in, of frames or parts of them. */
void scene_wait_octets(struct client *c, uint64_t n);
/* Waits until nothing of what the client has put goes out any more: whoever
 * should take it does not. */
void scene_wait_blocked(struct client *c);
/* Waits for the next frame. */
struct got *scene_frame(struct client *c);
/* Waits for the end of the connection, before which no frame may come. */
enum client_end scene_wait_end(struct client *c);
/* Waits until this stands in the relay's log. */
void scene_wait_log(struct scene *s, const char *text);
void scene_wait_log_of(struct scene *s, const struct relay *r,
                       const char *text);
/* ... behind so many octets of it: relay_log_size() at an earlier time. */
void scene_wait_log_since(struct scene *s, size_t mark, const char *text);
/* ... both in one line of it. */
void scene_wait_line(struct scene *s, const char *one, const char *other);
/* Waits until the relay has seen that this client is gone. Connections have to
 * be counted as the relay does: made one after the other, none refused. */
void scene_wait_closed(struct client *c);
/* Waits for the relay's end; its exit code. */
int scene_wait_exit(struct scene *s);

#endif
