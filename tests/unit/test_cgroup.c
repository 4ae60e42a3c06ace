// SPDX-License-Identifier: GPL-2.0-or-later
/* Cgroup paths of every runtime, on v1, v2 and hybrid machines. links: rest */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "user/inspect/identity.h"

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID64_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void check_path(const char *text, int want_err, const char *want)
{
	char path[128] = "untouched";

	assert_int_equal(pw_cgroup_parse(text, strlen(text), path, sizeof(path)), want_err);
	assert_string_equal(path, want);
}

static void path_is_what_a_person_would_name(void **state)
{
	(void)state;
	check_path("0::/system.slice/nginx.service\n", 0, "/system.slice/nginx.service");
	check_path("0::/system.slice/nginx.service", 0, "/system.slice/nginx.service");
	/* hybrid: v2 is the root, systemd's own hierarchy names the unit */
	check_path("12:pids:/system.slice/a.service\n1:name=systemd:/system.slice/b.service\n0::/\n",
		   0, "/system.slice/b.service");
	/* hybrid without systemd: the memory controller */
	check_path("9:name=systemd:/\n4:cpu,memory,blkio:/jobs/7\n1:cpu:/x\n0::/\n", 0, "/jobs/7");
	check_path("4:memory:/a:b\n", 0, "/a:b");
	check_path("1:name=systemd:/\n0::/\n", 0, "/");
	check_path("0::/gone.scope (deleted)\n", 0, "/gone.scope");
	/* a controller that only begins with the word is another one */
	check_path("4:memory2:/a\n3:name=systemd:/b\n", 0, "/b");
}

static void broken_files_are_refused(void **state)
{
	char longest[256];

	(void)state;
	check_path("", -ENOENT, "untouched");
	check_path("\n\n::\n:::\n", -ENOENT, "untouched");
	check_path("0:no path\n", -ENOENT, "untouched");
	check_path("0::relative\n", -ENOENT, "untouched");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "0::/", 4);
	longest[sizeof(longest) - 1] = '\0';
	check_path(longest, -ENAMETOOLONG, "untouched");
}

static void a_nul_ends_the_file(void **state)
{
	static const char text[] = "1:name=systemd:/a\n\0000::/b\n";
	char path[16];

	(void)state;
	assert_int_equal(pw_cgroup_parse(text, sizeof(text) - 1, path, sizeof(path)), 0);
	assert_string_equal(path, "/a");
}

static void units(void **state)
{
	static const struct {
		const char *path, *unit;
	} cases[] = {
		{ "/system.slice/nginx.service", "nginx.service" },
		{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service" },
		{ "/init.scope", "init.scope" },
		{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-foot.scope",
		  "app-foot.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service", "user@1000.service" },
		{ "/system.slice/docker.service/delegated/x.service", "docker.service" },
		{ "/system.slice/docker-" ID64 ".scope", "docker-" ID64 ".scope" },
		{ "/lxc.payload.web/system.slice/apache2.service", "apache2.service" },
		{ "/system.slice/_cgroup.service", "cgroup.service" },
		{ "/system.slice", "" },
		{ "/docker/" ID64, "" },
		{ "/.service", "" },
		{ "/", "" },
		{ "", "" },
	};
	char unit[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pw_cgroup_unit(cases[i].path, unit, sizeof(unit));
		assert_string_equal(unit, cases[i].unit);
	}
	pw_cgroup_unit("/nginx.service", unit, 6);
	assert_string_equal(unit, "nginx");
}

static void containers(void **state)
{
	static const struct {
		const char *path, *id;
	} cases[] = {
		{ "/docker/" ID64, ID64 },
		{ "/system.slice/docker-" ID64 ".scope", ID64 },
		{ "/system.slice/docker-" ID64 ".scope/init.scope", ID64 },
		{ "/docker/" ID64 "/docker/" ID64_B, ID64_B },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b_2.slice/"
		  "cri-containerd-" ID64 ".scope",
		  ID64 },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID64 ".scope/container", ID64 },
		{ "/kubepods/besteffort/pod0f9a1b2c-0000-1111-2222-333344445555/" ID64, ID64 },
		{ "/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" ID64,
		  ID64 },
		{ "/machine.slice/libpod-" ID64 ".scope/container", ID64 },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID64 ".scope",
		  ID64 },
		{ "/libpod_parent/libpod-" ID64, ID64 },
		{ "/default/" ID64, ID64 }, /* containerd's ctr and nerdctl on cgroupfs */
		{ "/lxc.payload.web-01", "web-01" },
		{ "/lxc.payload.web-01/system.slice/cron.service", "web-01" },
		{ "/lxc/web-01/user.slice", "web-01" },
		/* not containers */
		{ "/machine.slice/libpod-conmon-" ID64 ".scope", "" },
		{ "/system.slice/crio-conmon-" ID64 ".scope", "" },
		{ "/lxc.monitor.web-01", "" },
		{ "/system.slice/docker.service", "" },
		{ "/process_api/3b2ed042507a6531adbe03e2a95942f9", "" },
		{ "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "" },
		{ "/docker-0123.scope", "" },
		{ "/" ID64 "0", "" },
		{ "/lxc.payload.", "" },
		{ "/", "" },
		{ "", "" },
	};
	char id[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pw_cgroup_container(cases[i].path, id, sizeof(id));
		assert_string_equal(id, cases[i].id);
	}
	pw_cgroup_container("/docker/" ID64, id, 13);
	assert_string_equal(id, "0123456789ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_is_what_a_person_would_name),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(a_nul_ends_the_file),
		cmocka_unit_test(units),
		cmocka_unit_test(containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
