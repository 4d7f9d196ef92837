package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestMain lets the test program be the processes of a scenario, too.
func TestMain(m *testing.M) {
	if s, is := roleOf(); is {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		must(play(ctx, s))
		return
	}
	os.Exit(m.Run())
}

func emptyWorld(t *testing.T) *world {
	t.Helper()
	dir, err := scratch()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ctx: t.Context(), dir: dir, program: os.Args[0], dice: rand.New(rand.NewPCG(1, 0))}
	t.Cleanup(func() {
		w.destroy()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := w.build(scenario{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// Every mutant is a change of what is there.
func TestMutantsAreOfTheSource(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	for _, s := range scenarios {
		if len(s.Mutants) == 0 {
			t.Errorf("%s has no mutant", s.Name)
		}
		for _, m := range s.Mutants {
			if err := m.apply(t.Context(), w.server, true); err != nil {
				t.Errorf("%s: %s: %v", s.Name, m.Name, err)
			}
			if _, err := overlay(m.Go, t.TempDir()); err != nil {
				t.Errorf("%s: %s: %v", s.Name, m.Name, err)
			}
		}
	}
}

// Who is told to end when it has only just begun ends in an orderly way all the same.
func TestToldAtOnce(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.start(5, sending)
	w.close("producer")
	for _, x := range w.exits {
		if !x.done {
			t.Errorf("%s: %s", x.role, x.how)
		}
	}
	if len(w.exits) != 5 {
		t.Errorf("%d of 5 have ended", len(w.exits))
	}
}

// A selection that is short enough to run with every change.
func TestShort(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"killed-workers", "zombies", "lost-answers", "cut-sessions", "crashing-server", "rolling-restart", "missed-ticks"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			short(t, name, mutant{})
		})
	}
}

// Among them one with a mutant, which must be caught.
func TestShortMutant(t *testing.T) {
	t.Parallel()
	short(t, "rolling-restart", countedRelease)
}

func short(t *testing.T, name string, m mutant) {
	t.Helper()
	chosen, err := choose([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	r, err := options{seed: 1, scale: 0.2}.one(t.Context(), chosen[0], m)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if broken := len(r.Findings) > 0; broken != (m.Name != "") {
		t.Errorf("broken: %v", broken)
	}
}
