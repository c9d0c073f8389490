/* SPDX-License-Identifier: BSD-2-Clause */
/* texts - heads and frames of tests, as text. */
#ifndef TEXTS_H
#define TEXTS_H

#include "msg.h"
#include "uri.h"
#include "writer.h"

/* The head in `text`, which it points into and which must be sound; an empty
 * line at its end says that there is a body. */
struct msg msg_of(const char *text);

/* The URI in `text`, which must be one. */
struct uri uri_of(const char *text);

/* The frame is just this. */
void assert_frame(const struct frame *f, const char *want);

#endif
