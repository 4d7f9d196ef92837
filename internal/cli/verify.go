package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jobmachine/jobmachine/client"
	"github.com/jobmachine/jobmachine/gen"
)

// verify compares the schema with this program, as workers do: it must be of the same major version
// and not older.
func verify(have string) error {
	h, n := numbers(have), numbers(gen.Version)
	advice := "run jobmachine migrate"
	switch {
	case h[0] == n[0] && (h[1] > n[1] || h[1] == n[1] && h[2] >= n[2]):
		return nil
	case h[0] > n[0]:
		advice = "use a newer jobmachine"
	}
	return fmt.Errorf("the schema is of version %s, this program is %s: %s: %w", have, gen.Version, advice, client.ErrVersion)
}

func numbers(version string) (n [3]int) {
	for i, s := range strings.SplitN(version, ".", 3) {
		n[i], _ = strconv.Atoi(s)
	}
	return n
}
