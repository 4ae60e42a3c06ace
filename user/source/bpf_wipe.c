// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/bpf_wipe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpf/pagewarden.skel.h"
#include "bpf/wipe.skel.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/module_device.h"

#define READ_BACK_DEFAULT (1u << 20)
#define WIPED_RANGES 16384 /* remembered until they are released */
#define WIPED_AREAS 1024
#define SCAN_NS (10 * PW_NSEC_PER_SEC) /* without perf's events */
#define SWEEP_NS (10 * PW_NSEC_PER_SEC)

/* Each observed function takes four descriptors; the usual soft limit is 1024. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int check_options(const struct pw_bpf *b, struct pw_error *err)
{
	const struct pw_wipe_options *o = &b->opt.wipes;
	struct pw_proc_stat stat;

	if (o->pid && pw_procfs_stat(&b->fs, o->pid, &stat))
		return pw_error_set(err, -ESRCH, "cannot watch process %u: there is none", o->pid);
	if (!o->releases || o->pid || o->cgroup_id)
		return 0;
	pw_error_set(err, -EINVAL, "releases of the whole machine cost too much to watch");
	pw_error_remedy(err, "name a process or a cgroup");
	return -EINVAL;
}

/* One try, with the kernel's side or without it. */
static int try_load(struct pw_wipes *w, bool kernel)
{
	const struct pw_wipe_options *o = &w->b->opt.wipes;
	int rc;

	wipe_bpf__destroy(w->skel);
	w->skel = wipe_bpf__open();
	if (!w->skel)
		return -errno;
	bpf_program__set_autoload(w->skel->progs.wipe_kfree_sensitive, kernel);
	bpf_program__set_autoload(w->skel->progs.wipe_kvfree_sensitive, kernel);
	bpf_program__set_autoload(w->skel->progs.module_secret, true);
	bpf_program__set_autoload(w->skel->progs.module_wipe, true);
	w->skel->rodata->only_pid = o->pid;
	w->skel->rodata->only_cgroup = o->cgroup_id;
	w->skel->rodata->read_back_bytes = o->read_back_bytes ? o->read_back_bytes :
								READ_BACK_DEFAULT;
	w->skel->rodata->track_releases = o->releases;
	w->skel->rodata->ring_half = w->b->opt.ring_bytes / 2;
	bpf_program__set_autoload(w->skel->progs.release_buffer, o->releases);
	bpf_program__set_autoload(w->skel->progs.release_cleared, o->releases);
	bpf_program__set_autoload(w->skel->progs.release_mapping, o->releases);
	bpf_map__set_max_entries(w->skel->maps.wiped_ranges, o->releases ? WIPED_RANGES : 1);
	bpf_map__set_max_entries(w->skel->maps.wiped_areas, o->releases ? WIPED_AREAS : 1);
	rc = bpf_map__reuse_fd(w->skel->maps.events, bpf_map__fd(w->b->skel->maps.events));
	if (!rc)
		rc = bpf_map__reuse_fd(w->skel->maps.stats, bpf_map__fd(w->b->skel->maps.stats));
	return rc ? rc : wipe_bpf__load(w->skel);
}

static int load(struct pw_wipes *w, struct pw_error *err)
{
	const bool kernel = !w->b->opt.wipes.no_kernel;
	int rc = try_load(w, kernel);

	if (rc && kernel)
		rc = try_load(w, false);
	if (rc)
		return pw_error_set(err, rc, "cannot load the programs that watch wipes: %s",
				    strerror(-rc));
	return 0;
}

/* Threads that end in a call are told by these; without them they would stay open for ever. */
static int attach_ends(struct pw_wipes *w, struct pw_error *err)
{
	struct wipe_bpf *s = w->skel;

	s->links.wipe_thread_exit = bpf_program__attach(s->progs.wipe_thread_exit);
	if (s->links.wipe_thread_exit)
		s->links.wipe_process_exec = bpf_program__attach(s->progs.wipe_process_exec);
	if (s->links.wipe_process_exec)
		return 0;
	return pw_error_set(err, -errno, "cannot watch threads end: %s", strerror(errno));
}

static int open_epoll(struct pw_wipes *w)
{
	struct epoll_event ev = { .events = EPOLLIN };

	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		return -errno;
	return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, ring_buffer__epoll_fd(w->b->ring), &ev) ?
		       -errno :
		       0;
}

/* Mappings are followed before they are listed, so that none falls in between. */
static void find_files(struct pw_wipes *w)
{
	if (pw_wipe_follow_create(w, &w->follow))
		w->follow = NULL;
	pw_wipe_files_standard(w);
	pw_wipe_spaces_read_all(w);
	if (w->links)
		w->b->coverage |= PW_COVER_WIPES;
	if (w->links && w->b->opt.wipes.releases)
		w->b->coverage |= PW_COVER_RELEASES;
}

