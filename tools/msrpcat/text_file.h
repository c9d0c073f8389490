/* SPDX-License-Identifier: BSD-2-Clause */
/* text_file - small texts in files and pipes: what this end says of itself, and
 * what another says. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

#include <stddef.h>

/* Writes `text` to FILE so that no reader ever sees half of it: into a new file
 * beside it, which then takes its name. What is no plain file (a pipe, a
 * terminal) is written to; `-` is standard output, and /dev/fd/N beyond
 * standard error is closed afterwards. 0 or ERR_IO (see errno). */
int text_file_save(const char *file, const char *text);

/* Reads FILE up to an empty line, which is not part of it, or to its end; `-`
 * is standard input, of which no octet more is read. *out is from the heap. 0,
 * ERR_IO (see errno), ERR_NOMEM, or ERR_LIMIT if it is longer than `max`. */
int text_file_read(char **out, const char *file, size_t max);

#endif
