// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of alerts, metrics and the TCP listener. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "user/alert/hook.h"
#include "user/alert/url.h"
#include "user/base/clock.h"
#include "user/daemon/config.h"
#include "user/daemon/config_value.h"
#include "user/daemon/listen_tcp.h"

#define KEY(name) static int key_##name(struct pw_daemon_config *c, const char *v, const char **why)

static int bad(const char **why, const char *reason)
{
	*why = reason;
	return -EINVAL;
}

static int take_text(char *out, size_t size, const char *v, const char **why)
{
	if (strlen(v) >= size)
		return bad(why, "too long");
	snprintf(out, size, "%s", v);
	return 0;
}

KEY(alert_journal)
{
	return pw_config_yes_no(&c->alert.no_journal, v, false, why);
}

KEY(alert_exec)
{
	size_t words = 0;

	for (const char *p = v; *p; p += strcspn(p, " \t"), p += strspn(p, " \t"))
		words++;
	if (v[0] && v[0] != '/')
		return bad(why, "not an absolute path");
	if (words > PW_HOOK_ARGUMENTS)
		return bad(why, "too many words");
	return take_text(c->alert.exec, sizeof(c->alert.exec), v, why);
}

KEY(alert_exec_timeout)
{
	return pw_config_duration(&c->alert.exec_timeout_ns, v, PW_NSEC_PER_SEC,
				  3600 * PW_NSEC_PER_SEC, why);
}

KEY(alertmanager_url)
{
	struct pw_url url;

	if (v[0] && pw_url_parse(v, &url, why))
		return -EINVAL;
	return take_text(c->alert.alertmanager, sizeof(c->alert.alertmanager), v, why);
}

KEY(alert_refresh)
{
	return pw_config_duration(&c->alert.refresh_ns, v, PW_NSEC_PER_SEC, 3600 * PW_NSEC_PER_SEC,
				  why);
}

KEY(alert_spool)
{
	int r = pw_config_path(c->alert.spool, sizeof(c->alert.spool), v, why);

	c->alert_spool_given |= !r;
	return r;
}

KEY(alert_spool_max)
{
	return pw_config_number(&c->alert.spool_max, v, 1, 65536, why);
}

KEY(alert_rate)
{
	return pw_config_number(&c->alert.rate, v, 1, 1000000, why);
}

KEY(alert_instance)
{
	return take_text(c->alert_instance, sizeof(c->alert_instance), v, why);
}

KEY(listen_tcp)
{
	struct pw_tcp_address ignored;

	if (v[0] && pw_tcp_address_parse(v, &ignored))
		return bad(why, "not an address with a port");
	return take_text(c->tcp.address, sizeof(c->tcp.address), v, why);
}

KEY(listen_tcp_remote)
{
	return pw_config_yes_no(&c->tcp.remote, v, true, why);
}

KEY(token_file)
{
	return pw_config_path(c->tcp.token_path, sizeof(c->tcp.token_path), v, why);
}

KEY(metrics_groups)
{
	return pw_config_number(&c->metrics_groups, v, 1, 4096, why);
}

const struct pw_config_key pw_config_alert_keys[] = {
	{ "alert_journal", key_alert_journal, "yes or no" },
	{ "alert_exec", key_alert_exec,
	  "an absolute path and its arguments, 16 words in all, or nothing for none" },
	{ "alert_exec_timeout", key_alert_exec_timeout, "a duration from 1s to 1h, such as 30s" },
	{ "alertmanager_url", key_alertmanager_url,
	  "http://HOST:PORT, with a path where Alertmanager has one, or nothing for none" },
	{ "alert_refresh", key_alert_refresh, "a duration from 1s to 1h, such as 1m" },
	{ "alert_spool", key_alert_spool, "a directory's absolute path, or nothing for none" },
	{ "alert_spool_max", key_alert_spool_max, "a number from 1 to 65536" },
	{ "alert_rate", key_alert_rate, "a number from 1 to 1000000" },
	{ "alert_instance", key_alert_instance, "a name of at most 64 bytes" },
	{ "listen_tcp", key_listen_tcp,
	  "an address with a port, such as 127.0.0.1:9750 or [::1]:9750, or nothing for none" },
	{ "listen_tcp_remote", key_listen_tcp_remote, "yes or no" },
	{ "token_file", key_token_file, "a file's absolute path, or nothing for none" },
	{ "metrics_groups", key_metrics_groups, "a number from 1 to 4096" },
	{ NULL },
};
