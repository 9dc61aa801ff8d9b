// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * top.c - who has most of the pool, again and again
 *
 * On a terminal, until q or a signal: every two seconds, at any other key, and when
 * the window has changed.  Keys come without a newline and are not shown meanwhile,
 * and lines are cut at the margin; however it ends, the terminal is as it was.
 * Elsewhere it is told once.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "pmactl.h"

#define TOP_BUFFER	65536	/* bytes of a drawing, about */
#define TOP_SECONDS	2
#define TOP_TITLE_LINES	3	/* with the one that the cursor is in at the end */

#define HOME_AND_CLEAR	"\033[H\033[J"
#define WRAP_OFF	"\033[?7l"
#define WRAP_ON		"\033[?7h"

static int by_pages(const void *left, const void *right)
{
	const struct pma_arena_rec *a = left, *b = right;

	if (a->charged_pages != b->charged_pages)
		return a->charged_pages < b->charged_pages ? 1 : -1;
	return a->arena < b->arena ? -1 : a->arena > b->arena;
}

static size_t lines_of_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row <= TOP_TITLE_LINES)
		return 24;
	return size.ws_row;
}

static enum status top_once(struct session *s, bool refreshes)
{
	size_t nr, i, most = refreshes ? lines_of_terminal() - TOP_TITLE_LINES : SIZE_MAX;
	struct pma_arena_rec *recs;
	struct pma_stats stats;
	enum status status;
	int err;

	err = device_stats(s->arena->fd, &stats);
	if (err)
		return session_refuse(s, REQUEST_OTHER, err, "stat");
	status = arenas_fetch(s, &recs, &nr);
	if (status)
		return status;
	qsort(recs, nr, sizeof(*recs), by_pages);
	if (s->json) {
		arenas_print_json(recs, nr);
	} else {
		if (refreshes)
			fputs(HOME_AND_CLEAR, stdout);
		printf("%u pages, %u free, longest run %u; %zu arenas\n", stats.pool_pages,
		       stats.pool_free_pages, stats.pool_largest_run, nr);
		arenas_print_title();
		for (i = 0; i < nr && i < most; i++)
			arenas_print(&recs[i]);
	}
	free(recs);
	fflush(stdout);
	return STATUS_DONE;
}

/* The terminal. */

static const int top_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT };
static _Atomic int ended_by;

/* None restarts poll(): the next round sees what has changed. */
static void take_signal(int signal)
{
	if (signal != SIGWINCH && signal != SIGCONT)
		ended_by = signal;
}

static void handle_signals(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(top_signals); i++)
		sigaction(top_signals[i], &action, NULL);
}

/* Also for a terminal that somebody else had while this was stopped. */
static void take_terminal(const struct termios *before)
{
	struct termios keys = *before;

	keys.c_lflag &= ~(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &keys);
}

/* False if there is no reason to go on. */
static bool wait_for_key(bool has_keys)
{
	struct pollfd input = { .fd = has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	char key;

	if (poll(&input, 1, 1000 * TOP_SECONDS) <= 0)
		return !ended_by;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q';
}

static enum status top_on_terminal(struct session *s)
{
	struct termios before;
	bool has_keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &before);
	enum status status;

	handle_signals(take_signal);
	/* All of it at once: a terminal would be told line by line. */
	setvbuf(stdout, NULL, _IOFBF, TOP_BUFFER);
	do {
		if (has_keys)
			take_terminal(&before);
		fputs(WRAP_OFF, stdout);
		status = top_once(s, true);
	} while (!status && wait_for_key(has_keys));
	fputs(WRAP_ON, stdout);
	fflush(stdout);
	if (has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	handle_signals(SIG_DFL);
	if (ended_by)
		raise(ended_by);
	return status;
}

enum status top_command(struct session *s, const struct args *args)
{
	return !s->json && isatty(STDOUT_FILENO) ? top_on_terminal(s) : top_once(s, false);
}
