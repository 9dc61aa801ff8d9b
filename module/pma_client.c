// SPDX-License-Identifier: GPL-2.0
/*
 * pma_client.c - who has an arena of /dev/pma, and what it is called
 *
 * An open file of /dev/pma is an arena of its own.  An arena can have a name
 * instead: then files are opened by that, each on the same arena, and it lives
 * until it has neither a name nor an open file.
 *
 *	open("/dev/pma")  --> users: 1 file
 *	create NAME	  --> users: 1 file + 1 name --unlink--> 1 file
 *			      |	  ^
 *			      +---+ open NAME, close
 *
 * Opening by name is an ioctl on any open file of the device, which answers a new
 * descriptor: so the rights to the device itself are asked for first.  A name has
 * an owner, a group and a mode like a file's.
 *
 * While there is a name the module stays loaded: what persists is not dropped by a
 * slip of the hand.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/uaccess.h>

#include "pma_client.h"
#include "pma_root.h"
#include "pma_wait.h"

/* Names that a user may have without CAP_SYS_RESOURCE, and all together. */
#define NAMES_PER_USER	16
#define NAMES_MAX	1024

#define OPEN_FLAGS	(PMA_OPEN_CREATE | PMA_OPEN_EXCL | PMA_OPEN_READ_ONLY)

static DEFINE_MUTEX(clients_mutex);	/* names, users, tags; before arenas_mutex */
static LIST_HEAD(names);
static u32 nr_names;

/* Beginning and end. */

/* A process may call itself anything; it is told in lines of text. */
static struct pma_arena *new_arena(struct pma_pool *pool)
{
	char comm[TASK_COMM_LEN], *at;

	get_task_comm(comm, current);
	for (at = comm; *at; at++)
		if (!isascii(*at) || !isprint(*at))
			*at = '?';
	return pma_arena_new(pool, comm, PMA_ARENA_USER);
}

/**
 * pma_client_begin() - make an arena for the calling process
 * @pool: its pool
 *
 * Return: the client, with one user; or ERR_PTR().
 */
struct pma_client *pma_client_begin(struct pma_pool *pool)
{
	struct pma_client *client = kzalloc(sizeof(*client), GFP_KERNEL);
	int err;

	if (!client)
		return ERR_PTR(-ENOMEM);
	client->arena = new_arena(pool);
	if (IS_ERR(client->arena)) {
		err = PTR_ERR(client->arena);
		goto free_client;
	}
	err = pma_wait_open(client->arena);
	if (err)
		goto delete_arena;
	client->mm = pma_mmap_open(client->arena);
	if (IS_ERR(client->mm)) {
		err = PTR_ERR(client->mm);
		goto close_wait;
	}
	client->users = 1;
	client->uid = current_fsuid();
	client->gid = current_fsgid();
	client->pid = get_pid(task_tgid(current));
	/* A dump finds the arena already. */
	smp_store_release(&client->arena->client, client);
	return client;

close_wait:
	pma_wait_close(client->arena->wait);
	client->arena->wait = NULL;
delete_arena:
	pma_arena_delete(client->arena);
free_client:
	kfree(client);
	return ERR_PTR(err);
}

static void end(struct pma_client *client)
{
	struct pma_wait *wait = client->arena->wait;

	pma_arena_delete(client->arena);
	pma_wait_close(wait);
	pma_mmap_close(client->mm);
	put_pid(client->pid);
	kfree(client);
}

/**
 * pma_client_put() - a user of a client goes; with the last one its arena ends
 * @client: the client
 *
 * Context: May sleep.
 */
void pma_client_put(struct pma_client *client)
{
	bool last;

	mutex_lock(&clients_mutex);
	last = !--client->users;
	mutex_unlock(&clients_mutex);
	if (last)
		end(client);
}

/* Names; the mutex is held. */

static struct pma_client *find(const char *name)
{
	struct pma_client *client;

	list_for_each_entry(client, &names, node)
		if (!strcmp(client->name, name))
			return client;
	return NULL;
}

static u32 names_of(kuid_t uid)
{
	struct pma_client *client;
	u32 n = 0;

	list_for_each_entry(client, &names, node)
		n += uid_eq(client->uid, uid);
	return n;
}

/* As a file's mode is judged. */
static int check_access(const struct pma_client *client, u32 flags)
{
	u32 wanted = flags & PMA_OPEN_READ_ONLY ? 04 : 06, granted = client->mode;

	if (uid_eq(client->uid, current_fsuid()))
		granted >>= 6;
	else if (in_group_p(client->gid))
		granted >>= 3;
	return !(wanted & ~granted) || capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES;
}

