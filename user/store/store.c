// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening and closing the history: lock, recovery, damage, limits. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/store/private.h"

#define DEFAULT_MAX_BYTES (256ull << 20)
#define MIN_MAX_BYTES (1ull << 20)
#define WAL_SHARE_MAX \
	(8ull << 20) /* checkpoints at 4 MiB; a long reader may let it grow to twice that */
#define PAGE_BYTES 4096
#define DAMAGED_KEPT 9

const int64_t pw_store_step_s[PW_STORE_TIERS] = { 10, 300, 3600 };
const int64_t pw_store_keep_s[PW_STORE_TIERS] = { 86400, 30 * 86400, 365 * 86400 };

int pw_store_errno(const struct pw_store *s, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return -EACCES;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -ETIMEDOUT;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR: {
		/* SQLite hides a full disk and EACCES behind these; the errno tells. */
		int e = s && s->db ? sqlite3_system_errno(s->db) : 0;

		return e == ENOSPC || e == EACCES || e == EROFS || e == ENOENT || e == EDQUOT ? -e :
												-EIO;
	}
	default:
		return -EIO;
	}
}

int pw_store_exec(struct pw_store *s, const char *sql)
{
	return pw_store_errno(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

int pw_store_scalar(struct pw_store *s, const char *sql, int64_t otherwise, int64_t *ret)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return pw_store_errno(s, rc);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return pw_store_errno(s, rc);
	*ret = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL ?
		       sqlite3_column_int64(st, 0) :
		       otherwise;
	return 0;
}

int pw_store_error(const struct pw_store *s, struct pw_error *err, int r, const char *doing)
{
	const char *text = s->db ? sqlite3_errmsg(s->db) : "out of memory";

	/* After a roll-back the database only knows of that; the errno says more. */
	if (s->db && sqlite3_errcode(s->db) == SQLITE_OK)
		text = strerror(-r);
	pw_error_set(err, r, "cannot %s history %s: %s", doing, s->path, text);
	switch (r) {
	case -ENOSPC:
		pw_error_remedy(err, "free space on its file system, or lower history_max_size");
		break;
	case -EACCES:
		pw_error_remedy(err, "run as root, or give another path in history_path");
		break;
	case -EBUSY:
		pw_error_remedy(err, "another program holds the database locked; end it");
		break;
	}
	return r;
}

static int lock_file(struct pw_store *s, struct pw_error *err)
{
	char path[4096], holder[32] = "";
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s.lock", s->path) >= sizeof(path))
		return pw_error_set(err, -ENAMETOOLONG, "the history's path is too long");
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (s->lock_fd < 0) {
		int e = errno;

		pw_error_set(err, -e, "cannot open %s: %s", path, strerror(e));
		pw_error_remedy(err, e == ENOENT ?
					     "make its directory" :
					     "run as root, or give another path in history_path");
		return -e;
	}
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		n = read(s->lock_fd, holder, sizeof(holder) - 1);
		holder[n > 0 ? strcspn(holder, "\n") : 0] = '\0';
		pw_error_set(err, -EBUSY, "history %s is written by another daemon (pid %s)",
			     s->path, holder[0] ? holder : "unknown");
		pw_error_remedy(err, "stop it, or give this one another history_path");
		return -EBUSY;
	}
	n = snprintf(holder, sizeof(holder), "%d\n", (int)getpid());
	/* The pid is for people; a full disk may not keep the daemon from starting. */
	if (ftruncate(s->lock_fd, 0) == 0 && pwrite(s->lock_fd, holder, n, 0) != n)
		return 0;
	return 0;
}

static int over_deadline(void *ctx)
{
	const struct pw_store *s = ctx;

	return s->deadline_ns && pw_clock_boot_ns() > s->deadline_ns;
}

static int open_database(struct pw_store *s, struct pw_error *err)
{
	int flags = s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int rc = sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	int r = pw_store_errno(s, rc);

	if (r)
		return pw_store_error(s, err, r, "open");
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, 2000);
	sqlite3_progress_handler(s->db, 10000, over_deadline, s);
	/* auto_vacuum only takes effect before the first table. */
	r = s->read_only ? 0 : pw_store_exec(s, "PRAGMA auto_vacuum = INCREMENTAL");
	r = r ? r : s->read_only ? 0 : pw_store_exec(s, "PRAGMA journal_mode = WAL");
	r = r ? r :
		pw_store_exec(s, "PRAGMA synchronous = NORMAL;"
				 "PRAGMA cache_size = -2048;"
				 "PRAGMA temp_store = MEMORY;"
				 "PRAGMA trusted_schema = OFF;"
				 "PRAGMA journal_size_limit = 4194304");
	if (r)
		return pw_store_error(s, err, r, "open");
	return 0;
}

