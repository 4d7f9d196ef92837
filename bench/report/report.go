// Package report renders the results of bench peers: docs/benchmarks.md, with plots. Every sentence with a figure in it
// is made from the figures, so that none can become wrong.
package report

import (
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/jobmachine/jobmachine/bench/result"
)

//go:embed benchmarks.md.tmpl
var files embed.FS

// report is what the template sees.
type report struct {
	*result.Result
	File  string
	More  []*result.Result // of the same day: what takes very long, and further passes
	plots string           // folder

	// Passes of another hour, of a few systems: the machine may have had another speed, so they count in ratios alone.
	further []result.Run
}

// Write renders the results of a file into docs/benchmarks.md and docs/benchmarks/*.svg.
func Write(in, docs string) error {
	r, err := result.Load(in)
	if err != nil {
		return err
	}
	rep := &report{Result: r, File: filepath.Base(in), plots: filepath.Join(docs, "benchmarks")}
	others, err := filepath.Glob(strings.TrimSuffix(in, ".json") + "-*.json")
	if err != nil {
		return err
	}
	main := r.Scenarios()
	for _, file := range others {
		more, err := result.Load(file)
		if err != nil {
			return err
		}
		rep.More = append(rep.More, more)
		passes := 0
		for _, run := range slices.Concat(r.Runs, rep.further) {
			passes = max(passes, run.Pass)
		}
		for _, run := range more.Runs {
			if slices.Contains(main, run.Scenario) {
				run.Pass += passes
				rep.further = append(rep.further, run)
			} else {
				r.Runs = append(r.Runs, run)
			}
		}
	}
	if err := os.MkdirAll(rep.plots, 0o755); err != nil {
		return err
	}
	t, err := template.New("benchmarks.md.tmpl").Funcs(template.FuncMap{"join": strings.Join}).ParseFS(files, "*.tmpl")
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, rep); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "benchmarks.md"), []byte(text.String()), 0o644)
}

// system by name.
func (r *report) system(name string) result.System {
	for _, s := range r.Systems {
		if s.Name == name {
			return s
		}
	}
	return result.System{Name: name, Title: name}
}

// In are the systems that have a figure in a scenario.
func (r *report) in(scenario, figure string) (names []string) {
	for _, s := range r.Systems {
		if _, ok := r.Figure(scenario, s.Name, figure); ok {
			names = append(names, s.Name)
		}
	}
	return names
}

// Has reports whether a scenario was run.
func (r *report) Has(scenario string) bool { return slices.Contains(r.Scenarios(), scenario) }

// SettingsLine lists the settings of the server.
func (r *report) SettingsLine() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		parts = append(parts, name+" = "+r.Settings[name])
	}
	return strings.Join(parts, ", ")
}

// Stolen says how much of the processor the host of a virtual machine kept for itself meanwhile; empty if nobody looked.
func (r *report) Stolen() string {
	var shares []float64
	disturbed := 0
	for _, run := range r.Runs {
		if v, ok := run.Figures[result.Stolen]; ok {
			shares = append(shares, 100*v)
		}
		if run.Disturbed() {
			disturbed++
		}
	}
	if len(shares) == 0 {
		return ""
	}
	return fmt.Sprintf("The host kept %.1f %% of the cores' time (median of all measurements, at most %.0f %%). What it disturbed by more than 5 %% was"+
		" measured again, twice at most, and the least disturbed counts; %d of %d measurements stayed above.",
		result.Median(shares), slices.Max(shares), disturbed, len(shares))
}

// Failures are measurements that failed.
func (r *report) Failures() (lines []string) {
	for _, run := range r.Runs {
		if run.Error != "" {
			lines = append(lines, fmt.Sprintf("%s, %s, pass %d: %s", run.Scenario, r.system(run.System).Title, run.Pass, run.Error))
		}
	}
	return lines
}
