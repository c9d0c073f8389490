/* stream - one socket to the relay, with or without TLS. Never waits. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "str.h"

struct stream {
    int fd;   /* owned; -1: none */
    SSL *ssl; /* owned; NULL: plain TCP */
    bool up;
    bool read_needs_write; /* TLS has to write before it can read on, */
    bool write_needs_read; /* or the reverse */
};

/* A context that trusts `ca_file`, or the system if NULL, or anyone if
 * `insecure`, and keeps little memory for each connection. 0, ERR_TLS, or
 * ERR_IO if the file is no good. */
int stream_context(SSL_CTX **out, const char *ca_file, bool insecure);

/* Begins to connect. With `ctx`, TLS will be spoken to a host that has a
 * certificate for `name`. 0, ERR_IO (see errno), ERR_TLS or ERR_NOMEM;
 * stream_close() in any case. */
int stream_open(struct stream *s, const struct sockaddr *to, socklen_t to_n,
                SSL_CTX *ctx, const char *name);
void stream_close(struct stream *s);

/* Goes on connecting: 0 once it is up, ERR_AGAIN, or ERR_IO, ERR_EOF, ERR_CERT,
 * ERR_TLS. */
int stream_connect(struct stream *s);

/* 0 and how many octets, or ERR_AGAIN, ERR_EOF, ERR_IO, ERR_TLS. */
int stream_read(struct stream *s, char *dst, size_t room, size_t *got);
int stream_write(struct stream *s, const struct span *runs, size_t n,
                 size_t *taken);

/* Has it octets that the socket does not know of? */
bool stream_has_input(const struct stream *s);

/* What to wait for (LOOP_READ, LOOP_WRITE), wanting to do that. */
int stream_wants(const struct stream *s, bool read, bool write);

#endif
