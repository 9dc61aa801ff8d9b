/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pmactl.h - what the files of pmactl share, grouped by the file that owns it
 *
 * A *session* is one run of pmactl: the arenas it has open (one, outside a
 * shell), the variables of its script and how it prints.  A *command* is an
 * entry of the table in main.c; the command line, the shell and `expect` all
 * run commands through command_run(), so a command is written once.
 */
#ifndef PMACTL_H
#define PMACTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/pma.h>

#include "device.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

struct json_t;

/* What a command answers, and the exit status of pmactl. */
enum status {
	STATUS_DONE = 0,
	STATUS_REFUSED = 1,	/* the kernel refused a request, or a script's command failed */
	STATUS_USAGE = 2,	/* the command line or a trace is malformed */
	STATUS_NO_DEVICE = 3,	/* the device can't be opened */
	STATUS_WRONG = 4,	/* CHECK found errors, contents differ, `expect` was not met */
	STATUS_IO = 5,		/* a file can't be read or written, or no memory for pmactl */
	STATUS_NOT_RUN = 126,	/* `run': as shells have it */
	STATUS_NOT_FOUND = 127,
};

/* session.c: arenas, messages */

struct arena {
	struct arena *next;
	char *name;
	int fd;
};

struct variable {
	struct variable *next;
	char *name;
	__u64 value;
};

/**
 * struct session - one run of pmactl
 * @device: path of the device
 * @named: name of the arena to use, or NULL for one of its own
 * @json: data is printed as JSON, a document a line
 * @arenas: all that are open
 * @arena: the one commands go to, or NULL while none is open
 * @variables: of the script
 * @value: what the last command left that can be assigned
 * @token: of the last `share'
 * @has_token: there was one
 * @assigns: the variable it goes to, or NULL
 * @expected: the errno `expect` waits for, or 0
 * @refused: the errno of the last refusal, or 0
 * @script: its name while one runs, for messages
 * @line: its line
 */
struct session {
	const char *device;
	const char *named;
	bool json;
	struct arena *arenas;
	struct arena *arena;
	struct variable *variables;
	__u64 value;
	__u64 token[2];
	bool has_token;
	const char *assigns;
	int expected;
	int refused;
	const char *script;
	unsigned long line;
};

/* What was asked of the kernel: the same errno means different things. */
enum request {
	REQUEST_ALLOC,
	REQUEST_FREE,
	REQUEST_REALLOC,
	REQUEST_QUERY,
	REQUEST_TRANSFER,	/* pread and pwrite */
	REQUEST_CHECK,
	REQUEST_NAME,
	REQUEST_LIMIT,
	REQUEST_SHARE,
	REQUEST_CLAIM,
	REQUEST_OTHER,
};

int session_open_device(const struct session *s);
enum status session_open_arena(struct session *s, const char *name);
enum status session_close_arena(struct session *s, const char *name);
void session_end(struct session *s);
void *session_alloc(void *old, size_t bytes);
char *session_strdup(const char *text);

__attribute__((format(printf, 2, 3)))
void session_complain(const struct session *s, const char *fmt, ...);
__attribute__((format(printf, 4, 5)))
enum status session_refuse(struct session *s, enum request what, int err,
			   const char *fmt, ...);

/* refusal.c: the kernel's errors in words */

const char *refusal_why(enum request what, int err);
const char *refusal_name(int err);
int refusal_number(const char *name);

/* value.c: numbers with suffixes, variables, arithmetic */

bool value_parse(const struct session *s, const char *text, __u64 *value);
void value_set(struct session *s, const char *name, __u64 value);
bool value_is_name(const char *text);
void value_forget(struct session *s);

/* command.c: from words to a command */

enum option_bit {
	OPTION_ALIGN = 1 << 0,
	OPTION_ZERO = 1 << 1,
	OPTION_BLOCKS = 1 << 2,
	OPTION_POOL = 1 << 3,
	OPTION_INTERIOR = 1 << 4,
	OPTION_COLOR = 1 << 5,
	OPTION_WIDTH = 1 << 6,
	OPTION_KEEP_GOING = 1 << 7,
	OPTION_ECHO = 1 << 8,
	OPTION_DRY_RUN = 1 << 9,
	OPTION_NO_FILL = 1 << 10,
	OPTION_LIMIT_OPS = 1 << 11,
	OPTION_JSON = 1 << 12,
	OPTION_HELP = 1 << 13,
	OPTION_LIMIT = 1 << 14,
	OPTION_STATS = 1 << 15,
	OPTION_MODE = 1 << 16,
	OPTION_RESERVE = 1 << 17,
	OPTION_LOW = 1 << 18,
	OPTION_WAIT = 1 << 19,
	OPTION_WRITE = 1 << 20,
	OPTION_CLAIMS = 1 << 21,
};

