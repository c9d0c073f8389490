#include "password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "err.h"

enum { PASSWORD_MAX = 1024 };

static int read_line(char **out, FILE *from)
{
    char line[PASSWORD_MAX];
    int err = ERR_IO;

    if (fgets(line, sizeof line, from)) {
        line[strcspn(line, "\r\n")] = '\0';
        *out = strdup(line);
        err = *out ? 0 : ERR_NOMEM;
    }
    explicit_bzero(line, sizeof line);
    return err;
}

static int ask(char **out, FILE *tty, const char *user)
{
    struct termios as_it_was, silent;
    int err;

    if (tcgetattr(fileno(tty), &as_it_was))
        return ERR_IO;
    silent = as_it_was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(fileno(tty), TCSAFLUSH, &silent))
        return ERR_IO;
    fprintf(tty, "Password for %s: ", user);
    fflush(tty);
    err = read_line(out, tty);
    (void)tcsetattr(fileno(tty), TCSAFLUSH, &as_it_was);
    fputc('\n', tty);
    return err;
}

int password_get(char **out, const char *file, const char *user)
{
    FILE *from = fopen(file ? file : "/dev/tty", file ? "re" : "r+e");
    int err;

    if (!from)
        return ERR_IO;
    setvbuf(from, NULL, _IONBF, 0); /* leaves no copy behind */
    err = file ? read_line(out, from) : ask(out, from, user);
    fclose(from);
    return err;
}
