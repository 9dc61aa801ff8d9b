// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fork.c - a child's heap is its own
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pma.h"
#include "test.h"

#define NR_BLOCKS	(2 * NR_SIZES)

/* Blocks of all sizes, some of them with more alignment than a page has. */
struct set {
	char *blocks[NR_BLOCKS];
	size_t sizes[NR_BLOCKS];
};

static void set_make(struct set *set, unsigned int mark)
{
	size_t i;

	for (i = 0; i < NR_BLOCKS; i++) {
		set->sizes[i] = size_at(i);
		set->blocks[i] = i % 13 == 5 ? memalign(1 << 16, size_at(i)) : malloc(size_at(i));
		if (!WANT_TRUE(set->blocks[i]))
			exit(1);
		pattern_fill(set->blocks[i], set->sizes[i], mark + i);
	}
}

static void set_mark(const struct set *set, unsigned int mark)
{
	size_t i;

	for (i = 0; i < NR_BLOCKS; i++)
		pattern_fill(set->blocks[i], set->sizes[i], mark + i);
}

static void set_want(const struct set *set, unsigned int mark)
{
	size_t i;

	for (i = 0; i < NR_BLOCKS; i++) {
		WANT(pattern_match(set->blocks[i], set->sizes[i], mark + i), set->sizes[i]);
		WANT_TRUE(malloc_usable_size(set->blocks[i]) >= set->sizes[i]);
	}
}

/* Changes sizes, up and down, and sees what was in it. */
static void set_resize(struct set *set, unsigned int mark, size_t shift)
{
	size_t i, size, kept;

	for (i = 0; i < NR_BLOCKS; i++) {
		size = size_at(i + shift);
		kept = size < set->sizes[i] ? size : set->sizes[i];
		set->blocks[i] = realloc(set->blocks[i], size);
		if (!WANT_TRUE(set->blocks[i]))
			exit(1);
		WANT(pattern_match(set->blocks[i], kept, mark + i), kept);
		set->sizes[i] = size;
		pattern_fill(set->blocks[i], size, mark + i);
	}
}

static void set_free(struct set *set)
{
	size_t i;

	for (i = 0; i < NR_BLOCKS; i++)
		free(set->blocks[i]);
}

/* Its own arena's file, and no other's, which would keep that alive. */
static size_t nr_arena_files(void)
{
	char name[32], path[32];
	size_t nr = 0;
	ssize_t length;
	int fd;

	for (fd = 0; fd < sysconf(_SC_OPEN_MAX); fd++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		length = readlink(name, path, sizeof(path) - 1);
		path[length < 0 ? 0 : length] = 0;
		nr += !strcmp(path, "/dev/pma");
	}
	return nr;
}

static void see(void *set)
{
	set_want(set, 1);
	WANT(nr_arena_files(), in_arena);
}

void test_fork_sees(void)
{
	struct set set;

	set_make(&set, 1);
	in_child(see, &set);
	in_child(see, &set);
	set_free(&set);
}

/* Both write, in turn, and neither sees the other. */
struct both {
	struct set set;
	int there[2];
	int back[2];
};

static void step(int fd)
{
	WANT(write(fd, "", 1), 1);
}

static void wait_for(int fd)
{
	char byte;

	WANT(read(fd, &byte, 1), 1);
}

static void be_child(void *arg)
{
	struct both *both = arg;
	struct set own;

	wait_for(both->there[0]);		/* the parent has written */
	set_want(&both->set, 1);
	set_mark(&both->set, 1000);
	set_make(&own, 2000);
	step(both->back[1]);
	wait_for(both->there[0]);		/* and has changed everything */
	set_want(&both->set, 1000);
	set_want(&own, 2000);
	set_resize(&both->set, 1000, 7);
	set_want(&own, 2000);
	set_free(&own);
	set_free(&both->set);
}

void test_fork_is_private(void)
{
	struct both both;
	struct set own;
	int status;
	pid_t child;

	WANT(pipe2(both.there, O_CLOEXEC), 0);
	WANT(pipe2(both.back, O_CLOEXEC), 0);
	set_make(&both.set, 1);
	child = fork();
	if (!child) {
		be_child(&both);
		_exit(!!notes());
	}
	set_mark(&both.set, 3000);
	step(both.there[1]);
	wait_for(both.back[0]);
	set_want(&both.set, 3000);
	set_resize(&both.set, 3000, 5);
	set_make(&own, 4000);
	set_free(&both.set);
	step(both.there[1]);
	WANT(waitpid(child, &status, 0), child);
	WANT(status, 0);
	set_want(&own, 4000);
	set_free(&own);
	close(both.there[0]);
	close(both.there[1]);
	close(both.back[0]);
	close(both.back[1]);
}

static void free_all(void *arg)
{
	struct set *set = arg, other;

	set_free(set);
	set_make(&other, 5);
	set_want(&other, 5);
	WANT_TRUE(is_in_arena(other.blocks[0]) == in_arena);
	set_resize(&other, 5, 3);
	set_free(&other);
	malloc_trim(0);
}

static void resize_all(void *arg)
{
	struct set *set = arg;
	size_t shift;

	for (shift = 0; shift < 4; shift++)
		set_resize(set, 1, 5 * shift);
	set_free(set);
}

/* Some programs write over their environment. */
void test_fork_frees(void)
{
	char *device = getenv("PMA_MALLOC_DEVICE");
	struct set set;

	set_make(&set, 1);
	if (device)
		*device = '?';
	in_child(free_all, &set);
	if (device)
		*device = '/';
	in_child(resize_all, &set);
	set_want(&set, 1);
	set_free(&set);
}

