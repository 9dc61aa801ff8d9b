// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * command.c - from words to a command and its arguments
 *
 * The command line of pmactl and each line of a shell end up here as a list of
 * words whose first is the command's name.  All options of all commands are in
 * one getopt table; a command says which of them it knows.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pmactl.h"

/* getopt's values: bits of enum option_bit, told apart from letters by their place */
#define LONG_BASE	256

static const struct option long_options[] = {
	{ "align", required_argument, NULL, LONG_BASE + 0 },
	{ "zero", no_argument, NULL, LONG_BASE + 1 },
	{ "blocks", no_argument, NULL, LONG_BASE + 2 },
	{ "pool", no_argument, NULL, LONG_BASE + 3 },
	{ "interior", no_argument, NULL, LONG_BASE + 4 },
	{ "color", required_argument, NULL, LONG_BASE + 5 },
	{ "width", required_argument, NULL, LONG_BASE + 6 },
	{ "keep-going", no_argument, NULL, LONG_BASE + 7 },
	{ "echo", no_argument, NULL, LONG_BASE + 8 },
	{ "dry-run", no_argument, NULL, LONG_BASE + 9 },
	{ "no-fill", no_argument, NULL, LONG_BASE + 10 },
	{ "limit-ops", required_argument, NULL, LONG_BASE + 11 },
	{ "json", no_argument, NULL, LONG_BASE + 12 },
	{ "help", no_argument, NULL, LONG_BASE + 13 },
	{ "limit", required_argument, NULL, LONG_BASE + 14 },
	{ "stats", no_argument, NULL, LONG_BASE + 15 },
	{ "mode", required_argument, NULL, LONG_BASE + 16 },
	{ "reserve", required_argument, NULL, LONG_BASE + 17 },
	{ "low", required_argument, NULL, LONG_BASE + 18 },
	{ "wait", optional_argument, NULL, LONG_BASE + 19 },
	{ "write", no_argument, NULL, LONG_BASE + 20 },
	{ "claims", required_argument, NULL, LONG_BASE + 21 },
	{ }
};

static unsigned int option_bit(int c)
{
	switch (c) {
	case 'j':
		return OPTION_JSON;
	case 'h':
		return OPTION_HELP;
	case 'k':
		return OPTION_KEEP_GOING;
	case 'x':
		return OPTION_ECHO;
	}
	return 1U << (c - LONG_BASE);
}

/* Reads a number the user wrote, or says what is wrong with it. */
bool command_value(const struct session *s, const char *what, const char *text, __u64 *value)
{
	if (value_parse(s, text, value))
		return true;
	session_complain(s, "%s: '%s' is not a number here", what, text);
	return false;
}

static bool option_align(const struct session *s, struct args *args)
{
	if (!command_value(s, "--align", optarg, &args->align))
		return false;
	if (args->align <= UINT_MAX)
		return true;
	session_complain(s, "--align: '%s' does not fit 32 bits", optarg);
	return false;
}

static bool option_color(const struct session *s, struct args *args)
{
	args->color = optarg;
	if (!strcmp(optarg, "auto") || !strcmp(optarg, "always") || !strcmp(optarg, "never"))
		return true;
	session_complain(s, "--color: '%s' is not auto, always or never", optarg);
	return false;
}

static bool option_mode(const struct session *s, struct args *args)
{
	char *end;

	args->mode = strtoul(optarg, &end, 8);
	if (*optarg && !*end && args->mode <= 0777)
		return true;
	session_complain(s, "--mode: '%s' is not a mode in octal digits", optarg);
	return false;
}

static bool option_wait(const struct session *s, struct args *args)
{
	if (!optarg)
		return true;
	if (!command_value(s, "--wait", optarg, &args->wait))
		return false;
	if (args->wait && args->wait <= UINT_MAX)
		return true;
	session_complain(s, "--wait: '%s' is not a number of milliseconds, from 1 on", optarg);
	return false;
}