/* A run that did not end by pw_store_close() left clean = 0: look before trusting. */
static int check_after_crash(struct pw_store *s, struct pw_error *err)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int64_t clean = 1;
	int r = pw_store_scalar(s, "SELECT value FROM meta WHERE key = 'clean'", 1, &clean);

	if (!r && clean)
		return 0;
	if (!r)
		r = pw_store_errno(s, sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st,
							 NULL));
	if (r)
		return pw_store_error(s, err, r, "check");
	r = pw_store_errno(s, sqlite3_step(st));
	if (r)
		return pw_store_error(s, err, r, "check");
	if (!sqlite3_column_text(st, 0) || strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
		return pw_error_set(err, -EBADMSG, "history %s is damaged: %.100s", s->path,
				    (const char *)sqlite3_column_text(st, 0));
	return 0;
}

static int limit_size(struct pw_store *s, struct pw_error *err)
{
	char sql[96];
	int r;

	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %llu",
		 (unsigned long long)(s->max_bytes / PAGE_BYTES));
	r = pw_store_exec(s, sql);
	return r ? pw_store_error(s, err, r, "limit") : 0;
}

static void close_database(struct pw_store *s)
{
	for (int i = 0; i < PW_STATEMENTS; i++) {
		sqlite3_finalize(s->stmt[i]);
		s->stmt[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static int set_up(struct pw_store *s, struct pw_error *err)
{
	int r = open_database(s, err);

	r = r ? r : pw_schema_migrate(s, err);
	if (r || s->read_only)
		return r;
	r = check_after_crash(s, err);
	r = r ? r : limit_size(s, err);
	r = r ? r : pw_schema_prepare(s, err);
	return r ? r : pw_write_init(s, err);
}

/* PATH, PATH-wal and PATH-shm become PATH.damaged-N. */
static int set_aside(struct pw_store *s, struct pw_error *err)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	char from[4096], to[4096];
	int n;

	for (n = 1; n < DAMAGED_KEPT; n++) {
		snprintf(to, sizeof(to), "%s.damaged-%d", s->path, n);
		if (access(to, F_OK) < 0)
			break;
	}
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", s->path, tails[i]);
		snprintf(to, sizeof(to), "%s.damaged-%d%s", s->path, n, tails[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return pw_error_set(err, -errno, "cannot keep the damaged %s aside: %s",
					    from, strerror(errno));
	}
	snprintf(to, sizeof(to), "%s.damaged-%d", s->path, n);
	pw_error_set(err, 0, "history %s was damaged; it is kept as %s and a new one is begun",
		     s->path, to);
	pw_error_remedy(err, "sqlite3 %s .recover may save parts of it", to);
	return 0;
}

static int open_or_replace(struct pw_store *s, struct pw_error *err)
{
	struct pw_error aside = { 0 };
	int r = set_up(s, err);

	if (r != -EBADMSG || s->read_only)
		return r;
	pw_write_deinit(s);
	close_database(s);
	r = set_aside(s, &aside);
	if (!r)
		r = set_up(s, err);
	if (err && (!r || aside.what[0]))
		*err = aside;
	return r;
}

/* SQLite would create the file readable by all; it names every program on the machine. */
static int create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static uint64_t main_file_share(uint64_t max_bytes)
{
	if (!max_bytes)
		max_bytes = DEFAULT_MAX_BYTES;
	if (max_bytes < MIN_MAX_BYTES)
		max_bytes = MIN_MAX_BYTES;
	return max_bytes - (max_bytes / 4 < WAL_SHARE_MAX ? max_bytes / 4 : WAL_SHARE_MAX);
}

int pw_store_open(const char *path, const struct pw_store_options *opt, struct pw_store **ret,
		  struct pw_error *err)
{
	struct pw_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return pw_error_set(err, -ENOMEM, "cannot open history %s: out of memory", path);
	s->lock_fd = -1;
	s->read_only = opt && opt->read_only;
	s->max_bytes = main_file_share(opt ? opt->max_bytes : 0);
	s->path = strdup(path);
	r = s->path ? 0 : -ENOMEM;
	if (!r && !s->read_only) {
		r = lock_file(s, err);
		if (!r) {
			r = create_private(path);
			if (r)
				pw_store_error(s, err, r, "create");
		}
	}
	r = r ? r : open_or_replace(s, err);
	if (r) {
		s->failed = true; /* nothing to flush */
		pw_store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

int pw_store_set_max_bytes(struct pw_store *s, uint64_t max_bytes, struct pw_error *err)
{
	s->max_bytes = main_file_share(max_bytes);
	return limit_size(s, err);
}

void pw_store_close(struct pw_store *s)
{
	if (!s)
		return;
	if (s->db && !s->read_only && !s->failed && !pw_store_flush(s, NULL))
		pw_store_exec(s, "INSERT OR REPLACE INTO meta VALUES('clean', 1)");
	pw_write_deinit(s);
	close_database(s);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->path);
	free(s);
}
