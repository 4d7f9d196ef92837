package model

import (
	"flag"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// long is true if the caller says how much to do.
var long bool

// Without other wishes the run is short, and the same each time. What fails may take its time to shrink.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	long = given["rapid.checks"] || os.Getenv("RAPID_CHECKS") != ""
	if !long {
		flag.Set("rapid.checks", "30")
		if !given["rapid.seed"] {
			flag.Set("rapid.seed", "1")
		}
	}
	if !given["rapid.shrinktime"] && os.Getenv("RAPID_SHRINKTIME") == "" {
		flag.Set("rapid.shrinktime", "1m")
	}
	if !given["rapid.steps"] && os.Getenv("RAPID_STEPS") == "" {
		flag.Set("rapid.steps", "50")
	}
	os.Exit(m.Run())
}

func TestMachine(t *testing.T) {
	lab := newLab(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(lab, t)
		t.Repeat(map[string]func(*rapid.T){"step": func(*rapid.T) { m.step() }})
	})
	t.Log(lab.answers)
}
