// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/daemon/config_value.h"
#include "user/daemon/listen_tcp.h"

#define FILE_MAX_BYTES 65536

static const struct pw_daemon_config defaults = {
	.socket_path = PW_DAEMON_SOCKET,
	.history_path = PW_DAEMON_HISTORY,
	.group = "pagewarden",
	.interval_ns = 2 * PW_NSEC_PER_SEC,
	.flush_ns = 10 * PW_NSEC_PER_SEC,
	.history_max_bytes = 256ull << 20,
	.trends = true,
	.time_scale = 1,
	.alert = {
		.exec_timeout_ns = 30 * PW_NSEC_PER_SEC,
		.refresh_ns = 60 * PW_NSEC_PER_SEC,
		.spool_max = 1024,
		.rate = 60,
	},
	.metrics_groups = 200,
};

/* ---- keys ------------------------------------------------------------------------ */

#define KEY(name) static int key_##name(struct pw_daemon_config *c, const char *v, const char **why)

KEY(interval)
{
	return pw_config_duration(&c->interval_ns, v, PW_NSEC_PER_SEC / 10, 3600 * PW_NSEC_PER_SEC,
				  why);
}

KEY(flush_interval)
{
	return pw_config_duration(&c->flush_ns, v, PW_NSEC_PER_SEC, 3600 * PW_NSEC_PER_SEC, why);
}

KEY(socket)
{
	if (!v[0]) {
		*why = "empty";
		return -EINVAL;
	}
	return pw_config_path(c->socket_path, sizeof(c->socket_path), v, why);
}

KEY(group)
{
	if (!v[0] || strlen(v) >= sizeof(c->group)) {
		*why = "not a group's name";
		return -EINVAL;
	}
	snprintf(c->group, sizeof(c->group), "%s", v);
	return 0;
}

KEY(history_path)
{
	return pw_config_path(c->history_path, sizeof(c->history_path), v, why);
}

KEY(history_max_size)
{
	return pw_config_size(&c->history_max_bytes, v, 1ull << 20, 1ull << 40, why);
}

KEY(sample_every)
{
	uint32_t n;
	int r = pw_config_number(&n, v, 1, 1024, why);

	if (!r && (n & (n - 1))) {
		*why = "not a power of two";
		return -EINVAL;
	}
	if (!r)
		c->source.sample_every = n;
	return r;
}

KEY(process_capacity)
{
	return pw_config_number(&c->source.process_capacity, v, 64, 1u << 20, why);
}

KEY(ring_size)
{
	uint64_t bytes;
	int r = pw_config_size(&bytes, v, 4096, 1ull << 30, why);

	if (!r && (bytes & (bytes - 1))) {
		*why = "not a power of two";
		return -EINVAL;
	}
	if (!r)
		c->source.ring_bytes = bytes;
	return r;
}

KEY(vm_calls)
{
	static const char *const words[] = { "auto", "off", "syscall" };
	static const enum pw_vm_calls values[] = { PW_VM_CALLS_AUTO, PW_VM_CALLS_OFF,
						   PW_VM_CALLS_SYSCALL };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(v, words[i]) == 0) {
			c->source.vm_calls = values[i];
			return 0;
		}
	}
	*why = "none of auto, off, syscall";
	return -EINVAL;
}

KEY(seed)
{
	return pw_config_yes_no(&c->source.no_seed, v, false, why);
}

KEY(ledger)
{
	return pw_config_yes_no(&c->source.no_ledger, v, false, why);
}

KEY(wipes)
{
	return pw_config_on_off(&c->source.wipes.on, v, why);
}

KEY(wipes_cgroup)
{
	return pw_config_path(c->wipes_cgroup, sizeof(c->wipes_cgroup), v, why);
}

KEY(wipes_releases)
{
	return pw_config_yes_no(&c->source.wipes.releases, v, true, why);
}

