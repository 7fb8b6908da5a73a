/* SPDX-License-Identifier: GPL-2.0-or-later */
/* klibc_start.c - replaces klibc's start-up code, without stdio and environment.
 *
 * klibc's own opens stdin, stdout and stderr as streams, and its exit() flushes them: a kilobyte
 * of malloc() and stdio in a program that uses neither. The linker takes a member of libc.a only
 * if a name is missing, so defining this name here keeps klibc's out.
 */
#ifdef __KLIBC__

#include <stdint.h>
#include <unistd.h>

int main(int argc, char **argv);

/* crt0.o calls this with what the kernel left on the stack: argc, argv, environment. */
void __libc_init(uintptr_t *stack, void (*at_exit)(void));
void __libc_init(uintptr_t *stack, void (*at_exit)(void))
{
	(void)at_exit; /* only shared libraries use it */
	_exit(main((int)*stack, (char **)(stack + 1)));
}

#endif
