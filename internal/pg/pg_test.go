package pg

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestCompatible(t *testing.T) {
	for _, test := range []struct {
		program, schema string
		want            bool
	}{
		{"0.1.0", "0.1.0", true}, {"0.1.0", "0.2.0", true}, {"0.1.9", "0.1.10", true}, {"1.0.0", "1.9.3", true},
		{"0.2.0", "0.1.9", false}, {"0.1.1", "0.1.0", false}, {"1.0.0", "2.0.0", false}, {"1.0.0", "0.9.0", false}, {"1.0.0", "", false},
	} {
		if got := compatible(test.program, test.schema); got != test.want {
			t.Errorf("program %s with schema %s: %v", test.program, test.schema, got)
		}
	}
}

func TestJSON(t *testing.T) {
	var none *int
	for _, test := range []struct {
		v    any
		want string
	}{
		{nil, ""}, {none, "null"}, {json.RawMessage(nil), ""}, {json.RawMessage("null"), "null"}, {[]byte(`{"a":1}`), `{"a":1}`}, {json.RawMessage(`"x"`), `"x"`}, {"x", `"x"`}, {0, "0"},
		{json.RawMessage("\"a\xffb\""), "\"a\uFFFDb\""},
	} {
		if got, err := JSON(test.v); err != nil || string(got) != test.want {
			t.Errorf("JSON(%v) = %s, %v", test.v, got, err)
		}
	}
	if _, err := JSON([]byte("{")); err == nil {
		t.Error("half an object is taken")
	}
}

func TestText(t *testing.T) {
	if got := Text("a\x00b\xff\xfec ü"); got != "ab\uFFFDc ü" {
		t.Errorf("%q", got)
	}
}

func TestWrap(t *testing.T) {
	if Wrap("send", nil) != nil {
		t.Error("nil is an error")
	}
	err := Wrap("send", Wrap("again", &pgconn.PgError{Code: "JM002", Message: "too large", Detail: "It has 2 MB.", Hint: "Send less."}))
	if want := "jobmachine: send: too large: It has 2 MB. (Send less.)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if !errors.Is(err, ErrTooLarge) || errors.Is(err, ErrInvalid) || Code(err) != "JM002" {
		t.Error("the sentinel is not found")
	}
	if err := Wrap("claim", &pgconn.PgError{Code: "42883", Message: "no function", Hint: "Add casts."}); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "migrate") {
		t.Error(err)
	}
}

func TestBackoff(t *testing.T) {
	var b Backoff
	for want := 50 * time.Millisecond; want < 10*time.Second; want *= 2 {
		if d := b.Next(); d < min(want, 5*time.Second)/2 || d > min(want, 5*time.Second)*3/2 {
			t.Errorf("%v, want about %v", d, want)
		}
	}
	b.Reset()
	if d := b.Next(); d > 75*time.Millisecond {
		t.Errorf("%v after a success", d)
	}
}

func TestOnlyAPoolMayGather(t *testing.T) {
	if MayGather(&pgx.Conn{}) || MayGather(&pgxpool.Tx{}) || MayGather((*pgxpool.Pool)(nil)) {
		t.Error("sends through a connection, a transaction or nothing may share calls")
	}
}

func TestDeadline(t *testing.T) {
	late := errors.New("late")
	shared := NewDeadline(t.Context(), time.Now().Add(time.Hour), late)
	one, two := shared.Join(), shared.Join()
	if shared.Leave(); one.Err() != nil || two.Err() != nil {
		t.Error("the first that leaves ends the others")
	}
	if shared.Leave(); two.Err() == nil || context.Cause(two) == late {
		t.Errorf("after the last: %v", context.Cause(two))
	}
	over := NewDeadline(t.Context(), time.Now().Add(-time.Second), late).Join()
	if over.Err() != context.DeadlineExceeded || context.Cause(over) != late {
		t.Errorf("after its time: %v, %v", over.Err(), context.Cause(over))
	}
	if never := NewDeadline(t.Context(), time.Time{}, late).Join(); never != t.Context() {
		t.Error("a deadline that is never is one")
	}
}

func TestClock(t *testing.T) {
	c := Clock{Database: time.Unix(1000, 0), Local: time.Unix(2000, 0)}
	at := time.Unix(1030, 0)
	if got := c.Of(&at); got != time.Unix(2030, 0) {
		t.Errorf("%v is %v", at, got)
	}
	if got := c.Of(nil); !got.IsZero() {
		t.Errorf("null is %v", got)
	}
}
