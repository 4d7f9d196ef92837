package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("DEMO_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestDemo(t *testing.T) {
	t.Parallel()
	t.Run("gets the replies that a direct computation gives", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for name, text := range map[string]string{"a": "Three words here,\nthe the THE end\n", "sub/b": "one \x00\xff", "sub/empty": ""} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(os.Args[0], "-dir", dir, "-calls", "5")
		cmd.Env = append(os.Environ(), "DEMO_TEST_MAIN=1", "DATABASE_URL=")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s%s", err, out, stderr.String())
		}
		for _, want := range []string{"│ files │ 3 │ 3 │", "│ lines │ 2 │ 2 │", "│ words │ 9 │ 9 │", "the 3", "p50", "All 3 replies are those of the direct computation."} {
			if !strings.Contains(strings.Join(strings.Fields(string(out)), " "), want) {
				t.Errorf("no %q in:\n%s", want, out)
			}
		}
	})

	t.Run("ends with an error when one reply is another", func(t *testing.T) {
		t.Parallel()
		right := Digest{SHA256: "1", Bytes: 1, Lines: 1, Words: 1, Top: []WordCount{{"one", 1}}}
		wrong := right
		wrong.Top = []WordCount{{"one", 2}}
		var b strings.Builder
		err := report(&b, []string{"file"}, results{digests: []Digest{wrong}}, nil, results{digests: []Digest{right}})
		if err == nil || !strings.Contains(err.Error(), "file: the queue says") {
			t.Error(err)
		}
	})
}
