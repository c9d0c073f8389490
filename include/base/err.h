/* SPDX-License-Identifier: BSD-2-Clause */
/* err - the one list of errors.
 *
 * 0 is success, every error is negative. What can fail returns int; results
 * leave through out-parameters, written only on success. */
#ifndef ERR_H
#define ERR_H

#define ERR_LIST(X)                                                            \
    X(ERR_AGAIN, -1, "not yet: wait for more input or for the socket")         \
    X(ERR_FULL, -2, "no room: wait until some is made")                        \
    X(ERR_NOMEM, -3, "out of memory")                                          \
    X(ERR_SYNTAX, -4, "syntax error")                                          \
    X(ERR_LIMIT, -5, "limit exceeded")                                         \
    X(ERR_EOF, -6, "closed by peer")                                           \
    X(ERR_IO, -7, "I/O error")                                                 \
    X(ERR_TLS, -8, "TLS failed")                                               \
    X(ERR_CERT, -9, "certificate rejected")                                    \
    X(ERR_DENIED, -10, "denied by policy")                                     \
    X(ERR_NOT_FOUND, -11, "not found")                                         \
    X(ERR_EXISTS, -12, "already exists")                                       \
    X(ERR_TIMEOUT, -13, "timed out")                                           \
    X(ERR_CONFIG, -14, "invalid configuration")                                \
    X(ERR_UNSUPPORTED, -15, "not supported")                                   \
    X(ERR_NOT_NOW, -16, "not now")                                             \
    X(ERR_PLACE, -17, "address cannot be used")                                \
    X(ERR_NOT_FILE, -18, "not a regular file")

enum err {
#define ERR_ENUM(name, value, text) name = (value),
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* The sentence for `err`; static, never NULL. 0 gives "success". */
const char *err_text(int err);

/* The same, but the text of errno for ERR_IO, if errno is set: for an error
 * that was just returned. Valid until the next call. */
const char *err_reason(int err);

/* The name, such as "ERR_AGAIN"; static, never NULL. */
const char *err_name(int err);

#endif
