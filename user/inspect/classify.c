// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/classify.h"
#include "user/inspect/glibc_heap.h"
#include "user/inspect/program_image.h"

#define STACK_DEFAULT (8ull << 20)
#define STACK_UNLIMITED (2ull << 20) /* what glibc takes on x86-64 then */
#define GUARD_MAX (1ull << 20)
#define LOOKS_MAX 16384 /* into the target's memory, each about a microsecond */
/* Searches for chunks in the middle of a VMA: about 0.3 us a page. */
#define SEARCH_VMA_PAGES 256
#define SEARCH_PAGES 1024 /* in the whole process */
#define FILES_MAX 65536

struct classifier {
	const struct pw_classify_input *in;
	struct pw_layout *out;
	struct pw_target_memory memory;
	struct pw_hash executable_files; /* items: a piece that maps the file */
	char program[PATH_MAX]; /* the link's text, as maps writes it */
	bool has_image;
	struct pw_program_image image;
	uint64_t stack_limit;
	uint64_t search_left; /* bytes */
	/* the heap in work: inaccessible memory below its end is its reserve */
	uint64_t heap_end;
	const char *heap_name;
};

/* ---- what the whole process says -------------------------------------------- */

static uint64_t hash_file(const struct pw_piece *p)
{
	return pw_hash_mix(p->inode ^ pw_hash_mix(((uint64_t)p->dev_major << 32) | p->dev_minor));
}

