// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

int pw_make_parent(const char *path, mode_t mode, struct pw_error *err)
{
	char dir[4096];
	char *slash;

	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return pw_error_set(err, -ENAMETOOLONG, "the path %.64s... is too long", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	if (mkdir(dir, mode) == 0 || errno == EEXIST)
		return 0;
	mode = errno;
	pw_error_set(err, -(int)mode, "cannot make the directory %s: %s", dir, strerror(mode));
	pw_error_remedy(err, mode == ENOENT ? "make the directory above it, or choose another path" :
					      "run as root, or choose another path");
	return -(int)mode;
}

static int running(const struct pw_listener *l, struct pw_error *err)
{
	char pid[16] = "";
	ssize_t n = pread(l->pid_fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
	pw_error_set(err, -EBUSY, "another daemon is running (pid %s)", pid[0] ? pid : "unknown");
	pw_error_remedy(err, "use it, or give this one another socket and history_path");
	return -EBUSY;
}

/* The directory may be fresh or swept, so the file that was locked must still be the one there. */
static int lock_pid_file(struct pw_listener *l, struct pw_error *err)
{
	struct stat ours, there;
	char pid[16];
	int n;

	do {
		if (l->pid_fd >= 0)
			close(l->pid_fd);
		l->pid_fd = open(l->pid_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (l->pid_fd < 0) {
			n = errno;
			pw_error_set(err, -n, "cannot open %s: %s", l->pid_path, strerror(n));
			pw_error_remedy(err, "run as root, or choose another socket path");
			return -n;
		}
		if (flock(l->pid_fd, LOCK_EX | LOCK_NB) < 0)
			return running(l, err);
	} while (fstat(l->pid_fd, &ours) < 0 || stat(l->pid_path, &there) < 0 ||
		 ours.st_ino != there.st_ino || ours.st_dev != there.st_dev);
	n = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(l->pid_fd, 0) < 0 || pwrite(l->pid_fd, pid, n, 0) != n)
		return pw_error_set(err, -EIO, "cannot write %s", l->pid_path);
	return 0;
}

static int remove_stale(const char *path, struct pw_error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 :
					 pw_error_set(err, -errno, "cannot look at %s: %s", path,
						      strerror(errno));
	if (!S_ISSOCK(st.st_mode)) {
		pw_error_set(err, -EEXIST, "%s is in the way: it is no socket", path);
		pw_error_remedy(err, "move it away, or choose another socket path");
		return -EEXIST;
	}
	if (unlink(path) < 0)
		return pw_error_set(err, -errno, "cannot remove the stale socket %s: %s", path,
				    strerror(errno));
	return 0;
}

static int bind_socket(struct pw_listener *l, gid_t group, struct pw_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		return pw_error_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", l->path);
	mask = umask(0117); /* never, even for a moment, open to others */
	r = bind(l->fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(mask);
	l->bound = !r;
	if (!r)
		r = pw_listener_set_group(l, group);
	if (!r && listen(l->fd, BACKLOG) < 0)
		r = -errno;
	return r ? pw_error_set(err, r, "cannot listen on %s: %s", l->path, strerror(-r)) : 0;
}

int pw_listener_set_group(struct pw_listener *l, gid_t group)
{
	struct stat st;

	if (group == (gid_t)-1)
		return 0; /* without the group the socket stays root's */
	/* Under systemd the group is ours already, and changing it takes a capability. */
	if (lstat(l->path, &st) == 0 && st.st_gid == group)
		return 0;
	return lchown(l->path, -1, group) < 0 ? -errno : 0;
}

int pw_listener_open(const char *path, gid_t group, struct pw_listener *ret, struct pw_error *err)
{
	struct pw_listener l = { .fd = -1, .pid_fd = -1 };
	size_t stem = strlen(path);
	int r;

	if (stem >= sizeof(l.path))
		return pw_error_set(err, -ENAMETOOLONG, "the socket's path is longer than %zu bytes",
				    sizeof(l.path) - 1);
	memcpy(l.path, path, stem + 1);
	if (stem > 5 && strcmp(path + stem - 5, ".sock") == 0)
		stem -= 5;
	snprintf(l.pid_path, sizeof(l.pid_path), "%.*s.pid", (int)stem, path);
	r = pw_make_parent(path, 0755, err);
	r = r ? r : lock_pid_file(&l, err);
	if (r) {
		if (l.pid_fd >= 0)
			close(l.pid_fd);
		return r;
	}
	r = remove_stale(path, err);
	r = r ? r : bind_socket(&l, group, err);
	if (r) {
		if (l.bound)
			unlink(l.path);
		if (l.fd >= 0)
			close(l.fd);
		unlink(l.pid_path);
		close(l.pid_fd);
		return r;
	}
	*ret = l;
	return 0;
}

void pw_listener_close(struct pw_listener *l)
{
	if (l->fd >= 0) {
		unlink(l->path);
		close(l->fd);
	}
	if (l->pid_fd >= 0) {
		unlink(l->pid_path);
		close(l->pid_fd); /* last: the lock covers both */
	}
	l->fd = l->pid_fd = -1;
}
