// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"

#define GRACE_NS (2 * PW_NSEC_PER_SEC) /* between SIGTERM and SIGKILL */
#define LINE_MAX_BYTES 256

struct run {
	pid_t pid; /* 0: free */
	int pid_fd, out_fd;
	uint64_t ticket, began_ns, deadline_ns;
	bool termed;
	size_t said; /* bytes passed on */
	char line[LINE_MAX_BYTES];
	size_t line_len;
};

struct pw_hooks {
	int epoll_fd;
	uint64_t timeout_ns;
	pw_hook_say say;
	void *ctx;
	char words[1024];
	char *argv[PW_HOOK_ARGUMENTS + 1];
	struct run runs[PW_HOOKS_MAX];
};

/* ---- starting --------------------------------------------------------------------- */

/* The notice as a file: a pipe could fill up, and then the daemon would wait. */
static int make_input(const char *text, size_t len, int *ret)
{
	pw_auto_close int fd = memfd_create("pagewarden-alert", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	*ret = pw_steal_fd(&fd);
	return 0;
}

static void complain(const char *what, const char *why)
{
	const char *const words[] = { "cannot run ", what, ": ", why ? why : "unknown error", "\n" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (write(STDERR_FILENO, words[i], strlen(words[i])) < 0)
			return;
	}
}

/* In the child, where only what is safe in a signal handler is. */
__attribute__((noreturn)) static void become(struct pw_hooks *h, int in, int out)
{
	static char path[] = PW_HOOK_PATH, lang[] = "LANG=C.UTF-8";
	char *environment[] = { path, lang, NULL };
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	setsid();
	sigemptyset(&none);
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &standard, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0 || chdir("/") || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		_exit(126);
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0u);
	execve(h->argv[0], h->argv, environment);
	complain(h->argv[0], strerrordesc_np(errno));
	_exit(127);
}

