package model

import (
	"fmt"
	"testing"
)

// The bell as a model: two senders and two sleepers, one bell. Every step has the name of the function and the statement
// that does it; bell_steps_test.go plays the same steps with the real ones. A sender may commit, roll back or crash; a
// sleeper may crash, also with a ticket in its hands, and its claim may be rolled back.

// guards are the protections of the protocol; the zero value has them all.
type guards struct {
	noMark        bool // the sender does not say that it is sending
	markAfterLook bool // it looks for sleepers first
	markEndsEarly bool // it says so only while it looks
	failedMark    bool // who cannot say it goes on as if nobody slept
	noRing        bool // it does not notify
	noLookAtMarks bool // the sleeper does not look for senders under way
	marksLast     bool // it looks for them after it has looked for work
	noPoll        bool // it sleeps on although one is under way
	flagLast      bool // its flag goes up after it has looked
	oneFlag       bool // key A only: costs notifications, loses nothing
	listenLast    bool // LISTEN begins after it has looked
	noLook        bool // it sleeps without a look for work
	skipLocked    bool // it does not count what an open claim has
	locksFirst    bool // PostgreSQL lets go of locks before a commit can be seen (it does not)
}

// Steps of a sender. _may_sleep is the quick look of most sends; _asleep is the look of the trigger.
const (
	sQuickMark = iota // _may_sleep: pg_try_advisory_xact_lock_shared(sending)
	sQuickA           // _may_sleep: pg_try_advisory_lock(A)
	sQuickDrop        // _may_sleep: pg_advisory_unlock(A)
	sMark             // _asleep: pg_try_advisory_xact_lock_shared(sending)
	sA                // _asleep: pg_try_advisory_lock(A)
	sDropA            // _asleep: pg_advisory_unlock(A)
	sB                // _asleep: pg_try_advisory_lock(B)
	sDropB            // _asleep: pg_advisory_unlock(B)
	sLateMark         // a mutant's
	sCommit           // commit or rollback
	sVisible          // the commit can be seen; notifications and locks are still to go
	sDone
)

// Steps of a sleeper.
const (
	pListen   = iota // park: LISTEN, in a transaction of its own
	pA               // _sleep_on: pg_advisory_lock_shared(A)
	pB               // _sleep_on: pg_advisory_lock_shared(B)
	pMarks           // _sender_under_way: pg_try_advisory_lock(sending)
	pDropMark        // _sender_under_way: pg_advisory_unlock(sending)
	pLook            // park: _has_work
	pPoll            // sleeps, for half a second at most
	pSleep           // sleeps, until it is notified
	pClaim           // claim: for update skip locked
	pHas             // has a ticket, not committed
	pDead
)

// Where a sender's ticket is.
const (
	tNone = iota
	tUncommitted
	tPending
	tLocked // by the first sleeper, + 1 by the second
	tTaken  = tLocked + 2
)

type sender struct {
	at           uint8
	byTrigger    bool // the trigger looks, as for a unique key, without the quick look before
	marked, a, b bool // locks it has: sending shared; A and B for a moment
	rings        bool
	ticket       uint8
}

type sleeper struct {
	at             uint8
	a, b           bool // its flags
	marks          bool // has SENDING for a moment
	listens, rung  bool
	underWay, work bool
}

type bell struct {
	senders  [2]sender
	sleepers [2]sleeper
}

// Locks: a try fails if somebody else's does not go with it.

func (s bell) sendingFree(shared bool, me int) bool {
	for i, p := range s.sleepers {
		if p.marks && (shared || i != me) {
			return false
		}
	}
	for _, x := range s.senders {
		if !shared && x.marked {
			return false
		}
	}
	return true
}

func (s bell) flagFree(b, shared bool, me int) bool {
	for i, x := range s.senders {
		if has := b && x.b || !b && x.a; has && (shared || i != me) {
			return false
		}
	}
	for _, p := range s.sleepers {
		if has := b && p.b || !b && p.a; !shared && has {
			return false
		}
	}
	return true
}

func (g guards) moves(s bell) []move[bell] {
	var out []move[bell]
	for i := range s.senders {
		add := func(name string, change func(to *bell, x *sender)) {
			to := s
			change(&to, &to.senders[i])
			out = append(out, move[bell]{fmt.Sprintf("sender %d: %s", i+1, name), to})
		}
		g.sender(s, i, add)
	}
	for i := range s.sleepers {
		add := func(name string, change func(to *bell, p *sleeper)) {
			to := s
			change(&to, &to.sleepers[i])
			out = append(out, move[bell]{fmt.Sprintf("sleeper %d: %s", i+1, name), to})
		}
		g.sleeper(s, i, add)
	}
	return out
}

