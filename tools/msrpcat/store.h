/* SPDX-License-Identifier: BSD-2-Clause */
/* store - where the content of incoming messages goes.
 *
 * Into a stream (standard output, or one file) messages go one after the
 * other, each in order and whole: the oldest one that is not finished has the
 * stream, and what cannot go there yet waits in an unnamed temporary file. Into
 * a directory each message goes as a file of its own, which has its name once
 * it is whole. Chunks may come in any order, overlap and repeat. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fname.h"
#include "list.h"
#include "ranges.h"
#include "str.h"
#include "terminal.h"

enum store_kind {
    STORE_TEXT,   /* a stream of lines: each message ends with a newline */
    STORE_STREAM, /* a stream of octets as they are */
    STORE_DIR
};

struct store {
    enum store_kind kind;
    int fd;            /* the stream, or the directory; owned */
    bool clean;        /* a terminal: control octets are not for it */
    struct list items; /* of a stream, the oldest first */
};

/* One message's content. */
struct item {
    struct list link;
    struct store *store;
    int fd; /* its file, or what waits for the stream; -1: none */
    struct ranges got;
    uint64_t passed; /* octets that are in the stream */
    bool finished;
    struct terminal clean;    /* of a text for a terminal */
    char last;                /* octet in the stream */
    char part[32];            /* name in the directory until it is whole */
    char name[FNAME_MAX + 1]; /* name in the directory then */
};

/* Takes `fd` over. `kind` is not STORE_DIR. */
void store_init_stream(struct store *s, enum store_kind kind, int fd);

/* Uses the directory `path`, which must exist: 0 or ERR_IO (see errno). */
int store_init_dir(struct store *s, const char *path);

/* Unfinished messages are thrown away. */
void store_fini(struct store *s);

/* A place for a new message; `name` is a wish, for a directory. 0, ERR_NOMEM or
 * ERR_IO. */
int store_begin(struct item **out, struct store *s,
                const char name[FNAME_MAX + 1]);

/* Octets at `at` of the message: 0, ERR_IO, ERR_NOMEM or ERR_LIMIT. */
int store_put(struct item *i, uint64_t at, struct span octets);

/* All octets are there. The item is the store's from now on, whatever happens.
 * `name` is given the name in the directory. 0 or ERR_IO. */
int store_finish(struct item *i, char name[FNAME_MAX + 1]);

/* Throws the message away, as far as it is not in the stream already. The same
 * error, for what waited for it. */
int store_drop(struct item *i);

#endif
