// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's side: probes on its own wipe functions, its callers' names, and
 * the module's tracepoints.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/wipe.skel.h"
#include "user/base/cleanup.h"
#include "user/source/bpf_wipe.h"

#define KERNEL_NAME "[kernel]"

/* ---- probes ------------------------------------------------------------------------- */

static const struct pw_wipe_target kernel_targets[] = {
	{ "kfree_sensitive", PW_WIPE_KFREE_SENSITIVE },
	{ "kvfree_sensitive", PW_WIPE_KVFREE_SENSITIVE },
};

static int attach_kprobe(struct bpf_program *prog, struct bpf_link **ret)
{
	if (bpf_program__fd(prog) < 0)
		return EOPNOTSUPP;
	*ret = bpf_program__attach(prog);
	return *ret ? 0 : errno;
}

void pw_wipe_kernel_attach(struct pw_wipes *w)
{
	struct bpf_program *programs[] = { w->skel->progs.wipe_kfree_sensitive,
					   w->skel->progs.wipe_kvfree_sensitive };

	for (size_t i = 0; i < PW_WIPE_KERNEL_LINKS; i++) {
		struct pw_wipe_link *link = &w->kernel.links[i];

		*link = (struct pw_wipe_link){ .target = &kernel_targets[i] };
		link->error = attach_kprobe(programs[i], &link->enter);
		if (!link->error)
			w->b->coverage |= PW_COVER_WIPES_KERNEL;
	}
	w->kernel.link_count = PW_WIPE_KERNEL_LINKS;
	w->untold = true;
}

void pw_wipe_kernel_detach(struct pw_wipes *w)
{
	for (size_t i = 0; i < w->kernel.link_count; i++)
		bpf_link__destroy(w->kernel.links[i].enter);
	bpf_link__destroy(w->module_secret);
	bpf_link__destroy(w->module_wipe);
}

/* ---- the module ------------------------------------------------------------------------ */

bool pw_wipe_module_attach(struct pw_wipes *w)
{
	if (w->module_secret || access("/sys/module/pagewarden", F_OK) ||
	    bpf_program__fd(w->skel->progs.module_secret) < 0)
		return w->module_secret;
	w->module_secret =
		bpf_program__attach_raw_tracepoint(w->skel->progs.module_secret, "pw_secret");
	if (w->module_secret)
		w->module_wipe =
			bpf_program__attach_raw_tracepoint(w->skel->progs.module_wipe, "pw_wipe");
	return w->module_secret;
}

/* ---- callers in the kernel ---------------------------------------------------------------- */

struct nearest {
	uint64_t address; /* that is looked for */
	uint64_t symbol; /* the closest below it */
	uint64_t text; /* where the kernel's code begins */
	uint64_t module_start; /* of the module that has the symbol: its lowest */
	char name[PW_WIPE_KERNEL_NAME];
	char module[PW_WIPE_KERNEL_NAME]; /* with brackets; "": none */
};

/* "ADDRESS TYPE NAME[\t[MODULE]]" */
static void take_symbol(struct nearest *n, const char *line)
{
	char name[PW_WIPE_KERNEL_NAME], module[PW_WIPE_KERNEL_NAME] = "", type;
	uint64_t at;

	if (sscanf(line, "%" SCNx64 " %c %63s %63s", &at, &type, name, module) < 3 || !at)
		return;
	if (strcmp(name, "_text") == 0)
		n->text = at;
	if ((type != 't' && type != 'T') || at > n->address || at <= n->symbol)
		return;
	n->symbol = at;
	memcpy(n->name, name, sizeof(n->name));
	memcpy(n->module, module, sizeof(n->module));
}

static int each_line(const struct pw_wipes *w, void (*take)(struct nearest *, const char *),
		     struct nearest *n)
{
	pw_auto_fclose FILE *f = pw_procfs_fopen_path(&w->b->fs, "/proc/kallsyms");
	char line[512];

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		take(n, line);
	return 0;
}

static void take_module_start(struct nearest *n, const char *line)
{
	char name[PW_WIPE_KERNEL_NAME], module[PW_WIPE_KERNEL_NAME] = "", type;
	uint64_t at;

	if (sscanf(line, "%" SCNx64 " %c %63s %63s", &at, &type, name, module) == 4 &&
	    strcmp(module, n->module) == 0 && (!n->module_start || at < n->module_start))
		n->module_start = at;
}

void pw_wipe_kernel_place(const struct pw_wipes *w, uint64_t address, struct pw_wipe_kernel_place *ret)
{
	struct nearest n = { .address = address - 1 }; /* of the call */

	*ret = (struct pw_wipe_kernel_place){ .address = address };
	if (each_line(w, take_symbol, &n) || !n.symbol)
		return; /* kptr_restrict hides them */
	if (n.module[0])
		each_line(w, take_module_start, &n);
	memcpy(ret->symbol, n.name, sizeof(ret->symbol));
	memcpy(ret->file, n.module[0] ? n.module : KERNEL_NAME,
	       n.module[0] ? sizeof(n.module) : sizeof(KERNEL_NAME));
	ret->symbol_offset = address - n.symbol;
	ret->offset = address - (n.module[0] ? n.module_start : n.text);
}
