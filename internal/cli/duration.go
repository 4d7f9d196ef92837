package cli

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// duration is a flag. Its text (90s, 1h30m, 30d) is what the listings print, and what PostgreSQL
// reads as an interval. Unset it is null.
type duration struct{ pgtype.Interval }

func seconds(n int64) duration {
	return duration{pgtype.Interval{Microseconds: n * 1e6, Valid: true}}
}

var (
	durations = regexp.MustCompile(`^(?:\d+(?:\.\d+)?\s*(?:us|ms|s|mon|m|h|d|w)\s*)+$`)
	oneUnit   = regexp.MustCompile(`(\d+(?:\.\d+)?)\s*(us|ms|s|mon|m|h|d|w)`)
	units     = map[string]float64{"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6, "h": 3600e6}
)

const maxDays = 100 * 366 // far beyond what any function takes, and far from an overflow

func (d *duration) Set(s string) error {
	i := pgtype.Interval{Valid: true}
	if s = strings.TrimSpace(s); s != "0" && !durations.MatchString(s) {
		return fmt.Errorf("give a number and a unit (us, ms, s, m, h, d, w), such as 90s, 1h30m or 30d")
	}
	for _, m := range oneUnit.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return err
		}
		if m[2] == "mon" {
			i.Months += int32(min(n, 1200))
			continue
		}
		days := map[string]float64{"d": 1, "w": 7}[m[2]] * n
		if n*units[m[2]] > maxDays*86400e6 || days > maxDays {
			return fmt.Errorf("at most %dd", maxDays)
		}
		i.Days += int32(days)
		i.Microseconds += int64(n*units[m[2]] + (days-float64(int32(days)))*86400e6)
	}
	d.Interval = i
	return nil
}

func (d *duration) Type() string { return "duration" }

func (d *duration) String() string {
	if !d.Valid {
		return ""
	}
	return intervalText(d.Interval)
}

// Duration is the same for Go; a day has 24 hours.
func (d *duration) Duration() time.Duration {
	return time.Duration(d.Days)*24*time.Hour + time.Duration(d.Microseconds)*time.Microsecond
}

// intervalText writes an interval as Set reads it.
func intervalText(i pgtype.Interval) string {
	var b strings.Builder
	if i.Months != 0 {
		fmt.Fprintf(&b, "%dmon", i.Months)
	}
	if i.Days != 0 {
		fmt.Fprintf(&b, "%dd", i.Days)
	}
	rest := i.Microseconds
	for _, u := range []struct {
		name string
		size int64
	}{{"h", 3600e6}, {"m", 60e6}} {
		if n := rest / u.size; n != 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest -= n * u.size
		}
	}
	if rest != 0 || b.Len() == 0 {
		b.WriteString(strconv.FormatFloat(float64(rest)/1e6, 'f', -1, 64) + "s")
	}
	return b.String()
}

// moment is a flag for a point in time.
type moment struct{ at *time.Time }

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

func (m *moment) Set(s string) error {
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			m.at = &t
			return nil
		}
	}
	return fmt.Errorf("give a time such as 2030-01-31T08:00:00Z, or in local time '2030-01-31 08:00'")
}

func (m *moment) Type() string { return "time" }

func (m *moment) String() string {
	if m.at == nil {
		return ""
	}
	return m.at.Format(time.RFC3339)
}
