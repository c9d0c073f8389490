/* SPDX-License-Identifier: BSD-2-Clause */
/* tls_files - a CA of the test's own and PEM files made by it, in a directory
 * that goes away with it. */
#ifndef TLS_FILES_H
#define TLS_FILES_H

#include <stdbool.h>

struct tls_files;

/* A new CA, whose certificate is in ca.pem; NULL on failure. */
struct tls_files *tls_files_new(void);

/* Removes the directory with all files in it. NULL is harmless. */
void tls_files_free(struct tls_files *f);

/* The directory; other files may be put there, no directories. */
const char *tls_files_dir(const struct tls_files *f);

/* The path of the file `name` in it, such as "ca.pem": valid until free. */
const char *tls_files_path(struct tls_files *f, const char *name);

struct tls_files_cert {
    const char *common_name;
    const char *san;   /* "DNS:a.example,DNS:b.example"; NULL: none */
    const char *usage; /* extended key usage: "serverAuth"; NULL: any */
    bool rsa;          /* else P-256 */
    int days;          /* until it expires; 0: 90 */
    bool expired;
    bool future; /* valid from tomorrow on only */
    bool alone;  /* without the CA's in its file */
};

/* Issues a certificate: STEM.pem (with the CA's behind it) and STEM.key. */
bool tls_files_issue(struct tls_files *f, const char *stem,
                     const struct tls_files_cert *what);

#endif
