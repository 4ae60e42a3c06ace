# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads what one test printed (TAP of a script, or cmocka's) and writes one
# line per test: STATE <tab> NAME <tab> REASON, STATE one of pass, fail, skip.
# -v status=N: how the test ended; -v limit=S and -v took=S: its time limit and
# its time in seconds.
#
# The output is not trusted to be complete: a test that crashed, timed out,
# printed nothing, or stopped before its plan was done has failed.

# Tabs separate the fields, so none may be inside.
function plain(text)
{
	gsub(/\t/, " ", text)
	return text
}

function result(state, name, reason)
{
	states[++count] = state
	names[count] = name
	reasons[count] = reason
	if (state == "fail")
		failed++
}

function remember(line)
{
	sub(/^# ?/, "", line)
	said = said (said == "" ? "" : " | ") line
}

/^1\.\.0/ {
	whole = $0
	if (!sub(/^1\.\.0 *# *(SKIP|skip) */, "", whole))
		whole = "empty plan"
	result("skip", "all", whole)
	planned++
	next
}

/^1\.\.[0-9]+/ {
	plan = $1
	sub(/^1\.\./, "", plan)
	planned += plan
	has_plan = 1
	next
}

/^Bail out!/ {
	bailed = $0
	sub(/^Bail out! */, "", bailed)
	next
}

/^(not )?ok [0-9]+/ {
	state = /^not / ? "fail" : "pass"
	name = $0
	reason = ""
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	# cmocka 1.1.5 prints "not ok 2 # SKIP name" for a skipped test, later ones "ok 2 - name # SKIP"
	if (match(name, /# *SKIP */)) {
		state = "skip"
		reason = substr(name, RSTART + RLENGTH)
		name = substr(name, 1, RSTART - 1)
		sub(/ *$/, "", name)
		if (name == "") {
			name = reason
			reason = ""
		}
		if (reason == "")
			reason = said == "" ? "the test gives no reason" : said
	}
	# cmocka's fail_msg() speaks before the result line, its assertions after it
	if (state == "fail")
		reason = said
	result(state, name, reason)
	said = ""
	explaining = state == "fail" ? count : 0
	next
}

# cmocka's line for the group that ends: where there are more, its name makes those of the tests unique.
/^#? *(not )?ok - / {
	group = $0
	sub(/^#? *(not )?ok - /, "", group)
	for (i = count; i > 0 && !(i in groups); i--)
		groups[i] = group
	group_count++
	next
}
/^TAP version/ || /^# ?Running / { next }

{
	if (explaining && /^#/) {
		line = $0
		sub(/^# ?/, "", line)
		reasons[explaining] = reasons[explaining] (reasons[explaining] == "" ? "" : "\\n") line
	} else {
		remember($0)
	}
}

END {
	if (status == 124 || status == 137 && took >= limit)
		result("fail", "time", "stopped after " limit " s, its limit; last words: " said)
	else if (bailed != "")
		result("fail", "end", bailed (said == "" ? "" : "; last words: " said))
	else if (status > 128)
		result("fail", "end", "killed by signal " (status - 128) "; last words: " said)
	else if (!count)
		result("fail", "output", "printed no result (status " status "); last words: " said)
	else if (!planned)
		result("fail", "plan", "printed no plan (status " status ")")
	else if (planned != count)
		result("fail", "plan", count " results of " planned " planned")
	else if (status != 0 && !failed)
		result("fail", "status", "exit status " status " though no test failed; last words: " said)
	else if (status == 0 && failed)
		result("fail", "status", "exit status 0 though " failed " failed")

	for (i = 1; i <= count; i++)
		print states[i] "\t" (group_count > 1 && i in groups ? groups[i] ": " : "") plain(names[i]) "\t" plain(reasons[i])
}