static int watch(const struct pw_hooks *h, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void end_group(const struct run *r, int sig)
{
	/* It may not have come to make its group yet. */
	if (kill(-r->pid, sig))
		kill(r->pid, sig);
}

static int spawn(struct pw_hooks *h, struct run *run, int in)
{
	int out[2], r;

	if (pipe2(out, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	/* The hook's end blocks, as programs expect. */
	fcntl(out[1], F_SETFL, 0);
	run->pid = fork();
	if (!run->pid)
		become(h, in, out[1]);
	r = run->pid < 0 ? -errno : 0;
	close(out[1]);
	if (r) {
		close(out[0]);
		run->pid = 0;
		return r;
	}
	run->out_fd = out[0];
	run->pid_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	/* Without them the hook's end is seen when its time is up. */
	if (run->pid_fd >= 0)
		watch(h, run->pid_fd);
	watch(h, run->out_fd);
	return 0;
}

static struct run *free_run(const struct pw_hooks *h)
{
	for (size_t i = 0; i < PW_HOOKS_MAX; i++) {
		if (!h->runs[i].pid)
			return (struct run *)&h->runs[i];
	}
	return NULL;
}

bool pw_hooks_has_room(const struct pw_hooks *h)
{
	return free_run(h) != NULL;
}

int pw_hooks_start(struct pw_hooks *h, uint64_t ticket, const char *text, size_t len, uint64_t now_ns)
{
	struct run *run = free_run(h);
	pw_auto_close int in = -1;
	int r = run ? make_input(text, len, &in) : -EAGAIN;

	if (r)
		return r;
	*run = (struct run){ .ticket = ticket,
			     .pid_fd = -1,
			     .out_fd = -1,
			     .began_ns = now_ns,
			     .deadline_ns = now_ns + h->timeout_ns };
	return spawn(h, run, in);
}

/* ---- output ------------------------------------------------------------------------ */

static void say_line(struct pw_hooks *h, struct run *run)
{
	char text[4 * LINE_MAX_BYTES + 1];

	if (run->line_len) {
		pw_text_escape(text, sizeof(text), run->line, run->line_len);
		h->say(h->ctx, text);
	}
	run->line_len = 0;
}

static void take_byte(struct pw_hooks *h, struct run *run, char c)
{
	if (run->said >= PW_HOOK_OUTPUT_MAX)
		return;
	run->said++;
	if (c != '\n')
		run->line[run->line_len++] = c;
	if (c == '\n' || run->line_len == sizeof(run->line))
		say_line(h, run);
	if (run->said == PW_HOOK_OUTPUT_MAX)
		h->say(h->ctx, "(it printed more, which is not shown)");
}

/* Reads to the end what is more than is shown as well, so that the hook is not held up. */
static void read_output(struct pw_hooks *h, struct run *run)
{
	char bytes[1024];
	ssize_t n = 0;

	/* A bound for each round: a hook that never stops printing must not hold the loop. */
	for (int i = 0; i < 16 && run->out_fd >= 0; i++) {
		n = read(run->out_fd, bytes, sizeof(bytes));
		for (ssize_t b = 0; b < n; b++)
			take_byte(h, run, bytes[b]);
		if (n == 0) {
			close(run->out_fd);
			run->out_fd = -1;
		} else if (n < 0) {
			return;
		}
	}
}

/* ---- ending ------------------------------------------------------------------------ */

static void release(struct run *run)
{
	if (run->pid_fd >= 0)
		close(run->pid_fd);
	if (run->out_fd >= 0)
		close(run->out_fd);
	run->pid = 0;
}

static void enforce(struct run *run, uint64_t now_ns)
{
	if (now_ns < run->deadline_ns)
		return;
	end_group(run, run->termed ? SIGKILL : SIGTERM);
	run->termed = true;
	run->deadline_ns = now_ns + GRACE_NS;
}

static bool reap(struct pw_hooks *h, struct run *run, uint64_t now_ns, struct pw_hook_result *ret)
{
	siginfo_t info = { 0 };
	int status;

	enforce(run, now_ns);
	read_output(h, run);
	/* Looks first: until it is reaped its number, and so its group's, is its own. */
	if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return false;
	end_group(run, SIGKILL); /* what it left behind */
	if (waitpid(run->pid, &status, 0) != run->pid)
		status = -1;
	read_output(h, run);
	say_line(h, run);
	*ret = (struct pw_hook_result){ .ticket = run->ticket,
					.status = status,
					.timed_out = run->termed,
					.took_ns = now_ns - run->began_ns };
	release(run);
	return true;
}

bool pw_hooks_run(struct pw_hooks *h, uint64_t now_ns, struct pw_hook_result *ret)
{
	for (size_t i = 0; i < PW_HOOKS_MAX; i++) {
		if (h->runs[i].pid && reap(h, &h->runs[i], now_ns, ret))
			return true;
	}
	return false;
}

uint64_t pw_hooks_wake_ns(const struct pw_hooks *h)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < PW_HOOKS_MAX; i++) {
		if (h->runs[i].pid && h->runs[i].deadline_ns < first)
			first = h->runs[i].deadline_ns;
	}
	return first;
}

/* ---- life --------------------------------------------------------------------------- */

static int split(struct pw_hooks *h)
{
	char *rest = h->words, *word;
	size_t n = 0;

	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (n == PW_HOOK_ARGUMENTS)
			return -EINVAL;
		h->argv[n++] = word;
	}
	return n && h->argv[0][0] == '/' ? 0 : -EINVAL;
}

int pw_hooks_create(int epoll_fd, const char *command, uint64_t timeout_ns, pw_hook_say say,
		    void *ctx, struct pw_hooks **ret)
{
	struct pw_hooks *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->epoll_fd = epoll_fd;
	h->timeout_ns = timeout_ns;
	h->say = say;
	h->ctx = ctx;
	r = strlen(command) < sizeof(h->words) ? 0 : -EINVAL;
	if (!r) {
		strncpy(h->words, command, sizeof(h->words) - 1);
		r = split(h);
	}
	if (r) {
		free(h);
		return r;
	}
	*ret = h;
	return 0;
}

void pw_hooks_destroy(struct pw_hooks *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < PW_HOOKS_MAX; i++) {
		struct run *run = &h->runs[i];

		if (!run->pid)
			continue;
		end_group(run, SIGKILL);
		waitpid(run->pid, NULL, 0);
		release(run);
	}
	free(h);
}
