/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings_check.h"

#include <sys/un.h>

#include "config_value.h"
#include "err.h"
#include "sock.h"
#include "words.h"

enum { REALM_MAX = 255 }; /* as in the users file */

const char *settings_check_host(struct span text)
{
    return config_value_is_host(text) ? NULL
                                      : "a host name, never a numeric address";
}

const char *settings_check_host_or_none(struct span text)
{
    return text.n ? settings_check_host(text) : NULL;
}

/* What a quoted string in a challenge holds without escapes. */
const char *settings_check_realm(struct span text)
{
    bool ok = text.n > 0 && text.n <= REALM_MAX;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        ok = ok && c >= ' ' && c != 0x7f && c != '"' && c != '\\';
    }
    return ok ? NULL
              : "1 to 255 octets without quotes, backslashes and control "
                "characters";
}

/* A host, or a pattern for the first label of one. */
const char *settings_check_relay_name(struct span text)
{
    const struct span star = SPAN("*.");

    if (text.n > star.n && span_eq(span_of(text.p, star.n), star))
        text = span_from(text, star.n);
    return config_value_is_host(text) ? NULL
                                      : "a host name, or \"*.\" and a domain";
}

const char *settings_check_named(struct span text)
{
    return text.n ? NULL : "the name of a file";
}

static bool is_absolute(struct span text)
{
    return text.n > 0 && text.p[0] == '/';
}

const char *settings_check_command(struct span text)
{
    const char *fault = NULL;
    struct words words;
    int err;

    if (text.n == 0)
        return NULL;
    err = words_split(&words, text);
    if (err)
        return err == ERR_SYNTAX ? "a command whose quotes end" : err_text(err);
    if (words.n == 0 || words.items[0][0] != '/')
        fault = "a command that begins with an absolute path, or \"\"";
    words_fini(&words);
    return fault;
}

const char *settings_check_target(struct span text)
{
    if (span_eq(text, SPAN("stderr")) || span_eq(text, SPAN("syslog")) ||
        span_eq(text, SPAN("journal")) || is_absolute(text))
        return NULL;
    return "\"stderr\", \"syslog\", \"journal\" or an absolute path";
}

const char *settings_check_accounting(struct span text)
{
    return text.n == 0 || !settings_check_target(text)
               ? NULL
               : "\"stderr\", \"syslog\", \"journal\", an absolute path, or "
                 "\"\" for off";
}

const char *settings_check_metrics(struct span text)
{
    struct addr a;

    if (text.n == 0 || addr_parse(&a, text, 0) == 0)
        return NULL;
    return "a numeric address, or \"\" for off";
}

const char *settings_check_socket(struct span text)
{
    if (text.n == 0 || (is_absolute(text) &&
                        text.n < sizeof((struct sockaddr_un *)0)->sun_path))
        return NULL;
    return "an absolute path of less than 108 octets, or \"\" for off";
}

const char *settings_check_ng_place(struct span text)
{
    struct addr a;
    bool is_tcp;

    return config_value_ng_place(&is_tcp, &a, text)
               ? "\"udp:ADDRESS:PORT\" or \"tcp:ADDRESS:PORT\""
               : NULL;
}

const char *settings_check_interface_address(struct span text)
{
    struct addr a;

    return text.n == 0 || addr_parse(&a, text, 0) == 0 ? NULL
                                                       : "a numeric address";
}

const char *settings_check_interface_host(struct span text)
{
    struct addr a;

    if (text.n == 0 || config_value_is_host(text) ||
        addr_parse_literal(&a, text, 0) == 0)
        return NULL;
    return "a host name, a numeric address, or \"\" for the address";
}