func (g guards) sender(s bell, i int, add func(string, func(*bell, *sender))) {
	x := s.senders[i]
	decide := func(to *sender, asleep bool) { // the look is over
		to.rings, to.at = asleep && !g.noRing, sCommit
		if g.markEndsEarly {
			to.marked = false
		}
		if g.markAfterLook {
			to.at = sLateMark
		}
	}
	mark := func(name string, next, asleep func(*sender)) {
		add(name, func(to *bell, x *sender) {
			switch {
			case g.noMark || g.markAfterLook:
				next(x)
			case x.marked || s.sendingFree(true, -1):
				x.marked = true
				next(x)
			case g.failedMark:
				decide(x, false)
			default:
				asleep(x)
			}
		})
	}
	try := func(name string, b bool, got, not func(*sender)) {
		add(name, func(to *bell, x *sender) {
			if !s.flagFree(b, false, i) {
				not(x)
				return
			}
			x.a, x.b = !b, b
			got(x)
		})
	}
	drop := func(name string, next func(*sender)) {
		add(name, func(_ *bell, x *sender) { x.a, x.b = false, false; next(x) })
	}
	to := func(at uint8) func(*sender) { return func(x *sender) { x.at = at } }
	awake, asleep := func(x *sender) { decide(x, false) }, func(x *sender) { decide(x, true) }
	switch x.at {
	case sQuickMark:
		mark("_may_sleep: pg_try_advisory_xact_lock_shared(sending)", to(sQuickA), to(sMark))
	case sQuickA:
		try("_may_sleep: pg_try_advisory_lock(A)", false, to(sQuickDrop), to(sMark))
	case sQuickDrop:
		drop("_may_sleep: pg_advisory_unlock(A)", awake)
	case sMark:
		mark("_asleep: pg_try_advisory_xact_lock_shared(sending)", to(sA), asleep)
	case sA:
		try("_asleep: pg_try_advisory_lock(A)", false, to(sDropA), func(x *sender) {
			if x.at = sB; g.oneFlag {
				decide(x, true)
			}
		})
	case sDropA:
		drop("_asleep: pg_advisory_unlock(A)", awake)
	case sB:
		try("_asleep: pg_try_advisory_lock(B)", true, to(sDropB), asleep)
	case sDropB:
		drop("_asleep: pg_advisory_unlock(B)", awake)
	case sLateMark:
		add("pg_try_advisory_xact_lock_shared(sending), late", func(_ *bell, x *sender) { x.marked, x.at = s.sendingFree(true, -1), sCommit })
	case sCommit:
		add("commit", func(_ *bell, x *sender) {
			x.ticket, x.at = tPending, sVisible
		})
		add("rollback", func(_ *bell, x *sender) { *x = sender{at: sDone} })
		if g.locksFirst {
			add("lets go of its locks, not committed yet", func(_ *bell, x *sender) { x.marked = false })
		}
	case sVisible:
		add("commit: its notifications arrive, its locks go", func(to *bell, x *sender) {
			x.at, x.marked = sDone, false
			for j := range to.sleepers {
				p := &to.sleepers[j]
				p.rung = p.rung || x.rings && p.listens
			}
		})
	}
	if x.at < sVisible {
		add("crash", func(_ *bell, x *sender) { *x = sender{at: sDone} })
	}
}

func (g guards) sleeper(s bell, i int, add func(string, func(*bell, *sleeper))) {
	p := s.sleepers[i]
	// In which order a sleeper goes is what some of the mutants change.
	order := []uint8{pListen, pA, pB, pMarks, pLook}
	switch {
	case g.flagLast:
		order = []uint8{pListen, pMarks, pLook, pA, pB}
	case g.marksLast:
		order = []uint8{pListen, pA, pB, pLook, pMarks}
	case g.listenLast:
		order = []uint8{pA, pB, pMarks, pLook, pListen}
	}
	after := func(p *sleeper, at uint8) {
		for k, step := range order {
			if step == at && k+1 < len(order) {
				p.at = order[k+1]
				return
			}
		}
		if p.at = pSleep; p.work || p.underWay && !g.noPoll {
			p.at = pPoll
		}
		p.work, p.underWay = false, false
	}
	again := func(p *sleeper) {
		p.at, p.work, p.underWay = order[0], false, false
		if p.listens && order[0] == pListen {
			p.at = order[1]
		}
	}
	switch p.at {
	case pListen:
		add("park: listen", func(_ *bell, p *sleeper) { p.listens = true; after(p, pListen) })
	case pA:
		if s.flagFree(false, true, i) {
			add("_sleep_on: pg_advisory_lock_shared(A)", func(_ *bell, p *sleeper) { p.a = true; after(p, pA) })
		}
	case pB:
		if s.flagFree(true, true, i) {
			add("_sleep_on: pg_advisory_lock_shared(B)", func(_ *bell, p *sleeper) { p.b = !g.oneFlag; after(p, pB) })
		}
	case pMarks:
		add("_sender_under_way: pg_try_advisory_lock(sending)", func(_ *bell, p *sleeper) {
			switch {
			case g.noLookAtMarks:
				after(p, pMarks)
			case s.sendingFree(false, i):
				p.marks, p.at = true, pDropMark
			default:
				p.underWay = true
				after(p, pMarks)
			}
		})
	case pDropMark:
		add("_sender_under_way: pg_advisory_unlock(sending)", func(_ *bell, p *sleeper) { p.marks = false; after(p, pMarks) })
	case pLook:
		add("park: _has_work", func(_ *bell, p *sleeper) {
			for _, x := range s.senders {
				p.work = p.work || !g.noLook && (x.ticket == tPending || x.ticket >= tLocked && x.ticket < tTaken && !g.skipLocked)
			}
			after(p, pLook)
		})
	case pPoll:
		add("has waited long enough", func(_ *bell, p *sleeper) { p.at = pClaim })
	case pSleep:
		if p.rung {
			add("is woken", func(_ *bell, p *sleeper) { p.rung, p.at = false, pClaim })
		}
	case pClaim:
		none := true
		for k, x := range s.senders {
			if x.ticket == tPending {
				none = false
				add(fmt.Sprintf("claim: locks ticket %d", k+1), func(to *bell, p *sleeper) {
					// unpark: awake, it needs no notifications.
					to.senders[k].ticket, p.at, p.a, p.b = tLocked+uint8(i), pHas, false, false
				})
			}
		}
		if none {
			add("claim: nothing", func(_ *bell, p *sleeper) { again(p) })
		}
	case pHas:
		for k, x := range s.senders {
			if x.ticket == tLocked+uint8(i) {
				add("claim: commit", func(to *bell, p *sleeper) { to.senders[k].ticket = tTaken; p.at = pClaim })
				add("claim: rollback", func(to *bell, p *sleeper) { to.senders[k].ticket = tPending; p.at = pClaim })
			}
		}
	}
	if p.at != pDead {
		add("crash", func(to *bell, p *sleeper) {
			for k, x := range s.senders {
				if x.ticket == tLocked+uint8(i) {
					to.senders[k].ticket = tPending
				}
			}
			*p = sleeper{at: pDead}
		})
	}
}

