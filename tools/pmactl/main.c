// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - pmactl: pma's tool; the table of its commands
 */
#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "pmactl.h"

const struct command commands[] = {
	{ "info", "", "what the pool is",
	  pool_info, 0, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "alloc", "SIZE [--align=N] [--zero] [--wait[=MS]]", "allocate a block, tell its handle",
	  block_alloc, OPTION_ALIGN | OPTION_ZERO | OPTION_WAIT,
	  COMMAND_NEEDS_ARENA | COMMAND_LEAVES_VALUE, 1, 1 },
	{ "free", "HANDLE...", "free blocks, or let go of them where others hold them",
	  block_free, 0, COMMAND_NEEDS_ARENA, 1, INT_MAX },
	{ "realloc", "HANDLE SIZE [--align=N] [--zero]", "change a block's size, keep its contents",
	  block_realloc, OPTION_ALIGN | OPTION_ZERO,
	  COMMAND_NEEDS_ARENA | COMMAND_LEAVES_VALUE, 2, 2 },
	{ "query", "HANDLE [--interior]", "what is at a handle",
	  block_query, OPTION_INTERIOR, COMMAND_NEEDS_ARENA, 1, 1 },
	{ "share", "HANDLE [--write] [--claims=N]",
	  "make a token, to claim a block of whole pages with",
	  share_block, OPTION_WRITE | OPTION_CLAIMS, COMMAND_NEEDS_ARENA, 1, 1 },
	{ "claim", "[TOKEN]",
	  "hold a block that another arena shares; without TOKEN, by the last one of the shell",
	  share_claim, 0, COMMAND_NEEDS_ARENA | COMMAND_LEAVES_VALUE, 0, 1 },
	{ "release", "HANDLE...", "let go of blocks, as free does",
	  block_free, 0, COMMAND_NEEDS_ARENA, 1, INT_MAX },
	{ "unshare", "[TOKEN]", "take a token back",
	  share_take_back, 0, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "write", "HANDLE TEXT", "write a text into a block",
	  contents_write, 0, COMMAND_NEEDS_ARENA, 2, 2 },
	{ "read", "HANDLE [LENGTH]", "print a block's bytes",
	  contents_read, 0, COMMAND_NEEDS_ARENA, 1, 2 },
	{ "fill", "HANDLE PATTERN [LENGTH]", "repeat a text, or hex digits after 0x, over a block",
	  contents_fill, 0, COMMAND_NEEDS_ARENA, 2, 3 },
	{ "verify", "HANDLE PATTERN [LENGTH]", "check that a block holds what fill wrote",
	  contents_verify, 0, COMMAND_NEEDS_ARENA, 2, 3 },
	{ "dump", "[--blocks]", "list the region's runs of pages, or the arena's blocks",
	  dump_command, OPTION_BLOCKS, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "map", "[--color=auto|always|never] [--width=N]", "draw the region",
	  map_command, OPTION_COLOR | OPTION_WIDTH, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "stat", "", "counters of the arena and totals of the pool",
	  pool_stat, 0, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "check", "[--pool]", "prove the metadata sound",
	  pool_check, OPTION_POOL, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "reset", "", "free all blocks of the arena, zero its counters",
	  pool_reset, 0, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "limit", "[PAGES] [--reserve=PAGES] [--low=PAGES]",
	  "tell or set how many pages the arena may have, and is sure to get",
	  arenas_limit, OPTION_RESERVE | OPTION_LOW, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "arenas", "", "who has which arena",
	  arenas_list, 0, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "top", "", "who has most, again and again on a terminal, until q",
	  top_command, 0, COMMAND_NEEDS_ARENA, 0, 0 },
	{ "create", "NAME [--mode=OCTAL]", "make an arena that stays, by that name",
	  arenas_create, OPTION_MODE, COMMAND_NEEDS_ARENA, 1, 1 },
	{ "unlink", "NAME", "take an arena's name away: it ends when nobody has it open",
	  arenas_unlink, 0, COMMAND_NEEDS_ARENA, 1, 1 },
	{ "root", "[HANDLE]", "tell or set the block that leads to the others",
	  arenas_root, 0, COMMAND_NEEDS_ARENA | COMMAND_LEAVES_VALUE, 0, 1 },
	{ "tag", "[TEXT]", "what people shall see the arena called",
	  arenas_tag, 0, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "shell", "[--keep-going] [--echo] [SCRIPT]", "run commands against arenas that stay open",
	  shell_command, OPTION_KEEP_GOING | OPTION_ECHO, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "replay", "[--dry-run] [--no-fill] [--limit-ops=N] TRACE", "play a program's allocations",
	  replay_command, OPTION_DRY_RUN | OPTION_NO_FILL | OPTION_LIMIT_OPS, 0, 1, 1 },
	{ "run", "[--limit=N] [--stats] [--] PROGRAM [ARGUMENT...]",
	  "run a program with its heap in an arena",
	  run_command, OPTION_LIMIT | OPTION_STATS, COMMAND_HAS_COMMAND, 1, INT_MAX },
	{ "arena", "[NAME]", "go to another arena, opened at its first use (shell)",
	  shell_arena, 0, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "close", "[NAME]", "end an arena and its blocks (shell)",
	  shell_close, 0, COMMAND_NEEDS_ARENA, 0, 1 },
	{ "echo", "[WORD...]", "print words and values (shell)",
	  shell_echo, 0, 0, 0, INT_MAX },
	{ "help", "[COMMAND]", "this list",
	  shell_help, 0, 0, 0, 1 },
	{ }
};

