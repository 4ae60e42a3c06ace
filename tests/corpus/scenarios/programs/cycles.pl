# SPDX-License-Identifier: GPL-2.0-or-later
# Trees whose children know their parents: perl counts references, and these never come to 0.
use strict;
use warnings;

while (1) {
	for (1 .. 20) {
		my $parent = { name => "x" x 200 };
		$parent->{child} = { parent => $parent, data => [1 .. 8] };
	}
	select(undef, undef, undef, 0.05);
}
