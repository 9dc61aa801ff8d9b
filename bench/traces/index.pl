# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An index of words, as a load for an allocator: small strings that live long,
# lists that grow a step at a time, pages of text that are built, searched and
# thrown away.
use strict;
use warnings;

my (%lines, @pages);
while (my $line = <>) {
	push @{$lines{lc $_}}, $. for $line =~ /\w{4,}/g;
	$pages[$. / 50] .= $line;
}

my $book = join('', @pages) x 4;
$book =~ s/^/> /gm for 1 .. 5;
print length $book, "\n";

for my $page (splice @pages, 0, @pages / 2) {
	my %count;
	$count{$_}++ for split /\W+/, $page;
	delete @lines{map lc, grep $count{$_} > 1, keys %count};
}
print "$_: @{$lines{$_}}\n" for sort keys %lines;
