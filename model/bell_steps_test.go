package model

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// The model of the bell against the real functions. A copy of their source gets a stop before every step of the model;
// the test lets one actor go on to its next stop, and the model says which one that must be, what park answers, and who is
// woken. (A try and its unlock are one expression, so here they are one step.)

const stopClass = 4712 // advisory locks of this test: actor * 10 + stop

// The stop before each step.
var (
	senderStops  = map[uint8]int{sQuickMark: 1, sQuickA: 2, sMark: 3, sA: 4, sB: 5, sCommit: 6, sDone: 0}
	sleeperStops = map[uint8]int{pA: 1, pB: 2, pMarks: 3, pLook: 4, pPoll: 0, pSleep: 0, pDead: 0}
)

// stage is a database whose functions stop, and the connections of the actors: two senders, then two sleepers.
type stage struct {
	t      *testing.T
	db     *pgtest.DB
	ctl    *pgx.Conn
	actors [4]*actor
	queues int
}

type actor struct {
	conn   *pgx.Conn
	n      int
	done   chan struct{}
	err    error
	answer float64 // of park
	end    string  // how a sender ends its transaction
}

func newStage(t *testing.T) *stage {
	t.Helper()
	db := pgtest.New(t)
	db.Exec(fmt.Sprintf(`create function jobmachine._stop(n integer, key integer) returns boolean language plpgsql as $$
		begin
		  if coalesce(current_setting('test.actor', true), '') <> '' and coalesce(key::text, current_setting('test.key')) = current_setting('test.key') then
		    perform pg_advisory_lock_shared(%[1]d, current_setting('test.actor')::integer * 10 + n);
		    perform pg_advisory_unlock_shared(%[1]d, current_setting('test.actor')::integer * 10 + n);
		  end if;
		  return true;
		end $$`, stopClass))
	conn := db.Connect()
	for _, stop := range []mutant{
		{"1", "_may_sleep", "when not pg_catalog.pg_try_advisory_xact_lock_shared(", "when jobmachine._stop(1, key_a) and not pg_catalog.pg_try_advisory_xact_lock_shared("},
		{"2", "_may_sleep", "when not pg_catalog.pg_try_advisory_lock(", "when jobmachine._stop(2, key_a) and not pg_catalog.pg_try_advisory_lock("},
		{"3", "_asleep", "when not pg_catalog.pg_try_advisory_xact_lock_shared(", "when jobmachine._stop(3, jobmachine._key_a(bell)) and not pg_catalog.pg_try_advisory_xact_lock_shared("},
		{"4", "_asleep", "when pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind), ", "when jobmachine._stop(4, jobmachine._key_a(bell)) and pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind), "},
		{"5", "_asleep", "when pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind) + 1", "when jobmachine._stop(5, jobmachine._key_a(bell)) and pg_catalog.pg_try_advisory_lock(jobmachine._lock_class(kind) + 1"},
		{"1", "_sleep_on", "perform jobmachine._hold_keys(jobmachine._lock_class('queue'),", "perform jobmachine._stop(1, null); perform jobmachine._hold_keys(jobmachine._lock_class('queue'),"},
		{"2", "_sleep_on", "perform jobmachine._hold_keys(jobmachine._lock_class('queue_b'),", "perform jobmachine._stop(2, null); perform jobmachine._hold_keys(jobmachine._lock_class('queue_b'),"},
		{"3", "park", "v_under_way := ", "perform jobmachine._stop(3, null); v_under_way := "},
		{"4", "park", "select bool_or(jobmachine._has_work(", "perform jobmachine._stop(4, null); select bool_or(jobmachine._has_work("},
	} {
		mutate(t, conn, stop)
	}
	st := &stage{t: t, db: db, ctl: conn}
	for i := range st.actors {
		st.actors[i] = &actor{n: i + 1, conn: db.Connect()}
	}
	return st
}

func (st *stage) exec(conn *pgx.Conn, sql string, args ...any) {
	st.t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		st.t.Fatalf("%s: %v", sql, err)
	}
}

// prepare gives the actors a new queue, and lets the sleepers LISTEN.
func (st *stage) prepare() (queue string) {
	st.t.Helper()
	for clash := true; clash; { // with the other bells that are rung or slept on
		st.queues++
		queue = fmt.Sprintf("q%d", st.queues)
		clash = pgtest.Get[bool](st.db, `select count(distinct jobmachine._key_a(b) & 1023) < 3 from unnest(array[$1, '*', 'tick*']) b`, queue)
	}
	for _, a := range st.actors {
		if a.conn.IsClosed() {
			a.conn = st.db.Connect()
		}
		st.exec(a.conn, "select set_config('test.actor', '', false), set_config('test.key', jobmachine._key_a($1)::text, false)", queue)
		if a.n > 2 {
			st.exec(a.conn, "select jobmachine.unpark()")
			st.exec(a.conn, "select jobmachine.park(array[$1])", queue)
		}
		st.exec(a.conn, "select set_config('test.actor', $1, false)", fmt.Sprint(a.n))
	}
	return queue
}

