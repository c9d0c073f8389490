/* SPDX-License-Identifier: BSD-2-Clause */
/* config_token - the pieces of a configuration's text, as libconfig cuts it. */
#ifndef CONFIG_TOKEN_H
#define CONFIG_TOKEN_H

#include "str.h"

enum config_token_type {
    CONFIG_TOKEN_END,
    CONFIG_TOKEN_NAME,
    CONFIG_TOKEN_SCALAR,   /* a number, true or false */
    CONFIG_TOKEN_STRING,   /* the text has the quotes */
    CONFIG_TOKEN_UNCLOSED, /* a string up to the end of the text */
    CONFIG_TOKEN_SIGN,     /* one octet, such as a brace, or what is no token */
};

struct config_token {
    enum config_token_type type;
    struct span text;
    unsigned line, end_line; /* counted from 1 */
};

struct config_lexer {
    struct span rest;
    unsigned line; /* at which `rest` begins */
};

/* Takes the next token, without blanks and comments before it. */
struct config_token config_token_take(struct config_lexer *l);

/* Is it this octet? */
bool config_token_is(const struct config_token *t, char sign);

#endif
