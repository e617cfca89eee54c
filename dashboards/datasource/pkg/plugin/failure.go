package plugin

import (
	"context"
	"errors"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"plantroom/dashboards/datasource/pkg/api"
	"plantroom/dashboards/datasource/pkg/query"
)

// failure is the answer to a query that has none. Whatever the server, the way
// to it, the settings or the query are to blame for is downstream's; only what
// this program does wrong is the plugin's, so that an alarm on the plugin's own
// errors means something.
func failure(err error) backend.DataResponse {
	status, err := judge(err)
	source := backend.ErrorSourceDownstream
	if backend.IsPluginError(err) {
		source = backend.ErrorSourcePlugin
	}
	return backend.DataResponse{Error: err, Status: status, ErrorSource: source}
}

// judge says which status and source an error has.
func judge(err error) (backend.Status, error) {
	var known *api.Error
	var asked *query.Error
	switch {
	case errors.As(err, &asked):
		return backend.StatusBadRequest, backend.DownstreamError(err)
	case errors.As(err, &known):
		return backend.Status(known.Status), backend.DownstreamError(err)
	case errors.Is(err, context.Canceled):
		return api.StatusCanceled, backend.DownstreamError(err)
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, backend.DownstreamError(err)
	}
	return backend.StatusInternal, backend.PluginError(err)
}
