/* SPDX-License-Identifier: BSD-2-Clause */
/* wire - what OpenSSL reads from and writes to: a BIO of our own over sockets.
 *
 * OpenSSL decides how many records it takes from a BIO before it returns, and
 * writes each record by itself. This one takes from the socket what the
 * transport is allowed in this turn (S-18), with one system call, and hands on
 * no more records than it is allowed; it gathers the records that are written,
 * and wire_flush() gives them to the kernel with one system call.
 *
 * An idle wire holds no buffer: the blocks come from a pool for the turn. What
 * is left in one stays with the connection, at most a block each way. */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct bio_st;
struct transport;
struct wire;
/* What all wires of a net share. */
struct wire_pool;

/* 0 or ERR_NOMEM. All wires must be freed before wire_pool_free(). */
int wire_pool_new(struct wire_pool **out);
void wire_pool_free(struct wire_pool *p);

/* 0 or ERR_NOMEM. */
int wire_new(struct wire **out, struct wire_pool *p);
/* NULL does nothing; the BIO must not be used afterwards. */
void wire_free(struct wire *w);

/* The BIO of all wires of the pool; a reference, which is the caller's. A BIO
 * for each would cost 220 octets a connection. */
struct bio_st *wire_bio(struct wire *w);
/* From now on what is read from and written to the BIO goes over the socket of
 * `t`, through its wire, and into its counters. To be called before any call of
 * OpenSSL that may do so. */
void wire_select(struct transport *t);

/* The handshake is over: from now on records without data are counted. */
void wire_up(struct wire *w);
/* Did any octet come? */
bool wire_is_heard(const struct wire *w);
/* Application data came. */
void wire_got_data(struct wire *w);
/* Did the peer send too many records in a row without application data? */
bool wire_is_abused(const struct wire *w);

/* Were octets fetched from the socket that OpenSSL has not taken? */
bool wire_has_input(const struct wire *w);
/* Nothing is read for now: gives back what memory is not needed. */
void wire_settle(struct wire *w);

/* Is there room for a record of n plain octets to be written? */
bool wire_has_room(const struct wire *w, size_t n);
/* Octets that were written and that the kernel has not taken. */
size_t wire_unsent(const struct wire *w);
/* One system call for all of them: 0 when none is left, ERR_AGAIN or ERR_IO. */
int wire_flush(struct transport *t);

#endif
