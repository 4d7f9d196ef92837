package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// devState is the small file by which other commands find a running jobmachine dev. It lies in the
// user's cache folder, for nobody else to read.
type devState struct {
	URL    string `json:"url"`
	Schema string `json:"schema"`
	PID    int    `json:"pid"`
}

func devStatePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "jobmachine", "dev.json"), nil
}

// readDevState returns that of a process that is alive.
func readDevState() (s devState, err error) {
	path, err := devStatePath()
	if err != nil {
		return s, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, err
	}
	if err := syscall.Kill(s.PID, 0); s.PID <= 0 || err != nil && !errors.Is(err, syscall.EPERM) {
		return s, fmt.Errorf("process %d of %s is gone", s.PID, path)
	}
	return s, nil
}

// write puts the state there, unless that of another living process is.
func (s devState) write(path string) error {
	if other, err := readDevState(); err == nil {
		return &runningError{other.PID}
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return writePrivate(path, string(b))
}

type runningError struct{ pid int }

func (e *runningError) Error() string {
	return fmt.Sprintf("another jobmachine dev runs as process %d", e.pid)
}

// writePrivate writes a file for nobody else to read. It is written aside and renamed: nobody reads
// half of it, and its mode is right from the start.
func writePrivate(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