/**
 * struct args - a command's words, sorted out
 * @given: OPTION_* that were there
 * @nr: number of @words
 * @words: what is not an option, without the command's name
 * @align: value of --align
 * @width: value of --width
 * @limit_ops: value of --limit-ops
 * @limit: value of --limit
 * @reserve: value of --reserve
 * @low: value of --low
 * @wait: value of --wait, in milliseconds, 0 without one
 * @claims: value of --claims
 * @mode: value of --mode
 * @color: value of --color
 */
struct args {
	unsigned int given;
	int nr;
	char **words;
	__u64 align;
	__u64 width;
	__u64 limit_ops;
	__u64 limit;
	__u64 reserve;
	__u64 low;
	__u64 wait;
	__u64 claims;
	__u32 mode;
	const char *color;
};

#define COMMAND_NEEDS_ARENA	(1 << 0)
#define COMMAND_LEAVES_VALUE	(1 << 1)	/* that can be assigned */
#define COMMAND_HAS_COMMAND	(1 << 2)	/* whose options are its own */

struct command {
	const char *name;
	const char *synopsis;
	const char *help;
	enum status (*run)(struct session *s, const struct args *args);
	unsigned int options;	/* OPTION_* it knows, beside --json and --help */
	unsigned int flags;	/* COMMAND_* */
	int min;		/* of words */
	int max;
};

enum status command_run(struct session *s, int nr, char **words);
bool command_value(const struct session *s, const char *what, const char *text, __u64 *value);

/* main.c */

extern const struct command commands[];
const struct command *main_find_command(const char *name);
void main_help(const struct command *command);

/* out.c: text and JSON from tables of fields */

enum field_format {
	FIELD_NUMBER,
	FIELD_HANDLE,		/* hex in text; null in JSON for PMA_HANDLE_NONE */
	FIELD_KIND,
	FIELD_BLOCK_FLAGS,
	FIELD_POOL_FLAGS,
	FIELD_LIMIT,		/* none, null in JSON, for PMA_LIMIT_NONE */
};

struct field {
	const char *name;
	unsigned short offset;
	unsigned char size;
	enum field_format format;
};

#define FIELD_AS(type, member, format_) \
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member), format_ }
#define FIELD(type, member)	FIELD_AS(type, member, FIELD_NUMBER)

const char *out_kind(__u32 kind);
const char *out_handle(char *buf, size_t bytes, __u64 handle, const char *none);
const char *out_block_flags(__u32 flags);
struct json_t *out_object(const struct field *fields, size_t nr, const void *record);
void out_text(const struct field *fields, size_t nr, const void *record);
void out_json(struct json_t *json);

/* The commands, by their files. */

enum status block_alloc(struct session *s, const struct args *args);
enum status block_free(struct session *s, const struct args *args);
enum status block_realloc(struct session *s, const struct args *args);
enum status block_query(struct session *s, const struct args *args);
void block_answer(struct session *s, __u64 handle, __u64 usable);

enum status share_block(struct session *s, const struct args *args);
enum status share_claim(struct session *s, const struct args *args);
enum status share_take_back(struct session *s, const struct args *args);

enum status contents_write(struct session *s, const struct args *args);
enum status contents_read(struct session *s, const struct args *args);
enum status contents_fill(struct session *s, const struct args *args);
enum status contents_verify(struct session *s, const struct args *args);

enum status pool_info(struct session *s, const struct args *args);
enum status pool_stat(struct session *s, const struct args *args);
enum status pool_check(struct session *s, const struct args *args);
enum status pool_reset(struct session *s, const struct args *args);

enum status arenas_list(struct session *s, const struct args *args);
enum status arenas_create(struct session *s, const struct args *args);
enum status arenas_unlink(struct session *s, const struct args *args);
enum status arenas_tag(struct session *s, const struct args *args);
enum status arenas_root(struct session *s, const struct args *args);
enum status arenas_limit(struct session *s, const struct args *args);
enum status arenas_fetch(struct session *s, struct pma_arena_rec **recs, size_t *nr);
void arenas_print_title(void);
void arenas_print(const struct pma_arena_rec *rec);
void arenas_print_json(const struct pma_arena_rec *recs, size_t nr);

enum status top_command(struct session *s, const struct args *args);

enum status dump_command(struct session *s, const struct args *args);
enum status dump_fetch(struct session *s, __u32 what, void **records, size_t *nr);

enum status map_command(struct session *s, const struct args *args);

enum status shell_command(struct session *s, const struct args *args);
enum status shell_echo(struct session *s, const struct args *args);
enum status shell_arena(struct session *s, const struct args *args);
enum status shell_close(struct session *s, const struct args *args);
enum status shell_help(struct session *s, const struct args *args);

enum status replay_command(struct session *s, const struct args *args);

enum status run_command(struct session *s, const struct args *args);

#endif /* PMACTL_H */
