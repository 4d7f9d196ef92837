package pg

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Interval makes an interval of a duration.
func Interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}

// Seconds makes a duration of what park, check and tick answer.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Text removes what PostgreSQL cannot store: NUL bytes and invalid UTF-8.
func Text(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// JSON encodes a payload or a reply. []byte and json.RawMessage are JSON already. Only nil is none: a
// nil pointer is the null of JSON.
func JSON(v any) (json.RawMessage, error) {
	if b, ok := v.([]byte); ok {
		v = json.RawMessage(b)
	}
	if raw, ok := v.(json.RawMessage); v == nil || ok && raw == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	return bytes.ToValidUTF8(b, []byte("\uFFFD")), err
}
