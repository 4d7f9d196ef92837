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

// JSON encodes a payload or a reply. []byte and json.RawMessage are JSON already; nil and what
// encodes as null is none.
func JSON(v any) (json.RawMessage, error) {
	switch b := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		v = json.RawMessage(b)
	}
	b, err := json.Marshal(v)
	if err != nil || bytes.Equal(b, []byte("null")) {
		return nil, err
	}
	return bytes.ToValidUTF8(b, []byte("\uFFFD")), nil
}
