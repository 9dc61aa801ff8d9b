// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * profile.c - a plugin of QEMU: how often each of the kernel's instructions ran
 *
 *	qemu-system-x86_64 -plugin profile.so,out=FILE
 *
 * Translated blocks get a counter each, which their code increments; at the end
 * FILE has a line for each instruction that ran, its address and how often.
 * QEMU's header is in no package, so what is used of it stands here.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

typedef __u64 qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*atexit_cb)(qemu_plugin_id_t id, void *data);

#define INLINE_ADD_U64	0

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
					      __u64 imm);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, atexit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
__u64 qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT	__attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* A translated block; the same code may be translated again. */
struct block {
	struct block *next;
	__u64 executions;
	size_t nr;
	__u64 addresses[];
};

static struct block *blocks;
static const char *out;

#define KERNEL_BEGIN	0xffff800000000000ull

static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t nr = qemu_plugin_tb_n_insns(tb), i;
	struct block *block;

	(void)id;
	if (qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) < KERNEL_BEGIN)
		return;
	block = calloc(1, sizeof(*block) + nr * sizeof(block->addresses[0]));
	if (!block)
		abort();
	for (i = 0; i < nr; i++)
		block->addresses[i] = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
	block->nr = nr;
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block->executions, 1);
}

static void print_counts(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(out, "w");
	struct block *block;
	size_t i;

	(void)id;
	(void)data;
	if (!file)
		abort();
	for (block = blocks; block; block = block->next)
		for (i = 0; block->executions && i < block->nr; i++)
			fprintf(file, "%llx %llu\n", block->addresses[i],
				block->executions);
	fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
	qemu_plugin_register_atexit_cb(id, print_counts, NULL);
	return 0;
}
