package measure

import (
	"context"
	"encoding/json"
	"fmt"
)

// churn is how many jobs pass through the queue while a snapshot is held.
const churn = 50000

// Buffers measures what a claim touches at the start, and after many jobs while a snapshot holds back VACUUM.
func Buffers(ctx context.Context, url string) ([]Figure, error) {
	s, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer s.close()
	holder, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer holder.close()
	holder.exec("begin isolation level repeatable read; select count(*) from jobmachine.jobs")
	if holder.err != nil {
		return nil, holder.err
	}
	lease := s.lease()
	claim := func(n int) float64 {
		var plan []struct {
			Plan struct {
				Hit  float64 `json:"Shared Hit Blocks"`
				Read float64 `json:"Shared Read Blocks"`
			}
		}
		text := get[string](s, fmt.Sprintf("explain (analyze, buffers, format json) select * from jobmachine.claim('bench', %d, %d)", n, lease))
		if s.err == nil {
			s.err = json.Unmarshal([]byte(text), &plan)
		}
		if s.err != nil {
			return 0
		}
		return plan[0].Plan.Hit + plan[0].Plan.Read
	}
	s.exec(send(1000))
	start, hundred := least(func() float64 { return claim(1) }), least(func() float64 { return claim(100) / 100 })
	for range churn / 10000 {
		s.exec(send(10000))
		s.exec(drain(10000, lease, ""))
		s.exec("update jobmachine.meta set low_water_checked_at = '-infinity'; select jobmachine.tick()")
	}
	end := least(func() float64 { return claim(1) })
	return []Figure{
		{"buffers per claim of one job, at the start", start, "", 30},
		{"buffers per job in a claim of 100", hundred, "", 8},
		{fmt.Sprintf("buffers per claim of one job, after %d jobs under a held snapshot", churn), end, "", 34},
	}, s.err
}

// least is the least of a few measurements: the first ones read the catalogue, too.
func least(measure func() float64) float64 {
	v := measure()
	for range 4 {
		v = min(v, measure())
	}
	return v
}
