/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coverage.h - "make coverage" includes this before every file: a worker ends by _exit(), which
 * does not write down what the worker has run. */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <unistd.h>

void __gcov_dump(void);

__attribute__((noreturn, unused)) static void dump_and_exit(int code)
{
	__gcov_dump();
	_exit(code);
}
#define _exit dump_and_exit

#endif