static bool same_file(const void *item, const void *key)
{
	const struct pw_piece *a = item, *b = key;

	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

static int collect_executable_files(struct classifier *c)
{
	const struct pw_layout *l = c->in->vmas;
	int err = pw_hash_init(&c->executable_files, FILES_MAX);

	for (size_t i = 0; i < l->count && !err; i++) {
		struct pw_piece *p = &l->pieces[i];

		if (!(p->perms & PW_PERM_X) || p->inode == 0 ||
		    pw_hash_find(&c->executable_files, hash_file(p), same_file, p))
			continue;
		err = pw_hash_insert(&c->executable_files, hash_file(p), p);
		if (err == -ENOSPC)
			return 0; /* the files that remain show as file mappings */
	}
	return err;
}

static void read_program(struct classifier *c)
{
	pw_auto_close int fd = -1;

	if (pw_procfs_readlink(c->in->fs, c->in->pid, "exe", c->program, sizeof(c->program)) < 0)
		c->program[0] = '\0';
	fd = pw_procfs_open(c->in->fs, c->in->pid, "exe", O_RDONLY);
	c->has_image = fd >= 0 && pw_program_image_read(fd, &c->image) == 0;
}

static void read_stack_limit(struct classifier *c)
{
	unsigned long long limit;
	char text[4096];
	const char *line;
	int err = pw_procfs_read(c->in->fs, c->in->pid, "limits", text, sizeof(text), NULL);

	c->stack_limit = STACK_DEFAULT;
	if (err)
		return;
	line = strstr(text, "Max stack size");
	if (!line)
		return;
	if (sscanf(line, "Max stack size %llu", &limit) == 1)
		c->stack_limit = limit & ~(c->in->page_size - 1);
	else
		c->stack_limit = STACK_UNLIMITED;
}

/* ---- files ------------------------------------------------------------------- */

static int emit(struct classifier *c, const struct pw_piece *vma, uint64_t start, uint64_t end,
		uint32_t kind, const char *name)
{
	struct pw_piece piece = *vma;

	piece.start = start;
	piece.end = end;
	piece.offset += start - vma->start;
	piece.kind = (uint8_t)kind;
	piece.name = name;
	return pw_layout_append(c->out, &piece);
}

static bool is_guard(const struct pw_piece *p)
{
	return pw_piece_is_plain(p) && !(p->perms & (PW_PERM_R | PW_PERM_W | PW_PERM_X));
}

/* The VMA right below (step -1) or above (step 1) without a hole; NULL: none. */
static const struct pw_piece *neighbour(const struct classifier *c, size_t i, int step)
{
	const struct pw_layout *l = c->in->vmas;

	if ((step < 0 && i == 0) || (step > 0 && i + 1 >= l->count))
		return NULL;
	const struct pw_piece *p = &l->pieces[i], *q = &l->pieces[i + (size_t)step];

	return (step < 0 ? q->end == p->start : p->end == q->start) ? q : NULL;
}

static bool is_private_writable(const struct pw_piece *p)
{
	return (p->perms & (PW_PERM_W | PW_PERM_SHARED)) == PW_PERM_W;
}

/*
 * Without reading each library: what the loader made read-only after
 * relocation lies between the constants and the data, so a second read-only
 * mapping right before the data is it.
 */
static bool is_relro(const struct classifier *c, size_t i)
{
	const struct pw_piece *p = &c->in->vmas->pieces[i];
	const struct pw_piece *below = neighbour(c, i, -1), *above = neighbour(c, i, 1);

	return below && above && same_file(below, p) && same_file(above, p) &&
	       below->perms == PW_PERM_R && is_private_writable(above);
}

static uint32_t program_kind(const struct classifier *c, const struct pw_piece *p)
{
	if (p->perms & PW_PERM_X)
		return PW_SEG_CODE;
	if (is_private_writable(p))
		return PW_SEG_DATA;
	if (c->has_image && pw_program_image_data(&c->image, p->offset, c->in->page_size))
		return PW_SEG_DATA; /* read-only after relocation */
	return PW_SEG_RODATA;
}

static uint32_t library_kind(const struct classifier *c, size_t i)
{
	const struct pw_piece *p = &c->in->vmas->pieces[i];

	if (p->perms & PW_PERM_X)
		return PW_SEG_LIBRARY_CODE;
	if (is_private_writable(p) || is_relro(c, i))
		return PW_SEG_LIBRARY_DATA;
	return PW_SEG_LIBRARY_RODATA;
}

static int classify_named(struct classifier *c, size_t i)
{
	const struct pw_piece *p = &c->in->vmas->pieces[i];
	enum pw_mount_type mount = pw_mounts_type(c->in->mounts, p->dev_major, p->dev_minor);
	struct pw_piece piece = *p;
	char buf[320];
	const char *name;
	uint32_t kind;

	piece.shmem = mount == PW_MOUNT_TMPFS; /* anonymous memory has no device */
	if (pw_classify_name(p, mount, buf, sizeof(buf), &name, &kind, &piece.tid)) {
		piece.kind = (uint8_t)kind;
		piece.shmem |= kind == PW_SEG_HUGETLB;
		piece.name = name == p->name ? name : pw_layout_name(c->out, name);
	} else if (c->program[0] && strcmp(p->name, c->program) == 0) {
		piece.kind = program_kind(c, p);
	} else if (pw_hash_find(&c->executable_files, hash_file(p), same_file, p)) {
		piece.kind = library_kind(c, i);
	} else {
		piece.kind = piece.shmem ? PW_SEG_TMPFS : PW_SEG_FILE;
	}
	return pw_layout_append(c->out, &piece);
}

/* ---- anonymous memory --------------------------------------------------------- */

/* malloc's smallest own mapping is larger than what the loader puts behind a library. */
static uint64_t library_bss_end(struct classifier *c, const struct pw_piece *data,
				const struct pw_piece *vma)
{
	struct pw_program_image image;
	pw_auto_close int fd = -1;
	char name[64];

	if (pw_piece_bytes(vma) < PW_GLIBC_MMAP_MIN)
		return vma->end;
	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)data->start,
		 (unsigned long long)data->end);
	fd = pw_procfs_open(c->in->fs, c->in->pid, name, O_RDONLY);
	if (fd < 0 || pw_program_image_read(fd, &image) != 0)
		return vma->end;
	return pw_program_image_bss_end(&image, data->start, data->offset, c->in->page_size);
}

/* A .bss right behind its data: emits it and moves *at behind it. */
static int take_bss(struct classifier *c, size_t i, uint64_t *at)
{
	const struct pw_piece *vma = &c->in->vmas->pieces[i], *data = neighbour(c, i, -1);
	uint32_t kind = PW_SEG_LIBRARY_DATA;
	uint64_t end;

	if (!data || data->inode == 0 || !is_private_writable(data))
		return 0;
	if (c->program[0] && strcmp(data->name, c->program) == 0) {
		kind = PW_SEG_BSS;
		end = c->has_image ? pw_program_image_bss_end(&c->image, data->start, data->offset,
							      c->in->page_size) :
				     vma->end;
	} else if (pw_hash_find(&c->executable_files, hash_file(data), same_file, data)) {
		end = library_bss_end(c, data, vma);
	} else {
		return 0;
	}
	if (end <= vma->start)
		return 0;
	*at = end < vma->end ? end : vma->end;
	return emit(c, vma, vma->start, *at, kind, data->name);
}

