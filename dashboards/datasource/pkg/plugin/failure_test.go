package plugin

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

func TestOnlyOurOwnFaultsAreThePlugins(t *testing.T) {
	for _, tc := range []struct {
		err    error
		status backend.Status
		source backend.ErrorSource
	}{
		{errors.New("nobody thought of this"), 500, backend.ErrorSourcePlugin},
		{&query.Error{Text: "x"}, 400, backend.ErrorSourceDownstream},
		{fmt.Errorf("wrapped: %w", &api.Error{Status: 429, Text: "x"}), 429, backend.ErrorSourceDownstream},
		{context.Canceled, api.StatusCanceled, backend.ErrorSourceDownstream},
		{context.DeadlineExceeded, 504, backend.ErrorSourceDownstream},
	} {
		if r := failure(tc.err); r.Status != tc.status || r.ErrorSource != tc.source || !errors.Is(r.Error, tc.err) {
			t.Errorf("%v: status %d, source %s", tc.err, r.Status, r.ErrorSource)
		}
	}
}
