// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/screen.h"

static const char *const help[] = {
	"Keys",
	"  arrows, PgUp, PgDn, Home, End   move the selection",
	"  Enter       open the process: its segments, timeline and events",
	"  q, Esc      back; from the table q ends (F10 too)",
	"  Space       pause: the screen stands, the collection goes on",
	"  /, F4       filter by words in command, path, cgroup, unit, a PID, uid=N, min=64M,",
	"              !WORD; empty: all",
	"  s, F6       choose the column to sort by",
	"  < >         sort by the column to the left, to the right",
	"  r           reverse the order",
	"  g           groups: all processes of a program in a cgroup in one row",
	"  t, F5       below the cgroups they run in",
	"  d           dead processes too",
	"  v           only those whose growth is suspected (verdict=suspect in the filter)",
	"  l           in a process: the next longer timeline",
	"  h, ?, F1    this help",
	"",
	"Nothing here sends a signal.",
	"",
	"Columns",
	"  FOOTPR      what cannot be dropped: anonymous and shared memory, and swap",
	"  ANON FILE SHMEM SWAP   resident by kind, from the kernel's own counters",
	"  +/m 1m 10m 1h 8h       growth of the footprint per minute over that time;",
	"              '-': not watched for that long yet",
	"  LAST MIN    the footprint over the last minute",
	"  FLT/s       page faults; NEW/s FREE/s: pages first touched and given back,",
	"              from the page ledger",
	"  VERDICT     what the growth looks like: stable, warming, bounded, load-following,",
	"              growing (a suspect: pagewarden explain PID); '-': too little was seen",
	"",
	"Colours",
	"  yellow      grows, or something is not seen or was lost",
	"  green       shrinks",
	"  red         a suspect, killed for memory, or memory nearly gone",
	"  dim         has ended",
	"",
	"pagewarden(1) has the rest.",
};

#define HELP_LINES ((int)(sizeof(help) / sizeof(help[0])))

int pw_screen_help_scroll(int scroll, int height)
{
	int most = HELP_LINES > height ? HELP_LINES - height : 0;

	return scroll < 0 ? 0 : scroll > most ? most : scroll;
}

void pw_screen_help_draw(int row, int height, int width, int scroll)
{
	for (int i = 0; i < height && scroll + i < HELP_LINES; i++) {
		const char *line = help[scroll + i];
		bool heading = line[0] && line[0] != ' ';

		pw_terminal_put(row + i, 0, width, heading ? PW_STYLE_BOLD : PW_STYLE_PLAIN, line);
	}
}
