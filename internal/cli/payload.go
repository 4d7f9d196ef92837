package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"
)

// source opens what a payload argument names: @file, or - for stdin.
func (a *app) source(arg string) (io.ReadCloser, error) {
	if arg == "-" {
		return io.NopCloser(a.stdin), nil
	}
	f, err := os.Open(arg[1:])
	if err != nil {
		return nil, usage(err)
	}
	return f, nil
}

func isSource(arg string) bool { return arg == "-" || len(arg) > 1 && arg[0] == '@' }

// payload reads the payload argument: JSON itself, @file, or - for stdin. Without one it is {}.
func (a *app) payload(args []string) (json.RawMessage, error) {
	if len(args) == 0 {
		return json.RawMessage("{}"), nil
	}
	b := []byte(args[0])
	if isSource(args[0]) {
		r, err := a.source(args[0])
		if err != nil {
			return nil, err
		}
		defer r.Close()
		if b, err = io.ReadAll(io.LimitReader(r, maxText+1)); err != nil {
			return nil, err
		}
		if len(b) > maxText {
			return nil, usagef("the payload is larger than %d MB", maxText>>20)
		}
	}
	if err := checkJSON(b); err != nil {
		return nil, usagef("the payload is not JSON: %w (a text needs quotes: '\"text\"')", err)
	}
	return b, nil
}

// maxText bounds what is read as one payload. The database allows 1 MB, of the stored form: without
// white space and escapes.
const maxText = 16 << 20

func checkJSON(b []byte) error {
	if !utf8.Valid(b) {
		return errors.New("invalid UTF-8")
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(b, new(json.RawMessage)); errors.As(err, &syntax) {
		return fmt.Errorf("%w, at byte %d", err, syntax.Offset)
	} else if err != nil {
		return err
	}
	return nil
}
