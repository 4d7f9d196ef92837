package main

import (
	"slices"
	"time"
)

// Who works, sends and asks, if a scenario has nothing special in mind.
var (
	someone = spec{Role: "worker", Concurrency: 10, LeaseTTL: 10 * time.Second, StopTimeout: 10 * time.Second}
	sending = spec{Role: "producer", Each: 4, Pause: 20 * time.Millisecond, Takes: 20 * time.Millisecond,
		Mix: map[string]int{"plain": 6, "many": 1, "tx": 2, "rollback": 1, "unique": 1, "later": 1}}
	asking = spec{Role: "caller", Each: 4, Pause: 20 * time.Millisecond, Takes: 20 * time.Millisecond}

	replying = sending.with(func(s *spec) { s.Do = "reply" })
	plain    = map[string]int{"plain": 1}
)

// with returns a copy that differs.
func (s spec) with(change func(s *spec)) spec {
	change(&s)
	return s
}

// scenarios are all there are.
var scenarios = slices.Concat(ofWorkers, ofHandlers, ofNetworks, ofServers)
