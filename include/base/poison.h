/* poison - what this project never calls, made a compile error.
 *
 * Forced in front of every file by the build; the headers that declare the
 * names come first. */
#ifndef POISON_H
#define POISON_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strtok atoi atol gets

#endif
