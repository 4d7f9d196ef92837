//go:build unix

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// The usual install folders: Debian, Red Hat, Homebrew on both kinds of Mac, Postgres.app, Alpine.
var folders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/libexec/postgresql*",
	"/usr/local/pgsql/bin",
}

// Find returns the folder of the server programs: $JOBMACHINE_PG_BIN, PATH, the newest in the usual
// install folders, or a download.
func Find(ctx context.Context) (string, error) {
	if dir := os.Getenv("JOBMACHINE_PG_BIN"); dir != "" {
		if !complete(dir) {
			return "", fmt.Errorf("JOBMACHINE_PG_BIN: there are no initdb and postgres in %s", dir)
		}
		return dir, nil
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return find(ctx, filepath.SplitList(os.Getenv("PATH")), folders, cache)
}

func find(ctx context.Context, path, folders []string, cache string) (string, error) {
	if dir := installed(path, folders); dir != "" {
		return dir, nil
	}
	dir, err := download(ctx, cache)
	if err != nil {
		return "", fmt.Errorf("no server programs are installed and the download failed: run %s (%w)", installCommand(), err)
	}
	return dir, nil
}

func installed(path, folders []string) string {
	for _, dir := range path {
		// A wrapper elsewhere in PATH may point to the real folder.
		if program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil && complete(filepath.Dir(program)) {
			return filepath.Dir(program)
		}
	}
	for _, pattern := range folders {
		dirs, _ := filepath.Glob(pattern)
		sort.Slice(dirs, func(i, j int) bool { return major(dirs[i]) > major(dirs[j]) })
		for _, dir := range dirs {
			if complete(dir) {
				return dir
			}
		}
	}
	return ""
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// major is the last number in a path such as /usr/lib/postgresql/15/bin.
func major(dir string) int {
	digits := strings.FieldsFunc(dir, func(r rune) bool { return r < '0' || r > '9' })
	if len(digits) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(digits[len(digits)-1])
	return n
}

// download lets the library fetch and unpack the programs. It can only do so on the way to a server
// of its own, which is stopped at once, or which root cannot start: what counts is that they are there.
func download(ctx context.Context, cache string) (string, error) {
	dir := filepath.Join(cache, "postgresql-"+string(embedded.V17))
	if complete(filepath.Join(dir, "bin")) {
		return filepath.Join(dir, "bin"), nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	scratch, err := os.MkdirTemp("", "jobmachine-fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	port, err := freePort()
	if err != nil {
		return "", err
	}
	fetched := make(chan error, 1)
	go func() {
		server := embedded.NewDatabase(embedded.DefaultConfig().Version(embedded.V17).Port(uint32(port)).CachePath(cache).
			BinariesPath(dir).RuntimePath(scratch).Logger(io.Discard))
		err := server.Start()
		if err == nil {
			err = server.Stop()
		}
		fetched <- err
	}()
	select {
	case err = <-fetched:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if !complete(filepath.Join(dir, "bin")) {
		return "", errors.Join(errors.New("nothing was unpacked"), err)
	}
	return filepath.Join(dir, "bin"), nil
}

// cacheDir is where downloads stay. Root's own is closed to the user who runs the server.
func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/jobmachine", os.MkdirAll("/var/cache/jobmachine", 0o755)
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "jobmachine"), err
}

func installCommand() string {
	for _, manager := range []struct{ program, command string }{
		{"apt-get", "apt-get install postgresql"},
		{"dnf", "dnf install postgresql-server"},
		{"apk", "apk add postgresql"},
		{"pacman", "pacman -S postgresql"},
		{"brew", "brew install postgresql@17"},
	} {
		if _, err := exec.LookPath(manager.program); err == nil {
			return manager.command
		}
	}
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	return "apt-get install postgresql"
}
