package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// output is the flag -o.
type output string

func (o *output) Set(s string) error {
	switch s {
	case "table", "json", "jsonl":
		*o = output(s)
		return nil
	}
	return fmt.Errorf("give table, json or jsonl")
}

func (o *output) String() string { return string(*o) }
func (o *output) Type() string   { return "format" }

func outputFlag(c *cobra.Command) *output {
	o := output("table")
	c.Flags().VarP(&o, "output", "o", "`format`: table, json (an array) or jsonl (an object per line)")
	return &o
}

// list prints rows: for people as a table, for programs as they are in the view of the same name.
func list[T any](w io.Writer, o output, rows []T, header []string, cells func(T) []string) error {
	switch o {
	case "jsonl":
		for _, row := range rows {
			if err := printJSON(w, row); err != nil {
				return err
			}
		}
		return nil
	case "json":
		array := make([]json.RawMessage, 0, len(rows))
		for _, row := range rows {
			object, err := object(row)
			if err != nil {
				return err
			}
			array = append(array, object)
		}
		b, err := json.MarshalIndent(array, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s\n", b)
		return err
	}
	t := newTable()
	t.AppendHeader(row(header))
	for _, r := range rows {
		t.AppendRow(row(cells(r)))
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

// details prints one row from top to bottom.
func details(w io.Writer, pairs [][2]string) error {
	t := newTable()
	for _, p := range pairs {
		lines := strings.Split(p[1], "\n")
		for i := range lines {
			lines[i] = printable(lines[i])
		}
		if p[1] != "" {
			t.AppendRow(table.Row{p[0], strings.Join(lines, "\n")})
		}
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

func newTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: "  "},
		Format:  table.FormatOptions{Header: text.FormatUpper},
		Options: table.OptionsNoBordersAndSeparators,
	})
	t.SuppressTrailingSpaces()
	return t
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = printable(c)
	}
	return r
}

// printable makes what could move the cursor, or be taken for an end of the line, visible.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// short cuts a cell.
func short(s string, width int) string { return text.Snip(printable(s), width, "…") }

func printJSON(w io.Writer, row any) error {
	b, err := object(row)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", b)
	}
	return err
}

// object encodes a row of a view: its columns in order, under the names they have in SQL.
func object(row any) (json.RawMessage, error) {
	var b bytes.Buffer
	v := reflect.ValueOf(row)
	for i := range v.NumField() {
		value, err := encode(v.Field(i).Interface())
		if err != nil {
			return nil, err
		}
		if i == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", columnName(v.Type().Field(i).Name), value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func encode(value any) ([]byte, error) {
	switch v := value.(type) {
	case pgtype.Interval:
		value = intervalText(v)
	case time.Time:
		value = v.UTC()
	case *time.Time:
		if v != nil {
			value = v.UTC()
		}
	case json.RawMessage:
		if v == nil {
			return []byte("null"), nil
		}
		var b bytes.Buffer
		err := json.Compact(&b, v)
		return b.Bytes(), err
	case []string:
		if v == nil {
			value = []string{}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return bytes.TrimSpace(b.Bytes()), err
}

// columnName undoes what sqlc does to the name of a column: OldestPendingAt, LeaseID.
func columnName(field string) string {
	var b strings.Builder
	for i, r := range strings.ReplaceAll(field, "ID", "Id") {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// local writes a time for a table.
func local(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// ago writes how long ago a time was.
func ago(t *time.Time) string {
	if t == nil {
		return ""
	}
	d := time.Since(*t)
	switch {
	case d < time.Second:
		return "0s"
	case d < time.Hour:
		return d.Truncate(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
