/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wipes in the eBPF source, private to user/source/bpf*.c:
 *
 *   bpf_wipe.c            life: load, attach, drain, tick
 *   bpf_wipe_functions.c  the functions that are looked for
 *   bpf_wipe_probe.c      probes on the functions of one file
 *   bpf_wipe_files.c      the files that processes execute
 *   bpf_wipe_spaces.c     which process executes which files, also after its end
 *   bpf_wipe_follow.c     new mappings, as perf tells them
 *   bpf_wipe_place.c      where in a function a probe costs least
 *   bpf_wipe_caller.c     who called: file, offset, symbol; what was wiped
 *   bpf_wipe_kernel.c     callers in the kernel
 *
 * A probe's file is held open by the kernel, and with it the filesystem: so
 * probes go when no process maps their file any more.
 */
#ifndef PW_SOURCE_BPF_WIPE_H
#define PW_SOURCE_BPF_WIPE_H

#include "user/source/bpf_private.h"

struct bpf_link;
struct wipe_bpf;

/* What finds no room is counted as PW_LOSS_NAMES_FULL. */
#define PW_WIPE_FILES_MAX 65536u /* files that processes execute */
#define PW_WIPE_LINKS_MAX 2048u /* functions with probes: four descriptors each */
#define PW_WIPE_SPACES_MAX 65536u /* processes whose files are known */

/* ---- functions ------------------------------------------------------------------ */

struct pw_wipe_target {
	const char *symbol;
	uint8_t function; /* enum pw_wipe_function */
	uint8_t convention; /* enum pw_wipe_convention */
	bool fortified;
	bool release; /* gives memory back: only with wipes.releases */
};

extern const struct pw_wipe_target pw_wipe_targets[];
extern const size_t pw_wipe_target_count;
#define PW_WIPE_TARGETS_MAX 32

/* ---- files ------------------------------------------------------------------------ */

/* A probe, or why there is none. */
struct pw_wipe_link {
	const struct pw_wipe_target *target;
	uint64_t offset; /* of the function */
	int error; /* errno; 0: observed */
	bool told; /* its WIPE_PROBE was delivered */
	struct bpf_link *enter, *leave;
};

/* As the mappings of processes name it. */
struct pw_wipe_file_id {
	uint64_t device; /* as stat(2) counts devices */
	uint64_t inode;
};

struct pw_wipe_file {
	struct pw_wipe_file_id id;
	uint64_t device, inode; /* as stat(2) gives them: a union or a btrfs differs */
	uint64_t changed_ns, size; /* the inode may become another file's */
	char *path; /* in the root of a process that maps it */
	uint32_t number; /* in cookies */
	uint32_t spaces; /* address spaces that map it */
	uint64_t unused_ns; /* since when no address space does; 0: one does */
	bool standard; /* in a library path: its probes stay */
	struct pw_wipe_link *links;
	size_t link_count;
};

/* ---- address spaces ------------------------------------------------------------------ */

struct pw_wipe_mapping {
	uint64_t start, end, offset;
	struct pw_wipe_file *file;
};

/* Executable mappings; forks share them until one of them execs or maps more. */
struct pw_wipe_space {
	uint32_t users;
	uint32_t count, room;
	struct pw_wipe_mapping *mappings; /* newest last: of two that overlap it holds */
};

/* ---- the kernel -------------------------------------------------------------------- */

#define PW_WIPE_KERNEL_LINKS 2
#define PW_WIPE_KERNEL_NAME 64

struct pw_wipe_kernel {
	struct pw_wipe_link links[PW_WIPE_KERNEL_LINKS];
	size_t link_count;
};

/* A place in the kernel's code. */
struct pw_wipe_kernel_place {
	uint64_t address;
	uint64_t offset; /* from the start of the kernel's or the module's code */
	uint64_t symbol_offset;
	char file[PW_WIPE_KERNEL_NAME]; /* "[kernel]", "[module]"; "": not known */
	char symbol[PW_WIPE_KERNEL_NAME];
};

struct pw_wipe_follow;
struct pw_wipe_callers;

struct pw_wipes {
	struct pw_bpf *b;
	struct wipe_bpf *skel;

	struct pw_hash files;
	struct pw_hash spaces; /* struct process_space of bpf_wipe_spaces.c */
	uint32_t last_number;
	size_t links; /* with probes */
	bool untold; /* some link's WIPE_PROBE waits */

	struct pw_wipe_follow *follow; /* NULL: perf refuses; then /proc is read at ticks */
	struct pw_wipe_callers *callers;
	uint64_t next_scan_ns, next_sweep_ns;
	struct pw_wipe_kernel kernel;
	struct bpf_link *module_secret, *module_wipe;
	bool watches_told; /* the secrets that lived before */
	int epoll_fd; /* of the ring and of perf */
};

