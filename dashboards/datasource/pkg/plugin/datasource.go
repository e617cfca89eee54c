// Package plugin is the data source as Grafana calls it: queries, health,
// resources and live events.
//
// It decides which status and source an error has and runs what takes time. An
// instance of it lives as long as the settings that it was made from, and keeps
// nothing but its connections; what streams have to remember is in Channels,
// which the process has one of. What is asked and how frames look is package
// answer's business.
package plugin

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"plantroom/dashboards/datasource/pkg/answer"
)

// ID is the plugin's, as in plugin.json.
const ID = "plantroom-facilities-datasource"

// Datasource answers for one data source with one set of settings.
type Datasource struct {
	uid      string
	desk     answer.Desk
	wrong    error // what is wrong with the settings: said to whoever asks, and not only in the log
	channels *Channels
}

var (
	_ backend.QueryDataHandler      = (*Datasource)(nil)
	_ backend.CheckHealthHandler    = (*Datasource)(nil)
	_ backend.CallResourceHandler   = (*Datasource)(nil)
	_ backend.StreamHandler         = (*Datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*Datasource)(nil)
)

// New returns what makes a Datasource out of settings. It never fails: a data
// source whose settings are wrong says so when it is asked.
func New(channels *Channels) datasource.InstanceFactoryFunc {
	return func(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		d := &Datasource{uid: s.UID, channels: channels}
		d.desk, d.wrong = desk(ctx, s)
		return d, nil
	}
}

// Dispose gives up the connections. Streams end with their own contexts.
func (d *Datasource) Dispose() {
	if d.desk.API != nil {
		d.desk.API.Close()
	}
}
