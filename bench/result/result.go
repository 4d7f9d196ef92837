// Package result is what a run of the peers leaves behind: a JSON file with every single figure.
package result

import (
	"encoding/json"
	"os"
	"slices"
	"time"
)

// Result is one run of bench peers.
type Result struct {
	Begin    time.Time         `json:"begin"`
	Minutes  float64           `json:"minutes"`
	Command  string            `json:"command"`
	Note     string            `json:"note,omitempty"` // written in by hand: what a reader of the figures must know
	Commit   string            `json:"commit"`
	Machine  Machine           `json:"machine"`
	Postgres string            `json:"postgres"`
	Settings map[string]string `json:"settings"` // of the server, where they are not its defaults, and what durability rests on
	Options  map[string]string `json:"options"`  // sizes of the scenarios
	Systems  []System          `json:"systems"`
	Runs     []Run             `json:"runs"`
}

// Machine is what it ran on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Load   string `json:"load"` // of the last minute, when the run began
	// CommitMS is what one session alone waits for a durable commit, the median.
	CommitMS float64 `json:"commit_ms"`
}

// System is a queue with one set of settings.
type System struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Version  string `json:"version"`
	Settings string `json:"settings"`
	Source   string `json:"source"` // of the settings
}

// Run is one measurement.
type Run struct {
	Scenario string               `json:"scenario"`
	System   string               `json:"system"`
	Pass     int                  `json:"pass"`
	Figures  map[string]float64   `json:"figures"`
	Series   map[string][]float64 `json:"series,omitempty"`
	Error    string               `json:"error,omitempty"`
}

// Stolen is the figure of how much of the processor's time the host kept during a measurement, of 1.
const Stolen = "stolen"

// Disturbed is a measurement of which the host kept more than a twentieth.
func (r Run) Disturbed() bool { return r.Figures[Stolen] > 0.05 }

// Figure is the median of a figure over the passes.
func (r *Result) Figure(scenario, system, figure string) (float64, bool) {
	var values []float64
	for _, run := range r.Runs {
		if v, ok := run.Figures[figure]; ok && run.Scenario == scenario && run.System == system {
			values = append(values, v)
		}
	}
	return Median(values), len(values) > 0
}

// Scenarios that were run, in order.
func (r *Result) Scenarios() (names []string) {
	for _, run := range r.Runs {
		if !slices.Contains(names, run.Scenario) {
			names = append(names, run.Scenario)
		}
	}
	return names
}

// Load reads a file of results.
func Load(file string) (*Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	return r, json.Unmarshal(text, r)
}

// Save writes it.
func (r *Result) Save(file string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// Median of values; 0 if there are none.
func Median(v []float64) float64 { return Percentile(v, 50) }

// Percentile p (0 to 100) of values by the nearest rank; the median of an even number is the mean of the two in the middle.
func Percentile(v []float64, p float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	if n := len(s); p == 50 && n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[min(len(s)-1, int(float64(len(s))*p/100))]
}