KEY(wipes_read_back)
{
	uint64_t bytes;
	int r = pw_config_size(&bytes, v, 1, 1ull << 30, why);

	if (!r)
		c->source.wipes.read_back_bytes = (uint32_t)bytes;
	return r;
}

KEY(trends)
{
	return pw_config_on_off(&c->trends, v, why);
}

KEY(time_scale)
{
	char *end;
	double scale;

	errno = 0;
	scale = strtod(v, &end);
	if (errno || !isdigit((unsigned char)v[0]) || *end || !(scale >= 1 && scale <= 3600)) {
		*why = "not a number in range";
		return -EINVAL;
	}
	c->time_scale = scale;
	return 0;
}

static const struct pw_config_key keys[] = {
	{ "interval", key_interval, "a duration from 100ms to 1h, such as 2s" },
	{ "flush_interval", key_flush_interval, "a duration from 1s to 1h, such as 10s" },
	{ "socket", key_socket, "an absolute path of at most 107 bytes" },
	{ "group", key_group, "the name of a group" },
	{ "history_path", key_history_path, "an absolute path, or nothing for no history" },
	{ "history_max_size", key_history_max_size, "a size from 1M to 1T, such as 256M" },
	{ "trends", key_trends, "on or off" },
	{ "time_scale", key_time_scale, "a number from 1 to 3600" },
	{ "sample_every", key_sample_every, "a power of two from 1 to 512" },
	{ "process_capacity", key_process_capacity, "a number from 64 to 1048576" },
	{ "ring_size", key_ring_size, "a power of two from 4K to 1G, such as 1M" },
	{ "vm_calls", key_vm_calls, "auto, off or syscall" },
	{ "seed", key_seed, "yes or no" },
	{ "ledger", key_ledger, "yes or no" },
	{ "wipes", key_wipes, "on or off" },
	{ "wipes_cgroup", key_wipes_cgroup, "a cgroup's absolute path, or nothing for all" },
	{ "wipes_releases", key_wipes_releases, "yes or no; yes needs wipes_cgroup" },
	{ "wipes_read_back", key_wipes_read_back, "a size from 1 to 1G, such as 1M" },
	{ NULL },
};

static const struct pw_config_key *const tables[] = { keys, pw_config_alert_keys };

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const struct pw_config_key *find_key(const char *name)
{
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct pw_config_key *k = tables[t]; k->name; k++) {
			if (strcmp(k->name, name) == 0)
				return k;
		}
	}
	return NULL;
}

/* Appends ", NAME" as far as there is room. */
static void list_keys(const struct pw_config_key *k, char *out, size_t size)
{
	for (; k->name; k++) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "%s%s", used ? ", " : "", k->name);
	}
}

static int unknown_key(const char *path, unsigned int line, const char *key, struct pw_error *err)
{
	char known[sizeof(err->remedy) - 32] = "", shown[129];

	pw_text_escape(shown, sizeof(shown), key, strnlen(key, 32));
	for (size_t t = 0; t < TABLES; t++)
		list_keys(tables[t], known, sizeof(known));
	pw_error_set(err, -EINVAL, "%s:%u: there is no key '%s'", path, line, shown);
	pw_error_remedy(err, "the keys are %s", known);
	return -EINVAL;
}

/* Line 0: no file, but the command line. */
static int bad_value(const char *path, unsigned int line, const char *key, const char *value,
		     const char *reason, struct pw_error *err)
{
	char shown[129];

	pw_text_escape(shown, sizeof(shown), value, strnlen(value, 32));
	if (line)
		return pw_error_set(err, -EINVAL, "%s:%u: %s = %s: %s", path, line, key, shown,
				    reason);
	return pw_error_set(err, -EINVAL, "%s: %s = %s: %s", path, key, shown, reason);
}

