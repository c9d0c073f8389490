/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftest_fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "codes.h"
#include "err.h"
#include "selftest_client.h"

static const char renew[] =
    "renew it, then run 'msrprelayctl reload' so that the relay reads it";
static const char chain[] =
    "tls.certificate must have the whole chain (such as fullchain.pem); for a "
    "private authority use --ca-file";

void selftest_fault_dial(char *why, int err, int errnum)
{
    if (err == ERR_TIMEOUT)
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "no answer to the connection: does a packet filter drop "
                       "it?");
    else
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "cannot connect: %s; does a packet filter refuse it?",
                       err == ERR_IO ? strerror(errnum) : err_text(err));
}

void selftest_fault_ca(char *why, const char *ca_file)
{
    if (ca_file)
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "cannot use --ca-file %s: it must be a readable file of "
                       "certificates in PEM",
                       ca_file);
    else
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "cannot read the authorities that this host trusts: "
                       "install the package ca-certificates, or use --ca-file");
}

/* What OpenSSL has against the certificate. */
static void fault_certificate(char *why, long verdict, const char *name)
{
    switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the certificate, or one in its chain, has expired: %s",
                       renew);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the certificate is not valid yet: is the clock of this "
                       "host right?");
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the certificate is not for %s: get one with this name "
                       "among its subjectAltNames, or correct relay.name",
                       name);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "no authority that is trusted here has signed the "
                       "certificate: %s",
                       chain);
        break;
    default:
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the certificate is not accepted (%s): %s",
                       X509_verify_cert_error_string(verdict), renew);
    }
}

void selftest_fault_tls(char *why, int err, const struct wire *wire,
                        const char *name)
{
    if (err == ERR_CERT)
        fault_certificate(why, SSL_get_verify_result(wire->ssl), name);
    else if (err == ERR_TIMEOUT || err == ERR_EOF)
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "no TLS handshake (%s): is another program at this "
                       "port, or is limits.connections reached? The relay's "
                       "log says more",
                       err_text(err));
    else
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the TLS handshake failed (%s): check "
                       "tls.min_version, tls.ciphers and tls.ciphersuites",
                       wire->tls_why ? wire->tls_why : err_text(err));
}

void selftest_fault_auth(char *why, const char *what)
{
    (void)snprintf(why, SELFTEST_WHY_MAX,
                   "no session: %s; the relay's log says why", what);
}

void selftest_fault_response(char *why, unsigned code)
{
    struct span comment = code_comment(code);

    (void)snprintf(why, SELFTEST_WHY_MAX,
                   "the relay answered to the message with %u %.*s; its log "
                   "says why",
                   code, SPAN_ARG(comment));
}

void selftest_fault_report(char *why, struct span status)
{
    (void)snprintf(why, SELFTEST_WHY_MAX,
                   "the relay reported that the message failed (%.*s); its log "
                   "says why",
                   status.n > 64 ? 64 : (int)status.n, status.p);
}

void selftest_fault_talk(char *why, int err, bool is_authenticated)
{
    const char *during =
        is_authenticated ? "the message was under way" : "logging in";

    if (err == ERR_TIMEOUT)
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "nothing came for %d s while %s: is the relay "
                       "overloaded? See its log",
                       SELFTEST_MS / 1000, during);
    else if (err == ERR_EOF || err == ERR_IO || err == ERR_TLS)
        (void)snprintf(why, SELFTEST_WHY_MAX,
                       "the relay closed the connection while %s: is it "
                       "draining ('msrprelayctl status')? Its log says why",
                       during);
    else
        (void)snprintf(why, SELFTEST_WHY_MAX, "%s while %s", err_text(err),
                       during);
}
