/* SPDX-License-Identifier: BSD-2-Clause */
/* json_check - is it JSON (RFC 8259)? Written for tests, apart from our writer.
 */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>

#include "str.h"

/* One value, the whole of the text, at most 16 groups deep. Whether strings are
 * UTF-8 is not looked at. */
bool json_check(struct span text);

#endif
