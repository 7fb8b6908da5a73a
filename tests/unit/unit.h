/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unit.h - what every unit test begins with: cmocka, and the headers that it wants first. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
