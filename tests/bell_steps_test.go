package tests

import (
	"context"
	"fmt"
	"math/bits"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// The bell is tested in the real functions: a copy of their source gets a stop before every statement that takes part
// in the protocol. The test lets sender and sleeper go from stop to stop, in every order there is.

const stopClass = 4711 // advisory locks of the test

// Most jobs look for sleepers as they are sent, in one expression; for those with a unique key, as for all that come back, the
// trigger looks.
const (
	sendOne    = "select jobmachine.send($1)"
	sendMany   = `select jobmachine.send_many($1, '{"{}", "{}"}')`
	sendUnique = "select jobmachine.send($1, unique_key => $1)"
)

// stops installs park and the sender's look with stops in them; mutate may take a protection out before.
func stops(t *testing.T, db *pgtest.DB, send string, mutate func(s session)) {
	t.Helper()
	s := connect(t, db)
	if mutate != nil {
		mutate(s)
	}
	s.exec(fmt.Sprintf(`create function jobmachine._stop(n integer) returns boolean language plpgsql as $$
		begin
		  if coalesce(current_setting('test.actor', true), '') <> '' then
		    perform pg_advisory_lock_shared(%[1]d, current_setting('test.actor')::integer * 10 + n);
		    perform pg_advisory_unlock_shared(%[1]d, current_setting('test.actor')::integer * 10 + n);
		  end if;
		  return true;
		end $$`, stopClass))
	if send != sendUnique {
		instrument(t, s, "_may_sleep", beforeCondition,
			`    when (not pg_catalog.pg_try_advisory_xact_lock_shared\()`, `    when (not pg_catalog.pg_try_advisory_lock\()`)
	} else {
		instrument(t, s, "_asleep", beforeCondition,
			`    when (not pg_catalog.pg_try_advisory_xact_lock_shared\()`, `    when (jobmachine\._sleeps_itself)`,
			`    when (pg_catalog.pg_try_advisory_lock\(jobmachine\._lock_class\(kind\), )`,
			`    when (pg_catalog.pg_try_advisory_lock\(jobmachine\._lock_class\(kind\) \+ 1)`)
	}
	instrument(t, s, "park", beforeStatement,
		`(  perform jobmachine\._sleep_on)`, `(  v_next := )`, `(  v_under_way := )`, `(  select bool_or\(jobmachine\._has_work)`)
}

const (
	beforeStatement = "  perform jobmachine._stop(%d);\n"
	beforeCondition = "    when jobmachine._stop(%d) and "
)

// instrument puts a stop before what the group matches in each line; all of them must be there.
func instrument(t *testing.T, s session, function, stop string, lines ...string) {
	t.Helper()
	def := one[string](s, "select pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'jobmachine'::regnamespace and p.proname = $1", function)
	for i, line := range lines {
		re := regexp.MustCompile(`(?m)^` + line)
		if len(re.FindAllString(def, -1)) != 1 {
			t.Fatalf("%s has no line %q; the test must follow the code", function, line)
		}
		def = re.ReplaceAllString(def, fmt.Sprintf(stop, i+1)+"$1")
	}
	s.exec(def)
}

// actor runs statements on its own connection, one after the other, held at every stop.
type actor struct {
	session
	n     int // number of the actor
	stops int // stops it may meet
	pid   uint32
	done  chan struct{}
	at    int // the stop it waits at
}

func (a *actor) start(ctl session, statements func(s session)) {
	a.done = make(chan struct{})
	for i := 1; i <= a.stops; i++ {
		ctl.exec("select pg_advisory_lock($1, $2)", stopClass, a.n*10+i)
	}
	go func() {
		defer close(a.done)
		statements(a.session)
	}()
	a.wait(ctl)
}

// wait returns when the actor is at its next stop, or has ended.
func (a *actor) wait(ctl session) {
	for {
		select {
		case <-a.done:
			a.at = 0
			return
		default:
		}
		time.Sleep(100 * time.Microsecond) // so as not to starve the two who step
		at := column[int64](ctl, "select objid::bigint from pg_locks where locktype = 'advisory' and classid = $1 and pid = $2 and not granted", stopClass, a.pid)
		if len(at) == 1 {
			a.at = int(at[0]) - a.n*10
			return
		}
	}
}

// step lets the actor go to its next stop; false when it had none left.
func (a *actor) step(ctl session) bool {
	if a.at == 0 {
		return false
	}
	ctl.exec("select pg_advisory_unlock($1, $2)", stopClass, a.n*10+a.at)
	a.wait(ctl)
	return true
}

func (a *actor) finish(ctl session) {
	for a.step(ctl) {
	}
	ctl.exec("select pg_advisory_unlock_all()")
}

// lostWakeups plays every order of steps of a sender and a sleeper and counts the orders in which the sleeper would sleep
// on although a job waits for it. The order is a path: bit i says who goes at step i.
func lostWakeups(t *testing.T, db *pgtest.DB, begin, send string) (lost, played int) {
	ctl, listener := connect(t, db), connect(t, db)
	sender := &actor{session: connect(t, db), n: 1, stops: 4}
	sleeper := &actor{session: connect(t, db), n: 2, stops: 4}
	sender.pid, sleeper.pid = sender.PgConn().PID(), sleeper.PgConn().PID()
	sender.exec("set test.actor = 1")
	seen := map[string]bool{}
	for path := range 1 << 9 {
		if bits.OnesCount(uint(path)) != sleeper.stops {
			continue // the sleeper has as many steps, the sender the others
		}
		queue := fmt.Sprintf("q%d", path)
		ctl.exec("update jobmachine.meta set ticked_at = clock_timestamp()") // so that a park that finds nothing says about 1 s
		sleeper.exec("select jobmachine.unpark(), set_config('test.actor', '', false)")
		one[float64](sleeper.session, "select jobmachine.park(array[$1])", queue) // LISTENs
		sleeper.exec("set test.actor = 2")

		var wait float64
		committed := make(chan struct{})
		sender.start(ctl, func(s session) {
			s.exec(begin)
			s.exec(send, queue)
			// A last stop: sent, not committed.
			s.exec("select jobmachine._stop(4)")
			s.exec("commit")
			close(committed)
		})
		sleeper.start(ctl, func(s session) { wait = one[float64](s, "select jobmachine.park(array[$1])", queue) })

		trace := ""
		for i := range 9 {
			first, second := sender, sleeper
			if path>>i&1 == 1 {
				first, second = sleeper, sender
			}
			who := first
			if !first.step(ctl) {
				who = second
				if !second.step(ctl) {
					break
				}
			}
			trace += fmt.Sprint(who.n)
		}
		sender.finish(ctl)
		sleeper.finish(ctl)
		<-committed
		// Two paths with the same trace are the same order.
		if !seen[trace] {
			seen[trace] = true
			played++
			if wait > 0.5 && !woken(t, sleeper.session, listener, "jobmachine."+queue) {
				lost++
			}
		}
	}
	return lost, played
}

// woken tells if a notification for the channel has arrived. A second one, sent now, shows that nothing more is to come.
func woken(t *testing.T, sleeper, other session, channel string) bool {
	t.Helper()
	sleeper.exec("listen sync")
	other.exec("notify sync")
	ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
	defer cancel()
	for found := false; ; {
		n, err := sleeper.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n.Channel == channel {
			found = true
		}
		if n.Channel == "sync" {
			return found
		}
	}
}

func TestNoOrderOfParkAndRingLosesAWakeup(t *testing.T) {
	t.Parallel()
	// So many ways there are for the 4 stops of the sleeper to fall between the 3 or 4 of the sender.
	for send, orders := range map[string]int{sendOne: 35, sendMany: 35, sendUnique: 70} {
		for _, begin := range []string{"begin", "begin isolation level repeatable read"} {
			t.Run(send+strings.TrimPrefix(begin, "begin"), func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				stops(t, db, send, nil)
				lost, played := lostWakeups(t, db, begin, send)
				if lost > 0 || played != orders {
					t.Errorf("%d of %d orders lose the wake-up, want none of %d", lost, played, orders)
				}
			})
		}
	}
}

