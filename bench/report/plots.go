package report

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // plots are saved as SVG
)

const width, height = 18 * vg.Centimeter, 8 * vg.Centimeter

// colors of systems, the same in every plot.
var colors = map[string]color.Color{
	"bare": color.Gray{150}, "bare-notify": color.Gray{190}, "jobmachine": color.RGBA{200, 60, 40, 255}, "jobmachine-keep0": color.RGBA{235, 150, 130, 255},
	"river": color.RGBA{40, 110, 190, 255}, "river-default": color.RGBA{150, 190, 230, 255}, "graphile": color.RGBA{60, 150, 80, 255},
	"pgboss": color.RGBA{150, 90, 170, 255}, "pgboss-poll": color.RGBA{205, 175, 215, 255},
}

// Bars draws a figure of all systems in a scenario, and returns the markdown for it.
func (r *report) Bars(scenario, figure, title string) (string, error) {
	names := r.in(scenario, figure)
	if len(names) == 0 {
		return "", nil
	}
	slices.Reverse(names) // horizontal bars count from below
	p := newPlot(title)
	var titles []string
	for i, name := range names {
		v, _ := r.Figure(scenario, name, figure)
		bar, err := plotter.NewBarChart(plotter.Values{v}, 14)
		if err != nil {
			return "", err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, float64(i), colors[name], 0
		p.Add(bar)
		labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: v, Y: float64(i)}}, Labels: []string{" " + number(v)}})
		if err != nil {
			return "", err
		}
		labels.Offset.Y = -3
		p.Add(labels)
		titles = append(titles, r.system(name).Title)
		p.X.Max = max(p.X.Max, v*1.15)
	}
	p.NominalY(titles...)
	p.X.Min = 0
	return r.save(p, scenario+"-"+figure, title)
}

// number with three digits or more.
func number(v float64) string {
	if v >= 100 {
		return thousands(fmt.Sprintf("%.0f", v))
	}
	return fmt.Sprintf("%.3g", v)
}

// Rounds draws the rate of each round as a share of the first.
func (r *report) Rounds(scenario, title string) (string, error) {
	return r.lines(scenario, "", "jobs_per_second", title, "round", "share of the first round", func(p *plot.Plot, ys []float64) []float64 {
		p.Y.Min = 0
		shares := make([]float64, len(ys))
		for i := range ys {
			shares[i] = ys[i] / ys[0]
		}
		return shares
	})
}

// Percentiles draws latencies on a logarithmic scale.
func (r *report) Percentiles(scenario, series, title string) (string, error) {
	return r.lines(scenario, "", series, title, "percentile", "ms", func(p *plot.Plot, ys []float64) []float64 {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		positive := make([]float64, len(ys))
		for i := range ys {
			positive[i] = max(ys[i], 0.05)
		}
		return positive
	})
}

// Lines draws a series of all systems over another one.
func (r *report) Lines(scenario, x, y, title, xTitle, yTitle string) (string, error) {
	return r.lines(scenario, x, y, title, xTitle, yTitle, func(p *plot.Plot, ys []float64) []float64 {
		p.Y.Min = 0
		return ys
	})
}

// lines draws a series of all systems; without x over 1, 2, 3... adapt may change the plot and what is drawn.
func (r *report) lines(scenario, x, y, title, xTitle, yTitle string, adapt func(*plot.Plot, []float64) []float64) (string, error) {
	p := newPlot(title)
	p.X.Label.Text, p.Y.Label.Text = xTitle, yTitle
	p.Legend.Top, p.Legend.Left = true, true
	for _, s := range r.Systems {
		ys, xs := r.series(scenario, s.Name, y), r.series(scenario, s.Name, x)
		if len(ys) == 0 {
			continue
		}
		ys = adapt(p, ys)
		points := make(plotter.XYs, len(ys))
		for i := range ys {
			points[i] = plotter.XY{X: float64(i + 1), Y: ys[i]}
			if i < len(xs) {
				points[i].X = xs[i]
			}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return "", err
		}
		line.Color, line.Width = colors[s.Name], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(s.Title, line)
	}
	if math.IsInf(p.Y.Max, 0) {
		return "", nil // nothing was drawn
	}
	if _, log := p.Y.Scale.(plot.LogScale); log {
		p.Y.Max *= 30 // room for the legend
	} else {
		p.Y.Max *= 1.5
	}
	return r.save(p, scenario+"-"+y, title)
}

func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(6)
	p.BackgroundColor = color.White
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{}, ticks{}
	return p
}

// ticks are those of the library, with commas.
type ticks struct{}

func (ticks) Ticks(low, high float64) []plot.Tick {
	all := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range all {
		if t.Label != "" && t.Value >= 1000 {
			all[i].Label = thousands(fmt.Sprintf("%.0f", t.Value))
		}
	}
	return all
}

func (r *report) save(p *plot.Plot, name, title string) (string, error) {
	file := name + ".svg"
	return fmt.Sprintf("![%s](benchmarks/%s)\n", title, file), p.Save(width, height, filepath.Join(r.plots, file))
}
