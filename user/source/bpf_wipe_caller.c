// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel side could not say about a call: the caller's file and
 * function, and what kind of memory was wiped. Places are looked up once and
 * kept; looking takes at most a fifth of the time, after a reserve for bursts,
 * and what is not found by then stays unsaid in that record.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/key.h"
#include "user/source/bpf_wipe.h"
#include "user/symbol/symbol.h"

#define PLACES 4096u /* a power of two */
#define KERNEL_PLACES 256u /* a power of two */
#define SYMBOL_MAX 128
#define PATH_LIMIT 4096
#define SHARE 5 /* of the time, for looking */
#define RESERVE_NS (500 * PW_NSEC_PER_MSEC) /* of looking, for bursts of new places */
#define MAPS_AGAIN_NS PW_NSEC_PER_SEC /* the list of one process, for an address in no file */
#define LAYOUTS 16u
#define LAYOUT_FRESH_NS PW_NSEC_PER_SEC
#define REGIONS_MAX 65536u

/* Where in a file a call was made from, and what is known of it. */
struct place {
	uint32_t file; /* its number; 0: empty */
	bool jumped;
	uint64_t offset;
	uint64_t symbol_offset;
	char symbol[SYMBOL_MAX];
};

struct region {
	uint64_t start, end;
	uint16_t kind;
};

/* One process's address space, as it was classified. */
struct layout {
	struct pw_key key;
	uint64_t taken_ns;
	struct region *regions;
	size_t count, room;
};

struct pw_wipe_callers {
	struct place places[PLACES];
	struct pw_wipe_kernel_place kernel[KERNEL_PLACES];
	struct layout layouts[LAYOUTS];
	uint64_t budget_ns; /* of looking */
	uint64_t budget_at_ns; /* when it was counted */
	union {
		struct pw_wipe wipe;
		struct pw_release release;
		uint8_t bytes[sizeof(struct pw_release) + PATH_LIMIT + SYMBOL_MAX];
	} out;
};

int pw_wipe_callers_create(struct pw_wipe_callers **ret)
{
	struct pw_wipe_callers *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->budget_ns = RESERVE_NS;
	c->budget_at_ns = pw_clock_boot_ns();
	*ret = c;
	return 0;
}

void pw_wipe_callers_destroy(struct pw_wipe_callers *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < LAYOUTS; i++)
		free(c->layouts[i].regions);
	free(c);
}

static bool may_look(struct pw_wipe_callers *c)
{
	const uint64_t now = pw_clock_boot_ns();

	c->budget_ns += (now - c->budget_at_ns) / SHARE;
	if (c->budget_ns > RESERVE_NS)
		c->budget_ns = RESERVE_NS;
	c->budget_at_ns = now;
	return c->budget_ns > 0;
}

/* A look that began at `before`. */
static void account(struct pw_wipe_callers *c, uint64_t before)
{
	const uint64_t took = pw_clock_boot_ns() - before;

	c->budget_ns = took < c->budget_ns ? c->budget_ns - took : 0;
}

/* ---- where the call was made -------------------------------------------------------- */

#define CALL_DIRECT 5 /* bytes of `call rel32` */

static bool is_own_function(const struct pw_wipe_file *file, uint64_t offset)
{
	for (size_t i = 0; i < file->link_count; i++)
		if (file->links[i].offset == offset)
			return true;
	return false;
}

/* endbr64 or not, then `jmp *address(%rip)` with or without the bnd prefix. */
static bool is_linkage_stub(const uint8_t code[16])
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = memcmp(code, endbr, sizeof(endbr)) == 0 ? sizeof(endbr) : 0;

	if (code[at] == 0xf2)
		at++;
	return code[at] == 0xff && code[at + 1] == 0x25;
}

/*
 * Whether a function that the caller called jumped on to the wipe function: a
 * direct call, but neither of the wipe function nor of its linkage stub. Code of one
 * segment keeps its distances in the file.
 */
