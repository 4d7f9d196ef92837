package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// evidence is all that is known after a run: three ledgers, the database, and what was done to them.
type evidence struct {
	sends   []entry // of producers, and of callers
	runs    []entry // of workers
	answers []entry // of callers
	jobs    []jobRow
	effects map[int64]int64 // receipts, by job
	exits   []exit
	faults  []fault
	unclean []string // what should not be there at the end
}

// jobRow is a job as the database has it.
type jobRow struct {
	ID          int64
	Token       string
	Do          string
	MaxAttempts *int32
	Rooms       []string // the tables its ticket is in
	State       string   // completed, failed, cancelled; empty: it is not over
	Receipt     *int64
	Attempt     int32
	Reason      string
	Answer      string // the token in its last answer
	Failed      int32  // attempts that failed or were lost
}

// exit is a process that has ended.
type exit struct {
	pid  int
	role string
	how  string
	done bool // it had nothing more to do
	at   int64
}

// fault is something done to the system. Whom it strikes may have to do its job again.
type fault struct {
	what     string
	pid      int // 0: all
	from, to int64
	ends     bool // the process is to end
	harmless bool // it is no reason to do a job again
}

// finding is a broken promise.
type finding struct{ Rule, Detail string }

// The promises.
const (
	ruleLost       = "an acknowledged job is lost"
	ruleOutcome    = "a job has one outcome"
	ruleEffect     = "an effect happens once"
	ruleUnexpected = "nothing comes from nowhere"
	ruleFence      = "a run that was given up changes nothing"
	ruleAnswer     = "a call has one last answer, its own"
	ruleAgain      = "a job runs again only for a reason"
	ruleAttempts   = "attempts are counted"
	ruleExit       = "no process ends by itself"
	ruleEnd        = "nothing is left behind"
)

// result is what the oracle says. The numbers are those that Jepsen prints for a queue.
type result struct {
	Attempted, Acknowledged, OK, Lost, Unexpected, Duplicated, Recovered int

	Runs, Calls int
	Again       map[string]int // runs of jobs that had run before, by reason
	Findings    []finding
}

type oracle struct {
	evidence
	result
	byToken map[string][]*jobRow
	byID    map[int64]*jobRow
	runsOf  map[int64][]*run
}

// run is one run of a job, as its worker saw it.
type run struct {
	entry
	start, end int64 // end 0: none is known
	how, text  string
}

// judge looks for broken promises. It reads only what it is given.
func judge(e evidence) result {
	o := &oracle{evidence: e, byToken: map[string][]*jobRow{}, byID: map[int64]*jobRow{}, runsOf: map[int64][]*run{}}
	o.Again = map[string]int{}
	for i := range e.jobs {
		j := &e.jobs[i]
		o.byToken[j.Token] = append(o.byToken[j.Token], j)
		o.byID[j.ID] = j
	}
	o.readRuns()
	o.checkExits()
	o.checkSends()
	for _, j := range o.byID {
		o.checkOutcome(j)
		o.checkEffect(j)
		o.checkRuns(j)
	}
	o.checkReceipts()
	o.checkAnswers()
	for _, what := range e.unclean {
		o.find(ruleEnd, "%s", what)
	}
	slices.SortFunc(o.Findings, func(a, b finding) int { return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Detail, b.Detail)) })
	return o.result
}

func (o *oracle) find(rule, format string, args ...any) {
	o.Findings = append(o.Findings, finding{rule, fmt.Sprintf(format, args...)})
}

// readRuns puts the beginnings and the ends of runs together.
func (o *oracle) readRuns() {
	type key struct {
		pid     int
		receipt int64
		job     int64
	}
	open := map[key]*run{}
	for _, e := range o.evidence.runs {
		k := key{e.Pid, e.Receipt, e.Job}
		switch r := open[k]; {
		case e.What == started:
			r = &run{entry: e, start: e.At}
			open[k] = r
			o.runsOf[e.Job] = append(o.runsOf[e.Job], r)
			o.Runs++
		case e.What == ended && r != nil:
			r.end, r.how, r.text = e.At, e.How, e.Text
		case e.What == verdict && e.How != "stale" && e.How != "JM004":
			o.find(ruleFence, "job %d: %s of a run that was given up was answered %q", e.Job, e.Text, e.How)
		}
	}
	for _, runs := range o.runsOf {
		// By attempt first: a run that was frozen at its beginning begins late.
		slices.SortFunc(runs, func(a, b *run) int { return cmp.Or(cmp.Compare(a.Attempt, b.Attempt), cmp.Compare(a.start, b.start)) })
	}
}

