package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// measure makes an ask over and over.
func (g *grafana) measure(ctx context.Context, a ask, warm, rounds int) (outcome, error) {
	requests, err := g.requests(a)
	if err != nil {
		return outcome{}, err
	}
	if len(requests) == 0 || rounds < 1 {
		return outcome{}, fmt.Errorf("nothing is asked")
	}
	o := outcome{Name: a.Name}
	var took []float64
	for n := range warm + rounds {
		began := time.Now()
		answers, err := g.atOnce(ctx, requests)
		passed := time.Since(began)
		if err != nil {
			return outcome{}, err
		}
		if n == 0 {
			if err := o.look(a, answers); err != nil {
				return outcome{}, err
			}
		}
		if err := refused(a, answers); err != nil {
			return outcome{}, err
		}
		if n >= warm {
			took = append(took, float64(passed.Microseconds())/1000)
		}
	}
	slices.Sort(took)
	o.P50, o.P95, o.Most = part(took, 0.5), part(took, 0.95), took[len(took)-1]
	return o, nil
}

// atOnce asks all requests at the same time, and waits for the last answer.
func (g *grafana) atOnce(ctx context.Context, requests []*pluginv2.QueryDataRequest) ([]*pluginv2.QueryDataResponse, error) {
	answers, failed := make([]*pluginv2.QueryDataResponse, len(requests)), make([]error, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() { answers[i], failed[i] = g.Data.QueryData(ctx, r) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// refused reports the first query that was not answered.
func refused(a ask, answers []*pluginv2.QueryDataResponse) error {
	for i, r := range a.Requests {
		if len(answers[i].Responses) != len(r.Queries) {
			return fmt.Errorf("%q: %d queries have %d answers", r.Panel, len(r.Queries), len(answers[i].Responses))
		}
		for ref, res := range answers[i].Responses {
			if res.Error != "" {
				return fmt.Errorf("%q, query %s: %s", r.Panel, ref, res.Error)
			}
		}
	}
	return nil
}

// look counts what is in the answers. One without a row is an error: how fast
// nothing can be told is no figure.
func (o *outcome) look(a ask, answers []*pluginv2.QueryDataResponse) error {
	for i, r := range a.Requests {
		rows := 0
		for _, res := range answers[i].Responses {
			for _, arrow := range res.Frames {
				f, err := data.UnmarshalArrowFrame(arrow)
				if err != nil {
					return fmt.Errorf("%q: read a frame: %w", r.Panel, err)
				}
				o.Bytes += len(arrow)
				rows += f.Rows()
			}
		}
		if o.Rows += rows; rows == 0 {
			if err := refused(a, answers); err != nil {
				return err
			}
			return fmt.Errorf("%q has no row", r.Panel)
		}
	}
	return nil
}

// part is the value that a part of the sorted ones does not exceed (nearest rank).
func part(sorted []float64, p float64) float64 {
	return sorted[max(1, int(math.Ceil(p*float64(len(sorted)))))-1]
}
