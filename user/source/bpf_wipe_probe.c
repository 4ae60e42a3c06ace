// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/wipe.h"
#include "bpf/wipe.skel.h"
#include "user/base/clock.h"
#include "user/source/bpf_wipe.h"
#include "user/symbol/symbol.h"

/* Of one file: more is an attempt to use up our descriptors. */
#define HITS_MAX 64

struct hit {
	const struct pw_wipe_target *target;
	struct pw_symbol symbol;
};

struct hits {
	bool releases;
	size_t count;
	struct hit hit[HITS_MAX];
};

/* The same function under two names, or in both symbol tables, is one. */
static int add_hit(void *ctx, size_t which, const struct pw_symbol *symbol)
{
	const struct pw_wipe_target *target = &pw_wipe_targets[which];
	struct hits *hits = ctx;

	if (target->release && !hits->releases)
		return 0;
	for (size_t i = 0; i < hits->count; i++)
		if (hits->hit[i].symbol.offset == symbol->offset)
			return 0;
	if (hits->count == HITS_MAX)
		return -ENOSPC;
	hits->hit[hits->count++] = (struct hit){ target, *symbol };
	return 0;
}

static int find_functions(const struct pw_wipes *w, int fd, struct hits *ret)
{
	const char *names[PW_WIPE_TARGETS_MAX];

	ret->count = 0;
	ret->releases = w->b->opt.wipes.releases;
	for (size_t i = 0; i < pw_wipe_target_count; i++)
		names[i] = pw_wipe_targets[i].symbol;
	return pw_symbol_find(fd, names, pw_wipe_target_count, add_hit, ret);
}

/* A program on a place of a file, through a descriptor, so that any file can be named. */
static struct bpf_link *attach(const struct pw_wipes *w, struct bpf_program *prog, int fd,
			       uint64_t offset, uint64_t cookie, bool on_return)
{
	const uint32_t pid = w->b->opt.wipes.pid;
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = cookie, .retprobe = on_return);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bpf_program__attach_uprobe_opts(prog, pid ? (pid_t)pid : -1, path, offset, &opts);
}

static unsigned int arguments_of(const struct pw_wipe_target *t)
{
	switch (t->convention) {
	case PW_CALL_FILL_SIZE:
		return 3;
	case PW_CALL_ROOM_FILL_SIZE:
		return 4;
	}
	return 2;
}

static struct bpf_program *entry_program(const struct pw_wipes *w, uint8_t function)
{
	switch (function) {
	case PW_RELEASE_FREE:
	case PW_RELEASE_CRYPTO_FREE:
		return w->skel->progs.release_buffer;
	case PW_RELEASE_CRYPTO_CLEAR_FREE:
		return w->skel->progs.release_cleared;
	case PW_RELEASE_MUNMAP:
		return w->skel->progs.release_mapping;
	}
	return w->skel->progs.wipe_enter;
}

/* The entry first: a return probe alone would find calls that nobody noted. */
static int attach_function(const struct pw_wipes *w, int fd, uint64_t cookie, const struct hit *hit,
			   struct pw_wipe_link *link)
{
	const struct pw_wipe_target *t = hit->target;
	const uint64_t at = pw_wipe_place(fd, hit->symbol.offset, hit->symbol.size, arguments_of(t));

	link->enter = attach(w, entry_program(w, t->function), fd, at, cookie, false);
	if (!link->enter)
		return errno;
	if (t->release)
		return 0;
	link->leave = attach(w, w->skel->progs.wipe_leave, fd, at, cookie, true);
	return link->leave ? 0 : errno;
}

static void detach(struct pw_wipe_link *link)
{
	bpf_link__destroy(link->leave);
	bpf_link__destroy(link->enter);
	link->leave = link->enter = NULL;
}

static void probe(struct pw_wipes *w, const struct pw_wipe_file *file, int fd,
		  const struct hit *hit, struct pw_wipe_link *link)
{
	const struct pw_wipe_target *t = hit->target;
	const uint64_t cookie = pw_cookie(t->function, t->convention, t->fortified, file->number);

	*link = (struct pw_wipe_link){ .target = t, .offset = hit->symbol.offset };
	if (hit->symbol.ifunc) {
		/* the symbol's code picks the function: a probe there would see no wipe */
		link->error = EOPNOTSUPP;
	} else if (w->links == PW_WIPE_LINKS_MAX) {
		link->error = ENOSPC;
		w->b->lost[PW_LOSS_NAMES_FULL]++;
	} else {
		link->error = attach_function(w, fd, cookie, hit, link);
	}
	if (link->error)
		detach(link);
	else
		w->links++;
}

void pw_wipe_probe_file(struct pw_wipes *w, struct pw_wipe_file *file, int fd)
{
	struct hits hits;

	/* A damaged table may still have given functions. */
	find_functions(w, fd, &hits);
	if (!hits.count)
		return;
	file->links = calloc(hits.count, sizeof(*file->links));
	if (!file->links) {
		w->b->lost[PW_LOSS_NAMES_FULL]++;
		return;
	}
	file->link_count = hits.count;
	for (size_t i = 0; i < hits.count; i++)
		probe(w, file, fd, &hits.hit[i], &file->links[i]);
	w->untold = true;
}

void pw_wipe_unprobe_file(struct pw_wipes *w, struct pw_wipe_file *file)
{
	for (size_t i = 0; i < file->link_count; i++) {
		if (!file->links[i].error)
			w->links--;
		detach(&file->links[i]);
	}
	free(file->links);
	file->links = NULL;
	file->link_count = 0;
}

static int tell(struct pw_wipes *w, const struct pw_wipe_file *file, const struct pw_wipe_link *link)
{
	const size_t path_len = strnlen(file->path, 4096), symbol_len = strlen(link->target->symbol);
	const size_t size = (sizeof(struct pw_wipe_probe) + path_len + symbol_len + 7) & ~(size_t)7;
	union {
		struct pw_wipe_probe probe;
		uint8_t bytes[sizeof(struct pw_wipe_probe) + 4096 + 64];
	} out;

	memset(out.bytes, 0, size);
	out.probe = (struct pw_wipe_probe){
		.rec = { .type = PW_REC_WIPE_PROBE,
			 .size = (uint16_t)size,
			 .time_ns = pw_clock_boot_ns() },
		.device = file->device,
		.inode = file->inode,
		.offset = link->offset,
		.function = link->target->function,
		.error = link->error,
		.path_len = (uint16_t)path_len,
		.symbol_len = (uint16_t)symbol_len,
	};
	memcpy(out.bytes + sizeof(out.probe), file->path, path_len);
	memcpy(out.bytes + sizeof(out.probe) + path_len, link->target->symbol, symbol_len);
	return pw_bpf_deliver(w->b, &out.probe.rec);
}

static int tell_links(struct pw_wipes *w, const struct pw_wipe_file *file,
		      struct pw_wipe_link *links, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++) {
		if (links[i].told)
			continue;
		links[i].told = true;
		rc = tell(w, file, &links[i]);
	}
	return rc;
}

int pw_wipe_tell_probes(struct pw_wipes *w)
{
	static const struct pw_wipe_file kernel = { .path = (char *)"[kernel]" };
	int rc;

	if (!w->untold)
		return 0;
	rc = tell_links(w, &kernel, w->kernel.links, w->kernel.link_count);
	for (size_t i = 0; i < w->files.capacity && !rc; i++) {
		struct pw_wipe_file *file = w->files.slots[i].item;

		if (file)
			rc = tell_links(w, file, file->links, file->link_count);
	}
	w->untold = rc != 0;
	return rc;
}