const struct command *main_find_command(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static const char usage[] =
	"usage: pmactl [--device=PATH] [--arena=NAME] [--json] COMMAND [ARGUMENT...]\n"
	"       pmactl [--device=PATH] [--arena=NAME] [--json] expect ERROR COMMAND [ARGUMENT...]\n"
	"\n"
	"One run is one arena: what a single command allocates is freed when it ends.\n"
	"`shell' keeps the arena open, --arena uses one that stays (see create).\n"
	"Numbers may be hex (0x), have a suffix (K, M, G, T) and be sums and products of\n"
	"$variables, as in $a+8.\n\n";

static const char exits[] =
	"\nexit status: 0 done; 1 refused by the kernel, or a script's command failed;\n"
	"2 malformed command line or trace; 3 the device can't be opened; 4 the metadata\n"
	"is unsound, contents differ or `expect' was not met; 5 a file can't be read or\n"
	"written; of `run', the program's, or 126 or 127 where there is none.\n";

/* Help for one command, or for all. */
void main_help(const struct command *command)
{
	if (command) {
		printf("usage: pmactl %s %s\n%s\n", command->name, command->synopsis,
		       command->help);
		return;
	}
	fputs(usage, stdout);
	for (command = commands; command->name; command++)
		printf("  %-8s %s\n%11s%s\n", command->name, command->synopsis, "",
		       command->help);
	fputs(exits, stdout);
}

static const struct option options[] = {
	{ "device", required_argument, NULL, 'd' },
	{ "arena", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/* Reads the options before the command; -1 to go on, else the exit status. */
static int main_options(struct session *s, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "+d:a:jh", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			s->device = optarg;
			break;
		case 'a':
			s->named = optarg;
			break;
		case 'j':
			s->json = true;
			break;
		case 'h':
			main_help(NULL);
			return STATUS_DONE;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	fputs(usage, stderr);
	return STATUS_USAGE;
}

/* Output that got lost is no success. */
static enum status main_flush(const struct session *s, enum status status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	session_complain(s, "can't write the output");
	return status ? status : STATUS_IO;
}

int main(int argc, char **argv)
{
	struct session s = { .device = "/dev/pma" };
	int status;

	status = main_options(&s, argc, argv);
	if (status < 0)
		status = command_run(&s, argc - optind, argv + optind);
	session_end(&s);
	return main_flush(&s, status);
}
