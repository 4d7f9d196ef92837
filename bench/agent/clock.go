package agent

import "golang.org/x/sys/unix"

// now is CLOCK_MONOTONIC in nanoseconds: the same in every process of the machine, and never set.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // there is no such kernel
	}
	return t.Nano()
}

// Now is the clock of the agents, in microseconds.
func Now() float64 { return float64(now()) / 1000 }