// lost: a ticket can be had, and of those who live all sleep, with nothing on the way that wakes them.
func lost(s bell) string {
	alive, asleep := 0, 0
	for _, p := range s.sleepers {
		if p.at != pDead {
			alive++
		}
		if p.at == pSleep && !p.rung {
			asleep++
		}
	}
	for i, x := range s.senders {
		if x.at == sVisible && x.rings {
			return ""
		}
		if x.ticket == tPending && alive > 0 && asleep == alive {
			return fmt.Sprintf("ticket %d is pending, and everybody sleeps", i+1)
		}
	}
	return ""
}

// rungForNobody: a sender notifies though nobody has a flag up, nor has had one.
func rungForNobody(s bell) string {
	for _, p := range s.sleepers {
		if p.at != pDead {
			return ""
		}
	}
	for i, x := range s.senders {
		if x.rings {
			return fmt.Sprintf("sender %d rings for nobody", i+1)
		}
	}
	return ""
}

// bells are the ways to begin: who sends looks, or the trigger does.
func bells() []bell {
	var out []bell
	for i := range 3 {
		b := bell{}
		for k := range b.senders {
			if b.senders[k].ticket = tUncommitted; k < i {
				b.senders[k].byTrigger, b.senders[k].at = true, sMark
			}
		}
		out = append(out, b)
	}
	return out
}

func TestNoInterleavingOfTheBellLosesAWakeup(t *testing.T) {
	t.Parallel()
	for _, start := range bells() {
		v := explore(start, guards{}.moves, lost)
		if v.bad != "" || v.states < 50_000 {
			t.Error(v)
		}
		t.Log(v)
	}
}

func TestWithoutAnyOneGuardAWakeupIsLost(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]guards{
		"the sender does not say that it is sending":         {noMark: true},
		"it says so after it has looked":                     {markAfterLook: true},
		"it says so only while it looks":                     {markEndsEarly: true},
		"who cannot say so goes on as if nobody slept":       {failedMark: true},
		"it does not notify":                                 {noRing: true},
		"the sleeper does not look for senders under way":    {noLookAtMarks: true},
		"it looks for them last":                             {marksLast: true},
		"it sleeps on although one is under way":             {noPoll: true},
		"its flag goes up after it has looked":               {flagLast: true},
		"it listens after it has looked":                     {listenLast: true},
		"it does not look for work":                          {noLook: true},
		"it does not count what an open claim has":           {skipLocked: true},
		"locks are let go of before the commit can be seen ": {locksFirst: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := ""
			for _, start := range bells() {
				if v := explore(start, g.moves, lost); v.bad != "" {
					found = v.String()
					break
				}
			}
			if found == "" {
				t.Error("nothing is lost: the guard is none, or the model is blind")
			}
			t.Log(found)
		})
	}
}

func TestOneFlagLosesNothingButRingsForNobody(t *testing.T) {
	t.Parallel()
	for _, start := range bells() {
		if v := explore(start, guards{oneFlag: true}.moves, lost); v.bad != "" {
			t.Error(v)
		}
	}
	start := bells()[2]
	start.sleepers = [2]sleeper{{at: pDead}, {at: pDead}}
	if v := explore(start, guards{}.moves, rungForNobody); v.bad != "" {
		t.Error(v)
	}
	if v := explore(start, guards{oneFlag: true}.moves, rungForNobody); v.bad == "" {
		t.Error("one flag is enough")
	}
}
