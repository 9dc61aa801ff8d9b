// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * import.c - dma-bufs in the hands of drivers
 *
 * vgem attaches to a dma-buf as graphics drivers do, and can hand it on.  vivid is a
 * camera that does not exist: it writes its pictures through the dma-buf's vmap.  Both
 * are modules of Debian's kernels; where they are not loaded there is nothing to test.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"
#include "test.h"

#define PAGES		5
#define NODES_MAX	64
#define PICTURES	2
#define PICTURE_MS	30000	/* until one is there, on an emulated machine */

/* Of <drm/drm.h>, which comes with libdrm. */
struct drm_version {
	int major, minor, patchlevel;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

struct drm_gem_close {
	__u32 handle;
	__u32 pad;
};

struct drm_prime_handle {
	__u32 handle;
	__u32 flags;
	__s32 fd;
};

#define DRM_IOCTL_VERSION		_IOWR('d', 0x00, struct drm_version)
#define DRM_IOCTL_GEM_CLOSE		_IOW('d', 0x09, struct drm_gem_close)
#define DRM_IOCTL_PRIME_HANDLE_TO_FD	_IOWR('d', 0x2d, struct drm_prime_handle)
#define DRM_IOCTL_PRIME_FD_TO_HANDLE	_IOWR('d', 0x2e, struct drm_prime_handle)

static bool is_vgem(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name_len = sizeof(name) - 1, .name = name };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

static bool is_vivid_camera(int fd)
{
	struct v4l2_capability capability = { };

	return !ioctl(fd, VIDIOC_QUERYCAP, &capability) &&
	       !strcmp((char *)capability.driver, "vivid") &&
	       (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE) &&
	       (capability.device_caps & V4L2_CAP_STREAMING);
}

/* The first node of @format that @is_it; -1 if there is none. */
static int find_node(const char *format, bool (*is_it)(int fd))
{
	char path[32];
	int i, fd;

	for (i = 0; i < NODES_MAX; i++) {
		snprintf(path, sizeof(path), format, i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_it(fd))
			return fd;
		close(fd);
	}
	return -1;
}

static bool export_block(struct test *t, __u64 bytes, struct block *block, int *dmabuf)
{
	__u64 size;

	return block_alloc(t, t->fd, bytes, block) &&
	       WANT_OK(t, device_export(t->fd, block->handle, dmabuf, &size));
}

static __u32 free_pages(struct test *t)
{
	return stats_get(t, t->fd).pool_free_pages;
}

/* A block of pattern 3 that only vgem has: the handle there, or 0. */
static __u32 give_to_vgem(struct test *t, int vgem)
{
	struct drm_prime_handle prime = { };
	struct block block;
	int dmabuf;

	if (!export_block(t, PAGES * t->info.page_size, &block, &dmabuf))
		return 0;
	block_fill(t, t->fd, &block, 3);
	prime.fd = dmabuf;
	WANT(t, ioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime), 0);
	close(dmabuf);
	block_free(t, t->fd, &block);
	return prime.handle;
}

static void look_through_vgem(struct test *t, int vgem, __u32 handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = O_RDWR | O_CLOEXEC };
	size_t bytes = PAGES * t->info.page_size;
	char *map;

	if (!WANT(t, ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0))
		return;
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, prime.fd, 0);
	close(prime.fd);
	if (!WANT_TRUE(t, map != MAP_FAILED))
		return;
	WANT(t, pattern_match(map, bytes, 3), bytes);
	WANT(t, munmap(map, bytes), 0);
}

static void import_vgem(struct test *t)
{
	__u32 free_before = free_pages(t);
	struct drm_gem_close close_args = { };
	int vgem;

	if (!reach_can(t))
		return;
	vgem = find_node("/dev/dri/card%d", is_vgem);
	if (vgem < 0) {
		t->skipped = "there is no vgem";
		return;
	}
	close_args.handle = give_to_vgem(t, vgem);
	WANT(t, free_pages(t), free_before - PAGES);
	look_through_vgem(t, vgem, close_args.handle);
	WANT(t, free_pages(t), free_before - PAGES);
	WANT(t, ioctl(vgem, DRM_IOCTL_GEM_CLOSE, &close_args), 0);
	stats_wait_free(t, free_before);
	/* and from a user that ends without a word */
	give_to_vgem(t, vgem);
	WANT(t, free_pages(t), free_before - PAGES);
	close(vgem);
	stats_wait_free(t, free_before);
}

