package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageNamesWhatCouldNotBeRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	ran, failed := outcome{scenario: scenario{Name: "it-ran"}, postgres: "15.1"}, outcome{scenario: scenario{Name: "it-did-not"}, failure: errors.New("no disk")}
	ran.Acknowledged, failed.Acknowledged = 7, 9000
	if err := writeReport(options{report: path}, []outcome{failed, ran}); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"**it-did-not could not be run", "in 1 ways", "Of 7 acknowledged", "PostgreSQL 15.1", "it-ran"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