static int may_have_another(void)
{
	if (nr_names >= NAMES_MAX)
		return -ENOSPC;
	if (names_of(current_fsuid()) >= NAMES_PER_USER && !capable(CAP_SYS_RESOURCE))
		return -EDQUOT;
	return 0;
}

static void link_name(struct pma_client *client, const char *name, u32 mode)
{
	strscpy(client->name, name, sizeof(client->name));
	client->mode = mode;
	client->users++;
	list_add_tail(&client->node, &names);
	nr_names++;
	__module_get(THIS_MODULE);
}

static void unlink_name(struct pma_client *client)
{
	list_del(&client->node);
	client->name[0] = '\0';
	client->users--;
	nr_names--;
	module_put(THIS_MODULE);
}

/* Characters that are good, an end, and zeroes only up to @max. */
static bool is_text(const char *text, size_t max, bool (*good)(char c))
{
	size_t length = strnlen(text, max), i;

	if (length == max)
		return false;
	for (i = 0; i < length; i++)
		if (!isascii(text[i]) || !good(text[i]))
			return false;
	return !memchr_inv(text + length, 0, max - length);
}

static bool is_of_name(char c)
{
	return isalnum(c) || c == '.' || c == '_' || c == '-';
}

/* Not first a dot: it can be a file's name, and a word. */
static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && is_text(name, PMA_ARENA_NAME_MAX, is_of_name);
}

static struct pma_client *create(struct pma_pool *pool, const struct pma_open_args *args)
{
	struct pma_client *client;
	int err = may_have_another();

	if (err)
		return ERR_PTR(err);
	client = pma_client_begin(pool);
	if (!IS_ERR(client))
		link_name(client, args->name, args->mode);
	return client;
}

/* Be one more user of what there is. */
static int enter(struct pma_client *client, u32 flags)
{
	int err = (flags & PMA_OPEN_CREATE) && (flags & PMA_OPEN_EXCL) ? -EEXIST :
		  check_access(client, flags);

	if (!err)
		client->users++;
	return err;
}

/* The client of a name, with one user more; @made tells if it is new. */
static struct pma_client *get(struct pma_pool *pool, const struct pma_open_args *args, bool *made)
{
	struct pma_client *client;
	int err;

	mutex_lock(&clients_mutex);
	client = find(args->name);
	*made = !client;
	if (client) {
		err = enter(client, args->flags);
		if (err)
			client = ERR_PTR(err);
	} else if (args->flags & PMA_OPEN_CREATE) {
		client = create(pool, args);
	} else {
		client = ERR_PTR(-ENOENT);
	}
	mutex_unlock(&clients_mutex);
	return client;
}

/* Undo the making of a name that nobody was told of. */
static void take_back(struct pma_client *client)
{
	mutex_lock(&clients_mutex);
	if (client->name[0] && client->users == 2)
		unlink_name(client);
	mutex_unlock(&clients_mutex);
}

/* Answer a descriptor of @file, which has the client. */
static int publish(struct file *file, struct pma_open_args *args, void __user *arg)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);

	if (fd < 0)
		return fd;
	args->fd = fd;
	if (copy_to_user(arg, args, sizeof(*args))) {
		put_unused_fd(fd);
		return -EFAULT;
	}
	fd_install(fd, file);
	return 0;
}

/**
 * pma_client_open() - PMA_IOC_OPEN
 * @by: any open file of the device
 * @arg: &struct pma_open_args
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says.
 */
long pma_client_open(struct file *by, void __user *arg)
{
	struct pma_mmap *mm = by->private_data;
	struct pma_client *client;
	struct pma_open_args args;
	struct file *file;
	bool made;
	int err;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.flags & ~OPEN_FLAGS || args.mode & ~0666 || !is_name(args.name) ||
	    memchr_inv(args.reserved, 0, sizeof(args.reserved)))
		return pma_arena_count_error(mm->arena, -EINVAL);
	client = get(mm->arena->pool, &args, &made);
	if (IS_ERR(client))
		return PTR_ERR(client);
	file = anon_inode_getfile("[pma]", by->f_op, client->mm,
				  args.flags & PMA_OPEN_READ_ONLY ? O_RDONLY : O_RDWR);
	if (IS_ERR(file)) {
		if (made)
			take_back(client);
		pma_client_put(client);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	pma_mmap_attach(client->mm, file);
	err = publish(file, &args, arg);
	if (!err)
		return 0;
	if (made)
		take_back(client);
	fput(file);
	return err;
}

/**
 * pma_client_unlink() - PMA_IOC_UNLINK
 * @arg: &struct pma_unlink_args
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says.
 */