static bool option_value(const struct session *s, unsigned int bit, struct args *args)
{
	switch (bit) {
	case OPTION_ALIGN:
		return option_align(s, args);
	case OPTION_COLOR:
		return option_color(s, args);
	case OPTION_WIDTH:
		return command_value(s, "--width", optarg, &args->width);
	case OPTION_LIMIT_OPS:
		return command_value(s, "--limit-ops", optarg, &args->limit_ops);
	case OPTION_LIMIT:
		return command_value(s, "--limit", optarg, &args->limit);
	case OPTION_RESERVE:
		return command_value(s, "--reserve", optarg, &args->reserve);
	case OPTION_LOW:
		return command_value(s, "--low", optarg, &args->low);
	case OPTION_CLAIMS:
		return command_value(s, "--claims", optarg, &args->claims);
	case OPTION_MODE:
		return option_mode(s, args);
	case OPTION_WAIT:
		return option_wait(s, args);
	}
	return true;
}

static bool parse_options(const struct session *s, const struct command *command, int nr,
			  char **words, struct args *args)
{
	/* A plus: what comes after the first word is not looked at. */
	const char *letters = command->flags & COMMAND_HAS_COMMAND ? "+:jhkx" : ":jhkx";
	unsigned int bit;
	int c;

	optind = 0;	/* glibc: begin anew */
	opterr = 0;
	while ((c = getopt_long(nr, words, letters, long_options, NULL)) != -1) {
		if (c == ':') {
			session_complain(s, "%s: %s needs a value", words[0], words[optind - 1]);
			return false;
		}
		bit = c == '?' ? 0 : option_bit(c);
		if (!(bit & (command->options | OPTION_JSON | OPTION_HELP))) {
			session_complain(s, "%s: no option %s", words[0], words[optind - 1]);
			return false;
		}
		args->given |= bit;
		if (!option_value(s, bit, args))
			return false;
	}
	args->words = words + optind;
	args->nr = nr - optind;
	return true;
}

static bool parse_args(const struct session *s, const struct command *command, int nr,
		       char **words, struct args *args)
{
	if (!parse_options(s, command, nr, words, args))
		return false;
	if (args->given & OPTION_HELP)
		return true;
	if (args->nr >= command->min && args->nr <= command->max)
		return true;
	session_complain(s, "usage: %s %s", command->name, command->synopsis);
	return false;
}

static enum status run_one(struct session *s, int nr, char **words)
{
	const struct command *command = main_find_command(words[0]);
	struct args args = { .color = "auto" };
	bool json = s->json;
	enum status status;

	if (!command) {
		session_complain(s, "no command %s; try help", words[0]);
		return STATUS_USAGE;
	}
	if (!parse_args(s, command, nr, words, &args))
		return STATUS_USAGE;
	if (args.given & OPTION_HELP) {
		main_help(command);
		return STATUS_DONE;
	}
	if ((command->flags & COMMAND_NEEDS_ARENA) && !s->arena) {
		status = session_open_arena(s, "main");
		if (status)
			return status;
	}
	s->json |= !!(args.given & OPTION_JSON);
	status = command->run(s, &args);
	s->json = json;
	return status;
}

/*
 * expect ERROR COMMAND...: is met if the kernel refuses the command with just
 * this error, and by nothing else.
 */
static enum status run_expected(struct session *s, int nr, char **words)
{
	enum status status;
	int expected;

	expected = nr < 3 ? 0 : refusal_number(words[1]);
	if (!expected) {
		session_complain(s, "usage: expect ERROR COMMAND..., as expect EALREADY free $a");
		return STATUS_USAGE;
	}
	s->expected = expected;
	status = run_one(s, nr - 2, words + 2);
	s->expected = 0;
	if (status == STATUS_REFUSED && s->refused == expected)
		return STATUS_DONE;
	if (status == STATUS_DONE || status == STATUS_REFUSED) {
		session_complain(s, "expected %s, but %s %s", words[1], words[2],
				 status ? "was refused for another reason" : "was granted");
		return STATUS_WRONG;
	}
	return status;
}

enum status command_run(struct session *s, int nr, char **words)
{
	if (!strcmp(words[0], "expect"))
		return run_expected(s, nr, words);
	return run_one(s, nr, words);
}
