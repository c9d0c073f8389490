/* SPDX-License-Identifier: BSD-2-Clause */
/* accounting - one line of JSON for each session that is over.
 *
 *     {"event":"session","session":"9f3a2b","connection":42,"user":"alice",
 *      "relay":"relay.example.com","peer":{"address":"192.0.2.7","port":40312},
 *      "transport":"tls","tls":"TLSv1.3",
 *      "began":"2026-11-22T10:00:00.123Z","ended":"...","seconds":12.345,
 *      "reason":"expired","sent":{"messages":3,"octets":1234,"reports":0},
 *      "received":{...},"reports_made":0,
 *      "parties":[{"host":"b.example","session":"aB3xY9"}]} */
#ifndef ACCOUNTING_H
#define ACCOUNTING_H

#include <stddef.h>
#include <stdint.h>

#include "anchored.h"
#include "usage.h"

enum {
    ACCOUNTING_LINE_MAX = 10240,
    ACCOUNTING_PAIR_MAX = 32768, /* its labels are long, and escaped longer */
};

/* The line for `r` of the relay with this name, without a newline, into dst
 * (ACCOUNTING_LINE_MAX); it is unix_ms, as of clock_unix_ms(), and now_ms on
 * the clock of the record. */
struct span accounting_line(char *dst, const struct session_record *r,
                            struct span relay, uint64_t now_ms,
                            uint64_t unix_ms);

/* The same for an anchored pair, into dst (ACCOUNTING_PAIR_MAX). What is told
 * of a session's owner is told of its side A here, `sent` is what A sent, and
 * there are in addition
 *
 *     "call_id":"a84b4c76","from_tag":"1928","to_tag":"314","end":"delete",
 *     "answerer":{"connection":8,"peer":{...},"transport":"tls","tls":"TLSv1.3"}
 */
struct span accounting_pair_line(char *dst, const struct anchored_record *r,
                                 struct span relay, uint64_t now_ms,
                                 uint64_t unix_ms);

#endif
