// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"
#include "user/base/key.h"
#include "user/inspect/build_id.h"
#include "user/inspect/identity.h"

#define CMDLINE_MAX 1024
#define NAME_BYTES_MAX 256 /* unit, container */

/* The strings of an IDENTITY record, in its order. */
struct strings {
	char exe[PATH_MAX];
	char cgroup[PATH_MAX];
	char unit[NAME_BYTES_MAX];
	char container[NAME_BYTES_MAX];
	uint8_t build_id[PW_BUILD_ID_BYTES];
	size_t build_id_len;
	char cmdline[CMDLINE_MAX + 1];
};

static uint16_t append(uint8_t **at, const void *bytes, size_t len)
{
	memcpy(*at, bytes, len);
	*at += len;
	return (uint16_t)len;
}

/* Lays head and strings out in buf. */
static int pack(const struct pw_identity *head, const struct strings *s, void *buf, size_t size,
		struct pw_identity **ret)
{
	size_t need = sizeof(*head) + strlen(s->exe) + strlen(s->cgroup) + strlen(s->unit) +
		      strlen(s->container) + s->build_id_len + strlen(s->cmdline);
	size_t padded = (need + 7) & ~(size_t)7;
	struct pw_identity *id = buf;
	uint8_t *at = (uint8_t *)(id + 1);

	if (padded > size || padded > PW_RECORD_MAX)
		return -ENOBUFS;
	*id = *head;
	id->rec.type = PW_REC_IDENTITY;
	id->rec.size = (uint16_t)padded;
	id->exe_len = append(&at, s->exe, strlen(s->exe));
	id->cgroup_len = append(&at, s->cgroup, strlen(s->cgroup));
	id->unit_len = append(&at, s->unit, strlen(s->unit));
	id->container_len = append(&at, s->container, strlen(s->container));
	id->build_id_len = append(&at, s->build_id, s->build_id_len);
	id->cmdline_len = append(&at, s->cmdline, strlen(s->cmdline));
	memset(at, 0, padded - need);
	*ret = id;
	return 0;
}

static void names_of_cgroup(struct strings *s)
{
	pw_cgroup_unit(s->cgroup, s->unit, sizeof(s->unit));
	pw_cgroup_container(s->cgroup, s->container, sizeof(s->container));
}

/* Kernel threads and strangers' processes have no link to read: exe stays "". */
static void read_exe(const struct pw_procfs *fs, uint32_t pid, struct strings *s, uint32_t *flags)
{
	static const char deleted[] = " (deleted)";
	pw_auto_close int fd = -1;
	size_t len;
	int n;

	if (pw_procfs_readlink(fs, pid, "exe", s->exe, sizeof(s->exe)) < 0) {
		s->exe[0] = '\0';
		return;
	}
	len = strlen(s->exe);
	if (len > strlen(deleted) && strcmp(s->exe + len - strlen(deleted), deleted) == 0) {
		s->exe[len - strlen(deleted)] = '\0';
		*flags |= PW_IDENTITY_EXE_DELETED;
	}
	/* through the link, not the path: right in containers and for deleted files */
	fd = pw_procfs_open(fs, pid, "exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = pw_build_id_cached(fd, s->build_id);
	s->build_id_len = n > 0 ? (size_t)n : 0;
}

static void read_cmdline(const struct pw_procfs *fs, uint32_t pid, struct strings *s)
{
	size_t len = 0;
	int err = pw_procfs_read(fs, pid, "cmdline", s->cmdline, sizeof(s->cmdline), &len);

	if (err == -E2BIG)
		len = CMDLINE_MAX; /* its beginning */
	else if (err)
		len = 0;
	while (len > 0 && s->cmdline[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++)
		if (s->cmdline[i] == '\0')
			s->cmdline[i] = ' ';
	s->cmdline[len] = '\0';
}

/* Returns the cgroup's id. */
static uint64_t read_cgroup(const struct pw_procfs *fs, uint32_t pid, struct strings *s)
{
	char text[2 * PATH_MAX];
	size_t len = 0;

	if (pw_procfs_read(fs, pid, "cgroup", text, sizeof(text), &len) < 0)
		return 0;
	if (pw_cgroup_parse(text, len, s->cgroup, sizeof(s->cgroup)) != 0)
		s->cgroup[0] = '\0';
	names_of_cgroup(s);
	return pw_cgroup_id(fs, text, len);
}

int pw_identity_read(const struct pw_procfs *fs, const struct pw_key *key, void *buf, size_t size,
		     struct pw_identity **ret)
{
	struct pw_identity head = { .key = *key };
	struct pw_proc_status status;
	struct pw_proc_stat stat;
	struct strings s;
	int err;

	s.cgroup[0] = s.unit[0] = s.container[0] = '\0';
	s.build_id_len = 0;
	read_exe(fs, key->pid, &s, &head.flags);
	read_cmdline(fs, key->pid, &s);
	head.cgroup_id = read_cgroup(fs, key->pid, &s);
	if (pw_procfs_status(fs, key->pid, &status) == 0)
		head.uid = status.uid;
	/*
	 * Last, so that one look proves all of the above: a process that is
	 * still there now was there during every read.
	 */
	err = pw_procfs_stat(fs, key->pid, &stat);
	if (err)
		return err;
	if (stat.start_ticks != pw_key_tick(key))
		return -ESRCH;
	head.parent_pid = stat.ppid;
	memcpy(head.comm, stat.comm, strnlen(stat.comm, sizeof(head.comm) - 1));
	return pack(&head, &s, buf, size, ret);
}

int pw_identity_make(const struct pw_key *key, const char *exe, const char *cgroup, uint32_t flags,
		     void *buf, size_t size, struct pw_identity **ret)
{
	struct pw_identity head = { .key = *key, .flags = flags };
	struct strings s;

	snprintf(s.exe, sizeof(s.exe), "%s", exe ? exe : "");
	snprintf(s.cgroup, sizeof(s.cgroup), "%s", cgroup ? cgroup : "");
	s.build_id_len = 0;
	s.cmdline[0] = '\0';
	names_of_cgroup(&s);
	return pack(&head, &s, buf, size, ret);
}
