package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// task is the payload of a job.
type task struct {
	Token string        `json:"token"`
	Do    string        `json:"do,omitempty"` // empty: wait, then complete together with an effect
	Takes time.Duration `json:"takes,omitempty"`
}

// answer is what a handler replies: enough to see whose it is.
type answer struct {
	Token   string `json:"token"`
	Receipt int64  `json:"receipt"`
}

// spec tells a process what to be. It comes in the environment.
type spec struct {
	Role   string // worker, producer, caller or zombie
	Name   string
	URL    string
	Ledger string
	Seed   uint64
	Mutant string // a protection of the handlers' own that is taken out

	// Another program, whose children are to be commands.
	Program   string
	Arguments []string

	// Of workers.
	ListenURL   string
	Concurrency int
	Connections int  // of the handlers' pool; default: enough
	Untold      bool // of a pooler
	LeaseTTL    time.Duration
	StopTimeout time.Duration
	Clock       time.Duration // how far its clock is off, see skewedClock

	// Of producers and callers.
	Each  int            // that many senders at once
	Pause time.Duration  // of each, between two sends
	Count int            // of sends, then it ends; 0: until it is told to
	Queue string         // default: work
	Mix   map[string]int // how often which kind of send, see producer.go
	Do    string
	Takes time.Duration
}

const specVariable = "JOBMACHINE_FAULTS_SPEC"

// environment of a process that is to be s.
func (s spec) environment() []string {
	text, err := json.Marshal(s)
	must(err)
	return append(os.Environ(), specVariable+"="+string(text), fmt.Sprintf("JOBMACHINE_FAULTS_CLOCK=%d", int(s.Clock.Seconds())))
}

// roleOf returns what this process is to be, if it is not the one that runs the scenarios.
func roleOf() (s spec, is bool) {
	text, is := os.LookupEnv(specVariable)
	if is {
		must(json.Unmarshal([]byte(text), &s))
	}
	return s, is
}
