package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scenario is one story of the list.
type scenario struct {
	title string
	steps []step
}

// step is what one actor does, or an answer that is awaited from it.
type step struct {
	where   string // file:line
	actor   string // sql, until, clock, tick, kill, or the name of a worker
	text    string // what is done; empty: only an answer is awaited
	awaited bool   // false: the answer of a worker is awaited in a later step
	want    any
}

// readScenarios reads the list, by topic.
func readScenarios(t *testing.T) map[string][]scenario {
	t.Helper()
	files, err := filepath.Glob("scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	list := map[string][]scenario{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scenarios, err := parse(file, string(text))
		if err != nil {
			t.Fatal(err)
		}
		list[strings.TrimSuffix(filepath.Base(file), ".txt")] = scenarios
	}
	return list
}

// parse reads one file: titles after ==, steps as "actor text", and below each step its answer after =>.
func parse(file, text string) ([]scenario, error) {
	var list []scenario
	var pending *step // the step whose answer may follow
	for i, line := range strings.Split(text, "\n") {
		where := fmt.Sprintf("%s:%d", filepath.Base(file), i+1)
		first, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch {
		case first == "":
			continue
		case first == "==":
			list = append(list, scenario{title: rest})
			pending = nil
			continue
		case len(list) == 0:
			return nil, fmt.Errorf("%s: a step before the first title", where)
		}
		current := &list[len(list)-1]
		answer, awaited := rest, first == "=>"
		if !awaited {
			s := step{where: where, actor: first, text: rest}
			if answer, awaited = strings.CutPrefix(rest, "=>"); awaited {
				s.text = ""
			}
			current.steps = append(current.steps, s)
			pending = &current.steps[len(current.steps)-1]
		}
		if awaited {
			if pending == nil || pending.awaited {
				return nil, fmt.Errorf("%s: an answer to nothing", where)
			}
			pending.awaited = true
			if err := json.Unmarshal([]byte(answer), &pending.want); err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
		}
	}
	return list, nil
}

// variables are values seen so far, by name. In expected answers a name seen for the first time takes
// the value that is there; everywhere else it stands for that value. "$_" is never kept.
type variables map[string]any

func name(v any) (string, bool) {
	s, ok := v.(string)
	if !ok || len(s) < 2 || s[0] != '$' || strings.Trim(s[1:], "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
		return "", false
	}
	return s[1:], true
}

// fill puts values in the place of names.
func (vars variables) fill(v any) any {
	if n, ok := name(v); ok {
		return vars[n]
	}
	switch v := v.(type) {
	case map[string]any:
		filled := map[string]any{}
		for k, e := range v {
			filled[k] = vars.fill(e)
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for i, e := range v {
			filled[i] = vars.fill(e)
		}
		return filled
	}
	return v
}

// match compares an answer with what is expected of it. Members of objects that are not expected are
// ignored, all else must be equal.
func (vars variables) match(want, got any, at string) error {
	if n, ok := name(want); ok {
		known, seen := vars[n]
		if !seen || n == "_" {
			vars[n] = got
			return nil
		}
		want = known
	}
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return differ(at, want, got)
		}
		for k, e := range want {
			value, ok := object[k]
			if !ok {
				return fmt.Errorf("%s has no %q: %.500v", at, k, got)
			}
			if err := vars.match(e, value, at+"."+k); err != nil {
				return err
			}
		}
		return nil
	case []any:
		array, ok := got.([]any)
		if !ok || len(array) != len(want) {
			return differ(at, want, got)
		}
		for i := range want {
			if err := vars.match(want[i], array[i], fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if want != got {
		return differ(at, want, got)
	}
	return nil
}

func differ(at string, want, got any) error {
	w, _ := json.Marshal(want)
	g, _ := json.Marshal(got)
	return fmt.Errorf("%s is %.500s, want %.500s", at, g, w)
}