// start lets an actor go to its first stop.
func (st *stage) start(a *actor, run func() error) int {
	a.done, a.err = make(chan struct{}), nil
	for i := 1; i <= 6; i++ {
		st.exec(st.ctl, "select pg_advisory_lock($1, $2)", stopClass, a.n*10+i)
	}
	go func() {
		defer close(a.done)
		a.err = run()
	}()
	return st.wait(a)
}

// wait returns the stop that an actor has come to; 0 when it has ended.
func (st *stage) wait(a *actor) int {
	pid := a.conn.PgConn().PID()
	for {
		select {
		case <-a.done:
			return 0
		case <-time.After(100 * time.Microsecond): // so as not to starve the actors
		}
		var at int
		err := st.ctl.QueryRow(context.Background(), "select objid::integer from pg_locks where locktype = 'advisory' and classid = $1 and pid = $2 and not granted", stopClass, pid).Scan(&at)
		if err == nil {
			return at - a.n*10
		}
	}
}

func (st *stage) step(a *actor, at int) int {
	st.exec(st.ctl, "select pg_advisory_unlock($1, $2)", stopClass, a.n*10+at)
	return st.wait(a)
}

// crash ends the session of an actor, and returns when its locks are gone.
func (st *stage) crash(a *actor) {
	pid := a.conn.PgConn().PID()
	st.exec(st.ctl, "select pg_terminate_backend($1)", pid)
	<-a.done
	a.conn.Close(context.Background())
	st.db.Eventually("select not exists (select from pg_stat_activity where pid = $1)", pid)
}

// choice is who goes on, and how: step, rollback or crash.
type choice struct {
	actor int
	how   string
}

// choices are what may happen next; an actor that has ended has none.
func choices(s bell, used [4]bool, how ...string) []choice {
	var out []choice
	for i := range 4 {
		for _, h := range how {
			switch {
			case !used[i]:
			case i < 2 && s.senders[i].at == sDone, i >= 2 && s.sleepers[i-2].at >= pPoll:
			case h == "rollback" && (i >= 2 || s.senders[i].at != sCommit):
			default:
				out = append(out, choice{i, h})
			}
		}
	}
	return out
}

// after is the state when an actor has gone on to its next stop. What is one expression, or one commit, is one step.
func after(s bell, c choice) bell {
	who, how := fmt.Sprintf("sender %d: ", c.actor+1), c.how
	if c.actor >= 2 {
		who = fmt.Sprintf("sleeper %d: ", c.actor-1)
	}
	for {
		i := slices.IndexFunc(guards{}.moves(s), func(m move[bell]) bool {
			name, mine := strings.CutPrefix(m.name, who)
			return mine && (name == how || how == "step" && name != "crash" && name != "rollback")
		})
		s = guards{}.moves(s)[i].to
		if c.actor < 2 && slices.Contains([]uint8{sQuickDrop, sDropA, sDropB, sVisible}, s.senders[c.actor].at) ||
			c.actor >= 2 && s.sleepers[c.actor-2].at == pDropMark {
			how = "step"
			continue
		}
		return s
	}
}

// begin is the state before the first step: who takes part, and whose trigger looks.
func begin(used, byTrigger [4]bool) bell {
	s := bell{}
	for i := range s.senders {
		switch {
		case !used[i]:
			s.senders[i] = sender{at: sDone}
		case byTrigger[i]:
			s.senders[i] = sender{at: sMark, byTrigger: true, ticket: tUncommitted}
		default:
			s.senders[i] = sender{at: sQuickMark, ticket: tUncommitted}
		}
		s.sleepers[i] = sleeper{at: pDead}
		if used[i+2] {
			s.sleepers[i] = sleeper{at: pA, listens: true}
		}
	}
	return s
}

// play runs one order with the real functions, step by step with the model.
func (st *stage) play(s bell, used [4]bool, choose func(bell) (choice, bool)) {
	st.t.Helper()
	queue := st.prepare()
	trace := ""
	fail := func(format string, args ...any) {
		st.t.Helper()
		st.t.Fatalf("%s\nafter%s", fmt.Sprintf(format, args...), trace)
	}
	want := [2]string{}
	at := [4]int{}
	for i, a := range st.actors {
		switch {
		case !used[i]:
			continue
		case i < 2:
			at[i] = st.start(a, func() error { return a.send(queue, s.senders[i].byTrigger) })
		default:
			at[i] = st.start(a, func() error {
				return a.conn.QueryRow(context.Background(), "select jobmachine.park(array[$1])", queue).Scan(&a.answer)
			})
		}
	}
	for {
		c, more := choose(s)
		if !more {
			break
		}
		trace += fmt.Sprintf(" %d:%s", c.actor+1, c.how)
		a, before := st.actors[c.actor], s
		s = after(s, c)
		expected := 0
		if c.actor < 2 {
			expected = senderStops[s.senders[c.actor].at]
			a.end = map[string]string{"step": "commit", "rollback": "rollback"}[c.how]
		} else {
			expected = sleeperStops[s.sleepers[c.actor-2].at]
			want[c.actor-2] = answerOf(before, c.actor-2)
		}
		if c.how == "crash" {
			st.crash(a)
			continue
		}
		if at[c.actor] = st.step(a, at[c.actor]); at[c.actor] != expected {
			fail("actor %d is at stop %d, the model at %d (%v)", c.actor+1, at[c.actor], expected, a.err)
		}
		if at[c.actor] == 0 && a.err != nil {
			fail("actor %d: %v", c.actor+1, a.err)
		}
	}
	st.exec(st.ctl, "select pg_advisory_unlock_all()")
	if why := lost(s); why != "" {
		fail("%s", why)
	}
	for i, p := range s.sleepers {
		if !used[i+2] || p.at == pDead {
			continue
		}
		a := st.actors[i+2]
		if got := st.answerOf(a); got != want[i] {
			fail("park says to sleeper %d: %s (%v), the model: %s", i+1, got, a.answer, want[i])
		}
		if woken := st.woken(a, queue); woken != p.rung {
			fail("sleeper %d is woken: %v, in the model: %v", i+1, woken, p.rung)
		}
	}
}

