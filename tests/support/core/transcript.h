/* SPDX-License-Identifier: BSD-2-Clause */
/* transcript - protocol tests as text: what goes in, what has to come out.
 *
 * A line that begins with `#` is a comment. The others, in order:
 *
 *     set KEY VALUE              a setting, before anybody connects
 *     user NAME PASSWORD         a user, instead of alice, bob and carol whose
 *                                passwords are their names
 *     connect NAME [tcp] [host=DNSNAME] [port=N]
 *                                a neighbour; over TLS, with no certificate.
 *                                $NAME is msrps://NAME.example:9/NAME;tcp, or
 *                                msrp:// where it is over plain TCP
 *     auth NAME USER VAR         it authenticates; $VAR is then the URI that
 *                                it was given
 *     peer NAME VAR              it is the first to speak to whom $VAR was
 *                                given to: from now on $NAME leads to it (P-10)
 *     dials NAME HOST            the relay may dial now: HOST is where NAME is
 *     up NAME                    the connection that was dialled is there
 *     down NAME CODE             ... or never came about
 *     NAME> LINE                 it sends this (consecutive lines: in one go)
 *     NAME< LINE                 it must have been sent this, and nothing else
 *     NAME! REASON               the relay must have closed it, for this reason
 *     wait 30s | wait 250ms      time passes
 *     close NAME                 its connection ends
 *     stall NAME                 ... because it took nothing for too long
 *     hold NAME, release NAME    the kernel takes nothing of its output, or
 *                                all of it again
 *     refuse NAME                its output takes nothing more
 *     giveup NAME                the relay gives up what is on its way there
 *     reload KEY VALUE           the relay goes over to another setting
 *     drain on | drain off       it is drained for maintenance, or no longer
 *     kick USER                  the operator ends the sessions of that user
 *     paused NAME, running NAME  whether the relay reads from it
 *     stats KEY N                a figure of the relay
 *     digest VAR KEY=VALUE ...   $VAR is the response to: user, password,
 *                                realm, nonce, nc, cnonce, uri, method, alg
 *
 * What LINE may hold besides text is told in vars.h. After each thing that
 * happens, the lines `NAME<` and `NAME!` behind it must tell all that came of
 * it. */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <stddef.h>

/* Runs the transcript in the file; what a neighbour sends in one go comes cut
 * at octet `cut`: SIZE_MAX is whole, 0 octet by octet. Returns how many octets
 * were sent in the longest go. */
size_t transcript_run(const char *path, size_t cut);

#endif