/* A camera. */

static bool choose_picture(struct test *t, int camera, __u32 *bytes)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };

	format.fmt.pix.width = 320;
	format.fmt.pix.height = 180;
	format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
	if (!WANT(t, ioctl(camera, VIDIOC_S_FMT, &format), 0))
		return false;
	*bytes = format.fmt.pix.sizeimage;
	return true;
}

static bool request_buffers(struct test *t, int camera, unsigned int nr)
{
	struct v4l2_requestbuffers request = {
		.count = nr,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};

	return WANT(t, ioctl(camera, VIDIOC_REQBUFS, &request), 0) &&
	       WANT(t, request.count, nr);
}

static bool queue(struct test *t, int camera, unsigned int i, int dmabuf)
{
	struct v4l2_buffer buffer = {
		.index = i,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.m.fd = dmabuf,
	};

	return WANT(t, ioctl(camera, VIDIOC_QBUF, &buffer), 0);
}

/* The number of the buffer that a picture is in, or -1. */
static int dequeue(struct test *t, int camera, __u32 bytes)
{
	struct pollfd picture = { .fd = camera, .events = POLLIN };
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};

	if (!WANT(t, poll(&picture, 1, PICTURE_MS), 1) ||
	    !WANT(t, ioctl(camera, VIDIOC_DQBUF, &buffer), 0) ||
	    !WANT(t, buffer.bytesused, bytes))
		return -1;
	return buffer.index;
}

/* Every line of it is there: no frame of the block has nothing in it but zeroes. */
static void look_at_picture(struct test *t, const struct block *block, __u32 bytes)
{
	char line[640];
	__u32 at, i;

	for (at = 0; at < bytes; at += sizeof(line)) {
		WANT(t, device_pread(t->fd, line, sizeof(line), block->handle + at), 0);
		for (i = 0; i < sizeof(line) && !line[i]; i++)
			;
		test_context(t, "line %zu", at / sizeof(line));
		if (!WANT_TRUE(t, i < sizeof(line)))
			break;
	}
	t->context[0] = '\0';
}

static void take_pictures(struct test *t, int camera, __u32 bytes)
{
	__u32 free_before = free_pages(t), pages = (bytes - 1) / t->info.page_size + 1;
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE, dmabufs[PICTURES], i, got;
	struct block blocks[PICTURES];

	if (!request_buffers(t, camera, PICTURES))
		return;
	for (i = 0; i < PICTURES; i++)
		if (!export_block(t, (__u64)pages * t->info.page_size, &blocks[i], &dmabufs[i]) ||
		    !queue(t, camera, i, dmabufs[i]))
			return;
	WANT(t, ioctl(camera, VIDIOC_STREAMON, &type), 0);
	got = dequeue(t, camera, bytes);
	if (got >= 0)
		look_at_picture(t, &blocks[got], bytes);
	/* The camera goes on with what nobody else has any more. */
	for (i = 0; i < PICTURES; i++) {
		block_free(t, t->fd, &blocks[i]);
		close(dmabufs[i]);
	}
	dequeue(t, camera, bytes);
	WANT(t, free_pages(t), free_before - PICTURES * pages);
	WANT(t, ioctl(camera, VIDIOC_STREAMOFF, &type), 0);
	request_buffers(t, camera, 0);
	stats_wait_free(t, free_before);
}

static void import_vivid(struct test *t)
{
	__u32 bytes;
	int camera;

	if (!reach_can(t))
		return;
	camera = find_node("/dev/video%d", is_vivid_camera);
	if (camera < 0) {
		t->skipped = "there is no vivid";
		return;
	}
	if (choose_picture(t, camera, &bytes))
		take_pictures(t, camera, bytes);
	close(camera);
}

const struct test_case import_cases[] = {
	{ "import_vgem", import_vgem },
	{ "import_vivid", import_vivid },
	{ }
};
