package pg

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"
)

// rawJSON is pgx's jsonb, but what is read as json.RawMessage, which the server has checked, is copied and not parsed.
var rawJSON = &pgtype.Type{Name: "jsonb", OID: pgtype.JSONBOID, Codec: &pgtype.JSONBCodec{
	Marshal: json.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if raw, ok := v.(*json.RawMessage); ok {
			*raw = bytes.Clone(data)
			return nil
		}
		return json.Unmarshal(data, v)
	},
}}

// Interval makes an interval of a duration.
func Interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}

// OptionalInterval makes null of 0.
func OptionalInterval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: d != 0}
}

// Optional makes null of a zero value.
func Optional[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// Value makes a zero value of null.
func Value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// IsZero reports whether nothing of v is set.
func IsZero(v any) bool { return reflect.ValueOf(v).IsZero() }

// Int4 keeps a number that is out of range out of range.
func Int4(n int) int32 { return int32(max(math.MinInt32, min(n, math.MaxInt32))) }

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
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b, err
}
