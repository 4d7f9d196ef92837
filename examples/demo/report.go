package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// totals of all files. The hash is that of all hashes, in the order of the files.
type totals struct {
	bytes, lines, words int64
	sha256              string
	top                 []WordCount
}

func sum(digests []Digest) totals {
	var t totals
	hash := sha256.New()
	counts := map[string]int64{}
	for _, d := range digests {
		t.bytes += d.Bytes
		t.lines += d.Lines
		t.words += d.Words
		io.WriteString(hash, d.SHA256)
		for _, w := range d.Top {
			counts[w.Word] += w.Count
		}
	}
	t.sha256 = fmt.Sprintf("%x", hash.Sum(nil))
	t.top = top(counts)
	return t
}

var english = message.NewPrinter(language.English)

// report prints the summary. It is an error if the queue and the direct computation do not agree.
func report(w io.Writer, files []string, all results, single []time.Duration, direct results) error {
	a, b := sum(all.digests), sum(direct.digests)
	number := func(n int64) string { return english.Sprintf("%d", n) }
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "through the queue", "directly"})
	t.AppendRow(table.Row{"files", number(int64(len(all.digests))), number(int64(len(direct.digests)))})
	t.AppendRow(table.Row{"bytes", number(a.bytes), number(b.bytes)})
	t.AppendRow(table.Row{"lines", number(a.lines), number(b.lines)})
	t.AppendRow(table.Row{"words", number(a.words), number(b.words)})
	t.AppendRow(table.Row{"sha256 of all", a.sha256[:16], b.sha256[:16]})
	t.AppendRow(table.Row{"frequent words*", wordList(a.top), wordList(b.top)})
	t.AppendRow(table.Row{"seconds", fmt.Sprintf("%.2f", all.took.Seconds()), fmt.Sprintf("%.2f", direct.took.Seconds())})
	t.Render()
	fmt.Fprintf(w, "* the sum of the %d most frequent of each file\n", topWords)
	fmt.Fprintf(w, "\nthroughput                             %.0f jobs/s, from the first send to the last reply\n", float64(len(files))/all.took.Seconds())
	fmt.Fprintf(w, "send to reply, worker asleep           %s\n", percentiles(single))
	fmt.Fprintf(w, "send to reply, all sent at once        %s (this is waiting in the queue)\n", percentiles(all.latency))
	for i, path := range files {
		if d := direct.digests[i]; !equal(all.digests[i], d) {
			return fmt.Errorf("%s: the queue says %+v, the direct computation %+v", path, all.digests[i], d)
		}
	}
	fmt.Fprintf(w, "\nAll %s replies are those of the direct computation.\n", number(int64(len(files))))
	return nil
}

func equal(a, b Digest) bool {
	return a.SHA256 == b.SHA256 && a.Bytes == b.Bytes && a.Lines == b.Lines && a.Words == b.Words && slices.Equal(a.Top, b.Top)
}

func wordList(words []WordCount) string {
	lines := make([]string, 0, len(words))
	for _, w := range words[:min(len(words), 5)] {
		lines = append(lines, english.Sprintf("%s %d", w.Word, w.Count))
	}
	return strings.Join(lines, "\n")
}

func percentiles(d []time.Duration) string {
	if len(d) == 0 {
		return "not measured"
	}
	d = slices.SortedFunc(slices.Values(d), cmp.Compare[time.Duration])
	at := func(p float64) time.Duration { return d[int(p*float64(len(d)-1))] }
	return fmt.Sprintf("p50 %v, p99 %v", round(at(0.5)), round(at(0.99)))
}

func round(d time.Duration) time.Duration {
	if d < 100*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
