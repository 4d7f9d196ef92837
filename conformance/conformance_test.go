package conformance

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/jobmachine/jobmachine/internal/pgtest"
)

var command = flag.String("worker", "", "shell command that starts a worker to be tested, instead of ours")

func TestWorkers(t *testing.T) {
	workers := map[string]func(t *testing.T, url string) Worker{
		"gen":  startGenerated,
		"psql": startPsql,
		"perl": startProgram("perl worker.pl"),
	}
	if *command != "" {
		workers = map[string]func(t *testing.T, url string) Worker{"program": startProgram(*command)}
	}
	scenarios := readScenarios(t)
	for name, start := range workers {
		t.Run(name, func(t *testing.T) {
			if name == "perl" && exec.Command("perl", "-MDBD::Pg", "-e1").Run() != nil {
				missing(t, "perl with DBD::Pg")
			}
			t.Parallel()
			stage := &stage{t: t, start: start}
			for _, topic := range slices.Sorted(maps.Keys(scenarios)) {
				for _, s := range scenarios[topic] {
					t.Run(topic+": "+s.title, func(t *testing.T) { stage.play(t, s) })
				}
			}
		})
	}
}

// missing skips a test for want of a program; where everything must run, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", what)
	}
	pgtest.Skip(t, what, " is not installed")
}
