/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module_index.h - are the files that depmod(8) makes whole? */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True: the index in n bytes is a tree that libkmod can walk to its end. */
bool module_index_check(const unsigned char *index, size_t n);

/* The same for the file `name` in the directory `at`. True also where there is no such file. */
bool module_index_is_good(int at, const char *name);
