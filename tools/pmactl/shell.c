// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * shell.c - commands from a script or a terminal, against arenas that stay open
 *
 *	line	= [ [ name "=" ] ( command | value ) ] [ "#" comment ]
 *
 * Words are parted by blanks; "..." and '...' keep blanks in a word, and inside
 * "..." a backslash keeps the next character.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmactl.h"

#define WORDS_MAX	64

/* A line cut into words, which lie in @text one after the other. */
struct line {
	char *text;
	char *words[WORDS_MAX + 1];
	int nr;
};

/* Copies one word from @*in to @*out and moves both on; false if a quote stays open. */
static bool split_word(const char **in, char **out)
{
	char quote = '\0';

	for (; **in; (*in)++) {
		if (!quote && strchr(" \t\r\n", **in))
			break;
		if (!quote && strchr("\"'", **in)) {
			quote = **in;
			continue;
		}
		if (quote == **in) {
			quote = '\0';
			continue;
		}
		if (quote == '"' && **in == '\\' && (*in)[1])
			(*in)++;
		*(*out)++ = **in;
	}
	*(*out)++ = '\0';
	return !quote;
}

static bool split_line(const struct session *s, const char *in, struct line *line)
{
	char *out = line->text;

	line->nr = 0;
	for (;;) {
		in += strspn(in, " \t\r\n");
		if (!*in || *in == '#')
			break;
		if (line->nr == WORDS_MAX) {
			session_complain(s, "more than %d words", WORDS_MAX);
			return false;
		}
		line->words[line->nr++] = out;
		if (!split_word(&in, &out)) {
			session_complain(s, "a quote is left open");
			return false;
		}
	}
	line->words[line->nr] = NULL;
	return true;
}

static enum status assign_value(struct session *s, const char *name, const char *text)
{
	__u64 value;

	if (!command_value(s, name, text, &value))
		return STATUS_USAGE;
	value_set(s, name, value);
	return STATUS_DONE;
}

/* name = command, or name = value. */
static enum status shell_assign(struct session *s, int nr, char **words)
{
	const struct command *command = nr < 3 ? NULL : main_find_command(words[2]);
	const char *name = words[0];
	enum status status;

	if (!value_is_name(name) || nr < 3) {
		session_complain(s, "usage: NAME = COMMAND... or NAME = VALUE");
		return STATUS_USAGE;
	}
	if (nr == 3 && !command)
		return assign_value(s, name, words[2]);
	if (!command || !(command->flags & COMMAND_LEAVES_VALUE)) {
		session_complain(s, "%s leaves no value to assign", words[2]);
		return STATUS_USAGE;
	}
	s->assigns = name;
	status = command_run(s, nr - 2, words + 2);
	s->assigns = NULL;
	if (!status)
		value_set(s, name, s->value);
	return status;
}

static enum status shell_line(struct session *s, const char *text, struct line *line)
{
	if (!split_line(s, text, line))
		return STATUS_USAGE;
	if (!line->nr)
		return STATUS_DONE;
	if (line->nr > 1 && !strcmp(line->words[1], "="))
		return shell_assign(s, line->nr, line->words);
	return command_run(s, line->nr, line->words);
}

/* What scripts want to know before they ask for sizes. */
static enum status shell_predefine(struct session *s)
{
	struct pma_info info;
	int err = device_info(s->arena->fd, &info);

	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "info");
	value_set(s, "region", info.region_bytes);
	value_set(s, "page_size", info.page_size);
	value_set(s, "nr_pages", info.nr_pages);
	value_set(s, "slab_max", info.slab_max);
	return STATUS_DONE;
}

static void shell_echo_line(const char *text)
{
	size_t length = strlen(text);

	while (length && strchr("\r\n", text[length - 1]))
		length--;
	printf("> %.*s\n", (int)length, text);
}

/* Runs the lines of @in; answers how many failed, and stops at the first if @stop. */
static unsigned long shell_run(struct session *s, FILE *in, const struct args *args, bool prompt)
{
	bool stop = !prompt && !(args->given & OPTION_KEEP_GOING);
	struct line line = { };
	unsigned long failed = 0;
	char *text = NULL;
	size_t room = 0;

	for (s->line = 1;; s->line++) {
		if (prompt) {
			printf("pma> ");
			fflush(stdout);
		}
		if (getline(&text, &room, in) < 0)
			break;
		if (args->given & OPTION_ECHO)
			shell_echo_line(text);
		line.text = session_alloc(line.text, 2 * strlen(text) + 2);
		if (shell_line(s, text, &line)) {
			failed++;
			if (stop)
				break;
		}
	}
	if (prompt)
		putchar('\n');
	free(line.text);
	free(text);
	return failed;
}

/* A script inside a script shares arenas and variables; its lines are its own. */
static enum status shell_script(struct session *s, FILE *in, const char *name,
				const struct args *args)
{
	const char *script = s->script;
	unsigned long line = s->line, failed;
	bool prompt = in == stdin && isatty(STDIN_FILENO);

	s->script = name;
	failed = shell_run(s, in, args, prompt);
	if (ferror(in)) {
		session_complain(s, "%s", strerror(errno));
		s->script = script;
		s->line = line;
		return STATUS_IO;
	}
	s->script = script;
	s->line = line;
	return failed && !prompt ? STATUS_REFUSED : STATUS_DONE;
}

enum status shell_command(struct session *s, const struct args *args)
{
	const char *path = args->nr ? args->words[0] : "-";
	FILE *in = stdin;
	enum status status;

	status = shell_predefine(s);
	if (status)
		return status;
	if (strcmp(path, "-"))
		in = fopen(path, "re");
	if (!in) {
		session_complain(s, "%s: %s", path, strerror(errno));
		return STATUS_IO;
	}
	status = shell_script(s, in, in == stdin ? "stdin" : path, args);
	if (in != stdin)
		fclose(in);
	return status;
}

/* Prints its words, values of variables in place of their names. */
enum status shell_echo(struct session *s, const struct args *args)
{
	__u64 value;
	int i;

	for (i = 0; i < args->nr; i++)
		if (args->words[i][0] == '$' &&
		    !command_value(s, "echo", args->words[i], &value))
			return STATUS_USAGE;
	for (i = 0; i < args->nr; i++) {
		if (i)
			putchar(' ');
		if (args->words[i][0] == '$' && value_parse(s, args->words[i], &value))
			printf("0x%llx", value);
		else
			printf("%s", args->words[i]);
	}
	putchar('\n');
	return STATUS_DONE;
}

/* arena: which one is current; arena NAME: go to it, open it at first use. */
enum status shell_arena(struct session *s, const struct args *args)
{
	if (args->nr)
		return session_open_arena(s, args->words[0]);
	printf("%s\n", s->arena->name);
	return STATUS_DONE;
}

/* close [NAME]: ends an arena and with it its blocks. */
enum status shell_close(struct session *s, const struct args *args)
{
	return session_close_arena(s, args->nr ? args->words[0] : s->arena->name);
}

enum status shell_help(struct session *s, const struct args *args)
{
	const struct command *command = NULL;

	if (args->nr) {
		command = main_find_command(args->words[0]);
		if (!command) {
			session_complain(s, "no command %s", args->words[0]);
			return STATUS_USAGE;
		}
	}
	main_help(command);
	return STATUS_DONE;
}