int pw_bpf_wipe_create(struct pw_bpf *b, struct pw_error *err)
{
	struct pw_wipes *w;
	int rc = check_options(b, err);

	if (rc)
		return rc;
	w = b->wipes = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->b = b;
	w->epoll_fd = -1;
	raise_descriptor_limit();
	rc = pw_wipe_files_init(w);
	if (!rc)
		rc = pw_wipe_spaces_init(w);
	if (!rc)
		rc = pw_wipe_callers_create(&w->callers);
	if (!rc)
		rc = open_epoll(w);
	if (!rc)
		rc = load(w, err);
	if (!rc)
		rc = attach_ends(w, err);
	if (rc)
		return rc;
	if (!b->opt.wipes.no_kernel)
		pw_wipe_kernel_attach(w);
	if (pw_wipe_module_attach(w))
		b->coverage |= PW_COVER_MODULE;
	find_files(w);
	return 0;
}

void pw_bpf_wipe_destroy(struct pw_bpf *b)
{
	struct pw_wipes *w = b->wipes;

	if (!w)
		return;
	pw_wipe_follow_destroy(w->follow);
	pw_wipe_callers_destroy(w->callers);
	pw_wipe_spaces_deinit(w);
	pw_wipe_files_deinit(w);
	pw_wipe_kernel_detach(w);
	wipe_bpf__destroy(w->skel);
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	free(w);
	b->wipes = NULL;
}

int pw_bpf_wipe_fd(struct pw_bpf *b)
{
	return b->wipes->epoll_fd;
}

static int tell_watch(void *ctx, const struct pw_secret *s)
{
	return pw_bpf_wipe_record(ctx, &s->rec);
}

/* The secrets that live already: their registration was told before anybody listened. */
static int tell_watches(struct pw_bpf *b)
{
	struct pw_wipes *w = b->wipes;
	pw_auto_close int fd = -1;

	if (w->watches_told || !w->module_secret)
		return 0;
	w->watches_told = true;
	return pw_module_open(&fd, NULL) ? 0 : pw_module_watches(fd, tell_watch, b);
}

int pw_bpf_wipe_drain(struct pw_bpf *b)
{
	struct pw_wipes *w = b->wipes;
	int rc;

	if (w->follow)
		pw_wipe_follow_drain(w, w->follow);
	rc = pw_wipe_tell_probes(w);
	return rc ? rc : tell_watches(b);
}

void pw_bpf_wipe_tick(struct pw_bpf *b)
{
	const uint64_t now = pw_clock_boot_ns();
	struct pw_wipes *w = b->wipes;

	if (!w->follow && now >= w->next_scan_ns) {
		pw_wipe_spaces_read_all(w);
		/* at most a tenth of the time, however many processes there are */
		w->next_scan_ns = pw_clock_boot_ns() + SCAN_NS + 10 * (pw_clock_boot_ns() - now);
	}
	/* It may be loaded later. Until the source is opened anew, its coverage does not say so. */
	pw_wipe_module_attach(w);
	if (now >= w->next_sweep_ns) {
		pw_wipe_spaces_expire(w, now);
		pw_wipe_files_sweep(w, now);
		w->next_sweep_ns = now + SWEEP_NS;
	}
}

struct bpf_object *pw_bpf_wipe_object(const struct pw_bpf *b)
{
	return b->wipes && b->wipes->skel ? b->wipes->skel->obj : NULL;
}

/* Who it was comes first: its program is part of the event. */
static int identify(struct pw_bpf *b, const struct pw_key *key)
{
	struct pw_known *p = pw_bpf_known_get(b, key);

	return p && p->flags & PW_KNOWN_PENDING ? pw_bpf_identify(b, p) : 0;
}

static int on_wipe(struct pw_bpf *b, const struct pw_wipe *wipe)
{
	int rc = identify(b, &wipe->key);

	if (rc)
		return rc;
	/* the module's is complete: its caller is a system call */
	if (wipe->function == PW_WIPE_MODULE)
		return pw_bpf_deliver(b, &wipe->rec);
	return pw_bpf_deliver(b, pw_wipe_complete(b->wipes, wipe));
}

static int on_release(struct pw_bpf *b, const struct pw_release *release)
{
	int rc = identify(b, &release->key);

	return rc ? rc : pw_bpf_deliver(b, pw_wipe_complete_release(b->wipes, release));
}

int pw_bpf_wipe_record(struct pw_bpf *b, const struct pw_record *rec)
{
	int rc;

	switch (rec->type) {
	case PW_REC_WIPE:
		return on_wipe(b, (const void *)rec);
	case PW_REC_RELEASE:
		return on_release(b, (const void *)rec);
	case PW_REC_SECRET:
		rc = identify(b, &((const struct pw_secret *)rec)->key);
		return rc ? rc : pw_bpf_deliver(b, rec);
	}
	return 0;
}
