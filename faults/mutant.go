package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// mutant is jobmachine without one of its protections. The suite must notice. It is made of the real
// source: each edit replaces a text that must be there exactly once.
type mutant struct {
	Name     string
	SQL      []edit // of functions in the scratch database
	Go       []edit // of files, for a build of the processes
	Handlers string // of the handlers in this folder, see spec.Mutant
}

// edit replaces a text by another; without an old one it adds a file.
type edit struct{ in, old, new string }

func (e edit) apply(text string) (string, error) {
	if n := strings.Count(text, e.old); n != 1 {
		return "", fmt.Errorf("mutant: %q is %d times in %s, and must be there once", e.old, n, e.in)
	}
	return strings.Replace(text, e.old, e.new, 1), nil
}

// apply replaces functions, in one transaction that a rehearsal rolls back.
func (m mutant) apply(ctx context.Context, s *server, rehearsal bool) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	for _, e := range m.SQL {
		var text string
		err := tx.QueryRow(ctx, "select pg_get_functiondef(p.oid) from pg_proc p where p.proname = $1 and p.pronamespace = 'jobmachine'::regnamespace", e.in).Scan(&text)
		if err != nil {
			return fmt.Errorf("mutant: function %s: %w", e.in, err)
		}
		if text, err = e.apply(text); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, text); err != nil {
			return fmt.Errorf("mutant: %s: %w", e.in, err)
		}
	}
	if rehearsal {
		return nil
	}
	return tx.Commit(ctx)
}

// build makes a program of changed source.
func build(edits []edit, dir string) (program string, err error) {
	file, err := overlay(edits, dir)
	if err != nil {
		return "", err
	}
	program = filepath.Join(dir, "faults")
	return program, goBuild(sourceFolder(), "-overlay", file, "-o", program, ".")
}

// overlay writes changed files beside the source, and a list of them for go build.
func overlay(edits []edit, dir string) (list string, err error) {
	replace := map[string]string{}
	for i, e := range edits {
		path := filepath.Join(sourceFolder(), "..", e.in)
		if root, std := strings.CutPrefix(e.in, "std:"); std {
			path = filepath.Join(goroot(), "src", root)
		}
		from := cmp.Or(replace[path], path) // it may have been changed before
		mutated := e.new
		if e.old != "" {
			text, err := os.ReadFile(from)
			if err != nil {
				return "", fmt.Errorf("mutant: %w", err)
			}
			if mutated, err = e.apply(string(text)); err != nil {
				return "", err
			}
		}
		changed := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(changed, []byte(mutated), 0o644); err != nil {
			return "", err
		}
		replace[path] = changed
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, text, 0o644)
}

func goBuild(folder string, arguments ...string) error {
	cmd := exec.Command("go", append([]string{"build"}, arguments...)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// sourceFolder is where this file is.
func sourceFolder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Dir(here)
}

func goroot() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	must(err)
	return strings.TrimSpace(string(out))
}