/* The end of a run of malloc's large chunks from at; at itself when there is none. */
static uint64_t skip_chunks(struct classifier *c, uint64_t at, uint64_t end)
{
	uint64_t next;

	while (at < end && pw_glibc_chunk(&c->memory, at, end, &next) == 0)
		at = next;
	return at;
}

/*
 * Where the stack ends that starts behind a guard: the kernel merges it with
 * what was mapped right above it before. 0: it is no stack.
 */
static uint64_t find_stack_end(struct classifier *c, const struct pw_piece *vma,
			       const struct pw_thread *thread)
{
	const uint64_t size = pw_piece_bytes(vma), page = c->in->page_size;
	const uint64_t usual = vma->start + c->stack_limit;

	if (size == c->stack_limit)
		return vma->end;
	if (size > c->stack_limit &&
	    (pw_glibc_stack_ends(&c->memory, usual) || skip_chunks(c, usual, vma->end) == vma->end))
		return usual;
	if (!thread)
		return 0;
	if (size < 2 * page || pw_glibc_stack_ends(&c->memory, vma->end))
		return vma->end;
	for (uint64_t at = (thread->sp & ~(page - 1)) + page; at < vma->end; at += page) {
		if (!pw_target_readable(&c->memory))
			break;
		if (pw_glibc_stack_ends(&c->memory, at))
			return at;
	}
	return vma->end;
}

/* A thread's stack lies behind a guard. */
static int take_stack(struct classifier *c, size_t i, uint64_t *at)
{
	const struct pw_piece *vma = &c->in->vmas->pieces[i], *guard = neighbour(c, i, -1);
	const struct pw_thread *thread = pw_threads_find(c->in->threads, vma->start, vma->end);
	struct pw_piece piece = *vma;
	char name[PW_COMM_LEN + 1] = "";

	if (!guard || !is_guard(guard) || pw_piece_bytes(guard) > GUARD_MAX)
		return 0;
	piece.end = find_stack_end(c, vma, thread);
	if (piece.end == 0)
		return 0;
	piece.kind = PW_SEG_THREAD_STACK;
	if (thread && thread->sp < piece.end) {
		piece.tid = thread->tid;
		memcpy(name, thread->comm, PW_COMM_LEN);
	}
	piece.name = pw_layout_name(c->out, name);
	*at = piece.end;
	return pw_layout_append(c->out, &piece);
}

/*
 * Without a look into the memory: the used part starts on the boundary, and an
 * inaccessible rest reaches to the next one.
 */
static bool looks_like_heap(const struct classifier *c, size_t i, uint64_t at)
{
	const struct pw_piece *vma = &c->in->vmas->pieces[i], *rest = neighbour(c, i, 1);
	uint64_t limit = at + PW_GLIBC_HEAP_MAX;

	return c->image.wide && at == vma->start && vma->end < limit && rest && is_guard(rest) &&
	       rest->end >= limit;
}

/* A heap of a non-main arena that starts at *at. */
static int take_heap(struct classifier *c, size_t i, uint64_t *at)
{
	const struct pw_piece *vma = &c->in->vmas->pieces[i];
	uint64_t start = *at, end = vma->end, arena;
	const char *name = "";
	char text[32];
	int err;

	if (start % PW_GLIBC_HEAP_MAX != 0)
		return 0;
	err = pw_glibc_heap(&c->memory, start, vma->end, &end, &arena);
	if (err == -ENOENT || (err && !looks_like_heap(c, i, start)))
		return 0;
	if (!err) {
		snprintf(text, sizeof(text), "arena 0x%llx", (unsigned long long)arena);
		name = pw_layout_name(c->out, text);
	}
	c->heap_end = start + PW_GLIBC_HEAP_MAX;
	c->heap_name = name;
	*at = end;
	return emit(c, vma, start, end, PW_SEG_ARENA, name);
}

static int take_chunks(struct classifier *c, const struct pw_piece *vma, uint64_t *at)
{
	uint64_t start = *at, end;

	if (vma->end - start < PW_GLIBC_MMAP_MIN || !is_private_writable(vma))
		return 0;
	end = skip_chunks(c, start, vma->end);
	if (end == start)
		return 0;
	*at = end;
	return emit(c, vma, start, end, PW_SEG_MMAP_CHUNK, "");
}

