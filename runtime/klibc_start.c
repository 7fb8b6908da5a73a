/* klibc_start.c - what klibc runs around main(), without stdio.
 *
 * klibc's start-up opens stdin, stdout and stderr as streams, and its exit() flushes them:
 * a kilobyte of malloc() and stdio in a program that uses neither. The linker takes a
 * member of libc.a only for what is missing, so these two names here keep that out.
 */
#ifdef __KLIBC__

#include <unistd.h>

void __libc_init_stdio(void);
void __libc_init_stdio(void)
{
}

void exit(int status);
void exit(int status)
{
	_exit(status);
}

#endif
