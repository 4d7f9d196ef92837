package conformance

import "testing"

func TestList(t *testing.T) {
	t.Run("reads titles, steps and answers that come later", func(t *testing.T) {
		list, err := parse("x.txt", "== one\nsql  select 1\n=>   1\n\n== two\nw  {\"do\": \"wait\"}\nkill v\nw => {\"a\": null}\n")
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 || list[1].title != "two" || len(list[0].steps) != 1 || len(list[1].steps) != 3 {
			t.Fatalf("%+v", list)
		}
		if s := list[0].steps[0]; s.where != "x.txt:2" || s.actor != "sql" || s.text != "select 1" || !s.awaited || s.want != 1.0 {
			t.Errorf("%+v", s)
		}
		if s := list[1].steps[0]; s.awaited {
			t.Errorf("%+v", s)
		}
		if s := list[1].steps[2]; s.actor != "w" || s.text != "" || !s.awaited {
			t.Errorf("%+v", s)
		}
	})
	t.Run("refuses what would never be compared", func(t *testing.T) {
		for _, text := range []string{"sql select 1", "=> 1", "== t\n=> 1", "== t\nsql x\n=> 1\n=> 2", "== t\nsql x\n=> {"} {
			if _, err := parse("x.txt", text); err == nil {
				t.Errorf("%q: no error", text)
			}
		}
	})
	t.Run("compares answers", func(t *testing.T) {
		for _, c := range []struct {
			want, got any
			same      bool
		}{
			{1.0, 1.0, true},
			{1.0, "1", false},
			{nil, nil, true},
			{map[string]any{"a": 1.0}, map[string]any{"a": 1.0, "b": 2.0}, true},
			{map[string]any{"a": nil}, map[string]any{}, false},
			{map[string]any{}, []any{}, false},
			{[]any{1.0}, []any{1.0, 2.0}, false},
			{[]any{"$new", "$new"}, []any{5.0, 5.0}, true},
			{[]any{"$new", "$new"}, []any{5.0, 6.0}, false},
			{[]any{"$_", "$_"}, []any{5.0, 6.0}, true},
			{"$known", map[string]any{"x": 1.0}, true},
			{"$known", map[string]any{"x": 2.0}, false},
		} {
			err := variables{"known": map[string]any{"x": 1.0}}.match(c.want, c.got, "it")
			if (err == nil) != c.same {
				t.Errorf("%v, %v: %v", c.want, c.got, err)
			}
		}
	})
}
