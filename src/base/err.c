/* SPDX-License-Identifier: BSD-2-Clause */
#include "err.h"

#include <errno.h>
#include <string.h>

const char *err_text(int err)
{
    switch (err) {
#define ERR_CASE(name, value, text)                                            \
    case name:                                                                 \
        return text;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    case 0:
        return "success";
    default:
        return "unknown error";
    }
}

const char *err_reason(int err)
{
    return err == ERR_IO && errno ? strerror(errno) : err_text(err);
}

const char *err_name(int err)
{
    switch (err) {
#define ERR_CASE(name, value, text)                                            \
    case name:                                                                 \
        return #name;
        ERR_LIST(ERR_CASE)
#undef ERR_CASE
    case 0:
        return "OK";
    default:
        return "ERR_UNKNOWN";
    }
}
