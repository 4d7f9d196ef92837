package pg

import (
	"context"
	"fmt"
	"slices"

	"github.com/jobmachine/jobmachine/gen"
)

// Verify compares the schema with the program. A newer schema of the same major version is fine: its
// functions stay callable.
func Verify(ctx context.Context, q *gen.Queries) error {
	have, err := q.Version(ctx)
	if err != nil {
		return Wrap("version", err)
	}
	if !compatible(gen.Version, have) {
		return fmt.Errorf("%w: the schema is of %s, the program of %s: run jobmachine migrate, or a newer program", ErrVersion, have, gen.Version)
	}
	return nil
}

// compatible reports whether have is of the same major version as need, and not older.
func compatible(need, have string) bool {
	n, h := numbers(need), numbers(have)
	return n[0] == h[0] && slices.Compare(h, n) >= 0
}

func numbers(version string) []int {
	n := make([]int, 3)
	_, _ = fmt.Sscanf(version, "%d.%d.%d", &n[0], &n[1], &n[2])
	return n
}