static int take_pair(struct pw_daemon_config *c, const char *path, unsigned int line,
		     const char *key, const char *value, struct pw_error *err)
{
	const struct pw_config_key *k = find_key(key);
	const char *reason = "";

	if (!k)
		return unknown_key(path, line, key, err);
	if (!k->take(c, value, &reason))
		return 0;
	bad_value(path, line, key, value, reason, err);
	pw_error_remedy(err, "%s takes %s", key, k->takes);
	return -EINVAL;
}

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

int pw_daemon_config_parse(char *text, const char *path, struct pw_daemon_config *c,
			   struct pw_error *err)
{
	unsigned int number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *equals;
		int r;

		number++;
		line[strcspn(line, "#")] = '\0';
		line = trim(line);
		if (!*line)
			continue;
		equals = strchr(line, '=');
		if (!equals) {
			pw_error_set(err, -EINVAL, "%s:%u: not 'key = value'", path, number);
			pw_error_remedy(err, "comments begin with '#'; see pagewarden.conf(5)");
			return -EINVAL;
		}
		*equals = '\0';
		r = take_pair(c, path, number, trim(line), trim(equals + 1), err);
		if (r)
			return r;
	}
	return 0;
}

static int check_tcp(const char *path, const struct pw_daemon_config *c, struct pw_error *err)
{
	struct pw_tcp_address a;

	if (!c->tcp.address[0] || pw_tcp_address_parse(c->tcp.address, &a) || a.loopback ||
	    c->tcp.remote)
		return 0;
	pw_error_set(err, -EINVAL, "%s: listen_tcp = %s: this is no loopback address", path,
		     c->tcp.address);
	pw_error_remedy(err, "take 127.0.0.1 or ::1, or allow it with listen_tcp_remote = yes: "
			     "who can reach it may then read /metrics, unencrypted");
	return -EINVAL;
}

/* Keys that hang together. */
static int check_together(const char *path, const struct pw_daemon_config *c, struct pw_error *err)
{
	if (check_tcp(path, c, err))
		return -EINVAL;
	if (!c->source.wipes.releases || c->wipes_cgroup[0])
		return 0;
	pw_error_set(err, -EINVAL,
		     "%s: wipes_releases = yes: every free of every process is too much "
		     "to look at",
		     path);
	pw_error_remedy(err, "name a cgroup with wipes_cgroup");
	return -EINVAL;
}

/* The whole file; an absent default file is an empty one. */
static int read_file(const char *path, bool may_be_absent, char *buf, size_t size,
		     struct pw_error *err)
{
	pw_auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t used = 0;
	ssize_t n = 0;

	if (fd < 0 && errno == ENOENT && may_be_absent) {
		buf[0] = '\0';
		return 0;
	}
	while (fd >= 0 && used < size && (n = read(fd, buf + used, size - used)) > 0)
		used += n;
	if (fd < 0 || n < 0)
		return pw_error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (used == size)
		return pw_error_set(err, -E2BIG, "%s is longer than %zu bytes", path, size - 1);
	if (memchr(buf, '\0', used))
		return pw_error_set(err, -EINVAL, "%s is no text: it holds a NUL byte", path);
	buf[used] = '\0';
	return 0;
}

/* The command line, where zero and NULL mean "not given". */
static int overlay(const struct pw_daemon_options *opt, struct pw_daemon_config *c,
		   struct pw_error *err)
{
	const struct {
		const char *name, *value;
	} paths[] = {
		{ "socket", opt->socket_path },
		{ "history_path", opt->history_path },
		{ "group", opt->group },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int r = paths[i].value ?
				take_pair(c, "command line", 0, paths[i].name, paths[i].value, err) :
				0;

		if (r)
			return r;
	}
	if (opt->interval_ns)
		c->interval_ns = opt->interval_ns;
	if (opt->flush_ns)
		c->flush_ns = opt->flush_ns;
	if (opt->history_max_bytes)
		c->history_max_bytes = opt->history_max_bytes;
	if (opt->source.sample_every)
		c->source.sample_every = opt->source.sample_every;
	if (opt->source.process_capacity)
		c->source.process_capacity = opt->source.process_capacity;
	if (opt->source.ring_bytes)
		c->source.ring_bytes = opt->source.ring_bytes;
	if (opt->source.vm_calls)
		c->source.vm_calls = opt->source.vm_calls;
	c->source.no_seed |= opt->source.no_seed;
	c->source.no_ledger |= opt->source.no_ledger;
	c->source.root = opt->source.root;
	return 0;
}

