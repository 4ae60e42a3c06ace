// SPDX-License-Identifier: GPL-2.0-or-later
/* What belongs to Pagewarden itself: the module, the daemon, its history. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/procfs.h"
#include "user/base/text.h"
#include "user/cmd/probe.h"
#include "user/source/http_client.h"
#include "user/source/module_device.h"

#define FOUND(...) snprintf(found, PW_PROBE_FOUND, __VA_ARGS__)
#define DAEMON_TIMEOUT_MS 2000

/* Whether it is there though its device can't be opened. */
static bool module_is_loaded(void)
{
	return access("/sys/module/pagewarden", F_OK) == 0;
}

static void read_version(char *out, size_t size)
{
	struct pw_procfs fs;

	out[0] = '\0';
	pw_procfs_init(&fs, NULL);
	pw_procfs_read_path(&fs, "sys/module/pagewarden/version", out, size, NULL);
	out[strcspn(out, "\n")] = '\0';
}

static int check_module(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	char version[32], used[PW_SIZE_TEXT], max[PW_SIZE_TEXT];
	pw_auto_close int fd = -1;
	struct pw_error err = { 0 };
	struct pw_dev_info info;
	int rc = pw_module_open(&fd, &err);

	(void)ctx;
	rc = rc ? rc : pw_module_info(fd, &info);
	if (rc == -ENOENT) {
		FOUND("not loaded");
		return rc;
	}
	if (rc) {
		FOUND("%s%.120s", module_is_loaded() ? "loaded, but " : "", err.what);
		return rc;
	}
	read_version(version, sizeof(version));
	FOUND("%s%s%sabi %u; %" PRIu64 " of %" PRIu64 " watches, %s of %s watched",
	      version[0] ? "version " : "", version, version[0] ? ", " : "", info.abi,
	      (uint64_t)info.watches, (uint64_t)info.watches_max,
	      pw_text_size(info.watched_bytes, used), pw_text_size(info.watched_bytes_max, max));
	return 0;
}

static int check_daemon(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct pw_http_body body;
	struct pw_error err = { 0 };
	int rc;

	if (strcmp(ctx->socket_path, "none") == 0) {
		FOUND("not asked");
		return -ENOENT;
	}
	rc = pw_http_get(ctx->socket_path, "/v1/status", DAEMON_TIMEOUT_MS, &body, &err);
	if (rc == -ENOENT || rc == -ECONNREFUSED) {
		FOUND("does not run");
		return rc;
	}
	if (rc) {
		FOUND("%.150s", err.what);
		return rc;
	}
	close(body.fd);
	FOUND("answers at %.120s", ctx->socket_path);
	return 0;
}

static int check_history(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	char path[PATH_MAX], copy[PATH_MAX];
	const char *folder;

	snprintf(path, sizeof(path), "%s", ctx->history_path);
	snprintf(copy, sizeof(copy), "%s", ctx->history_path);
	folder = dirname(copy);
	/* SQLite keeps its log beside the file, so that the folder counts as well */
	if (access(folder, W_OK | X_OK)) {
		FOUND("%.100s: %.50s", folder, strerror(errno));
		return -errno;
	}
	if (access(path, F_OK) == 0 && access(path, R_OK | W_OK)) {
		FOUND("%.100s: %.50s", path, strerror(errno));
		return -errno;
	}
	FOUND("%.100s is writable", folder);
	return 0;
}

const struct pw_probe pw_probes_own[] = {
	{ "module", check_module, PW_DOCTOR_ABSENT,
	  "no proof that released secrets were wiped, no verified wipe, no secret arena; "
	  "the rest works",
	  "load it: modprobe pagewarden; its device is root's and the group pagewarden's" },
	{ "daemon", check_daemon, PW_DOCTOR_ABSENT,
	  "no history; each command starts its own collection", "systemctl enable --now pagewarden" },
	{ "history", check_history, PW_DOCTOR_ABSENT, "no history can be kept",
	  "the daemon's unit makes the folder; or mkdir /var/lib/pagewarden as root" },
	{ NULL },
};