func TestTheStepsFindALostWakeupWhenAProtectionIsTakenOut(t *testing.T) {
	t.Parallel()
	mutants := map[string]func(s session){
		"the sleeper does not look for senders under way": func(s session) {
			s.exec("create or replace function jobmachine._sender_under_way(bells text[]) returns boolean language sql as 'select false'")
		},
		"the sender does not say that it is sending": func(s session) {
			s.replace("_asleep", "pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), jobmachine._key_a(bell) & 1023)", "pg_try_advisory_xact_lock_shared(1, 1)")
			s.replace("_may_sleep", "pg_try_advisory_xact_lock_shared(jobmachine._lock_class('sending'), key_a & 1023)", "pg_try_advisory_xact_lock_shared(1, key_a & 1023)")
		},
		"the sleeper puts its flag up without a last look": func(s session) {
			s.exec("create or replace function jobmachine._has_work(queue text, now timestamptz) returns boolean language sql as 'select false'")
		},
	}
	for _, send := range []string{sendOne, sendMany, sendUnique} {
		for name, mutate := range mutants {
			t.Run(send+" "+name, func(t *testing.T) {
				t.Parallel()
				db := pgtest.New(t)
				stops(t, db, send, mutate)
				if lost, played := lostWakeups(t, db, "begin", send); lost == 0 {
					t.Errorf("none of %d orders loses the wake-up: the test is blind", played)
				}
			})
		}
	}
}