long pma_client_unlink(void __user *arg)
{
	struct pma_unlink_args args;
	struct pma_client *client;
	int err = 0;
	bool last = false;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!is_name(args.name))
		return -EINVAL;
	mutex_lock(&clients_mutex);
	client = find(args.name);
	if (!client) {
		err = -ENOENT;
	} else if (!uid_eq(client->uid, current_fsuid()) && !capable(CAP_FOWNER)) {
		err = -EACCES;
	} else {
		unlink_name(client);
		last = !client->users;
	}
	mutex_unlock(&clients_mutex);
	if (last)
		end(client);
	return err;
}

/* Attribution. */

static bool is_of_tag(char c)
{
	return isprint(c);
}

static bool is_tag(const char *tag)
{
	return is_text(tag, PMA_TAG_MAX, is_of_tag);
}

/**
 * pma_client_tag() - PMA_IOC_TAG
 * @arena: of the file
 * @arg: &struct pma_tag_args
 *
 * Context: May sleep.
 * Return: as include/uapi/linux/pma.h says.
 */
long pma_client_tag(struct pma_arena *arena, void __user *arg)
{
	struct pma_client *client = arena->client;
	struct pma_tag_args args;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (!is_tag(args.tag))
		return pma_arena_count_error(arena, -EINVAL);
	mutex_lock(&clients_mutex);
	memcpy(client->tag, args.tag, sizeof(client->tag));
	mutex_unlock(&clients_mutex);
	return 0;
}

/**
 * pma_client_nr_named() - how many names there are
 *
 * Return: that.
 */
u32 pma_client_nr_named(void)
{
	return READ_ONCE(nr_names);
}

/*
 * Who made it, for the one that asks; 0 for a process outside its namespace, and for
 * one that has ended, whose pid somebody else may have by now.
 */
static pid_t pid_of(const struct pma_client *client)
{
	if (!pid_has_task(client->pid, PIDTYPE_TGID))
		return 0;
	return pid_nr_ns(client->pid, task_active_pid_ns(current));
}

static void describe(struct pma_arena *arena, struct pma_arena_rec *rec)
{
	/* Pairs with pma_client_begin(): all of it, or nothing yet. */
	const struct pma_client *client = smp_load_acquire(&arena->client);
	struct pma_limit_args limit = {};
	struct pma_stats stats;

	pma_arena_get_stats(arena, &stats);
	pma_limit_get(arena, &limit);
	*rec = (struct pma_arena_rec){
		.arena = arena->id,
		.live_blocks = stats.live_blocks,
		.live_bytes = stats.live_bytes,
		.peak_bytes = stats.peak_bytes,
		.failed = stats.failed,
		.refused = stats.bad_args + stats.bad_range + stats.bad_free + stats.bad_owner +
			   stats.bad_interior + stats.bad_token,
		.arena_pages = stats.arena_pages,
		.held_pages = stats.held_pages,
		.charged_pages = limit.used,
		.limit_pages = limit.limit,
		.reserve_pages = limit.reserve,
		.low_pages = limit.low,
	};
	strscpy(rec->comm, arena->name, sizeof(rec->comm));
	if (!client)
		return;
	rec->pid = pid_of(client);
	rec->uid = from_kuid_munged(current_user_ns(), client->uid);
	rec->gid = from_kgid_munged(current_user_ns(), client->gid);
	rec->mode = client->mode;
	rec->opens = client->users - !!client->name[0];
	memcpy(rec->name, client->name, sizeof(rec->name));
	memcpy(rec->tag, client->tag, sizeof(rec->tag));
}

/**
 * pma_client_dump() - records of a pool's arenas, the oldest first
 * @pool: the pool
 * @cursor: in: 0 to begin; out: where to go on, PMA_HANDLE_NONE at the end
 * @recs: filled in
 * @nr: how many at most
 *
 * Context: May sleep.
 * Return: how many there are.
 */
u32 pma_client_dump(struct pma_pool *pool, u64 *cursor, struct pma_arena_rec *recs, u32 nr)
{
	struct pma_arena *arena;
	u64 next = PMA_HANDLE_NONE;
	u32 n = 0;

	mutex_lock(&clients_mutex);
	mutex_lock(&pool->arenas_mutex);
	list_for_each_entry(arena, &pool->arenas, node) {
		if (arena->uid < *cursor)
			continue;
		if (n == nr) {
			next = arena->uid;
			break;
		}
		describe(arena, &recs[n++]);
	}
	mutex_unlock(&pool->arenas_mutex);
	mutex_unlock(&clients_mutex);
	*cursor = next;
	return n;
}