/* Where a heap begins in (start, end); end when none does. */
static uint64_t next_heap(struct classifier *c, uint64_t start, uint64_t end)
{
	uint64_t at = (start | (PW_GLIBC_HEAP_MAX - 1)) + 1, used, arena;

	for (; at < end && at > start && pw_target_readable(&c->memory); at += PW_GLIBC_HEAP_MAX)
		if (pw_glibc_heap(&c->memory, at, end, &used, &arena) == 0)
			return at;
	return end;
}

/*
 * Where a large chunk begins in (start, end): the kernel merges chunks with
 * other memory below them. The search gives up early in a large process.
 */
static uint64_t next_chunk(struct classifier *c, uint64_t start, uint64_t end)
{
	uint64_t limit, found;

	if (end - start <= PW_GLIBC_MMAP_MIN || !pw_target_readable(&c->memory))
		return end;
	limit = end - PW_GLIBC_MMAP_MIN;
	if (limit - start > SEARCH_VMA_PAGES * c->in->page_size)
		limit = start + SEARCH_VMA_PAGES * c->in->page_size;
	if (limit - start > c->search_left)
		limit = start + c->search_left;
	c->search_left -= limit - start;
	if (pw_glibc_find_chunk(&c->memory, start, limit, end, &found) != 0)
		return end;
	return found;
}

/* What is none of the others, up to where one of them begins. */
static int take_rest(struct classifier *c, const struct pw_piece *vma, uint64_t *at)
{
	uint64_t start = *at, end = next_heap(c, start, vma->end);

	if (is_private_writable(vma))
		end = next_chunk(c, start, end);
	*at = end;
	return emit(c, vma, start, end, PW_SEG_ANON, "");
}

static int classify_writable(struct classifier *c, size_t i)
{
	const struct pw_piece *vma = &c->in->vmas->pieces[i];
	uint64_t at = vma->start;
	int err = take_bss(c, i, &at);

	/* a heap first: its neighbour's reserve may look like a stack's guard */
	if (!err && at == vma->start)
		err = take_heap(c, i, &at);
	if (!err && at == vma->start)
		err = take_stack(c, i, &at);
	while (!err && at < vma->end) {
		uint64_t before = at;

		err = take_heap(c, i, &at);
		if (!err && at == before)
			err = take_chunks(c, vma, &at);
		if (!err && at == before)
			err = take_rest(c, vma, &at);
	}
	return err;
}

/* Inaccessible: the reserve of the heap below it, a guard, or both. */
static int classify_guard(struct classifier *c, const struct pw_piece *vma)
{
	uint64_t at = vma->start;
	int err = 0;

	if (vma->start < c->heap_end) {
		at = c->heap_end < vma->end ? c->heap_end : vma->end;
		err = emit(c, vma, vma->start, at, PW_SEG_ARENA, c->heap_name);
	}
	if (!err && at < vma->end)
		err = emit(c, vma, at, vma->end, PW_SEG_GUARD, "");
	return err;
}

static int classify_all(struct classifier *c)
{
	int err = 0;

	for (size_t i = 0; i < c->in->vmas->count && !err; i++) {
		const struct pw_piece *vma = &c->in->vmas->pieces[i];

		if (!pw_piece_is_plain(vma))
			err = classify_named(c, i);
		else if (is_guard(vma))
			err = classify_guard(c, vma);
		else if (vma->perms & PW_PERM_W)
			err = classify_writable(c, i);
		else
			err = emit(c, vma, vma->start, vma->end, PW_SEG_ANON, "");
	}
	return err;
}

int pw_classify(const struct pw_classify_input *in, struct pw_layout *ret)
{
	struct classifier c = {
		.in = in,
		.out = ret,
		.search_left = SEARCH_PAGES * in->page_size,
		.memory = {
			.pid = in->fs->root[0] ? 0 : in->pid,
			.pagemap = in->pagemap,
			.meter = in->meter,
			.budget = LOOKS_MAX,
			.page_size = in->page_size,
		},
	};
	int err = collect_executable_files(&c);

	read_program(&c);
	read_stack_limit(&c);
	if (c.has_image && !c.image.wide)
		c.memory.pid = 0; /* glibc's layout is another one there */
	if (!err)
		err = classify_all(&c);
	pw_hash_deinit(&c.executable_files);
	return err;
}
