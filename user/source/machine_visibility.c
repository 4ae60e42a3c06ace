// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether /proc shows us everybody's processes. */
#include "user/source/machine.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>

#include "user/base/cleanup.h"

/* "36 35 0:5 / /proc rw,nosuid - proc proc rw,hidepid=invisible" */
static bool is_proc_mount(const char *line, bool *ret_hides)
{
	const char *type = strstr(line, " - proc ");
	char point[64];
	const char *option;

	if (!type || sscanf(line, "%*u %*u %*s %*s %63s", point) != 1 || strcmp(point, "/proc") != 0)
		return false;
	option = strstr(type, "hidepid=");
	*ret_hides = option && strncmp(option, "hidepid=0", 9) != 0 &&
		     strncmp(option, "hidepid=off", 11) != 0;
	return true;
}

static bool mounted_hidepid(const struct pw_procfs *fs)
{
	pw_auto_fclose FILE *f = pw_procfs_fopen_path(fs, "proc/self/mountinfo");
	char line[4096];
	bool hides = false;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		is_proc_mount(line, &hides); /* the last mount there covers the others */
	return hides;
}

static bool may_trace_all(const struct pw_procfs *fs)
{
	char text[8192];
	const char *line;
	uint64_t effective;

	if (pw_procfs_read_path(fs, "proc/self/status", text, sizeof(text), NULL))
		return false;
	line = strstr(text, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %" SCNx64, &effective) == 1 &&
	       effective & 1ull << CAP_SYS_PTRACE;
}

bool pw_machine_sees_all(const struct pw_procfs *fs)
{
	struct pw_proc_status init;

	if (pw_procfs_status(fs, 1, &init))
		return false;
	return !mounted_hidepid(fs) || may_trace_all(fs);
}
