/* SPDX-License-Identifier: GPL-2.0-or-later */
/* klibc_start.c - what klibc runs around main(), without stdio and environment.
 *
 * klibc's start-up opens stdin, stdout and stderr as streams, and its exit() flushes them:
 * a kilobyte of malloc() and stdio in a program that uses neither. The linker takes a
 * member of libc.a only for what is missing, so this name here keeps that out.
 */
#ifdef __KLIBC__

#include <stdint.h>
#include <unistd.h>

int main(int argc, char **argv);

/* crt0.o calls it with what the kernel left on the stack: argc, argv, environment. */
void __libc_init(uintptr_t *stack, void (*at_exit)(void));
void __libc_init(uintptr_t *stack, void (*at_exit)(void))
{
	(void)at_exit; /* of shared libraries alone */
	_exit(main((int)*stack, (char **)(stack + 1)));
}

#endif
