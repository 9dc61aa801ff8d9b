// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * top.c - pma-top-test: pmactl top on a terminal
 *
 *	pma-top-test PMACTL
 *
 * Plays the user at a pseudo-terminal: top must draw, draw again by itself and when
 * the window changes, keep to the window, quit on q and on a signal, and leave the
 * terminal as it was.  Speaks KTAP.
 */
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#define ROWS		12
#define DEADLINE	60	/* seconds that an emulated machine may need */
#define QUIET_MS	200	/* much less than top waits to draw again */
#define DRAWN		"\033[H\033[J"

static const char *pmactl;

/**
 * struct user - who sits at the terminal
 * @terminal: its master side
 * @slave: its other side, kept open to look at its settings
 * @top: the process
 * @before: settings that were there
 * @seen: all that was printed
 * @length: of it
 */
struct user {
	int terminal;
	int slave;
	pid_t top;
	struct termios before;
	char seen[1 << 16];
	size_t length;
};

static void set_rows(int fd, unsigned short rows)
{
	const struct winsize size = { .ws_row = rows, .ws_col = 80 };

	ioctl(fd, TIOCSWINSZ, &size);
}

static bool begin(struct user *user)
{
	memset(user, 0, sizeof(*user));
	if (openpty(&user->terminal, &user->slave, NULL, NULL, NULL))
		return false;
	set_rows(user->terminal, ROWS);
	tcgetattr(user->slave, &user->before);
	user->top = fork();
	if (!user->top) {
		close(user->terminal);
		login_tty(user->slave);
		execl(pmactl, "pmactl", "top", NULL);
		_exit(99);
	}
	return user->top > 0;
}

/* How often it has drawn. */
static unsigned int nr_drawn(const struct user *user)
{
	const char *at = user->seen;
	unsigned int nr = 0;

	while ((at = strstr(at, DRAWN))) {
		at += strlen(DRAWN);
		nr++;
	}
	return nr;
}

/* Looks at the terminal until it has drawn @nr times, and nothing more comes. */
static bool see_drawn(struct user *user, unsigned int nr)
{
	struct pollfd output = { .fd = user->terminal, .events = POLLIN };
	time_t end = time(NULL) + DEADLINE;
	ssize_t got;

	for (;;) {
		if (time(NULL) > end || user->length == sizeof(user->seen) - 1)
			return false;
		if (poll(&output, 1, QUIET_MS) <= 0) {
			if (nr_drawn(user) >= nr && user->seen[user->length - 1] == '\n')
				break;
			continue;
		}
		got = read(user->terminal, user->seen + user->length,
			   sizeof(user->seen) - 1 - user->length);
		if (got <= 0)
			return false;
		user->length += got;
	}
	return true;
}

static const char *last_drawn(const struct user *user)
{
	const char *at = user->seen, *last = at;

	while ((at = strstr(at, DRAWN))) {
		at += strlen(DRAWN);
		last = at;
	}
	return last;
}

static unsigned int nr_lines(const char *text)
{
	unsigned int nr = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		nr++;
	}
	return nr;
}

static bool is_as_before(const struct user *user)
{
	struct termios now;

	tcgetattr(user->slave, &now);
	return now.c_lflag == user->before.c_lflag && now.c_iflag == user->before.c_iflag &&
	       now.c_oflag == user->before.c_oflag &&
	       !memcmp(now.c_cc, user->before.c_cc, sizeof(now.c_cc));
}

/* How it ended; -1 if it went on. */
static int end(struct user *user)
{
	int status = -1, i;

	for (i = 0; i < 10 * DEADLINE; i++) {
		if (waitpid(user->top, &status, WNOHANG) == user->top)
			break;
		usleep(100000);
	}
	if (i == 10 * DEADLINE) {
		kill(user->top, SIGKILL);
		waitpid(user->top, NULL, 0);
		status = -1;
	}
	return status;
}

static void leave(struct user *user)
{
	close(user->terminal);
	close(user->slave);
}

/* What is wrong, or NULL. */

static const char *draws_and_quits(struct user *user)
{
	struct termios now;
	int status;

	if (!see_drawn(user, 1))
		return "it did not draw";
	if (!strstr(user->seen, " pages, ") || !strstr(user->seen, "# arena "))
		return "it did not tell of the pool and the arenas";
	tcgetattr(user->slave, &now);
	if (now.c_lflag & (ICANON | ECHO))
		return "it does not read single keys";
	if (!see_drawn(user, 2))
		return "it did not draw again";
	if (write(user->terminal, "q", 1) != 1)
		return "q can't be written";
	status = end(user);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return "it did not quit on q";
	return is_as_before(user) ? NULL : "the terminal is not as it was";
}

static const char *fits_window(struct user *user)
{
	unsigned int nr;

	if (!see_drawn(user, 1))
		return "it did not draw";
	if (nr_lines(last_drawn(user)) >= ROWS)
		return "it is longer than the window";
	nr = nr_drawn(user);
	set_rows(user->terminal, ROWS / 2);
	if (!see_drawn(user, nr + 1))
		return "it did not draw again for another window";
	if (nr_lines(last_drawn(user)) >= ROWS / 2)
		return "it is longer than the smaller window";
	if (write(user->terminal, "\003", 1) != 1)
		return "^C can't be written";
	if (!WIFSIGNALED(end(user)))
		return "it did not end by SIGINT";
	return is_as_before(user) ? NULL : "the terminal is not as it was";
}

static const char *ends_by_signal(struct user *user)
{
	int status;

	if (!see_drawn(user, 1))
		return "it did not draw";
	kill(user->top, SIGTERM);
	status = end(user);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
		return "it did not end by SIGTERM";
	return is_as_before(user) ? NULL : "the terminal is not as it was";
}

static const struct {
	const char *name;
	const char *(*run)(struct user *user);
} tests[] = {
	{ "top_draws_and_quits", draws_and_quits },
	{ "top_fits_window", fits_window },
	{ "top_ends_by_signal", ends_by_signal },
};

int main(int argc, char **argv)
{
	unsigned int i, nr_failed = 0;
	static struct user user;
	const char *wrong;

	pmactl = argv[argc - 1];
	printf("KTAP version 1\n1..%zu\n", sizeof(tests) / sizeof(*tests));
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		fflush(stdout);
		wrong = begin(&user) ? tests[i].run(&user) : "no terminal to be had";
		if (wrong) {
			kill(user.top, SIGKILL);
			waitpid(user.top, NULL, 0);
			printf("    # %s\n", wrong);
			nr_failed++;
		}
		leave(&user);
		printf("%s %u %s\n", wrong ? "not ok" : "ok", i + 1, tests[i].name);
	}
	return nr_failed > 0;
}
