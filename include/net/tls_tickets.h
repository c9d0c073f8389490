/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_tickets - session tickets: a client that comes again shows what it was
 * given, and neither side computes with the certificate (RFC 5077; RFC 8446,
 * 2.2).
 *
 * The keys under which tickets are sealed are made here, replaced every hour,
 * and never leave the process; the one before opens tickets for an hour more.
 * Whoever shows a certificate gets no ticket, and none resumes him: what a host
 * may do is proved anew on each connection. With TLS 1.2 a ticket is good for
 * the name alone under which it was given (RFC 6066, 3). */
#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include <stdint.h>

#include "tls.h"

struct tls_tickets;

/* 0 or ERR_NOMEM. It must outlive all sessions of contexts that use it. */
int tls_tickets_new(struct tls_tickets **out, uint64_t now_ms);
/* Wipes the keys. NULL is harmless. */
void tls_tickets_free(struct tls_tickets *t);

/* To be called now and then: replaces the key when its hour is over. */
void tls_tickets_tick(struct tls_tickets *t, uint64_t now_ms);

/* Sessions that begin with this server's context get tickets, and may resume by
 * those of any context that uses the same, asks for certificates or not as this
 * one does, and shows the same ones. */
void tls_tickets_use(struct tls_tickets *t, struct tls_ctx *ctx, bool asks);

#endif