/* Where nothing else is said, notices wait beside the history; without one in memory. */
static void place_spool(struct pw_daemon_config *c)
{
	const char *slash = strrchr(c->history_path, '/');

	if (!c->alert_spool_given && slash)
		snprintf(c->alert.spool, sizeof(c->alert.spool), "%.*s/alerts",
			 (int)(slash - c->history_path), c->history_path);
}

int pw_daemon_config_load(const struct pw_daemon_options *opt, struct pw_daemon_config *ret,
			  struct pw_error *err)
{
	const char *path = opt->config_path ? opt->config_path : PW_DAEMON_CONFIG;
	pw_auto_free char *text = malloc(FILE_MAX_BYTES);
	struct pw_daemon_config c = defaults;
	int r;

	if (!text)
		return pw_error_set(err, -ENOMEM, "cannot read %s: out of memory", path);
	r = read_file(path, !opt->config_path, text, FILE_MAX_BYTES, err);
	r = r ? r : pw_daemon_config_parse(text, path, &c, err);
	r = r ? r : overlay(opt, &c, err);
	r = r ? r : check_together(path, &c, err);
	if (r)
		return r;
	place_spool(&c);
	*ret = c;
	return 0;
}

const char *pw_daemon_config_needs_restart(const struct pw_daemon_config *was,
					   const struct pw_daemon_config *is)
{
	if (strcmp(was->socket_path, is->socket_path))
		return "socket";
	if (strcmp(was->history_path, is->history_path))
		return "history_path";
	if (strcmp(was->tcp.address, is->tcp.address))
		return "listen_tcp";
	if (was->tcp.remote != is->tcp.remote)
		return "listen_tcp_remote";
	if (strcmp(was->alert_instance, is->alert_instance))
		return "alert_instance";
	if (strcmp(was->alert.exec, is->alert.exec))
		return "alert_exec";
	if (was->alert.exec_timeout_ns != is->alert.exec_timeout_ns)
		return "alert_exec_timeout";
	if (strcmp(was->alert.alertmanager, is->alert.alertmanager))
		return "alertmanager_url";
	if (was->alert.refresh_ns != is->alert.refresh_ns)
		return "alert_refresh";
	if (was->alert.no_journal != is->alert.no_journal)
		return "alert_journal";
	if (strcmp(was->alert.spool, is->alert.spool))
		return "alert_spool";
	if (was->alert.spool_max != is->alert.spool_max)
		return "alert_spool_max";
	if (was->source.sample_every != is->source.sample_every)
		return "sample_every";
	if (was->source.process_capacity != is->source.process_capacity)
		return "process_capacity";
	if (was->source.ring_bytes != is->source.ring_bytes)
		return "ring_size";
	if (was->source.vm_calls != is->source.vm_calls)
		return "vm_calls";
	if (was->source.no_seed != is->source.no_seed)
		return "seed";
	if (was->source.no_ledger != is->source.no_ledger)
		return "ledger";
	if (was->source.wipes.on != is->source.wipes.on)
		return "wipes";
	if (strcmp(was->wipes_cgroup, is->wipes_cgroup))
		return "wipes_cgroup";
	if (was->source.wipes.releases != is->source.wipes.releases)
		return "wipes_releases";
	if (was->source.wipes.read_back_bytes != is->source.wipes.read_back_bytes)
		return "wipes_read_back";
	return NULL;
}
