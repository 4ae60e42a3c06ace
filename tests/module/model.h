/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of one process with watched memory and of its children: which page is
 * where, what is in it byte by byte, who shares it, which watch holds it. Each
 * step changes the model first and says which records the module must deliver;
 * the step itself is somebody else's.
 *
 * The rules are those of pagewarden.h's prose and of the kernel's own: a fork
 * shares private pages, but copies those that are pinned; a write to a shared
 * page moves the writer to a copy; the last one that has a page keeps it.
 */
#ifndef TESTS_MODULE_MODEL_H
#define TESTS_MODULE_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/module/device.h"

#define MODEL_PAGE 4096u
#define MODEL_AREAS 4u
#define MODEL_AREA_PAGES 8u
#define MODEL_PAGES (MODEL_AREAS * MODEL_AREA_PAGES)
#define MODEL_BASE 0x200000000000ull
#define MODEL_STRIDE 0x40000000ull /* between areas */
#define MODEL_CHILDREN 2u
#define MODEL_WATCHES 4u
#define MODEL_FRAMES 256u
#define MODEL_CAUSES 10u

#define NO_FRAME (-1)
#define IN_SWAP (1 << 16) /* a page's frame is in swap: frame | IN_SWAP */

/* One page's contents, wherever it is: a bit for each byte that is not 0. */
struct model_frame {
	uint64_t dirty[MODEL_PAGE / 64];
	uint16_t mapped; /* by so many processes */
	uint16_t held; /* by so many watches */
};

struct model_page {
	bool mapped; /* there is a mapping */
	int frame; /* or NO_FRAME */
};

struct model_sums {
	uint64_t clean, dirty, mapped, swapped, copied, held, unknown, scrubbed;
	uint64_t dirty_bytes, first_dirty;
	bool any;
};

struct model_watch {
	bool live;
	uint64_t id, start, end;
	uint32_t flags;
	bool held[MODEL_PAGES]; /* pinned by this watch */
	struct model_sums now[MODEL_CAUSES]; /* RELEASED of this step, by cause */
	struct model_sums life;
	bool shared[MODEL_PAGES]; /* SHARED must tell of these in this step */
};

struct model_child {
	bool alive;
	struct model_page pages[MODEL_PAGES];
};

struct model {
	struct model_frame frames[MODEL_FRAMES];
	struct model_page pages[MODEL_PAGES];
	struct model_child children[MODEL_CHILDREN];
	struct model_watch watches[MODEL_WATCHES];
};

enum model_way { MODEL_GOES, MODEL_MOVES, MODEL_COPIES, MODEL_SWAPS };

void model_init(struct model *m);
uint64_t model_address(unsigned int page);

/* Forgets what was expected of the last step. */
void model_step(struct model *m);

void model_map(struct model *m, unsigned int page); /* fresh memory; what was there goes */
void model_unmap(struct model *m, unsigned int page);
void model_discard(struct model *m, unsigned int page);
void model_move(struct model *m, unsigned int from, unsigned int to);
/* Bytes [from, to) of the page become 0 or not 0; it comes, or is copied, first. */
void model_write(struct model *m, unsigned int page, unsigned int from, unsigned int to, bool dirty);
/* Reading: only what is in swap comes back. */
void model_read(struct model *m, unsigned int page);
void model_swapped(struct model *m, unsigned int page); /* it went to swap */

void model_fork(struct model *m, unsigned int child);
void model_child_write(struct model *m, unsigned int child, unsigned int page);
void model_child_unmap(struct model *m, unsigned int child, unsigned int page);
void model_child_exit(struct model *m, unsigned int child);

/* HOLD brings the pages in, and copies what is shared. */
void model_watch(struct model *m, unsigned int watch, uint64_t start, uint64_t end, uint32_t flags);
/* The sums that ENDED must tell: its life, and what is there now. */
struct model_sums model_unwatch(struct model *m, unsigned int watch);
/* The process ends: everything goes by `cause`; the sums of each watch are in its life. */
void model_end(struct model *m, uint32_t cause);

/* May the page be shared, in swap, or held? */
bool model_is_shared(const struct model *m, unsigned int page);
bool model_is_held(const struct model *m, unsigned int page);
bool model_is_present(const struct model *m, unsigned int page);
bool model_is_dirty(const struct model *m, unsigned int page, unsigned int byte);
/* The pages of a watch: [*first, *last). */
void model_watch_pages(const struct model_watch *w, unsigned int *first, unsigned int *last);

#endif
