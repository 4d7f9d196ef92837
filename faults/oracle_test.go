package main

import (
	"slices"
	"testing"
)

const (
	pid      = 100
	second   = int64(1e9)
	receipt  = int64(7)
	receipt2 = int64(8)
)

func one[T any](v T) *T { return &v }

// good is one job that was sent, done and answered; its worker was told to stop in the end.
func good() evidence {
	return evidence{
		sends:   []entry{{What: trying, Token: "a"}, {What: acked, Token: "a", Job: 1, Do: "call"}},
		runs:    begunAndEnded(1, 1, receipt, 10*second, committed),
		answers: []entry{{What: interim, Token: "a", Job: 1, Text: "a", Receipt: receipt}, {What: answered, Token: "a", Job: 1, Text: "a", Receipt: receipt, How: "completed"}},
		jobs:    []jobRow{{ID: 1, Token: "a", Rooms: []string{"finished"}, State: "completed", Receipt: one(receipt), Attempt: 1, Answer: "a"}},
		effects: map[int64]int64{1: receipt},
		exits:   []exit{{pid: pid, role: "worker", how: "exit status 0", at: 100 * second}},
		faults:  []fault{{what: "told to stop", pid: pid, from: 99 * second, to: 100 * second, ends: true}},
	}
}

// begunAndEnded is a run of a second.
func begunAndEnded(job int64, attempt int32, receipt, at int64, how string) []entry {
	e := entry{What: started, At: at, Token: "a", Job: job, Attempt: attempt, Receipt: receipt, Pid: pid}
	end := e
	end.What, end.At, end.How = ended, at+second, how
	return []entry{e, end}
}

// again adds a first attempt to the good job, which ended somehow.
func again(e *evidence, how string) {
	e.runs = slices.Concat(begunAndEnded(1, 1, receipt2, 5*second, how), begunAndEnded(1, 2, receipt, 10*second, committed))
	if how == "" {
		e.runs = slices.Delete(e.runs, 1, 2)
	}
	e.jobs[0].Attempt, e.jobs[0].Failed = 2, 1
}

