#!/usr/bin/env perl
# A worker that does as it is told: a line of JSON on stdin, the answer on stdout. README.md has the protocol.
use v5.20;
use warnings;
use DBI;
use IO::Select;
use JSON::PP;

my $json = JSON::PP->new->allow_nonref;
my $dbh  = DBI->connect('dbi:Pg:' . ($ENV{DATABASE_URL} // ''), undef, undef, { AutoCommit => 1, RaiseError => 1, PrintError => 0 });
binmode $_, ':utf8' for *STDIN, *STDOUT;
$| = 1;

# What is done => the name of the answer, the SQL that makes it as JSON, and the members of the command that go into it.
my %call = (
    claim => [jobs => q{select coalesce(jsonb_agg(j), '[]') from jobmachine.claim(?, ?, ?, ?, ?) j}, qw(queue n lease ttl worker)],
    renew => [stop => q{select coalesce(jsonb_agg(s), '[]') from jobmachine.renew(?, ?, ?) s}, qw(lease jobs receipts)],
    complete => [verdict => 'select to_jsonb(jobmachine.complete(?, ?, ?))', qw(job receipt reply)],
    fail => [verdict => 'select to_jsonb(jobmachine.fail(?, ?, ?, ?, ?, ?))', qw(job receipt error detail retry_in permanent)],
    snooze => [verdict => 'select to_jsonb(jobmachine.snooze(?, ?, ?))', qw(job receipt delay)],
    release => [verdict => 'select to_jsonb(jobmachine.release(?, ?))', qw(job receipt)],
    reply => [verdict => 'select to_jsonb(jobmachine.reply(?, ?, ?))', qw(job receipt payload)],
    open_lease => [lease => 'select to_jsonb(jobmachine.open_lease(?, ?))', qw(worker ttl)],
    close_lease => [released => 'select to_jsonb(jobmachine.close_lease(?))', qw(lease)],
    park => [seconds => 'select to_jsonb(jobmachine.park(?))', qw(queues)],
);
my %is_json = map { $_ => 1 } qw(reply detail payload);

while (my $line = <STDIN>) {
    my $command = $json->decode($line);
    say $command->{do} eq 'wait' ? wait_for_bell($command->{seconds}) : answer($command);
}

# The functions take null for every argument that is not given; what they refuse is told by its code.
sub answer {
    my ($command) = @_;
    my ($name, $sql, @members) = @{ $call{ $command->{do} } or die "unknown command $command->{do}\n" };
    my @arguments = map { $is_json{$_} && exists $command->{$_} ? $json->encode($command->{$_}) : $command->{$_} } @members;
    my ($answer) = eval { $dbh->selectrow_array($sql, undef, @arguments) };
    return defined $answer ? qq({"$name": $answer}) : sprintf '{"error": "%s"}', $dbh->state;
}

# A notification may have come along with an earlier result already.
sub wait_for_bell {
    my ($seconds) = @_;
    my $rang = $dbh->pg_notifies;
    if (!$rang) {
        IO::Select->new($dbh->{pg_socket})->can_read($seconds);
        $rang = $dbh->pg_notifies;
    }
    1 while $dbh->pg_notifies;
    return $rang ? '{"woken": true}' : '{"woken": false}';
}
