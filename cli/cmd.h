/* cmd.h - the verbs of vgapass, one file each.
 *
 * Each takes its own argv, argv[0] being its name, and gives an exit code.
 */
#pragma once

enum { CMD_OK, CMD_FAILED, CMD_USAGE };

int cmd_plan(int argc, char **argv);
int cmd_status(int argc, char **argv);
