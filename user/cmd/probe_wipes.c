// SPDX-License-Identifier: GPL-2.0-or-later
/* What of wipes can be seen here: by observing them for a moment, and by what the kernel clears itself. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "user/base/cleanup.h"
#include "user/base/procfs.h"
#include "user/cmd/probe.h"
#include "user/model/model.h"
#include "user/source/source.h"

#define FOUND(...) snprintf(found, PW_PROBE_FOUND, __VA_ARGS__)

/* ---- one trial for all rows ------------------------------------------------------- */

struct trial {
	bool done;
	int error;
	char what[PW_PROBE_FOUND]; /* of the error */
	uint32_t coverage;
	char libraries[PW_PROBE_FOUND];
	unsigned int functions, refused;
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "libc.so.6 (2), libcrypto.so.3 (1)": the probes of one file stand together. */
static void name_libraries(struct trial *t, const struct pw_wipe_ledger *l)
{
	size_t used = 0;

	for (size_t i = 0; i < l->probe_count; i++) {
		const struct pw_wipe_probe_row *p = &l->probes[i];
		unsigned int in_file = 0;
		bool first = true;

		t->functions += !p->probe.error;
		t->refused += p->probe.error != 0;
		for (size_t k = 0; k < l->probe_count; k++) {
			if (strcmp(l->probes[k].path, p->path) || l->probes[k].probe.error)
				continue;
			first &= k >= i;
			in_file++;
		}
		if (p->probe.error || !first || !*p->path || used >= sizeof(t->libraries))
			continue;
		used += (size_t)snprintf(t->libraries + used, sizeof(t->libraries) - used,
					 "%s%s (%u)", used ? ", " : "", base_name(p->path), in_file);
	}
}

static int observe(struct trial *t)
{
	const struct pw_source_options opt = {
		.no_ledger = true,
		.no_seed = true,
		.wipes = { .on = true, .pid = (uint32_t)getpid() },
	};
	struct pw_source *source = NULL;
	struct pw_model *m = NULL;
	struct pw_error err = { 0 };
	int rc = pw_model_create(NULL, &m);

	rc = rc ? rc : pw_source_bpf_create(&opt, &source, &err);
	rc = rc ? rc : pw_source_collect(source, pw_model_ingest, m, &err);
	if (!rc) {
		t->coverage = m->machine.coverage;
		name_libraries(t, &m->wipes);
	}
	snprintf(t->what, sizeof(t->what), "%.150s", err.what);
	pw_source_destroy(source);
	pw_model_destroy(m);
	return rc;
}

static const struct trial *try_once(void)
{
	static struct trial trial;

	if (!trial.done) {
		trial.error = observe(&trial);
		trial.done = true;
	}
	return &trial;
}

static int check_functions(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	const struct trial *t = try_once();

	(void)ctx;
	if (t->error) {
		FOUND("%.150s", t->what);
		return t->error;
	}
	if (!(t->coverage & PW_COVER_WIPES) || !t->functions) {
		FOUND("none was found that can be observed");
		return -ENOENT;
	}
	FOUND("%u in %.130s", t->functions, t->libraries);
	return 0;
}

static int check_kernel(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	const struct trial *t = try_once();

	(void)ctx;
	if (t->error)
		return t->error;
	FOUND("%s", t->coverage & PW_COVER_WIPES_KERNEL ?
			    "kfree_sensitive and kvfree_sensitive are observed" :
			    "neither fentry nor a kprobe loads");
	return t->coverage & PW_COVER_WIPES_KERNEL ? 0 : -EOPNOTSUPP;
}

/* ---- memory that nobody else may read ------------------------------------------------- */

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static int check_memfd_secret(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int fd = (int)syscall(SYS_memfd_secret, 0);

	(void)ctx;
	if (fd >= 0)
		return 0;
	FOUND(errno == ENOSYS ? "switched off, or not built in" : "%s", strerror(errno));
	return -errno;
}

/* ---- what the kernel clears itself ------------------------------------------------------ */

/* A line "CONFIG_NAME=y" of the kernel's configuration: 1, 0, or -ENOENT; *where: the file. */
static int built_in(const char *name, char *where, size_t size)
{
	struct utsname host;
	char line[256], boot[sizeof(host.release) + 16];
	const char *const places[] = { "/proc/config.gz", boot };
	size_t len = strlen(name);

	uname(&host);
	snprintf(boot, sizeof(boot), "/boot/config-%s", host.release);
	for (size_t i = 0; i < 2; i++) {
		gzFile f = gzopen(places[i], "re"); /* reads plain text too */
		int value = 0;

		if (!f)
			continue;
		while (gzgets(f, line, sizeof(line)))
			value |= strncmp(line, name, len) == 0 && strncmp(line + len, "=y", 2) == 0;
		gzclose(f);
		snprintf(where, size, "%s", places[i]);
		return value;
	}
	return -ENOENT;
}

/* A word "name=VALUE" of the command line; the last counts. 1, 0, or -ENOENT. */
static int at_boot(const char *name)
{
	char line[8192] = "", *rest = line, *word;
	size_t len = strlen(name);
	struct pw_procfs fs;
	int value = -ENOENT;

	pw_procfs_init(&fs, NULL);
	pw_procfs_read_path(&fs, "proc/cmdline", line, sizeof(line), NULL);
	while ((word = strsep(&rest, " \n"))) {
		if (strncmp(word, name, len) || word[len] != '=')
			continue;
		/* as the kernel's strtobool */
		value = strchr("1yYtT", word[len + 1]) != NULL && word[len + 1];
		if (word[len + 1] == 'o')
			value = word[len + 2] == 'n';
	}
	return value;
}

static int check_init(const char *parameter, const char *config, char found[PW_PROBE_FOUND])
{
	char where[128] = "";
	int on = at_boot(parameter);

	if (on >= 0) {
		FOUND("%s, by the boot command line", on ? "on" : "off");
		return on ? 0 : -ENOENT;
	}
	on = built_in(config, where, sizeof(where));
	if (on < 0)
		FOUND("not known: not on the boot command line, and the kernel's configuration "
		      "is not to be found");
	else
		FOUND("%s, as built (%.100s)", on ? "on" : "off", where);
	return on > 0 ? 0 : -ENOENT;
}

static int check_init_on_free(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	return check_init("init_on_free", "CONFIG_INIT_ON_FREE_DEFAULT_ON", found);
}

static int check_init_on_alloc(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	return check_init("init_on_alloc", "CONFIG_INIT_ON_ALLOC_DEFAULT_ON", found);
}

const struct pw_probe pw_probes_wipes[] = {
	{ "wipe-functions", check_functions, PW_DOCTOR_MISSING,
	  "calls of wipe functions (explicit_bzero, OPENSSL_cleanse, ...) are not seen",
	  "run as root, or give CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE; see uprobes above" },
	{ "kernel-wipes", check_kernel, PW_DOCTOR_ABSENT,
	  "wipes inside the kernel (kfree_sensitive, kvfree_sensitive) are not seen",
	  "a kernel that allows fentry or kprobes" },
	{ "memfd-secret", check_memfd_secret, PW_DOCTOR_ABSENT,
	  "without the module, libpagewarden keeps secrets in locked memory that root can read",
	  "boot with secretmem.enable=1, on a kernel with CONFIG_SECRETMEM" },
	{ "init-on-free", check_init_on_free, PW_DOCTOR_ABSENT,
	  "what a program did not wipe stays in free pages until they are used again",
	  "boot with init_on_free=1; every page that is freed is then written" },
	{ "init-on-alloc", check_init_on_alloc, PW_DOCTOR_ABSENT,
	  "kernel code may see what was left in pages and objects that it allocates",
	  "boot with init_on_alloc=1" },
	{ NULL },
};
