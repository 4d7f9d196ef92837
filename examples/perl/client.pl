#!/usr/bin/env perl
# Has the lines and words of a file counted by a worker, and waits for the answer: perl client.pl FILE
use v5.20;
use warnings;
use Cwd 'abs_path';
use DBI;
use Encode;
use IO::Select;
use JSON::PP;

my $json = JSON::PP->new->canonical;
my $file = abs_path(shift // die "usage: $0 FILE\n") // die "no such file\n";
my $dbh  = DBI->connect('dbi:Pg:' . ($ENV{DATABASE_URL} // ''), undef, undef, { AutoCommit => 1, RaiseError => 1, PrintError => 0 });
binmode STDOUT, ':utf8';

my ($id) = $dbh->selectrow_array('select jobmachine.send(?, ?)', undef, 'file.words', $json->encode({ path => decode_utf8($file) }));
say "ticket $id";

my $answer = await($id, 60) or die "no answer yet: ask later with select * from jobmachine.receive($id)\n";
die "$answer->{state}: $answer->{error}\n" if $answer->{state} ne 'completed';
my $reply = $json->decode($answer->{payload});
say "$reply->{lines} lines, $reply->{words} words";

# Waits for the last answer to a job, at most so many seconds: look, say that you wait, wait for the bell, look again.
sub await {
    my ($id, $within) = @_;
    my ($until, $answer) = time + $within;
    while (time < $until) {
        $answer = $dbh->selectrow_hashref('select * from jobmachine.receive(?)', undef, $id);
        last if $answer && $answer->{state} ne 'running';    # running: an interim answer
        my ($seconds) = $dbh->selectrow_array('select jobmachine.check(?)', undef, $id);
        wait_for_bell($seconds) if $seconds > 0;
    }
    $dbh->do('select jobmachine.uncheck(?)', undef, $id);
    return $answer && $answer->{state} ne 'running' ? $answer : undef;
}

# Sleeps until a notification comes, which may have come along with the last result already.
sub wait_for_bell {
    my ($seconds) = @_;
    IO::Select->new($dbh->{pg_socket})->can_read($seconds) unless $dbh->pg_notifies;
    1 while $dbh->pg_notifies;
}
