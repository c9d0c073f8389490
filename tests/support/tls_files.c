/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_files.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 256, PATHS = 160, DAY_S = 24 * 3600, DAYS = 90 };

struct tls_files {
    char dir[PATH_ROOM];
    char paths[PATHS][PATH_ROOM]; /* handed out */
    int n_paths;
    EVP_PKEY *key;
    X509 *cert;
};

static bool set_name(X509_NAME *name, const char *common_name)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)common_name, -1,
                                      -1, 0) == 1;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *ext;
    X509V3_CTX ctx;
    bool ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = ext && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* All but name, extensions and signature. */
static X509 *new_cert(EVP_PKEY *key, const struct tls_files_cert *what)
{
    int days = what->expired ? -1 : what->days ? what->days : DAYS;
    X509 *cert = X509_new();
    uint64_t serial = 0;

    if (!cert)
        return NULL;
    if (RAND_bytes((unsigned char *)&serial, 7) == 1 &&
        X509_set_version(cert, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(cert),
                        what->future ? DAY_S : -2 * DAY_S) &&
        X509_gmtime_adj(X509_getm_notAfter(cert), (long)days * DAY_S) &&
        X509_set_pubkey(cert, key) == 1)
        return cert;
    X509_free(cert);
    return NULL;
}

/* Named after its directory, so that two are never taken for each other. */
static bool make_ca(struct tls_files *f)
{
    f->key = EVP_EC_gen("P-256");
    f->cert = f->key ? new_cert(f->key, &(struct tls_files_cert){0}) : NULL;
    return f->cert &&
           set_name(X509_get_subject_name(f->cert), strrchr(f->dir, '/') + 1) &&
           X509_set_issuer_name(f->cert, X509_get_subject_name(f->cert)) &&
           add_extension(f->cert, f->cert, NID_basic_constraints,
                         "critical,CA:TRUE") &&
           add_extension(f->cert, f->cert, NID_key_usage,
                         "critical,keyCertSign") &&
           add_extension(f->cert, f->cert, NID_subject_key_identifier,
                         "hash") &&
           X509_sign(f->cert, f->key, EVP_sha256());
}

static bool write_certs(struct tls_files *f, const char *name, X509 *first,
                        X509 *second)
{
    FILE *file = fopen(tls_files_path(f, name), "we");
    bool ok;

    if (!file)
        return false;
    ok = PEM_write_X509(file, first) == 1 &&
         (!second || PEM_write_X509(file, second) == 1);
    return fclose(file) == 0 && ok;
}

static bool write_key(struct tls_files *f, const char *name, EVP_PKEY *key)
{
    FILE *file = fopen(tls_files_path(f, name), "we");
    bool ok;

    if (!file)
        return false;
    ok = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    return fclose(file) == 0 && ok;
}

struct tls_files *tls_files_new(void)
{
    struct tls_files *f = calloc(1, sizeof *f);
    const char *tmp = getenv("TMPDIR");

    if (!f)
        return NULL;
    snprintf(f->dir, sizeof f->dir, "%s/tls-files-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(f->dir)) {
        free(f);
        return NULL;
    }
    if (make_ca(f) && write_certs(f, "ca.pem", f->cert, NULL))
        return f;
    tls_files_free(f);
    return NULL;
}

void tls_files_free(struct tls_files *f)
{
    struct dirent *entry;
    DIR *dir;

    if (!f)
        return;
    dir = opendir(f->dir);
    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(f->dir);
    X509_free(f->cert);
    EVP_PKEY_free(f->key);
    free(f);
}

const char *tls_files_dir(const struct tls_files *f)
{
    return f->dir;
}

const char *tls_files_path(struct tls_files *f, const char *name)
{
    char path[PATH_ROOM];
    int n = snprintf(path, sizeof path, "%s/%s", f->dir, name);

    if (n < 0 || n >= PATH_ROOM)
        abort();
    for (int i = 0; i < f->n_paths; i++)
        if (strcmp(f->paths[i], path) == 0)
            return f->paths[i];
    if (f->n_paths == PATHS)
        abort();
    return memcpy(f->paths[f->n_paths++], path, (size_t)n + 1);
}

static bool issue(struct tls_files *f, X509 *cert,
                  const struct tls_files_cert *what)
{
    return set_name(X509_get_subject_name(cert), what->common_name) &&
           X509_set_issuer_name(cert, X509_get_subject_name(f->cert)) &&
           add_extension(cert, f->cert, NID_basic_constraints, "CA:FALSE") &&
           (!what->san ||
            add_extension(cert, f->cert, NID_subject_alt_name, what->san)) &&
           (!what->usage ||
            add_extension(cert, f->cert, NID_ext_key_usage, what->usage)) &&
           X509_sign(cert, f->key, EVP_sha256());
}

bool tls_files_issue(struct tls_files *f, const char *stem,
                     const struct tls_files_cert *what)
{
    EVP_PKEY *key = what->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *cert = key ? new_cert(key, what) : NULL;
    char pem[PATH_ROOM], pem_key[PATH_ROOM];
    bool ok;

    snprintf(pem, sizeof pem, "%s.pem", stem);
    snprintf(pem_key, sizeof pem_key, "%s.key", stem);
    ok = cert && issue(f, cert, what) &&
         write_certs(f, pem, cert, what->alone ? NULL : f->cert) &&
         write_key(f, pem_key, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}