func (a *actor) send(queue string, byTrigger bool) error {
	// A snapshot of its transaction's does not keep a sender from seeing who sleeps.
	sql, isolation := "select jobmachine.send($1)", "read committed"
	if a.n == 2 {
		isolation = "repeatable read"
	}
	if byTrigger {
		sql = "select jobmachine.send($1, unique_key => gen_random_uuid()::text)"
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{{"begin isolation level " + isolation, nil}, {sql, []any{queue}}, {"select jobmachine._stop(6, null)", nil}} {
		if _, err := a.conn.Exec(context.Background(), step.sql, step.args...); err != nil {
			return err
		}
	}
	_, err := a.conn.Exec(context.Background(), a.end)
	return err
}

// What park says: there is work; look again soon, as somebody is sending; or sleep until it is time for the housekeeping.
const (
	workNow = "claim now"
	soon    = "look again soon"
	sleep   = "sleep"
)

func answerOf(s bell, i int) string {
	switch {
	case slices.ContainsFunc(s.senders[:], func(x sender) bool { return x.ticket == tPending }):
		return workNow
	case s.sleepers[i].underWay:
		return soon
	}
	return sleep
}

// answerOf tells what an answer of park meant: the session remembers how long it was told to wait for a sender.
func (st *stage) answerOf(a *actor) string {
	st.t.Helper()
	var wait string
	if err := a.conn.QueryRow(context.Background(), "select current_setting('jobmachine_session.wait')").Scan(&wait); err != nil {
		st.t.Fatal(err)
	}
	switch {
	case a.answer == 0:
		return workNow
	case wait != "":
		return soon
	}
	return sleep
}

// woken tells if a notification has arrived. Another one, sent now, shows that nothing more is to come.
func (st *stage) woken(a *actor, queue string) bool {
	st.t.Helper()
	sync := fmt.Sprintf("sync %s %d", queue, a.n)
	st.exec(a.conn, "listen sync")
	st.exec(st.ctl, "select pg_notify('sync', $1)", sync)
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	for found := false; ; {
		n, err := a.conn.WaitForNotification(ctx)
		if err != nil {
			st.t.Fatal(err)
		}
		if n.Payload == sync {
			return found
		}
		found = found || n.Channel == "jobmachine."+queue
	}
}

// orders lists every way from a state to the end.
func orders(s bell, used [4]bool) [][]choice {
	next := choices(s, used, "step", "rollback")
	if len(next) == 0 {
		return [][]choice{nil}
	}
	var out [][]choice
	for _, c := range next {
		for _, rest := range orders(after(s, c), used) {
			out = append(out, append([]choice{c}, rest...))
		}
	}
	return out
}

func TestTheRealBellFollowsTheModelInEveryOrderOfTwo(t *testing.T) {
	t.Parallel()
	used := [4]bool{true, false, true, false}
	for name, byTrigger := range map[string][4]bool{"send looks": {}, "the trigger looks": {true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			start := begin(used, byTrigger)
			all := orders(start, used)
			for _, order := range all {
				i := 0
				st.play(start, used, func(bell) (choice, bool) {
					if i == len(order) {
						return choice{}, false
					}
					i++
					return order[i-1], true
				})
			}
			t.Logf("%d orders", len(all))
		})
	}
}

// Of four actors there are too many orders; some are drawn. The seed is printed by a failure, and may be set here.
func TestTheRealBellFollowsTheModelInOrdersOfFour(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	n := 60
	seed := uint64(1)
	if long {
		n, seed = 2000, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	used := [4]bool{true, true, true, true}
	for range n {
		byTrigger := [4]bool{random.IntN(2) == 0, random.IntN(2) == 0}
		st.play(begin(used, byTrigger), used, func(s bell) (choice, bool) {
			next := choices(s, used, "step")
			if len(next) == 0 {
				return choice{}, false
			}
			c := next[random.IntN(len(next))]
			switch r := random.IntN(20); {
			case r == 0:
				c.how = "crash"
			case r < 6 && c.actor < 2 && s.senders[c.actor].at == sCommit:
				c.how = "rollback"
			}
			return c, true
		})
	}
}
