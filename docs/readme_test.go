package docs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobmachine/jobmachine/internal/cli"
	"github.com/jobmachine/jobmachine/internal/pgtest"
)

// pages are the README and all of this folder, by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, path := range append(paths, "../README.md", "../CHANGELOG.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	}
	return all
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// snippets are the fenced blocks of a language.
func snippets(page, language string) (found []string) {
	for _, m := range fence.FindAllStringSubmatch(page, -1) {
		if m[1] == language {
			found = append(found, m[2])
		}
	}
	return found
}

// The SQL of a page is one session of psql, from top to bottom, on a fresh database.
func TestPsqlSnippets(t *testing.T) {
	t.Parallel()
	for path, page := range pages(t) {
		sql := strings.Join(snippets(page, "sql"), "\n")
		if sql == "" || path == "sql.md" { // which has a test of its own
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			out := psql(t, pgtest.New(t), sql)
			if path != "../README.md" {
				return
			}
			for _, want := range []string{`completed | {"sent": true}`, `2 | pending`, `2 | scheduled |       1 |`, "SMTP 451: try later",
				`mail.welcome | active |       0 |       0 |         1`} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in what psql says:\n%s", want, out)
				}
			}
		})
	}
}

func psql(t *testing.T, d *pgtest.DB, sql string) string {
	t.Helper()
	// Roles belong to all databases of the server.
	role := pgtest.Get[string](d, "select 'app_' || current_database()")
	d.Exec("create role " + role)
	t.Cleanup(func() { d.Exec("drop owned by " + role + "; drop role " + role) })
	sql = regexp.MustCompile(`\bapp;`).ReplaceAllString(sql, role+";")
	ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, pgtest.Program(t, "psql"), "-X", "-v", "ON_ERROR_STOP=1", d.URL)
	cmd.Stdin = strings.NewReader(sql)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return string(out)
}

// The Go programs are built in this module and run on a fresh database.
func TestGoSnippets(t *testing.T) {
	t.Parallel()
	for path, page := range pages(t) {
		for i, program := range snippets(page, "go") {
			t.Run(fmt.Sprintf("%s %d", path, i+1), func(t *testing.T) {
				t.Parallel()
				main := filepath.Join(t.TempDir(), "main.go")
				if err := os.WriteFile(main, []byte(program), 0o600); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), pgtest.Patience)
				defer cancel()
				cmd := exec.CommandContext(ctx, "go", "run", main)
				cmd.Env = append(os.Environ(), "DATABASE_URL="+pgtest.New(t).URL)
				cmd.WaitDelay = 10 * time.Second
				var out, log bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &log
				if err := cmd.Run(); err != nil {
					t.Fatalf("%v\n%s%s", err, &out, &log)
				}
				want := regexp.MustCompile(`(?m)^// Output: (.*)$`).FindStringSubmatch(program)
				if path == "../README.md" {
					want = []string{"", "HELLO, WORLD <nil>"}
				}
				if want != nil && strings.TrimSpace(out.String()) != want[1] {
					t.Errorf("it prints %q, not %q\n%s", &out, want[1], &log)
				}
			})
		}
	}
}

var (
	commandLine = regexp.MustCompile("(?m)(?:^|`| |/)jobmachine ((?:[a-z]+)\\b[^`\n]*)")
	flagName    = regexp.MustCompile(`(?:^|\s)(--[a-z-]+)`)
)

// Every command and flag that a page names is there, and the README has every command.
func TestCommandsAndFlags(t *testing.T) {
	t.Parallel()
	help := func(args ...string) (string, bool) {
		var out, log bytes.Buffer
		code := cli.Main(append(args, "--help"), strings.NewReader(""), &out, &log)
		return out.String(), code == 0 && !strings.Contains(out.String(), "jobmachine [command]")
	}
	for path, page := range pages(t) {
		var code []string
		for _, m := range fence.FindAllStringSubmatch(page, -1) {
			if m[1] == "sh" {
				code = append(code, m[2])
			}
		}
		code = append(code, regexp.MustCompile("`(?:bin/)?jobmachine [^`\n]+`").FindAllString(page, -1)...)
		for _, m := range commandLine.FindAllStringSubmatch(strings.Join(code, "\n"), -1) {
			name, _, _ := strings.Cut(m[1], " ")
			text, ok := help(name)
			if !ok {
				t.Errorf("%s: there is no command %s: %s", path, name, m[0])
				continue
			}
			line, _, _ := strings.Cut(m[1], " # ")
			for _, f := range flagName.FindAllStringSubmatch(line, -1) {
				if f[1] != "--help" && !strings.Contains(text, f[1]+" ") {
					t.Errorf("%s: jobmachine %s has no flag %s", path, name, f[1])
				}
			}
		}
	}

	var root, log bytes.Buffer
	cli.Main([]string{"--help"}, strings.NewReader(""), &root, &log)
	readme := pages(t)["../README.md"]
	readme = readme[strings.Index(readme, "## Commands"):]
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) {3,}\w`).FindAllStringSubmatch(root.String(), -1) {
		if n++; !slices.Contains([]string{"help", "completion"}, m[1]) && !strings.Contains(readme, "`"+m[1]+"`") {
			t.Errorf("the README does not tell of jobmachine %s", m[1])
		}
	}
	if n < 10 {
		t.Errorf("only %d commands were found in\n%s", n, &root)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]*)(#[^)\s]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

func TestLinks(t *testing.T) {
	t.Parallel()
	for path, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target := path
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(path), m[1])
			}
			info, err := os.Stat(target)
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if m[2] != "" && !info.IsDir() {
				text, _ := os.ReadFile(target)
				if !slices.Contains(anchors(string(text)), m[2][1:]) {
					t.Errorf("%s: there is no heading for %s%s", path, m[1], m[2])
				}
			}
		}
	}
}

// anchors are what the hosts of repositories make of headings.
func anchors(page string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(strings.TrimSpace(name), " ", "-"))
	}
	return all
}

// The Perl of a page is one program, run on a fresh database.
func TestPerlSnippets(t *testing.T) {
	t.Parallel()
	if err := exec.Command("perl", "-MDBD::Pg", "-e1").Run(); err != nil {
		pgtest.Skip(t, "there is no perl with DBD::Pg (Debian: libdbd-pg-perl)")
	}
	cmd := exec.CommandContext(t.Context(), "perl", "-")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+pgtest.New(t).URL)
	cmd.Stdin = strings.NewReader(strings.Join(snippets(pages(t)["from-job-machine.md"], "perl"), "\n"))
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "Yeah!\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