// deadly jobs end the process that runs them.
var deadly = map[string]bool{"exit": true, "memory": true, "segfault": true}

// checkExits also notes the deaths for which a job is to blame as faults: they strike its neighbours.
func (o *oracle) checkExits() {
	blamed := map[int]string{}
	for _, runs := range o.runsOf {
		for _, r := range runs {
			if deadly[r.Do] && r.end == 0 {
				blamed[r.Pid] = "a neighbour killed the process"
			}
		}
	}
	for _, x := range o.exits {
		told := slices.ContainsFunc(o.faults, func(f fault) bool { return f.ends && f.pid == x.pid })
		switch {
		case blamed[x.pid] != "":
			o.faults = append(o.faults, fault{what: blamed[x.pid], pid: x.pid, from: x.at, to: x.at})
		case !told && !x.done:
			o.find(ruleExit, "%s %d: %s", x.role, x.pid, x.how)
		}
	}
}

// checkSends compares what was sent with what is there.
func (o *oracle) checkSends() {
	type send struct {
		tried, refused, undone bool
		ids                    []int64
	}
	sends := map[string]*send{}
	for _, e := range o.sends {
		s := sends[e.Token]
		if s == nil {
			s = &send{}
			sends[e.Token] = s
		}
		switch e.What {
		case trying:
			s.tried, s.refused = true, false
		case acked:
			s.ids = append(s.ids, e.Job)
		case refused:
			s.refused = true
		case rolledBack:
			s.undone = true
		}
	}
	for token, s := range sends {
		there := o.byToken[token]
		over := len(there) > 0 && there[0].State != ""
		if s.tried {
			o.Attempted++
		}
		if len(there) > 1 {
			o.Duplicated++
			o.find(ruleEffect, "%s was sent once and is there as %d jobs", token, len(there))
		}
		switch {
		case len(s.ids) > 0:
			o.Acknowledged++
			for _, id := range s.ids {
				if j := o.byID[id]; j != nil && j.Token != token {
					o.find(ruleUnexpected, "%s was acknowledged as job %d, which is %s", token, id, j.Token)
				}
			}
			switch {
			case len(there) == 0:
				o.Lost++
				o.find(ruleLost, "%s was acknowledged as job %d and is not there", token, s.ids[0])
			case !over:
				o.Lost++
				o.find(ruleLost, "job %d (%s) was never done, it is in %v", there[0].ID, cmp.Or(there[0].Do, "work"), there[0].Rooms)
			default:
				o.OK++
			}
		case len(there) > 0 && (s.undone || s.refused):
			o.Unexpected++
			o.find(ruleUnexpected, "job %d (%s) is there, its sender was refused or rolled back", there[0].ID, token)
		case over:
			o.Recovered++
		}
	}
	for token, jobs := range o.byToken {
		if s := sends[token]; s == nil || !s.tried {
			o.Unexpected++
			o.find(ruleUnexpected, "job %d (%s) was never sent", jobs[0].ID, token)
		}
	}
}

// hopeless jobs fail at every attempt.
var hopeless = map[string]bool{"exit": true, "memory": true, "segfault": true, "panic": true}

func (o *oracle) checkOutcome(j *jobRow) {
	if len(j.Rooms) != 1 {
		o.find(ruleOutcome, "job %d has %d tickets: %v", j.ID, len(j.Rooms), j.Rooms)
	}
	if j.State == "" {
		return
	}
	want := "completed"
	if hopeless[j.Do] {
		want = "failed"
	}
	once := j.MaxAttempts != nil && *j.MaxAttempts == 1
	if j.State != want && !(once && j.State == "failed") {
		o.find(ruleOutcome, "job %d (%s) is %s, reason %q", j.ID, cmp.Or(j.Do, "work"), j.State, j.Reason)
	}
	if over := j.Attempt - j.Failed; j.Failed < 20 && (j.State == "completed" && over != 1 || j.State == "failed" && over != 0) {
		o.find(ruleAttempts, "job %d is %s at attempt %d, %d have failed", j.ID, j.State, j.Attempt, j.Failed)
	}
}

