package model

import "testing"

// Bugs of the engine that the machine and the fuzz targets have found, each as short as it can be. They are mended.

// A length such as "4000000 mons -119999999 days" is between 0 and 100 years by order (a month counts 30 days), but a time
// plus it is out of range, since the months are added first.
func TestALengthThatCannotBeAddedToATimeIsRefused(t *testing.T) {
	lab := newLab(t, nil)
	const length = "interval '4000000 mons -119999999 days'"
	a := lab.sessions[0]
	for _, sql := range []string{
		"select jobmachine.send('q', delay => " + length + ")",
		"select jobmachine.send('q', expires_in => " + length + ")",
		"select jobmachine.send('q', unique_key => 'k', unique_for => " + length + ")",
		"select jobmachine.send('q', timeout => " + length + ")",
		"select jobmachine.open_lease('w', " + length + ")",
		"select jobmachine.claim('q', ttl => " + length + ")",
		"select jobmachine.configure('q', timeout => " + length + ")",
		"select jobmachine.configure('q', backoff => " + length + ")",
		"select jobmachine.configure('q', retention => " + length + ")",
	} {
		lab.reset(1)
		if r := a.run(sql); r.code != "JM001" {
			t.Errorf("%s: %q %s", sql, r.code, r.message)
		}
		lab.exec(a, "select jobmachine.send('q')")
		if r := a.run("select id from jobmachine.claim('q')"); r.code != "" {
			t.Errorf("  and then nobody can claim from the queue: %s", r)
		}
		a.run("select jobmachine.send('other')")
		if r := a.run("select id from jobmachine.claim('*')"); r.code != "" {
			t.Errorf("  nor from any other, by a pattern: %s", r)
		}
		lab.warnings = nil
		lab.exec(a, "select jobmachine.tick()")
		for _, w := range lab.warnings {
			t.Errorf("  and the housekeeper: %s", w)
		}
	}
}

// close_lease counted runs that another transaction had ended while it waited.
func TestCloseLeaseCountsWhatItReleases(t *testing.T) {
	lab := newLab(t, nil)
	lab.reset(1)
	a, b := lab.sessions[0], lab.sessions[1]
	lab.exec(a, "select jobmachine.open_lease('w')")
	lab.exec(a, "select jobmachine.send('q')")
	receipt := a.run("select receipt from jobmachine.claim('q', lease_id => 1)").one()
	lab.exec(b, "begin")
	lab.exec(b, "select jobmachine.complete(1, "+receipt+")")
	done := make(chan string)
	go func() { done <- a.run("select jobmachine.close_lease(1)").one() }()
	for lab.monitor.run("select count(*) from pg_locks where not granted").one() == "0" {
	}
	lab.exec(b, "commit")
	if n := <-done; n != "0" {
		t.Errorf("it answers %s; it has released nothing", n)
	}
}

// A settle that changes nothing removed the job, and answered unknown, if its queue kept nothing by then.
func TestASettleThatIsRepeatedChangesNothing(t *testing.T) {
	lab := newLab(t, nil)
	for _, receipt := range []string{"the same", "4711"} {
		lab.reset(1)
		a := lab.sessions[0]
		lab.exec(a, "select jobmachine.send('q')")
		real := a.run("select receipt from jobmachine.claim('q')").one()
		lab.exec(a, "select jobmachine.complete(1, "+real+")")
		lab.exec(a, "select jobmachine.configure('q', retention => '0')")
		want := "stale"
		if receipt == "the same" {
			receipt, want = real, "already"
		}
		if r := a.run("select (jobmachine.settle(array[1, 99], array[" + receipt + ", 1], array['complete', 'complete']))[1]"); r.one() != want {
			t.Errorf("settle answers %s, not %s", r, want)
		}
		if n := a.run("select count(*) from jobmachine.status(1)").one(); n != "1" {
			t.Error("the job is gone, by a call that changes nothing")
		}
	}
}

// A sender that takes a key over whose time is up, and stays open, held up the housekeeper: the purge of the job that had
// the key waited for it, for a second, failed, and came to nothing; so did every later one.
func TestAnOpenSenderDoesNotHoldUpTheHousekeeper(t *testing.T) {
	lab := newLab(t, nil)
	lab.reset(1)
	a, b := lab.sessions[0], lab.sessions[1]
	lab.exec(a, "select jobmachine.send('q', unique_key => 'k', unique_for => '10 s')")
	lab.exec(a, "select jobmachine.cancel(1)")
	lab.exec(a, "select jobmachine.configure('q', retention => '1 min')")
	lab.exec(lab.monitor, "update jobmachine_test.clock set now = now + interval '10 min'")
	lab.exec(a, "begin")
	lab.exec(a, "select jobmachine.send('q', unique_key => 'k')")
	lab.exec(b, "select jobmachine.tick()")
	if len(lab.warnings) > 0 {
		t.Error(lab.warnings)
	}
}
