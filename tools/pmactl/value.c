// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * value.c - the numbers pmactl reads
 *
 *	value	= product { ("+" | "-") product }
 *	product	= atom { ("*" | "/") atom }
 *	atom	= "$" name | "none" | digits [ "K" | "M" | "G" | "T" ]
 *
 * Digits are decimal, or hex after 0x; suffixes are powers of 1024; "none" is
 * PMA_HANDLE_NONE.  No blanks, as a value is one word.  What does not fit 64
 * bits is no value: a size that wrapped around would test something else than
 * what was written.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pmactl.h"

struct reader {
	const struct session *session;
	const char *at;
};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool value_is_name(const char *text)
{
	if (!*text || isdigit((unsigned char)*text))
		return false;
	while (is_name_char(*text))
		text++;
	return !*text;
}

static struct variable *value_find(const struct session *s, const char *name, size_t length)
{
	struct variable *v;

	for (v = s->variables; v; v = v->next)
		if (!strncmp(v->name, name, length) && !v->name[length])
			return v;
	return NULL;
}

void value_set(struct session *s, const char *name, __u64 value)
{
	struct variable *v = value_find(s, name, strlen(name));

	if (!v) {
		v = session_alloc(NULL, sizeof(*v));
		v->name = session_strdup(name);
		v->next = s->variables;
		s->variables = v;
	}
	v->value = value;
}

void value_forget(struct session *s)
{
	struct variable *v;

	while ((v = s->variables)) {
		s->variables = v->next;
		free(v->name);
		free(v);
	}
}

static bool read_variable(struct reader *r, __u64 *value)
{
	const char *name = ++r->at;
	struct variable *v;

	while (is_name_char(*r->at))
		r->at++;
	v = value_find(r->session, name, r->at - name);
	if (!v)
		return false;
	*value = v->value;
	return true;
}

static bool read_suffix(struct reader *r, __u64 *value)
{
	static const char suffixes[] = "KMGT";
	const char *found;

	if (!*r->at)
		return true;
	found = strchr(suffixes, toupper((unsigned char)*r->at));
	if (!found)
		return true;
	r->at++;
	return !__builtin_mul_overflow(*value, 1ULL << (10 * (found - suffixes + 1)), value);
}

static bool read_number(struct reader *r, __u64 *value)
{
	bool hex = r->at[0] == '0' && (r->at[1] == 'x' || r->at[1] == 'X');
	const char *digits = hex ? r->at + 2 : r->at;
	char *end;

	/* strtoull() would take blanks and a sign here */
	if (!(hex ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return false;
	errno = 0;
	*value = strtoull(digits, &end, hex ? 16 : 10);
	r->at = end;
	return !errno && read_suffix(r, value);
}

static bool read_atom(struct reader *r, __u64 *value)
{
	if (*r->at == '$')
		return read_variable(r, value);
	if (!strncmp(r->at, "none", 4) && !is_name_char(r->at[4])) {
		r->at += 4;
		*value = PMA_HANDLE_NONE;
		return true;
	}
	return read_number(r, value);
}

static bool read_product(struct reader *r, __u64 *value)
{
	__u64 right;
	char op;

	if (!read_atom(r, value))
		return false;
	while (*r->at == '*' || *r->at == '/') {
		op = *r->at++;
		if (!read_atom(r, &right))
			return false;
		if (op == '*' && __builtin_mul_overflow(*value, right, value))
			return false;
		if (op == '/' && !right)
			return false;
		if (op == '/')
			*value /= right;
	}
	return true;
}

static bool read_sum(struct reader *r, __u64 *value)
{
	__u64 right;
	char op;

	if (!read_product(r, value))
		return false;
	while (*r->at == '+' || *r->at == '-') {
		op = *r->at++;
		if (!read_product(r, &right))
			return false;
		if (op == '+' ? __builtin_add_overflow(*value, right, value) :
				__builtin_sub_overflow(*value, right, value))
			return false;
	}
	return true;
}

bool value_parse(const struct session *s, const char *text, __u64 *value)
{
	struct reader r = { .session = s, .at = text };

	return read_sum(&r, value) && !*r.at;
}