func TestOracleHasNothingToSayOfAGoodRun(t *testing.T) {
	for name, change := range map[string]func(e *evidence){
		"nothing went wrong": func(*evidence) {},
		"a send that nobody knows of came through": func(e *evidence) {
			e.sends, e.answers = e.sends[:1], nil
		},
		"a send was refused, and repeated": func(e *evidence) {
			e.sends = append([]entry{{What: trying, Token: "a"}, {What: refused, Token: "a"}}, e.sends...)
		},
		"a send was rolled back": func(e *evidence) {
			e.sends = append(e.sends, entry{What: trying, Token: "b"}, entry{What: rolledBack, Token: "b"})
		},
		"the attempt before had failed":    func(e *evidence) { again(e, failed) },
		"the worker had been told to stop": func(e *evidence) { again(e, stopped); e.jobs[0].Attempt, e.jobs[0].Failed = 1, 0 },
		"the worker had been killed": func(e *evidence) {
			again(e, "")
			e.faults = append(e.faults, fault{what: "killed", pid: pid, from: 6 * second, to: 6 * second})
		},
		"the worker had been frozen before its handler began": func(e *evidence) {
			again(e, givenUp)
			e.runs[0].At, e.runs[1].At = 20*second, 21*second
			e.faults = append(e.faults, fault{what: "frozen", pid: pid, from: 4 * second, to: 19 * second})
		},
		"the server had crashed": func(e *evidence) {
			again(e, givenUp)
			e.faults = append(e.faults, fault{what: "crashed", from: 4 * second, to: 6 * second})
		},
		"a commit was lost with its connection": func(e *evidence) { again(e, unknown) },
		"a neighbour ended the process": func(e *evidence) {
			again(e, "")
			e.runs = append(e.runs, entry{What: started, At: 5 * second, Job: 2, Attempt: 1, Receipt: 9, Pid: pid, Do: "exit"})
			e.sends = append(e.sends, entry{What: trying, Token: "b"})
			e.jobs = append(e.jobs, jobRow{ID: 2, Token: "b", Do: "exit", Rooms: []string{"finished"}, State: "failed", Attempt: 1, Failed: 1, Reason: "crashed"})
			e.faults, e.exits = nil, []exit{{pid: pid, role: "worker", how: "exit status 3", at: 6 * second}}
		},
		"one that was given up was told so": func(e *evidence) {
			e.runs = append(e.runs, entry{What: verdict, Job: 1, How: "stale", Text: "complete"})
		},
	} {
		e := good()
		change(&e)
		if r := judge(e); len(r.Findings) > 0 {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}

func TestOracleCounts(t *testing.T) {
	e := good()
	e.sends = append(e.sends, entry{What: trying, Token: "b"}, entry{What: trying, Token: "c"}, entry{What: rolledBack, Token: "c"},
		entry{What: trying, Token: "d"}, entry{What: acked, Token: "d", Job: 4})
	e.jobs = append(e.jobs, jobRow{ID: 2, Token: "b", Do: "reply", Rooms: []string{"finished"}, State: "completed", Attempt: 1},
		jobRow{ID: 3, Token: "c", Rooms: []string{"pending"}}, jobRow{ID: 5, Token: "e", Rooms: []string{"pending"}})
	again(&e, failed)
	r := judge(e)
	got := []int{r.Attempted, r.Acknowledged, r.OK, r.Lost, r.Unexpected, r.Duplicated, r.Recovered, r.Calls, r.Runs, r.Again["the attempt failed"]}
	if want := []int{4, 2, 1, 1, 2, 0, 1, 1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOracleFinds(t *testing.T) {
	for name, test := range map[string]struct {
		rule  string
		spoil func(e *evidence)
	}{
		"an acknowledged job that is not there": {ruleLost, func(e *evidence) { e.jobs = nil }},
		"an acknowledged job that was never done": {ruleLost, func(e *evidence) {
			e.jobs[0] = jobRow{ID: 1, Token: "a", Rooms: []string{"pending"}}
		}},
		"an effect that was committed and is not there":    {ruleLost, func(e *evidence) { e.effects = nil }},
		"a job with two tickets":                           {ruleOutcome, func(e *evidence) { e.jobs[0].Rooms = []string{"finished", "pending"} }},
		"a job with no ticket":                             {ruleOutcome, func(e *evidence) { e.jobs[0].Rooms = nil }},
		"a job that failed and should not have":            {ruleOutcome, func(e *evidence) { e.jobs[0].State, e.jobs[0].Reason = "failed", "crashed" }},
		"a job that was completed and cannot be":           {ruleOutcome, func(e *evidence) { e.jobs[0].Do = "exit" }},
		"an effect of a job that is not completed":         {ruleEffect, func(e *evidence) { e.jobs[0].State = "failed" }},
		"a completed job without its effect":               {ruleEffect, func(e *evidence) { e.effects = nil; e.runs[1].How = unknown }},
		"an effect that was there before":                  {ruleEffect, func(e *evidence) { again(e, twice) }},
		"a job that two runs have completed":               {ruleEffect, func(e *evidence) { again(e, committed) }},
		"a send that is there twice":                       {ruleEffect, func(e *evidence) { e.jobs = append(e.jobs, jobRow{ID: 2, Token: "a", Rooms: []string{"pending"}}) }},
		"a job that was never sent":                        {ruleUnexpected, func(e *evidence) { e.sends = nil }},
		"a job that was rolled back":                       {ruleUnexpected, func(e *evidence) { e.sends[1].What = rolledBack }},
		"a job that was refused":                           {ruleUnexpected, func(e *evidence) { e.sends[1].What = refused }},
		"the number of somebody else's job":                {ruleUnexpected, func(e *evidence) { e.jobs[0].Token = "b" }},
		"an effect of a run that was given up":             {ruleFence, func(e *evidence) { e.effects[1] = receipt2 }},
		"two runs with one receipt":                        {ruleFence, func(e *evidence) { again(e, failed); e.runs[0].Receipt = receipt }},
		"a verdict ok for one that was given up":           {ruleFence, func(e *evidence) { e.runs = append(e.runs, entry{What: verdict, Job: 1, How: "ok", Text: "fail"}) }},
		"a second last answer":                             {ruleAnswer, func(e *evidence) { e.answers = append(e.answers, e.answers[1]) }},
		"no answer":                                        {ruleAnswer, func(e *evidence) { e.answers = nil }},
		"somebody else's answer":                           {ruleAnswer, func(e *evidence) { e.answers[1].Text = "b" }},
		"somebody else's interim answer":                   {ruleAnswer, func(e *evidence) { e.answers[0].Text = "b" }},
		"an answer of a run that was given up":             {ruleAnswer, func(e *evidence) { e.answers[1].Receipt = receipt2 }},
		"another answer than the one that is stored":       {ruleAnswer, func(e *evidence) { e.jobs[0].Answer = "b" }},
		"another state than the one that is stored":        {ruleAnswer, func(e *evidence) { e.answers[1].How = "cancelled" }},
		"a job that ran again though nothing had happened": {ruleAgain, func(e *evidence) { again(e, returned) }},
		"a job that ran again before it had ended":         {ruleAgain, func(e *evidence) { again(e, "") }},
		"a job that ran again after somebody else's fault": {ruleAgain, func(e *evidence) {
			again(e, "")
			e.faults = append(e.faults, fault{what: "killed", pid: pid + 1, from: 6 * second, to: 6 * second})
		}},
		"a job that ran again after a fault that should cost nothing": {ruleAgain, func(e *evidence) {
			again(e, "")
			e.faults = append(e.faults, fault{what: "cut", from: 6 * second, to: 6 * second, harmless: true})
		}},
		"a job that ran again after a fault that was over": {ruleAgain, func(e *evidence) {
			again(e, givenUp)
			e.faults = append(e.faults, fault{what: "crashed", from: 2 * second, to: 3 * second})
		}},
		"a job that ran again though it was committed when its worker was killed": {ruleAgain, func(e *evidence) {
			again(e, committed)
			e.faults = append(e.faults, fault{what: "killed", pid: pid, from: 5 * second, to: 6 * second})
		}},
		"a job that was stopped by a timeout it does not have": {ruleAgain, func(e *evidence) { again(e, timedOut) }},
		"an attempt too many": {ruleAttempts, func(e *evidence) { e.jobs[0].Attempt = 2 }},
		"a run too many": {ruleAttempts, func(e *evidence) {
			again(e, failed)
			e.jobs[0].MaxAttempts = one(int32(1))
		}},
		"a process that ended by itself":     {ruleExit, func(e *evidence) { e.faults = nil }},
		"a process that ended after another": {ruleExit, func(e *evidence) { e.faults[0].pid = pid + 1 }},
		"something that is left behind":      {ruleEnd, func(e *evidence) { e.unclean = []string{"a session lock"} }},
	} {
		e := good()
		test.spoil(&e)
		r := judge(e)
		if !slices.ContainsFunc(r.Findings, func(f finding) bool { return f.Rule == test.rule }) {
			t.Errorf("%s: not found under %q, but %v", name, test.rule, r.Findings)
		}
	}
}