// checkEffect compares the effect with the run that the database believes.
func (o *oracle) checkEffect(j *jobRow) {
	effect, has := o.effects[j.ID]
	believed := j.Receipt
	done := 0
	for _, r := range o.runsOf[j.ID] {
		switch {
		case r.how == committed:
			done++
			if !has {
				o.find(ruleLost, "the effect of job %d was committed and is not there", j.ID)
			}
		case r.how == twice:
			o.Duplicated++
			o.find(ruleEffect, "job %d had its effect before attempt %d", j.ID, r.Attempt)
		}
	}
	if done > 1 {
		o.Duplicated++
		o.find(ruleEffect, "job %d was completed by %d runs", j.ID, done)
	}
	if has && j.State != "completed" {
		o.find(ruleEffect, "job %d is %s and had its effect", j.ID, cmp.Or(j.State, "not over"))
	} else if has && (believed == nil || *believed != effect) {
		o.find(ruleFence, "the effect of job %d is of another run than its completion", j.ID)
	} else if !has && j.State == "completed" && j.Do == "" {
		o.find(ruleEffect, "job %d is completed without its effect", j.ID)
	}
}

// checkRuns asks of every run but the last why another one came after it.
func (o *oracle) checkRuns(j *jobRow) {
	runs := o.runsOf[j.ID]
	if j.MaxAttempts != nil && len(runs) > int(*j.MaxAttempts) && !slices.ContainsFunc(runs, func(r *run) bool { return r.how == stopped }) {
		o.find(ruleAttempts, "job %d may have %d attempts and ran %d times", j.ID, *j.MaxAttempts, len(runs))
	}
	for i, r := range runs {
		if i == len(runs)-1 {
			break
		}
		if reason := o.reason(r, runs[i+1]); reason == "" {
			o.find(ruleAgain, "job %d ran again after attempt %d, which ended as %q", j.ID, r.Attempt, cmp.Or(r.how, "never"))
		} else {
			o.Again[reason]++
		}
	}
}

// afterwards is how long a worker may take to deliver what a handler has returned.
const afterwards = 30e9

// reason tells why a run was not the last one. One that was committed has none.
func (o *oracle) reason(r, next *run) string {
	until := r.end
	switch r.how {
	case committed, twice:
		return ""
	case failed:
		return "the attempt failed"
	case stopped:
		return "its worker was told to stop"
	case returned:
		until += afterwards
	case "":
		until = next.start
	}
	for _, f := range o.faults {
		if !f.harmless && (f.pid == 0 || f.pid == r.Pid) && f.from <= min(until, next.start) && f.to >= min(r.start, next.start) {
			return f.what
		}
	}
	if r.how == unknown {
		return "the commit failed"
	}
	return ""
}

// checkReceipts: a receipt tells apart all runs, or it is no fence.
func (o *oracle) checkReceipts() {
	for id, runs := range o.runsOf {
		seen := map[int64]bool{}
		for _, r := range runs {
			if seen[r.Receipt] {
				o.find(ruleFence, "two runs of job %d have one receipt", id)
			}
			seen[r.Receipt] = true
		}
	}
}

// checkAnswers compares what callers got with what they asked and with what is stored.
func (o *oracle) checkAnswers() {
	last := map[string]int{}
	for _, e := range o.answers {
		switch j := o.byID[e.Job]; {
		case e.What == interim && e.Text != e.Token:
			o.find(ruleAnswer, "the call %s got an interim answer of %q", e.Token, e.Text)
		case e.What != answered:
		case j == nil:
			o.find(ruleAnswer, "the call %s got an answer of job %d, which is not there", e.Token, e.Job)
		case e.How == "completed" && (e.Text != e.Token || j.Answer != e.Text || j.Receipt == nil || e.Receipt != *j.Receipt):
			o.find(ruleAnswer, "the call %s got the answer of %q, stored is that of %q", e.Token, e.Text, j.Answer)
		case e.How != j.State:
			o.find(ruleAnswer, "the call %s was told that its job is %s, it is %s", e.Token, e.How, j.State)
		}
		if e.What == answered {
			last[e.Token]++
		}
	}
	for _, token := range slices.Collect(maps.Keys(last)) {
		if last[token] > 1 {
			o.find(ruleAnswer, "the call %s got %d last answers", token, last[token])
		}
	}
	o.Calls = len(last)
	for _, e := range o.sends {
		if e.What == acked && e.Do == "call" && last[e.Token] == 0 {
			o.find(ruleAnswer, "the call %s got no answer", e.Token)
		}
	}
}