/* Pages that a new arena could be given. */
static uint64_t available(void)
{
	struct pma_limit_args args = { };
	int fd = open("/dev/pma", O_RDWR | O_CLOEXEC);

	WANT(ioctl(fd, PMA_IOC_LIMIT, &args), 0);
	close(fd);
	return args.available;
}

static void want_available(void *wanted)
{
	WANT_TRUE(available() >= *(uint64_t *)wanted);
}

/* A parent that waits for its child needs nothing of what it has parked. */
void test_fork_gives_back(void)
{
	char *blocks[4];
	uint64_t before;
	size_t i;

	malloc_trim(0);
	before = available();
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		blocks[i] = malloc(300000);
	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		free(blocks[i]);
	WANT_TRUE(available() < before);
	in_child(want_available, &before);
}

/* A child's child's child, where each adds something of its own. */
struct chain {
	struct set sets[3];
	size_t depth;
};

static void descend(void *arg)
{
	struct chain *chain = arg;
	size_t i;

	for (i = 0; i < chain->depth; i++)
		set_want(&chain->sets[i], 100 * i);
	if (chain->depth < ARRAY_SIZE(chain->sets)) {
		set_make(&chain->sets[chain->depth], 100 * chain->depth);
		chain->depth++;
		in_child(descend, chain);
		in_child(descend, chain);
		chain->depth--;
		set_want(&chain->sets[chain->depth], 100 * chain->depth);
	}
	for (i = 0; i < chain->depth; i++) {
		set_resize(&chain->sets[i], 100 * i, i + 1);
		set_free(&chain->sets[i]);
	}
}

void test_fork_nested(void)
{
	static struct chain chain;

	chain.depth = 0;
	in_child(descend, &chain);
}

/* What a program's own handlers do with the heap. */
static char *of_prepare, *of_parent, *of_child;
static int nr_handled;
static bool handling;		/* they stay for the other tests */

static void handle_prepare(void)
{
	if (!handling)
		return;
	nr_handled++;
	free(of_prepare);
	of_prepare = malloc(3000);
	pattern_fill(of_prepare, 3000, nr_handled);
}

static void handle_parent(void)
{
	if (!handling)
		return;
	WANT(pattern_match(of_prepare, 3000, nr_handled), 3000);
	of_parent = realloc(of_parent, 100 * nr_handled);
	WANT_TRUE(of_parent);
}

static void handle_child(void)
{
	if (!handling)
		return;
	WANT(pattern_match(of_prepare, 3000, nr_handled), 3000);
	of_child = calloc(nr_handled, 5000);
	WANT(pattern_match_zero(of_child, 5000 * nr_handled), 5000 * nr_handled);
	free(of_prepare);
	of_prepare = malloc(3000);
	pattern_fill(of_prepare, 3000, nr_handled);
}

static void see_handled(void *unused)
{
	WANT_TRUE(of_child && nr_handled);
	free(of_child);
	of_child = NULL;
}

static void fork_again(void *unused)
{
	see_handled(NULL);
	in_child(see_handled, NULL);
}

void test_fork_handlers(void)
{
	WANT(pthread_atfork(handle_prepare, handle_parent, handle_child), 0);
	handling = true;
	in_child(see_handled, NULL);
	in_child(fork_again, NULL);
	handling = false;
	WANT(nr_handled, 2);
	WANT_TRUE(!of_child);
}

/* The program itself, which says by its status where its memory comes from. */
static char *exec_argv[] = { "/proc/self/exe", "--exec", NULL };

static void exec_self(void *unused)
{
	execv(exec_argv[0], exec_argv);
	_exit(1);
}

static void want_exec_status(pid_t child)
{
	int status;

	WANT(waitpid(child, &status, 0), child);
	WANT(WIFEXITED(status), 1);
	WANT(WEXITSTATUS(status), in_arena ? 42 : 43);
}

void test_fork_exec(void)
{
	struct set set;
	pid_t child;

	set_make(&set, 1);
	child = fork();
	if (!child)
		exec_self(NULL);
	want_exec_status(child);
	child = vfork();
	if (!child)
		exec_self(NULL);
	want_exec_status(child);
	WANT(posix_spawn(&child, exec_argv[0], NULL, NULL, exec_argv, environ), 0);
	want_exec_status(child);
	WANT(WEXITSTATUS(system("exit 3")), 3);
	set_want(&set, 1);
	set_free(&set);
}

/* Where no handler runs, the parent's heap is out of reach rather than shared. */
void test_fork_raw(void)
{
	char *block = malloc(100);
	int status;
	pid_t child;

	*block = 1;
	child = _Fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		memset(block, 2, 100);
		_exit(0);
	}
	WANT(waitpid(child, &status, 0), child);
	WANT(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, 1);
	WANT(*block, 1);
	free(block);
}

static void leave_blocks(void *unused)
{
	struct set set;

	set_make(&set, 1);
	raise(SIGKILL);
}

/* What children do, even if they are killed, leaves nothing in the parent's arena. */
void test_fork_frees_arena(void)
{
	size_t before, i;
	struct set set;

	set_make(&set, 1);
	malloc_trim(0);
	before = mallinfo2().uordblks;
	WANT_TRUE(before > 1000000);
	for (i = 0; i < 5; i++) {
		in_child(free_all, &set);
		WANT(signal_of_child(leave_blocks, NULL), SIGKILL);
	}
	malloc_trim(0);
	WANT(mallinfo2().uordblks, before);
	set_want(&set, 1);
	set_free(&set);
}
