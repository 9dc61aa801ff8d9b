/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pma_client.h - who has an arena of /dev/pma, and what it is called
 */
#ifndef _PMA_CLIENT_H
#define _PMA_CLIENT_H

#include <linux/cred.h>
#include <linux/pid.h>

#include "pma_mmap.h"

/**
 * struct pma_client - an arena of processes; what changes is under a mutex of pma_client.c
 * @arena: the arena
 * @mm: for its mappings
 * @pid: who made it
 * @uid: who owns it
 * @gid: his group
 * @mode: who else may open it by its name, as of a file
 * @users: files that are open, and 1 for its name
 * @name: its name, "" if it has none (any more)
 * @tag: what its users call it, for people
 * @node: in the list of names
 */
struct pma_client {
	struct pma_arena *arena;
	struct pma_mmap *mm;
	struct pid *pid;
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	u32 users;
	char name[PMA_ARENA_NAME_MAX];
	char tag[PMA_TAG_MAX];
	struct list_head node;
};

struct pma_client *pma_client_begin(struct pma_pool *pool);
void pma_client_put(struct pma_client *client);
long pma_client_open(struct file *by, void __user *arg);
long pma_client_unlink(void __user *arg);
long pma_client_tag(struct pma_arena *arena, void __user *arg);
u32 pma_client_nr_named(void);
u32 pma_client_dump(struct pma_pool *pool, u64 *cursor, struct pma_arena_rec *recs, u32 nr);

#endif /* _PMA_CLIENT_H */