static bool was_jumped_to(const struct pw_wipe_file *file, int fd, uint64_t offset)
{
	uint8_t call[CALL_DIRECT], code[16];
	int32_t distance;
	uint64_t target;

	if (offset < CALL_DIRECT ||
	    pread(fd, call, sizeof(call), (off_t)(offset - CALL_DIRECT)) != sizeof(call) ||
	    call[0] != 0xe8)
		return false;
	memcpy(&distance, call + 1, sizeof(distance));
	target = offset + (uint64_t)(int64_t)distance;
	if (is_own_function(file, target) || target > INT64_MAX)
		return false;
	return pread(fd, code, sizeof(code), (off_t)target) == sizeof(code) && !is_linkage_stub(code);
}

static void look_up(struct place *place, const struct pw_wipe_file *file, uint32_t pid)
{
	pw_auto_close int fd = pw_wipe_file_open(file, pid), debug_fd = -1;
	uint64_t at;

	if (fd < 0)
		return;
	debug_fd = pw_symbol_open_debug(fd);
	/* of the call: what follows it may be another function's */
	if (place->offset && pw_symbol_at(fd, debug_fd, place->offset - 1, place->symbol,
					  sizeof(place->symbol), &at) == 0)
		place->symbol_offset = at + 1;
	else
		place->symbol[0] = '\0';
	place->jumped = was_jumped_to(file, fd, place->offset);
}

/* NULL: not known, and no time to look now. */
static const struct place *find_place(struct pw_wipe_callers *c, const struct pw_wipe_file *file,
				      uint64_t offset, uint32_t pid)
{
	const uint64_t hash = pw_hash_mix(offset ^ (uint64_t)file->number << 40);
	struct place *place = &c->places[hash & (PLACES - 1)];
	uint64_t before;

	if (place->file == file->number && place->offset == offset)
		return place;
	if (!may_look(c))
		return NULL;
	before = pw_clock_boot_ns();
	*place = (struct place){ .file = file->number, .offset = offset };
	look_up(place, file, pid);
	account(c, before);
	return place;
}

struct answer {
	const char *path, *symbol;
	uint64_t offset, symbol_offset;
	bool jumped;
};

static const struct pw_wipe_mapping *find_mapping(struct pw_wipes *w, uint32_t pid, uint64_t address)
{
	const struct pw_wipe_mapping *m = pw_wipe_space_find(w, pid, address);

	if (!m && w->follow) {
		/*
		 * It began after the mappings were taken in and before its call was read from
		 * the ring. Perf knows, also when it has ended since.
		 */
		pw_wipe_follow_drain(w, w->follow);
		m = pw_wipe_space_find(w, pid, address);
	}
	if (m || !pw_wipe_space_stale(w, pid, MAPS_AGAIN_NS))
		return m;
	pw_wipe_space_read(w, pid);
	return pw_wipe_space_find(w, pid, address);
}

static void find_caller(struct pw_wipes *w, uint32_t pid, uint64_t address, struct answer *ret)
{
	const struct pw_wipe_mapping *m = address ? find_mapping(w, pid, address) : NULL;
	const struct place *place;

	*ret = (struct answer){ .path = "", .symbol = "" };
	if (!m)
		return;
	ret->path = m->file->path;
	ret->offset = address - m->start + m->offset;
	place = find_place(w->callers, m->file, ret->offset, pid);
	if (!place)
		return;
	ret->symbol = place->symbol;
	ret->symbol_offset = place->symbol_offset;
	ret->jumped = place->jumped;
}

static void find_kernel_caller(struct pw_wipes *w, uint64_t address, struct answer *ret)
{
	struct pw_wipe_kernel_place *place =
		&w->callers->kernel[pw_hash_mix(address) & (KERNEL_PLACES - 1)];
	uint64_t before;

	*ret = (struct answer){ .path = "", .symbol = "" };
	if (!address)
		return;
	if (place->address != address) {
		if (!may_look(w->callers))
			return;
		before = pw_clock_boot_ns();
		pw_wipe_kernel_place(w, address, place);
		account(w->callers, before);
	}
	ret->path = place->file;
	ret->symbol = place->symbol;
	ret->offset = place->offset;
	ret->symbol_offset = place->symbol_offset;
}

/* ---- what was wiped -------------------------------------------------------------------- */

static int add_region(void *ctx, const struct pw_record *rec)
{
	const struct pw_segment *s = (const void *)rec;
	struct layout *l = ctx;

	if (rec->type != PW_REC_SEGMENT || !s->vmas || l->count == REGIONS_MAX)
		return 0;
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 128;
		struct region *more = reallocarray(l->regions, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->regions = more;
		l->room = room;
	}
	l->regions[l->count++] = (struct region){ s->start, s->end, (uint16_t)s->kind };
	return 0;
}

