package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jobmachine/jobmachine/gen"
	"github.com/jobmachine/jobmachine/internal/pg"
)

// verify compares the schema with the program. A newer schema of the same major version is fine:
// its functions stay callable.
func verify(ctx context.Context, q *gen.Queries) error {
	have, err := q.Version(ctx)
	if err != nil {
		return pg.Wrap("version", err)
	}
	if !compatible(gen.Version, have) {
		return fmt.Errorf("jobmachine: the schema is of version %s, the program needs %s: run jobmachine migrate: %w", have, gen.Version, ErrVersion)
	}
	return nil
}

func isVersion(err error) bool { return errors.Is(err, ErrVersion) }

// compatible reports whether have is of the same major version as need, and not older.
func compatible(need, have string) bool {
	n, h := numbers(need), numbers(have)
	if n[0] != h[0] {
		return false
	}
	for i := range n {
		if n[i] != h[i] {
			return h[i] > n[i]
		}
	}
	return true
}

func numbers(version string) (n [3]int) {
	for i, s := range strings.SplitN(version, ".", 3) {
		n[i], _ = strconv.Atoi(s)
	}
	return n
}
