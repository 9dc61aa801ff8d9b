/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames.h - one publisher, some subscribers, and ways to get a frame across
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SUBSCRIBERS_MAX	8

/**
 * struct publisher - what the publisher's side of a transport works with
 * @device: path of /dev/pma
 * @frame_bytes: of each frame
 * @nr_subscribers: at the start
 * @control: a socket to each subscriber, SOCK_SEQPACKET; -1 once it is gone
 * @data: a stream to each, for transports that copy
 * @private: the transport's own
 */
struct publisher {
	const char *device;
	size_t frame_bytes;
	unsigned int nr_subscribers;
	int control[SUBSCRIBERS_MAX];
	int data[SUBSCRIBERS_MAX];
	void *private;
};

/**
 * struct subscriber - and a subscriber's
 * @device: path of /dev/pma
 * @frame_bytes: of each frame
 * @control: a socket to the publisher
 * @data: a stream from it
 * @private: the transport's own
 */
struct subscriber {
	const char *device;
	size_t frame_bytes;
	int control;
	int data;
	void *private;
};

/**
 * struct transport - a way to get a frame across
 * @name: of it
 * @stream: what @data is: a pipe, a socket, or nothing
 * @start: the publisher begins; false if it can't
 * @frame: room for the next frame, for the publisher to fill
 * @send: hand the frame to one subscriber; false if that one is gone
 * @done: all have had the frame
 * @join: a subscriber begins; false if it can't
 * @receive: the next frame, or NULL if the publisher is gone
 * @release: the subscriber is done with the frame
 *
 * @frame and @done, and @receive and @release, take turns.
 */
struct transport {
	const char *name;
	enum { STREAM_NONE, STREAM_PIPE, STREAM_SOCKET } stream;
	bool (*start)(struct publisher *p);
	char *(*frame)(struct publisher *p);
	bool (*send)(struct publisher *p, unsigned int to);
	void (*done)(struct publisher *p);
	bool (*join)(struct subscriber *s);
	const char *(*receive)(struct subscriber *s);
	void (*release)(struct subscriber *s);
};

extern const struct transport transport_pma;
extern const struct transport transport_pipe;
extern const struct transport transport_socket;
extern const struct transport transport_memfd;

#endif /* FRAMES_H */