static uint16_t kind_in(const struct layout *l, uint64_t address)
{
	for (size_t i = 0; i < l->count; i++)
		if (address >= l->regions[i].start && address < l->regions[i].end)
			return l->regions[i].kind;
	return PW_SEG_KINDS;
}

/* The place of a process's layout: its own, else the oldest. */
static struct layout *layout_of(struct pw_wipe_callers *c, const struct pw_key *key)
{
	struct layout *oldest = &c->layouts[0];

	for (size_t i = 0; i < LAYOUTS; i++) {
		if (pw_key_same(&c->layouts[i].key, key))
			return &c->layouts[i];
		if (c->layouts[i].taken_ns < oldest->taken_ns)
			oldest = &c->layouts[i];
	}
	return oldest;
}

static uint16_t find_kind(struct pw_wipes *w, const struct pw_key *key, uint64_t address)
{
	struct layout *l = layout_of(w->callers, key);
	const uint64_t now = pw_clock_boot_ns();
	struct pw_error err;

	if (pw_key_same(&l->key, key) && now < l->taken_ns + LAYOUT_FRESH_NS) {
		uint16_t kind = kind_in(l, address);

		if (kind != PW_SEG_KINDS)
			return kind;
	}
	if (!may_look(w->callers))
		return PW_SEG_KINDS;
	l->count = 0;
	l->key = *key;
	l->taken_ns = now;
	if (pw_address_space_scan(&w->b->fs, w->b->coverage & PW_COVER_VMA_ITER ? &w->b->vmas : NULL,
				  key, PW_SEGMENT_EACH_VMA | PW_SEGMENT_LAYOUT, add_region, l, &err))
		l->count = 0;
	account(w->callers, now);
	return kind_in(l, address);
}

/* ---- records ------------------------------------------------------------------------------ */

/* Sets the strings behind a record of `head` bytes; its new size. */
static uint16_t append(uint8_t *bytes, size_t head, const struct answer *a, uint16_t *ret_file,
		       uint16_t *ret_symbol)
{
	const size_t file = strnlen(a->path, PATH_LIMIT - 8), symbol = strlen(a->symbol);
	const size_t size = (head + file + symbol + 7) & ~(size_t)7;

	memset(bytes + head, 0, size - head);
	memcpy(bytes + head, a->path, file);
	memcpy(bytes + head + file, a->symbol, symbol);
	*ret_file = (uint16_t)file;
	*ret_symbol = (uint16_t)symbol;
	return (uint16_t)size;
}

const struct pw_record *pw_wipe_complete(struct pw_wipes *w, const struct pw_wipe *wipe)
{
	const bool kernel = wipe->reason == PW_UNSEEN_KERNEL;
	struct pw_wipe *out = &w->callers->out.wipe;
	struct answer a;

	if (kernel)
		find_kernel_caller(w, wipe->caller, &a);
	else
		find_caller(w, wipe->key.pid, wipe->caller, &a);
	*out = *wipe;
	out->caller_offset = a.offset;
	out->symbol_offset = a.symbol_offset;
	if (a.jumped)
		out->flags |= PW_WIPE_JUMPED;
	if (out->segment_kind == PW_SEG_KINDS && !kernel)
		out->segment_kind = find_kind(w, &wipe->key, wipe->address);
	out->rec.size =
		append(w->callers->out.bytes, sizeof(*out), &a, &out->file_len, &out->symbol_len);
	return &out->rec;
}

const struct pw_record *pw_wipe_complete_release(struct pw_wipes *w, const struct pw_release *release)
{
	struct pw_release *out = &w->callers->out.release;
	struct answer a;

	find_caller(w, release->key.pid, release->caller, &a);
	*out = *release;
	out->caller_offset = a.offset;
	out->symbol_offset = a.symbol_offset;
	if (out->segment_kind == PW_SEG_KINDS)
		out->segment_kind = find_kind(w, &release->key, release->address);
	out->rec.size =
		append(w->callers->out.bytes, sizeof(*out), &a, &out->file_len, &out->symbol_len);
	return &out->rec;
}