/* bpf_wipe.c */
int pw_bpf_wipe_create(struct pw_bpf *b, struct pw_error *err);
void pw_bpf_wipe_destroy(struct pw_bpf *b);
int pw_bpf_wipe_fd(struct pw_bpf *b);
/* What was mapped since; before the ring is read. A sink's result. */
int pw_bpf_wipe_drain(struct pw_bpf *b);
void pw_bpf_wipe_tick(struct pw_bpf *b);
/* A WIPE, RELEASE or SECRET of the ring, completed and delivered. */
int pw_bpf_wipe_record(struct pw_bpf *b, const struct pw_record *rec);
struct bpf_object *pw_bpf_wipe_object(const struct pw_bpf *b); /* NULL: none */

/* bpf_wipe_probe.c */
void pw_wipe_probe_file(struct pw_wipes *w, struct pw_wipe_file *file, int fd);
void pw_wipe_unprobe_file(struct pw_wipes *w, struct pw_wipe_file *file);
int pw_wipe_tell_probes(struct pw_wipes *w);

/* bpf_wipe_files.c */
int pw_wipe_files_init(struct pw_wipes *w);
void pw_wipe_files_deinit(struct pw_wipes *w);
/*
 * The file of a mapping [start, end) of a process; probed when it is new. NULL
 * at the bound (counted).
 */
struct pw_wipe_file *pw_wipe_file_mapped(struct pw_wipes *w, uint32_t pid, uint64_t start,
					 uint64_t end, const struct pw_wipe_file_id *id,
					 const char *path);
/* The libraries that are known to wipe, wherever they are installed. */
void pw_wipe_files_standard(struct pw_wipes *w);
/* Probes off files that nobody has mapped for a while. */
void pw_wipe_files_sweep(struct pw_wipes *w, uint64_t now_ns);
void pw_wipe_file_get(struct pw_wipe_file *file);
void pw_wipe_file_put(struct pw_wipe_file *file);
/* Opens a file that was seen before, if it is still the one. An fd or -errno. */
int pw_wipe_file_open(const struct pw_wipe_file *file, uint32_t pid);

/* bpf_wipe_spaces.c */
int pw_wipe_spaces_init(struct pw_wipes *w);
void pw_wipe_spaces_deinit(struct pw_wipes *w);
/* What /proc says a process executes, in the place of what was known. 0 or -errno. */
int pw_wipe_space_read(struct pw_wipes *w, uint32_t pid);
/* All processes; new files are probed. */
void pw_wipe_spaces_read_all(struct pw_wipes *w);
void pw_wipe_space_fork(struct pw_wipes *w, uint32_t parent, uint32_t child);
void pw_wipe_space_exec(struct pw_wipes *w, uint32_t pid);
void pw_wipe_space_exit(struct pw_wipes *w, uint32_t pid);
/* The path is the kernel's, as in /proc/PID/maps. */
void pw_wipe_space_map(struct pw_wipes *w, uint32_t pid, const struct pw_vma *vma);
/* Whether the list of a living process is older than that; true: it may be read again now. */
bool pw_wipe_space_stale(struct pw_wipes *w, uint32_t pid, uint64_t age_ns);
/* Forgets processes that ended a while ago. */
void pw_wipe_spaces_expire(struct pw_wipes *w, uint64_t now_ns);
/* The executable mapping with an address; NULL: not known. Valid until the next call for spaces. */
const struct pw_wipe_mapping *pw_wipe_space_find(struct pw_wipes *w, uint32_t pid, uint64_t address);

/* bpf_wipe_place.c */
/* Where to probe a function at an offset in a file that takes so many arguments. */
uint64_t pw_wipe_place(int fd, uint64_t offset, uint64_t size, unsigned int arguments);

/* bpf_wipe_caller.c */
int pw_wipe_callers_create(struct pw_wipe_callers **ret);
void pw_wipe_callers_destroy(struct pw_wipe_callers *c); /* takes NULL */
/* The record with the caller's strings behind it; valid until the next call. */
const struct pw_record *pw_wipe_complete(struct pw_wipes *w, const struct pw_wipe *wipe);
const struct pw_record *pw_wipe_complete_release(struct pw_wipes *w,
						 const struct pw_release *release);

/* bpf_wipe_kernel.c */
void pw_wipe_kernel_attach(struct pw_wipes *w);
void pw_wipe_kernel_detach(struct pw_wipes *w); /* the module's, too */
/* The module's tracepoints, when it is there; whether they are attached. */
bool pw_wipe_module_attach(struct pw_wipes *w);
/* Reads /proc/kallsyms: tens of milliseconds. */
void pw_wipe_kernel_place(const struct pw_wipes *w, uint64_t address,
			  struct pw_wipe_kernel_place *ret);

/* bpf_wipe_follow.c */
int pw_wipe_follow_create(struct pw_wipes *w, struct pw_wipe_follow **ret);
void pw_wipe_follow_destroy(struct pw_wipe_follow *f); /* takes NULL */
/* Takes in what waits, in the order in which it happened. */
void pw_wipe_follow_drain(struct pw_wipes *w, struct pw_wipe_follow *f);

#endif
