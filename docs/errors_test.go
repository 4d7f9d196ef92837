package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jobmachine/jobmachine/internal/cli"
)

var raised = regexp.MustCompile(`(?:_refuse\('(JM\d+)', (?:format\()?|errcode = '(JM\d+)', message = )'((?:[^']|'')*)'`)

// Every error that the database raises is in errors.md, below its code.
func TestErrorsAreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("errors.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = filepath.WalkDir("../db", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".sql") && filepath.Base(path) != "sql.go" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range raised.FindAllStringSubmatch(string(source), -1) {
			n++
			code, message := m[1]+m[2], strings.ReplaceAll(m[3], "''", "'")
			_, section, found := strings.Cut(string(page), "## "+code)
			section, _, _ = strings.Cut(section, "\n## ")
			if row := "| " + regexp.MustCompile(`%s|"%s"`).ReplaceAllString(message, "*...*") + " |"; !found || !strings.Contains(section, row) {
				t.Errorf("%s: errors.md does not explain %s %q: a row of its section should begin with %q", path, code, message, row)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 40 {
		t.Errorf("only %d errors were found", n)
	}
}

func TestExitCodesAreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var help, log bytes.Buffer
	cli.Main([]string{"--help"}, strings.NewReader(""), &help, &log)
	codes := regexp.MustCompile(`(?m)^  (\d)  (.*)$`).FindAllStringSubmatch(help.String(), -1)
	if len(codes) < 7 {
		t.Errorf("only %d exit codes were found in\n%s", len(codes), &help)
	}
	for _, m := range codes {
		if !strings.Contains(string(page), "| "+m[1]+" | "+m[2]) {
			t.Errorf("errors.md does not explain exit code %s, %s", m[1], m[2])
		}
	}
}
