// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * namespace.c - clients that do not see each other's pids
 *
 * A pid means something in one namespace only, so each is told those of its own, and
 * of what is outside nothing but that it is there.  Handles and tokens mean the same
 * to everybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

/* As fork(), but the child is the first of a pid namespace; -1 where that can't be. */
static pid_t fork_apart(struct test *t)
{
	pid_t child;

	fflush(stdout);
	child = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (child < 0 && errno == EINVAL)
		t->skipped = "a kernel without pid namespaces";
	else if (child < 0 && errno == EPERM)
		t->skipped = "only root can make a pid namespace";
	else
		WANT_TRUE(t, child >= 0);
	return child;
}

/* The pid that /proc/pma tells of an arena, or -1. */
static int pid_in_proc(__u32 arena)
{
	char line[512], begin[32];
	const char *found;
	int pid = -1;
	FILE *proc = fopen("/proc/pma", "r");

	snprintf(begin, sizeof(begin), "# arena %u (", arena);
	while (proc && fgets(line, sizeof(line), proc)) {
		found = strstr(line, " pid ");
		if (found && !strncmp(line, begin, strlen(begin)))
			sscanf(found, " pid %d", &pid);
	}
	if (proc)
		fclose(proc);
	return pid;
}

static int pid_in_dump(struct test *t, __u32 arena)
{
	struct pma_arena_rec rec;

	return named_find_arena(t, arena, &rec) ? rec.pid : -1;
}

/* The first process of its namespace: what is wrong, as an exit status. */
static int look_from_inside(struct test *t, int tell, int go)
{
	struct pma_info info;
	char byte;
	int fd = device_open(t->device, O_RDWR);

	if (fd < 0 || device_info(fd, &info))
		return 1;
	if (getpid() != 1 || pid_in_dump(t, info.arena) != 1 || pid_in_proc(info.arena) != 1)
		return 2;
	if (pid_in_dump(t, t->info.arena) || pid_in_proc(t->info.arena))
		return 3;
	if (write(tell, &info.arena, sizeof(info.arena)) != sizeof(info.arena) ||
	    read(go, &byte, 1) != 1)
		return 4;
	return 0;
}

static void namespace_pids(struct test *t)
{
	int tell[2], go[2];
	__u32 arena;
	pid_t child;

	if (pipe(tell) || pipe(go))
		return;
	child = fork_apart(t);
	if (!child)
		_exit(look_from_inside(t, tell[1], go[0]));
	close(tell[1]);
	if (child > 0 && WANT(t, read(tell[0], &arena, sizeof(arena)), sizeof(arena))) {
		WANT(t, pid_in_dump(t, arena), child);
		WANT(t, pid_in_proc(arena), child);
		WANT(t, pid_in_dump(t, t->info.arena), getpid());
		WANT(t, pid_in_proc(t->info.arena), getpid());
	}
	WANT(t, write(go[1], "", 1), 1);
	if (child > 0)
		WANT(t, test_child(child), 0);
	close(tell[0]);
	close(go[0]);
	close(go[1]);
}

/* Claims @block with @token, answers with a block of its own, and waits to be killed. */
static int exchange(struct test *t, const struct block *block, const __u64 *token, int tell)
{
	struct block claimed = *block, own;
	int fd = block_open(t, O_RDWR);
	__u64 answer[2];

	if (fd < 0 || device_claim(fd, token, &claimed.handle, &claimed.usable) ||
	    claimed.handle != block->handle || !block_verify(t, fd, &claimed, claimed.usable))
		return 1;
	if (!block_alloc(t, fd, claimed.size, &own))
		return 2;
	block_fill(t, fd, &own, 2);
	if (device_share(fd, own.handle, 0, 1, answer) ||
	    write(tell, answer, sizeof(answer)) != sizeof(answer))
		return 3;
	for (;;)
		pause();
}

/* Blocks go both ways, and outlive the namespace. */
static void namespace_share(struct test *t)
{
	const struct pma_stats before = stats_get(t, t->fd);
	struct block block, theirs = { .seed = 2 };
	__u64 token[2];
	int tell[2];
	pid_t child;

	if (!block_alloc(t, t->fd, 3 * t->info.page_size, &block) || pipe(tell))
		return;
	block_fill(t, t->fd, &block, 1);
	WANT_OK(t, device_share(t->fd, block.handle, 0, 1, token));
	child = fork_apart(t);
	if (!child)
		_exit(exchange(t, &block, token, tell[1]));
	close(tell[1]);
	if (child > 0 && WANT(t, read(tell[0], token, sizeof(token)), sizeof(token))) {
		WANT_OK(t, device_claim(t->fd, token, &theirs.handle, &theirs.usable));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		WANT(t, stats_get(t, t->fd).pool_arenas, before.pool_arenas);
		block_verify(t, t->fd, &theirs, theirs.usable);
		block_free(t, t->fd, &theirs);
	}
	block_verify(t, t->fd, &block, block.usable);
	block_free(t, t->fd, &block);
	close(tell[0]);
}

const struct test_case namespace_cases[] = {
	{ "namespace_pids", namespace_pids },
	{ "namespace_share", namespace_share },
	{ }
};
