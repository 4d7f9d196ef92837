#!/usr/bin/env perl
# Counts the lines and words of files: perl worker.pl [TTL]. Start as many as you like; no other process is needed.
use v5.20;
use warnings;
use DBI;
use Encode;
use IO::Select;
use JSON::PP;
use Sys::Hostname;

my $queue = 'file.words';
my $ttl   = shift // '1 min';    # a job that takes longer is taken to be lost, and runs elsewhere
my $name  = hostname . ":$$";
my $json  = JSON::PP->new->allow_nonref;
my $dbh   = DBI->connect('dbi:Pg:' . ($ENV{DATABASE_URL} // ''), undef, undef, { AutoCommit => 1, RaiseError => 1, PrintError => 0 });
my $stop  = 0;
$SIG{INT} = $SIG{TERM} = sub { $stop = 1 };    # the job at hand is finished first
binmode STDOUT, ':utf8';
$| = 1;

# What the worker is for. What it returns is the reply; if it dies, the job is tried again later.
sub process {
    my ($data) = @_;
    open my $file, '<', encode_utf8($data->{path} // die "no path given\n") or die "cannot open $data->{path}: $!\n";
    my $words = 0;
    $words += split ' ' while <$file>;
    my $lines = 0 + $.;
    close $file or die "cannot read $data->{path}: $!\n";
    return { lines => $lines, words => $words };
}

my $parked = 0;
until ($stop) {
    my $job = $dbh->selectrow_hashref('select * from jobmachine.claim(?, ttl => ?, worker => ?)', undef, $queue, $ttl, $name);
    if (!$job) {
        # park says how long nothing can happen unless the bell rings: 0 means look again. It does the housekeeping too.
        my ($seconds) = $dbh->selectrow_array('select jobmachine.park(?)', undef, [$queue]);
        wait_for_bell($seconds) if $seconds > 0;
        $parked = 1;
        next;
    }
    $dbh->do('select jobmachine.unpark()') if $parked;    # awake: senders need not ring
    $parked = 0;
    my $reply   = eval { $json->encode(process($json->decode($job->{payload}))) };
    chomp(my $error = $@);
    my $verdict = $dbh->selectrow_array(defined $reply
        ? ('select jobmachine.complete(?, ?, ?)', undef, @$job{qw(id receipt)}, $reply)
        : ('select jobmachine.fail(?, ?, ?)', undef, @$job{qw(id receipt)}, $error));
    say "job $job->{id}, attempt $job->{attempt}: ", $reply // "failed: $error", $verdict eq 'ok' ? '' : " ($verdict)";
}

# Sleeps until a notification comes, which may have come along with the last result already.
sub wait_for_bell {
    my ($seconds) = @_;
    IO::Select->new($dbh->{pg_socket})->can_read($seconds) unless $dbh->pg_notifies;
    1 while $dbh->pg_notifies;
}
